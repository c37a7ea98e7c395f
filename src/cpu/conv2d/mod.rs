//! Conv2d: which algorithm.

mod definition;
mod dense;
mod dense_plan;
mod depthwise;
mod depthwise_lanes;
mod depthwise_rows;
pub(crate) mod direct;
mod dot;
pub(crate) mod grad_weight;
pub(crate) mod grad_weight_chunk;
pub(crate) mod grad_weight_tile;
pub(crate) mod gradients;
pub(crate) mod pair;
mod pointwise;
mod pointwise_rest;
mod pointwise_tile;
pub(crate) mod problem;
use crate::cpu::conv2d::depthwise::Depthwise;
use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::kit::packed::KeptWeight;
use crate::cpu::kit::threads;
use crate::memory::{NoMemory, collected};
use crate::ops::Conv2dProblem;

/// `output[n, oc, out_y, out_x] = activation(bias[oc] + sum of weight * padded input)`, the
/// definition in [`Conv2d`](crate::Conv2d).
pub(crate) fn conv2d(
    problem: &Conv2dProblem,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    convolve(problem, input, (weight, None), bias, output)
}

/// As [`conv2d`], with a weight that may be used again.
pub(crate) fn conv2d_with_kept(
    problem: &Conv2dProblem,
    input: &[f32],
    (weight, kept): (&[f32], &KeptWeight),
    bias: Option<&[f32]>,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    convolve(problem, input, (weight, Some(kept)), bias, output)
}

fn convolve(
    problem: &Conv2dProblem,
    input: &[f32],
    weight: (&[f32], Option<&KeptWeight>),
    bias: Option<&[f32]>,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    if output.is_empty() {
        return Ok(());
    }
    let convolution = Convolution::new(problem, input, weight, bias);
    if problem.reads_few() {
        run_definition(&convolution, output)
    } else if dot::supports(&convolution) {
        dot::run(&convolution, output)
    } else if let Some(depthwise) = Depthwise::new(&convolution)? {
        depthwise.run(&convolution, output)
    } else if direct::supports(&convolution) {
        direct::run(&convolution, output)
    } else if pointwise::supports(&convolution) {
        pointwise::run(&convolution, output)
    } else {
        dense::run(&convolution, output)
    }
}

/// Where nearly all taps are over zeros.
fn run_definition(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let problem = &convolution.problem;
    let (out_width, plane_len) = (convolution.out_width(), convolution.out_plane_len());
    let [height, width] = problem.most_taps();
    let work = output.len().saturating_mul(convolution.channels * height * width);
    let rows = collected(output.chunks_exact_mut(out_width).enumerate())?;
    threads::for_each(rows, work, |(row, outputs): (usize, &mut [f32])| {
        let (plane, start) = (row * out_width / plane_len, row * out_width % plane_len);
        let input = convolution.group_input(plane);
        let filter = plane % problem.out_channels;
        let weight = &convolution.weight[filter * convolution.gemm_k()..][..convolution.gemm_k()];
        for (index, output) in outputs.iter_mut().enumerate() {
            *output = definition::sum(problem, input, weight, start + index);
        }
        convolution.finish(plane, start, outputs);
        Ok(())
    })
}
