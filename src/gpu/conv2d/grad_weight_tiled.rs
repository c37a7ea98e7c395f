//! The gradient of a weight by tiles in registers, of tensors that lie in one binding each.

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::OPERATION;
use crate::gpu::tile::partial_sum;
use crate::ops::Conv2dProblem;
use crate::{DType, Limits, PaddingMode, Result};

/// Invocations of a workgroup.
const LANES: u32 = 32;
/// Sums of an invocation.
const MOST_SUMS: usize = 72;
/// Columns of a kernel up to which they are unrolled.
const MOST_COLUMNS: usize = 11;
/// Products that an invocation adds up one by one, so that the rounding error stays small.
const LANE_OUTPUTS: usize = 128;
/// Elements of partial sums up to which the parts of the outputs run side by side.
const MOST_PARTIAL: usize = 1 << 21;

params!(Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    channel_tiles: u32,
    row_tiles: u32,
    first_output: u32,
    end_output: u32,
    part_outputs: u32,
    weights: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_left: u32,
    dilation_height: u32,
    dilation_width: u32,
    accumulate: u32,
});

static TILED: Template = template!("conv2d", "conv2d_grad_weight_tiled", &[], Params);

/// What a shader is composed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) kernel_height: u32,
    pub(crate) kernel_width: u32,
    pub(crate) rows: u32,
    pub(crate) channels: u32,
    pub(crate) filters: u32,
    pub(crate) padding_mode: PaddingMode,
    /// Whether a tap can lie over zeros.
    pub(crate) masked: bool,
}

/// The shader of a tile.
pub(crate) fn shader(tile: &Tile) -> Shader {
    Shader {
        template: &TILED,
        values: vec![
            ("padding_mode", tile.padding_mode.name().into()),
            ("kernel_height", tile.kernel_height.into()),
            ("kernel_width", tile.kernel_width.into()),
            ("tile_rows", tile.rows.into()),
            ("tile_channels", tile.channels.into()),
            ("tile_filters", tile.filters.into()),
            ("lanes", LANES.into()),
            ("masked", tile.masked.into()),
            ("f16", false.into()),
        ],
        uniforms: 0,
        textures: &[],
        reads: 2,
        writes: 1,
    }
}

/// The most roundings of one product in a sum over so many outputs.
#[cfg(test)]
pub(crate) fn roundings(outputs: usize) -> usize {
    let lanes = LANES as usize;
    let parts = outputs.div_ceil(lanes * LANE_OUTPUTS);
    let dispatches = parts.div_ceil(partial_sum::MOST_PARTS);
    let of_parts = partial_sum::roundings(parts.min(partial_sum::MOST_PARTS));
    outputs.div_ceil(lanes).min(LANE_OUTPUTS) + lanes.min(outputs) + of_parts + dispatches
}

/// The dispatches of a gradient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    shader: Shader,
    steps: Vec<(Params, Grid)>,
    /// Parts that run side by side.
    parts: usize,
}

/// The tile for a problem, if its kernel can be unrolled.
fn tile(problem: &Conv2dProblem, limits: &Limits) -> Result<Option<Tile>> {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (height, width) = (vertical.kernel_size, horizontal.kernel_size);
    if width > MOST_COLUMNS {
        return Ok(None);
    }
    let rows = if height <= 9 && height * width <= 9 { height } else { 1 };
    let channels = (9 / (rows * width)).clamp(1, 8).min(problem.group_in_channels());
    // Every invocation stores its sums in workgroup memory.
    let most_sums = MOST_SUMS.min((limits.max_workgroup_memory / (4 * LANES)) as usize);
    let filters = (most_sums / (channels * rows * width)).clamp(1, 8);
    let filters = filters.min(problem.group_out_channels());
    let padded = [vertical, horizontal].iter().any(|axis| axis.pad_begin + axis.pad_end > 0);
    let number = |value| size(OPERATION, "kernel_size", value);
    Ok(Some(Tile {
        kernel_height: number(height)?,
        kernel_width: number(width)?,
        rows: number(rows)?,
        channels: number(channels)?,
        filters: number(filters)?,
        padding_mode: problem.padding_mode,
        masked: padded && problem.padding_mode == PaddingMode::Zeros,
    }))
}

