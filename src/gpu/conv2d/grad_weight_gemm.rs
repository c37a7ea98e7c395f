//! The gradient of a weight as a product of matrices through workgroup memory.

use std::sync::Arc;

use crate::gpu::conv2d::grad_weight_sum;
use crate::gpu::conv2d::grad_weight_sum::Parts;
use crate::gpu::conv2d::sizes::{check_padded, with_sizes};
use crate::gpu::conv2d::tiled;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, MOST_ITERATIONS};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::OPERATION;
use crate::gpu::tile::rounding::most_roundings;
use crate::ops::Conv2dProblem;
use crate::{DType, Limits, PaddingMode, Result};

/// Positions of a step.
const STEP: usize = 8;
/// Columns of a tile.
const COLUMNS: u32 = 64;
/// Invocations that share a filter.
const LANES_X: u32 = 8;
/// How many times more than there is a workgroup's tiles may have.
const MOST_WASTE: usize = 3;
/// Invocations that fill a GPU several times, and those without which it idles.
const INVOCATIONS: usize = 1 << 17;
const FEWEST_INVOCATIONS: usize = 1 << 15;
/// Positions of a part that take far longer than to store and to add up the part, and those that
/// take as long.
const POSITIONS: usize = 384;
const FEWEST_POSITIONS: usize = 64;
/// Positions of a part up to which one dispatch does.
const MOST_POSITIONS: usize = STEP * (MOST_ITERATIONS / 2);
/// Elements of partial sums up to which the parts of the positions run side by side.
const MOST_PARTIAL: usize = 1 << 23;

params!(Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    column_tiles: u32,
    first_position: u32,
    end_position: u32,
    part_positions: u32,
    block: u32,
    part_vectors: u32,
    row_vectors: u32,
    columns: u32,
    outputs: u32,
    step_images: u32,
    step_rows: u32,
    step_columns: u32,
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
    accumulate: u32,
});

static GEMM: Template = template!("conv2d", "conv2d_grad_weight_gemm", &[], Params);

/// What has one tap, of which all columns are channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SharedTap {
    Tile,
    Vector,
    Column,
}

impl SharedTap {
    pub(crate) const ALL: [Self; 3] = [Self::Tile, Self::Vector, Self::Column];

    const fn of(channels: usize) -> Self {
        if channels.is_multiple_of(COLUMNS as usize) {
            Self::Tile
        } else if channels.is_multiple_of(4) {
            Self::Vector
        } else {
            Self::Column
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Tile => "tile",
            Self::Vector => "vector",
            Self::Column => "column",
        }
    }
}

/// What a shader is composed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) filters: u32,
    /// Invocations that share a column.
    pub(crate) lanes: u32,
    pub(crate) shared_tap: SharedTap,
    pub(crate) padding_mode: PaddingMode,
    /// Whether a tap can lie over zeros.
    pub(crate) masked: bool,
}

impl Tile {
    /// Filters, and the invocations that share a column, of every tile: an invocation has four of
    /// the filters, or eight.
    pub(crate) const SIZES: [[u32; 2]; 4] = [[128, 16], [64, 8], [64, 16], [32, 8]];

    fn new(problem: &Conv2dProblem, limits: &Limits) -> Self {
        let needed = problem.group_out_channels();
        let padded = |[filters, _]: [u32; 2]| needed.next_multiple_of(filters as usize);
        let [large, middle, middle_of_four, small] = Self::SIZES;
        let [filters, lanes] = match needed {
            0..=32 => small,
            _ if tiled::is_narrow(limits) => middle_of_four,
            _ if padded(large) == padded(middle) => large,
            _ => middle,
        };
        let axes = [&problem.vertical, &problem.horizontal];
        let is_padded = axes.iter().any(|axis| axis.pad_begin + axis.pad_end > 0);
        Self {
            filters,
            lanes,
            shared_tap: SharedTap::of(problem.group_in_channels()),
            padding_mode: problem.padding_mode,
            masked: is_padded && problem.padding_mode == PaddingMode::Zeros,
        }
    }

