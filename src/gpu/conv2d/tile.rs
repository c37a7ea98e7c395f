//! What the dense shaders share: the tile of an invocation, and all that follows from it.

use std::ops::Range;
use std::sync::Arc;

use super::super::context::Context;
use super::super::grid::{Grid, MOST_ITERATIONS};
use super::super::params::{low_bits, params};
use super::super::record::Binding;
use super::super::shader::{Shader, Value};
use super::super::split::{chunks, largest};
use super::general;
use super::pack::Pack;
use super::sizes::{SIZES_RULE, Sizes};
use super::sums::{Blocks, ITERATIONS_RULE};
use super::{
    Buffers, OPERATION, Operands, Rule, activation_name, activation_parameter, bias_binding,
};
use crate::ops::Conv2dProblem;
use crate::{Activation, DType, Limits, PaddingMode};

pub(super) const TEXT_RULE: Rule = "serves kernels whose unrolled taps are not too many";
pub(super) const BINDING_RULE: Rule = "serves tensors whose images each fit one binding";

const REPAIR_RULE: Rule = "serves sums over zero padding that one invocation can add up again";

/// Multiply-adds in the text of one iteration: more take long to compile.
const LONGEST_TEXT: u32 = 800;

params!(Params {
    grid_width: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    groups: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    pad_top: u32,
    pad_left: u32,
    block: u32,
    channel_blocks: u32,
    tiles_y: u32,
    tiles_x: u32,
    tiles: u32,
    input_start: u32,
    output_start: u32,
    padded_height: u32,
    padded_width: u32,
    activation_parameter: f32,
});

/// In which order a shader meets the taps of one step of input channels, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TapOrder {
    /// Channel, column, row: all in the text.
    Unrolled,
    /// Row, channel, column: a loop over the rows, its iterations aligned to so many floats.
    RowLoop,
    /// Column, row, channel: a loop over the columns.
    ColumnLoop,
}

/// What an invocation computes and reads at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
    /// Output channels of one group; a multiple of 4, or 1 where weights come from a texture.
    pub(crate) channels: u32,
    /// Output rows.
    pub(crate) rows: u32,
    /// Neighbouring output columns.
    pub(crate) columns: u32,
    /// The distance between its rows. As large as the dilation, neighbours share their inputs.
    pub(crate) row_step: u32,
    /// Input channels of one iteration; divides those of a group.
    pub(crate) channel_step: u32,
    pub(crate) order: TapOrder,
    /// To how many floats what an iteration reads of the weight is aligned.
    pub(crate) alignment: u32,
    /// Whether an iteration adds up its own terms and then those to the sum.
    pub(crate) adds_parts: bool,
    /// Whether sums of blocks are added up in workgroup memory, for want of registers.
    pub(crate) totals_in_memory: bool,
    /// Invocations of a workgroup, `[height, width]`.
    pub(crate) lanes: [u32; 2],
}

/// Distances in the packed weight, in floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Strides {
    pub(crate) step: u32,
    pub(crate) channel: u32,
    pub(crate) row: u32,
    pub(crate) column: u32,
}

impl Tile {
    /// Bytes of workgroup memory for the sums of blocks.
    pub(crate) fn totals_bytes(&self) -> u32 {
        let sums = self.channels * self.rows * self.columns * self.workgroup_size();
        if self.totals_in_memory { 4 * sums } else { 0 }
    }

    pub(crate) fn workgroup_size(&self) -> u32 {
        self.lanes[0] * self.lanes[1]
    }

    /// Whether the text of one iteration is short enough and its distances are numbers of WGSL.
    pub(crate) fn check_text(&self, sizes: &Sizes) -> Result<(), Rule> {
        for (axis, outputs) in [self.rows, self.columns].into_iter().enumerate() {
            let outputs = u64::from(outputs - 1) * u64::from(sizes.stride[axis]);
            let taps = u64::from(sizes.kernel_size[axis] - 1) * u64::from(sizes.dilation[axis]);
            if outputs + taps > u64::from(u32::MAX / 4) {
                return Err(SIZES_RULE);
            }
        }
        let taps = match self.order {
            TapOrder::Unrolled => sizes.taps(),
            TapOrder::RowLoop => sizes.kernel_size[1],
            TapOrder::ColumnLoop => sizes.kernel_size[0],
        };
        let outputs = self.channels * self.rows * self.columns * self.channel_step;
        if taps.saturating_mul(outputs) > LONGEST_TEXT { Err(TEXT_RULE) } else { Ok(()) }
    }

    /// Where the taps lie in the packed weight.
    pub(crate) fn strides(&self, sizes: &Sizes) -> Strides {
        let [height, width] = sizes.kernel_size;
        let (tile, channel_step) = (self.channels, self.channel_step);
        let aligned = |floats: u32| floats.next_multiple_of(self.alignment);
        match self.order {
            TapOrder::Unrolled => Strides {
                row: tile,
                column: height * tile,
                channel: width * height * tile,
                step: aligned(channel_step * width * height * tile),
            },
            TapOrder::RowLoop => {
                let row = aligned(channel_step * width * tile);
                Strides { column: tile, channel: width * tile, row, step: height * row }
            }
            TapOrder::ColumnLoop => Strides {
                channel: tile,
                row: channel_step * tile,
                column: height * channel_step * tile,
                step: aligned(width * height * channel_step * tile),
            },
        }
    }

