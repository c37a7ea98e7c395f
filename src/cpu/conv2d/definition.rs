//! Outputs and gradients by the definition in f64, taps over zero padding left out: of what is NaN,
//! and of all where nearly every tap is over zeros.

use crate::PaddingMode;
use crate::cpu::kit::layout::source_index;
use crate::ops::Conv2dProblem;
use crate::window::Axis;

/// The taps of an output that do not read zeros, and where they read.
fn taps(axis: &Axis, mode: PaddingMode, out: usize) -> impl Iterator<Item = (usize, usize)> {
    let inside = match mode {
        PaddingMode::Zeros => axis.taps_inside(out),
        _ => (0, axis.kernel_size, 0),
    };
    sources(axis, mode, inside, move |tap| out * axis.stride + tap * axis.dilation)
}

/// The outputs of which a tap does not read zeros, and where it reads.
fn outputs(axis: &Axis, mode: PaddingMode, tap: usize) -> impl Iterator<Item = (usize, usize)> {
    let inside = match mode {
        PaddingMode::Zeros => axis.outputs_inside(tap),
        _ => (0, axis.output_size, 0),
    };
    sources(axis, mode, inside, move |out| out * axis.stride + tap * axis.dilation)
}

fn sources(
    axis: &Axis,
    mode: PaddingMode,
    (first, count, _): (usize, usize, usize),
    position: impl Fn(usize) -> usize,
) -> impl Iterator<Item = (usize, usize)> {
    (first..first + count).filter_map(move |at| Some((at, source_index(axis, mode, position(at))?)))
}

/// The sum of products at one position of a plane, from the channels of its group and their
/// filters.
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 output")]
pub(crate) fn sum(problem: &Conv2dProblem, input: &[f32], weight: &[f32], index: usize) -> f32 {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (out_y, out_x) = (index / horizontal.output_size, index % horizontal.output_size);
    let (in_width, kernel_width) = (horizontal.input_size, horizontal.kernel_size);
    let planes = input.chunks_exact(vertical.input_size * in_width);
    let filters = weight.chunks_exact(vertical.kernel_size * kernel_width);
    let (mut sum, mode) = (0.0_f64, problem.padding_mode);
    for (plane, weight) in planes.zip(filters) {
        for (kernel_y, in_y) in taps(vertical, mode, out_y) {
            let row = &plane[in_y * in_width..][..in_width];
            let weights = &weight[kernel_y * kernel_width..][..kernel_width];
            for (kernel_x, in_x) in taps(horizontal, mode, out_x) {
                sum += f64::from(weights[kernel_x]) * f64::from(row[in_x]);
            }
        }
    }
    sum as f32
}

/// The gradient of the weight at an index.
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
pub(crate) fn grad_weight(
    problem: &Conv2dProblem,
    input: &[f32],
    grad_output: &[f32],
    index: usize,
) -> f32 {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    let (in_len, out_len) = (vertical.input_size * in_width, vertical.output_size * out_width);
    let (group_in, mode) = (problem.group_in_channels(), problem.padding_mode);
    let taps = vertical.kernel_size * horizontal.kernel_size;
    let (plane, tap) = (index / taps, index % taps);
    let (out_channel, channel) = (plane / group_in, plane % group_in);
    let in_channel = out_channel / problem.group_out_channels() * group_in + channel;
    let (kernel_y, kernel_x) = (tap / horizontal.kernel_size, tap % horizontal.kernel_size);
    let mut sum = 0.0_f64;
    for image in 0..problem.batch {
        let input = &input[(image * problem.in_channels + in_channel) * in_len..][..in_len];
        let grads = &grad_output[(image * problem.out_channels + out_channel) * out_len..];
        for (out_y, in_y) in outputs(vertical, mode, kernel_y) {
            let row = &input[in_y * in_width..][..in_width];
            let grads = &grads[out_y * out_width..][..out_width];
            for (out_x, in_x) in outputs(horizontal, mode, kernel_x) {
                sum += f64::from(row[in_x]) * f64::from(grads[out_x]);
            }
        }
    }
    sum as f32
}