    /// Bytes of workgroup memory: the vectors of two steps, and one beside those of each position.
    fn memory(&self) -> usize {
        let vectors = (self.filters / 4 + 1) + (COLUMNS / 4 + 1);
        2 * STEP * vectors as usize * 16
    }

    /// The shader.
    pub(crate) fn shader(&self) -> Shader {
        Shader {
            template: &GEMM,
            values: vec![
                ("padding_mode", self.padding_mode.name().into()),
                ("masked", self.masked.into()),
                ("shared_tap", self.shared_tap.name().into()),
                ("tile_filters", self.filters.into()),
                ("tile_columns", COLUMNS.into()),
                ("lanes_x", LANES_X.into()),
                ("lanes_y", self.lanes.into()),
            ],
            uniforms: 0,
            textures: &[],
            reads: 2,
            writes: 1,
        }
    }
}

/// How the positions are added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sums {
    /// Parts that run side by side.
    parts: usize,
    /// Positions of a part in one dispatch.
    part_positions: usize,
    dispatches: usize,
    /// Positions that an invocation adds up without a break.
    block: usize,
}

impl Sums {
    /// Those of a gradient of so many invocations for each part, of which at most so many may run
    /// side by side; `None` where they would round too often.
    pub(crate) fn new(positions: usize, invocations: usize, most_parts: usize) -> Option<Self> {
        let fewest = (FEWEST_INVOCATIONS / invocations).min(positions / FEWEST_POSITIONS);
        let wanted = (INVOCATIONS / invocations).min(positions / POSITIONS).max(fewest);
        let parts = wanted.min(most_parts).clamp(1, grad_weight_sum::MOST_PARTS);
        let dispatches = positions.div_ceil(parts * MOST_POSITIONS);
        let part_positions = positions.div_ceil(parts * dispatches).next_multiple_of(STEP);
        let all_parts = positions.div_ceil(part_positions);
        let parts = parts.min(all_parts);
        let dispatches = all_parts.div_ceil(parts);
        let sums = |blocks: usize| Self {
            parts,
            part_positions,
            dispatches,
            block: part_positions.div_ceil(blocks).next_multiple_of(STEP),
        };
        let most = most_roundings(positions as u64);
        let fits = |sums: &Self| sums.roundings() as u64 <= most;
        (1..=part_positions / STEP).map(sums).find(fits)
    }

    const fn blocks(&self) -> usize {
        self.part_positions.div_ceil(self.block)
    }

    /// The most roundings of one product.
    pub(crate) fn roundings(&self) -> usize {
        let of_parts = grad_weight_sum::roundings(self.parts);
        self.block + self.dispatches * self.blocks() + of_parts
    }

    const fn iterations(&self) -> usize {
        self.part_positions / STEP + self.blocks()
    }
}

/// The dispatches of a gradient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    shader: Shader,
    steps: Vec<(Params, Grid)>,
    parts: Parts,
    /// Whether another dispatch has to compute again what is NaN.
    pub(crate) needs_repair: bool,
}

/// Whether tiles have not much more filters and columns than a problem, and fit the workgroup memory.
pub(crate) fn is_worth_it(problem: &Conv2dProblem, limits: &Limits) -> bool {
    let [filters, columns] = [problem.group_out_channels(), columns(problem)];
    let tile = Tile::new(problem, limits);
    let padded = filters.next_multiple_of(tile.filters as usize)
        * columns.next_multiple_of(COLUMNS as usize);
    let fits = tile.memory() <= limits.max_workgroup_memory as usize;
    padded <= MOST_WASTE * filters * columns && fits
}

fn taps(problem: &Conv2dProblem) -> usize {
    problem.vertical.kernel_size * problem.horizontal.kernel_size
}

fn columns(problem: &Conv2dProblem) -> usize {
    problem.group_in_channels() * taps(problem)
}