    /// Tiles along both axes, or workgroups of `lanes` that share `[height, width]` of them.
    pub(crate) fn tiles(&self, sizes: &Sizes, lanes: [u32; 2]) -> Result<[u32; 2], Rule> {
        let rows = lanes[0].checked_mul(self.rows).and_then(|rows| rows.checked_mul(self.row_step));
        let tiles_y = sizes.out_size[0].div_ceil(rows.ok_or(SIZES_RULE)?) * self.row_step;
        Ok([tiles_y, sizes.out_size[1].div_ceil(lanes[1] * self.columns)])
    }
}

/// A tile in the shader of one problem: all that its text depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) template: &'static str,
    pub(crate) tile: Tile,
    pub(crate) sizes: Sizes,
    pub(crate) padding_mode: PaddingMode,
    /// Whether taps may lie over zeros.
    pub(crate) masked: bool,
    /// Whether the shader itself computes again, without those taps, what is NaN.
    pub(crate) skipping: bool,
    pub(crate) blocks: Blocks,
    pub(crate) activation: Option<Activation>,
    pub(crate) operands: Operands,
}

impl Variant {
    pub(crate) fn new(
        template: &'static str,
        tile: Tile,
        sizes: Sizes,
        problem: &Conv2dProblem,
        operands: Operands,
    ) -> Result<Self, Rule> {
        let axes = [&problem.vertical, &problem.horizontal];
        let is_padded = axes.iter().any(|axis| axis.pad_begin + axis.pad_end > 0);
        let masked = is_padded && problem.padding_mode == PaddingMode::Zeros;
        let variant = Self {
            template,
            tile,
            sizes,
            padding_mode: problem.padding_mode,
            masked,
            skipping: masked,
            blocks: tile.blocks(&sizes)?,
            activation: problem.activation,
            operands,
        };
        let most = MOST_ITERATIONS as u64;
        let variant = Self { skipping: masked && variant.iterations() <= most, ..variant };
        if variant.iterations() > most { Err(ITERATIONS_RULE) } else { Ok(variant) }
    }

    /// The most iterations of one invocation.
    pub(crate) fn iterations(&self) -> u64 {
        let Self { tile, sizes, .. } = self;
        let rows = u64::from(tile.channels * tile.rows);
        let outputs = rows * u64::from(tile.columns);
        let products = u64::from(sizes.taps()).saturating_mul(sizes.group_in_channels.into());
        // Those that set up the totals or store, then those of the outputs that are NaN.
        let others = u64::from(tile.channels) + 2 * rows;
        let again =
            if self.skipping { products.saturating_add(1).saturating_mul(outputs) } else { 0 };
        tile.iterations(sizes, self.blocks).saturating_add(others).saturating_add(again)
    }

    /// Another dispatch that computes what is NaN again, where this shader does not.
    pub(crate) fn repair(
        &self,
        problem: &Conv2dProblem,
        limits: &Limits,
    ) -> Result<Option<general::Plan>, Rule> {
        if !self.masked || self.skipping {
            return Ok(None);
        }
        general::repair(problem, self.operands, limits).map(Some).ok_or(REPAIR_RULE)
    }

    /// Input channels, or rows or columns of the kernel, that are added up without a break.
    fn block(&self) -> u32 {
        match self.blocks {
            Blocks::All => self.sizes.group_in_channels,
            Blocks::Steps(steps) => steps.saturating_mul(self.tile.channel_step),
            Blocks::Taps(taps) => taps,
        }
    }

    /// Where the sums of blocks are added up.
    fn totals(&self) -> &'static str {
        if self.blocks == Blocks::All {
            "none"
        } else if self.tile.totals_in_memory {
            "memory"
        } else {
            "registers"
        }
    }

    pub(crate) fn shader(&self) -> Shader {
        let Self { tile, sizes, .. } = self;
        let strides = tile.strides(sizes);
        Shader {
            template: self.template,
            values: vec![
                ("padding_mode", self.padding_mode.name().into()),
                ("masked", self.masked.into()),
                ("skipping", self.skipping.into()),
                ("activation", activation_name(self.activation).into()),
                ("bias", self.operands.bias.into()),
                self.operands.dtype.value(),
                ("totals", self.totals().into()),
                ("blocks_of_taps", matches!(self.blocks, Blocks::Taps(_)).into()),
                ("kernel_height", sizes.kernel_size[0].into()),
                ("kernel_width", sizes.kernel_size[1].into()),
                ("stride_y", sizes.stride[0].into()),
                ("stride_x", sizes.stride[1].into()),
                ("dilation_y", sizes.dilation[0].into()),
                ("dilation_x", sizes.dilation[1].into()),
                ("tile_channels", tile.channels.into()),
                ("tile_rows", tile.rows.into()),
                ("row_step", tile.row_step.into()),
                ("channel_step", tile.channel_step.into()),
                ("unroll_rows", (tile.order != TapOrder::RowLoop).into()),
                ("lanes_y", tile.lanes[0].into()),
                ("lanes_x", tile.lanes[1].into()),
                ("step_stride", Value::Derived(strides.step)),
                ("channel_stride", Value::Derived(strides.channel)),
                ("row_stride", Value::Derived(strides.row)),
                ("column_stride", Value::Derived(strides.column)),
            ],
            textures: &[],
            reads: 2 + u32::from(self.operands.bias),
            uniforms: 0,
            writes: 1,
        }
    }

    pub(crate) fn pack(&self, limits: &Limits) -> Result<Pack, Rule> {
        Pack::new(&self.tile, &self.sizes, limits)
    }
}