/// The plan for a convolution whose batch is not empty; `None` where it is not served.
pub(crate) fn plan(problem: &Conv2dProblem, limits: &Limits) -> Result<Option<Plan>> {
    let most = limits.max_binding_elements();
    let weights = problem.weight_shape().len();
    let (input, output) = (problem.input_shape().len(), problem.output_shape().len());
    if input.max(output).max(weights) > most {
        return Ok(None);
    }
    let Some(tile) = tile(problem, limits)? else { return Ok(None) };
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let number = |name, value| size(OPERATION, name, value);
    for axis in [vertical, horizontal] {
        let padded = axis.input_size + axis.pad_begin + axis.pad_end;
        number("the size of the padded input", padded.max(axis.span()))?;
    }
    let outputs = problem.batch * vertical.output_size * horizontal.output_size;
    let part_outputs = LANES as usize * LANE_OUTPUTS;
    let parts = outputs.div_ceil(part_outputs);
    let most_parts = (MOST_PARTIAL.min(most) / weights).clamp(1, partial_sum::MOST_PARTS);
    let side_by_side = parts.min(most_parts);
    let filter_tiles = problem.group_out_channels().div_ceil(tile.filters as usize);
    let channel_tiles = problem.group_in_channels().div_ceil(tile.channels as usize);
    let row_tiles = vertical.kernel_size / tile.rows as usize;
    let tiles = problem.groups * filter_tiles * channel_tiles * row_tiles;
    // Those over the outputs, then those over the lanes of every sum that an invocation adds up.
    let iterations = LANE_OUTPUTS + MOST_SUMS.div_ceil(LANES as usize) * (1 + LANES as usize);
    let mut steps = Vec::new();
    for first in (0..parts).step_by(side_by_side) {
        let now = side_by_side.min(parts - first);
        // The parts of a later dispatch are added to those of the first, as many or fewer.
        let count = tiles * now;
        let grid = Grid::new(OPERATION, count, iterations, limits)?;
        let end_output = ((first + now) * part_outputs).min(outputs);
        let params = Params {
            grid_width: grid.width,
            count: number("the number of workgroups", count)?,
            filter_tiles: number("out_channels", filter_tiles)?,
            channel_tiles: number("in_channels", channel_tiles)?,
            row_tiles: number("kernel_size", row_tiles)?,
            first_output: number("the number of outputs", first * part_outputs)?,
            end_output: number("the number of outputs", end_output)?,
            part_outputs: number("the number of outputs", part_outputs)?,
            weights: number("the number of weights", weights)?,
            in_channels: number("in_channels", problem.in_channels)?,
            out_channels: number("out_channels", problem.out_channels)?,
            group_in_channels: number("in_channels", problem.group_in_channels())?,
            group_out_channels: number("out_channels", problem.group_out_channels())?,
            in_height: number("the input's height", vertical.input_size)?,
            in_width: number("the input's width", horizontal.input_size)?,
            out_height: number("the output's height", vertical.output_size)?,
            out_width: number("the output's width", horizontal.output_size)?,
            stride_height: number("stride", vertical.stride)?,
            stride_width: number("stride", horizontal.stride)?,
            pad_top: number("padding", vertical.pad_begin)?,
            pad_left: number("padding", horizontal.pad_begin)?,
            dilation_height: number("dilation", vertical.dilation)?,
            dilation_width: number("dilation", horizontal.dilation)?,
            accumulate: u32::from(first > 0),
        };
        steps.push((params, grid));
    }
    Ok(Some(Plan { shader: shader(&tile), steps, parts: side_by_side }))
}

impl Plan {
    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(super) fn shaders(&self) -> Vec<Shader> {
        let sum = (self.parts > 1).then(partial_sum::shader);
        [self.shader.clone()].into_iter().chain(sum).collect()
    }

    /// Records the dispatches; gives the buffer of the gradient.
    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        input: &GpuBuffer,
        grad_output: &GpuBuffer,
    ) -> Result<GpuBuffer> {
        let weights = problem.weight_shape().len();
        let partial = context.allocate_elements(OPERATION, weights * self.parts, DType::F32)?;
        let bindings = [
            Binding::whole(input, problem.input_shape().len()),
            Binding::whole(grad_output, problem.output_shape().len()),
            Binding::whole(&partial, weights * self.parts),
        ];
        for (params, grid) in &self.steps {
            context.record(OPERATION, &self.shader, params, &bindings, *grid)?;
        }
        partial_sum::of_parts(context, weights, self.parts, partial)
    }
}