/// The plan for a convolution whose batch is not empty; `None` where it is not served.
pub(crate) fn plan(problem: &Conv2dProblem, limits: &Limits) -> Result<Option<Plan>> {
    let most = limits.max_binding_elements();
    let (tile, columns) = (Tile::new(problem, limits), columns(problem));
    let row_vectors = columns.div_ceil(4);
    let vectors = problem.out_channels * row_vectors;
    let (input, output) = (problem.input_shape().len(), problem.output_shape().len());
    if input.max(output).max(4 * vectors) > most {
        return Ok(None);
    }
    check_padded(OPERATION, problem)?;
    let [height, width] = [&problem.vertical, &problem.horizontal].map(|axis| axis.output_size);
    let positions = problem.batch * height * width;
    let filter_tiles = problem.group_out_channels().div_ceil(tile.filters as usize);
    let column_tiles = columns.div_ceil(COLUMNS as usize);
    let tiles = problem.groups * filter_tiles * column_tiles;
    let most_parts = MOST_PARTIAL.min(most) / (4 * vectors);
    let invocations = tiles.saturating_mul((tile.lanes * LANES_X) as usize);
    let Some(sums) = Sums::new(positions, invocations, most_parts) else { return Ok(None) };
    let number = |name, value| size(OPERATION, name, value);
    let mut steps = Vec::new();
    let dispatch_positions = sums.parts * sums.part_positions;
    for first in (0..positions).step_by(dispatch_positions) {
        let end = (first + dispatch_positions).min(positions);
        // A later dispatch adds as many parts to those of the first, or fewer.
        let count = tiles * (end - first).div_ceil(sums.part_positions);
        let grid = Grid::new(OPERATION, count, sums.iterations(), limits)?;
        let params = Params {
            grid_width: grid.width,
            count: number("the number of workgroups", count)?,
            filter_tiles: number("out_channels", filter_tiles)?,
            column_tiles: number("the weights of a filter", column_tiles)?,
            first_position: number("the number of outputs", first)?,
            end_position: number("the number of outputs", end)?,
            part_positions: number("the number of outputs", sums.part_positions)?,
            block: number("the number of outputs", sums.block)?,
            part_vectors: number("the number of weights", vectors)?,
            row_vectors: number("the weights of a filter", row_vectors)?,
            columns: number("the weights of a filter", columns)?,
            outputs: number("the output", output)?,
            step_images: number("batch", STEP / (height * width))?,
            step_rows: number("the output's height", STEP % (height * width) / width)?,
            step_columns: number("the output's width", STEP % width)?,
            accumulate: u32::from(first > 0),
            ..with_sizes!(Params, OPERATION, problem)
        };
        steps.push((params, grid));
    }
    let [taps, channels] = match tile.shared_tap {
        SharedTap::Column => [1, columns],
        _ => [taps(problem), problem.group_in_channels()],
    };
    Ok(Some(Plan {
        shader: tile.shader(),
        steps,
        parts: Parts { parts: sums.parts, rows: problem.out_channels, row_vectors, taps, channels },
        needs_repair: tile.masked && tile.shared_tap != SharedTap::Tile,
    }))
}

impl Plan {
    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(super) fn shaders(&self) -> Vec<Shader> {
        let sum = (!self.parts.are_the_sum()).then(grad_weight_sum::shader);
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
        let elements = self.parts.elements();
        let partial = context.allocate_elements(OPERATION, elements, DType::F32)?;
        let bindings = [
            Binding::whole(input, problem.input_shape().len()),
            Binding::whole(grad_output, problem.output_shape().len()),
            Binding::whole(&partial, elements),
        ];
        for (params, grid) in &self.steps {
            context.record(OPERATION, &self.shader, params, &bindings, *grid)?;
        }
        if self.parts.are_the_sum() {
            return Ok(partial);
        }
        let weights = problem.weight_shape().len();
        let gradient = context.allocate_elements(OPERATION, weights, DType::F32)?;
        self.parts.record(context, &partial, &gradient)?;
        Ok(gradient)
    }
}