/// Some of the images, in one dispatch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) images: Range<usize>,
    pub(crate) params: Params,
    pub(crate) grid: Grid,
}

/// A dense convolution from buffers, ready to record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TilePlan {
    pub(crate) shader: Shader,
    pub(crate) pack: Pack,
    pub(crate) dtype: DType,
    pub(crate) parts: Vec<Part>,
    pub(crate) repair: Option<general::Plan>,
}

/// The parts of a problem: as many images at once as one binding holds and `fits` allows.
/// `workgroup_tiles` is how many tiles a workgroup covers.
pub(crate) fn parts(
    variant: &Variant,
    problem: &Conv2dProblem,
    limits: &Limits,
    tiles: [u32; 2],
    workgroup_tiles: usize,
    fits: impl Fn(usize) -> bool,
) -> Result<Vec<Part>, Rule> {
    let sizes = &variant.sizes;
    let most = limits.max_elements(variant.operands.dtype);
    let input = problem.input_shape().len() / problem.batch.max(1);
    let output = problem.output_shape().len() / problem.batch.max(1);
    let fits = |images: usize| images.saturating_mul(input.max(output)) <= most && fits(images);
    let step = largest(problem.batch, fits).ok_or(BINDING_RULE)?;
    let channel_blocks = sizes.group_out_channels.div_ceil(variant.tile.channels);
    let depth = sizes.groups.checked_mul(channel_blocks).ok_or(SIZES_RULE)?;
    let iterations = usize::try_from(variant.iterations()).unwrap_or(usize::MAX);
    let part = |images: Range<usize>| {
        let tiles_of_images = [images.len(), tiles[0] as usize, tiles[1] as usize]
            .into_iter()
            .try_fold(1_usize, usize::checked_mul)
            .filter(|&tiles| i32::try_from(tiles).is_ok())
            .ok_or(SIZES_RULE)?;
        let workgroups = tiles_of_images.div_ceil(workgroup_tiles);
        let grid = Grid::with_depth(OPERATION, workgroups, depth, iterations, limits)
            .map_err(|_| SIZES_RULE)?;
        let params = Params {
            group_in_channels: sizes.group_in_channels,
            group_out_channels: sizes.group_out_channels,
            groups: sizes.groups,
            in_height: sizes.in_size[0],
            in_width: sizes.in_size[1],
            out_height: sizes.out_size[0],
            out_width: sizes.out_size[1],
            pad_top: sizes.pad_begin[0],
            pad_left: sizes.pad_begin[1],
            block: variant.block(),
            channel_blocks,
            tiles_y: tiles[0],
            tiles_x: tiles[1],
            tiles: low_bits(tiles_of_images),
            grid_width: grid.width,
            input_start: 0,
            output_start: 0,
            padded_height: 0,
            padded_width: 0,
            activation_parameter: activation_parameter(variant.activation),
        };
        Ok(Part { images, params, grid })
    };
    chunks(problem.batch, step).map(part).collect()
}

/// The elements of these images in a tensor of `len` elements.
pub(super) fn elements(images: &Range<usize>, len: usize, batch: usize) -> Range<usize> {
    let image = len / batch;
    images.start * image..images.end * image
}

impl TilePlan {
    pub(super) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        buffers: Buffers<'_>,
    ) -> crate::Result<()> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let Buffers { input, weight, bias, output } = buffers;
        let packed = self.pack.of(context, weight)?;
        for part in &self.parts {
            let range = |len| elements(&part.images, len, problem.batch);
            let (inputs, outputs) =
                (range(problem.input_shape().len()), range(problem.output_shape().len()));
            let (input, input_first) = Binding::range(context, input, inputs.clone());
            let (output, output_first) = Binding::range(context, output, outputs.clone());
            let params = Params {
                input_start: low_bits(inputs.start - input_first),
                output_start: low_bits(outputs.start - output_first),
                ..part.params
            };
            let mut bindings = vec![input, Binding::whole(&packed, self.pack.len())];
            bindings.extend(bias.map(|bias| bias_binding(problem, bias)));
            bindings.push(output);
            context.record(OPERATION, &self.shader, &params, &bindings, part.grid)?;
        }
        match &self.repair {
            Some(repair) => repair.record_into(context, problem, buffers),
            None => Ok(()),
        }
    }
}
