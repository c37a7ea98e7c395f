//! The gradient of a weight with any option, split where its tensors exceed one binding.

use std::ops::Range;

use crate::gpu::conv2d::parts::{Part, parts};
use crate::gpu::conv2d::sizes::{check_padded, with_sizes};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, MOST_ITERATIONS};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::{MOST_SHARED, WORKGROUP};
use crate::gpu::tile::operands::OPERATION;
use crate::gpu::tile::partial_sum;
use crate::ops::Conv2dProblem;
use crate::{DType, Limits, PaddingMode, Result};

params!(Params {
    grid_width: u32,
    count: u32,
    workgroup_weights: u32,
    first_output: u32,
    end_output: u32,
    first_image: u32,
    dispatch_images: u32,
    first_row: u32,
    dispatch_rows: u32,
    first_out_channel: u32,
    first_group_channel: u32,
    dispatch_channels: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_left: u32,
    dilation_height: u32,
    dilation_width: u32,
    input_base: u32,
    grad_output_base: u32,
    grad_weight_base: u32,
    accumulate: u32,
});

static GRAD_WEIGHT: Template = template!("conv2d", "conv2d_grad_weight", &[], Params);

/// One dispatch: its part of the work, and the elements that it touches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) shader: Shader,
    params: Params,
    grid: Grid,
    input: Range<usize>,
    grad_output: Range<usize>,
    grad_weight: Range<usize>,
}

/// The shader in the variant of a problem; one that repairs computes again what is NaN.
pub(crate) fn shader(padding_mode: PaddingMode, repairs: bool) -> Shader {
    Shader {
        template: &GRAD_WEIGHT,
        values: vec![
            ("padding_mode", padding_mode.name().into()),
            ("repairs", repairs.into()),
            ("f16", false.into()),
        ],
        reads: 2,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// Weights that a workgroup looks at, if it repairs: a bit of a word for each of an invocation.
const MOST_WEIGHTS: usize = 32 * WORKGROUP;
/// The most roundings of one product in a sum over so many outputs, all in one binding.
#[cfg(test)]
pub(crate) fn roundings(outputs: usize) -> usize {
    let dispatches = outputs.div_ceil(MOST_SHARED);
    partial_sum::roundings_of_workgroup(outputs.min(MOST_SHARED)) + dispatches
}

/// The dispatches of the gradient of a convolution whose batch is not empty.
pub(crate) fn plan(problem: &Conv2dProblem, limits: &Limits) -> Result<Vec<Step>> {
    plan_of(problem, limits, false)
}

/// The dispatch that computes again what of a gradient is NaN; `None` where one does not do.
pub(crate) fn repair(problem: &Conv2dProblem, limits: &Limits) -> Result<Option<Step>> {
    let mut steps = plan_of(problem, limits, true)?;
    Ok(if steps.len() == 1 { steps.pop() } else { None })
}

fn plan_of(problem: &Conv2dProblem, limits: &Limits, repairs: bool) -> Result<Vec<Step>> {
    let base = base_params(problem)?;
    let number = |name, value| size(OPERATION, name, value);
    let taps = problem.vertical.kernel_size * problem.horizontal.kernel_size;
    let parts = parts_of(problem, limits)?;
    let [rows, columns] = problem.most_outputs();
    let dispatches = parts.iter().flat_map(|part| {
        let outputs = part.images.len() * part.rows.len().min(rows) * columns;
        chunks(outputs, MOST_SHARED).map(move |outputs| (part, outputs))
    });
    let mut steps = Vec::new();
    for (part, outputs) in dispatches {
        let count = part.out_channels.len() * part.group_channels.len() * taps;
        let of_weight = 1 + partial_sum::iterations_of_workgroup(outputs.len());
        // A workgroup looks at several weights, of which few are NaN.
        let weights =
            if repairs { (MOST_ITERATIONS / (of_weight + 1)).clamp(1, MOST_WEIGHTS) } else { 1 };
        let workgroups = count.div_ceil(weights);
        let grid = Grid::new(
            OPERATION,
            workgroups,
            weights * of_weight + weights.div_ceil(WORKGROUP),
            limits,
        )?;
        let is_first = part.images.start == 0 && part.rows.start == 0 && outputs.start == 0;
        let params = Params {
            grid_width: grid.width,
            count: number("the weights of one dispatch", count)?,
            workgroup_weights: number("the weights of a workgroup", weights)?,
            first_output: number("the outputs of one dispatch", outputs.start)?,
            end_output: number("the outputs of one dispatch", outputs.end)?,
            first_image: number("batch", part.images.start)?,
            dispatch_images: number("batch", part.images.len())?,
            first_row: number("the output's height", part.rows.start)?,
            dispatch_rows: number("the output's height", part.rows.len())?,
            first_out_channel: number("out_channels", part.out_channels.start)?,
            first_group_channel: number("in_channels", part.group_channels.start)?,
            dispatch_channels: number("in_channels", part.group_channels.len())?,
            accumulate: u32::from(!is_first),
            ..base
        };
        steps.push(Step {
            shader: shader(problem.padding_mode, repairs),
            params,
            grid,
            input: part.input(problem),
            grad_output: part.output(problem),
            grad_weight: part.weight(problem),
        });
    }
    Ok(steps)
}

fn base_params(problem: &Conv2dProblem) -> Result<Params> {
    check_padded(OPERATION, problem)?;
    Ok(Params { workgroup_weights: 1, ..with_sizes!(Params, OPERATION, problem) })
}

fn parts_of(problem: &Conv2dProblem, limits: &Limits) -> Result<Vec<Part>> {
    let most = limits.max_binding_elements();
    let needed = |part: &Part| {
        let read = part.input(problem).len().max(part.output(problem).len());
        read.max(part.weight(problem).len())
    };
    let fit = |part: &Part| needed(part) <= most;
    parts(problem, fit, fit, |part| [needed(part), most, DType::F32.bytes()])
}

impl Step {
    pub(crate) fn record(
        &self,
        context: &Context,
        [input, grad_output]: [&GpuBuffer; 2],
        grad_weight: &GpuBuffer,
    ) -> Result<()> {
        let (input, input_base) = Binding::range(context.limits(), input, self.input.clone());
        let (grad_output, grad_output_base) =
            Binding::range(context.limits(), grad_output, self.grad_output.clone());
        let (grad_weight, grad_weight_base) =
            Binding::range(context.limits(), grad_weight, self.grad_weight.clone());
        let params = Params {
            input_base: low_bits(input_base),
            grad_output_base: low_bits(grad_output_base),
            grad_weight_base: low_bits(grad_weight_base),
            ..self.params
        };
        let bindings = [input, grad_output, grad_weight];
        context.record(OPERATION, &self.shader, &params, &bindings, self.grid)
    }
}
