//! A dense convolution by tiles: the shader of one problem, its parts and their recording.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, MOST_ITERATIONS};
use crate::gpu::runtime::params::{low_bits, params};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::{Shader, Value};
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Include, Template, parts};
use crate::gpu::tile::operands::{
    Buffers, OPERATION, Operands, Rule, activation_name, activation_parameter, bias_binding,
};
use crate::gpu::tile::pack;
use crate::gpu::tile::pack::Pack;
use crate::gpu::tile::shape::{BINDING_RULE, TapOrder, Tile};
use crate::gpu::tile::sizes::{SIZES_RULE, Sizes};
use crate::gpu::tile::sums::{Blocks, ITERATIONS_RULE};
use crate::ops::Conv2dProblem;
use crate::{Activation, DType, Limits, PaddingMode};

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

/// What the shaders of tiles include.
pub(crate) const PARTS: &[Include] = parts!(
    "conv2d": "conv2d_params", "conv2d_skipping", "conv2d_skipping_stored", "conv2d_store", "conv2d_sums", "conv2d_totals",
);

/// Of a plan whose [`needs_repair`](TilePlan::needs_repair) cannot be met.
pub(crate) const REPAIR_RULE: Rule =
    "serves sums over zero padding that one invocation can add up again";

/// A tile in the shader of one problem: all that its text depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) template: &'static Template,
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
        template: &'static Template,
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
        let channels = u64::from(tile.channels_of_invocation());
        let rows = channels * u64::from(tile.rows);
        let outputs = rows * u64::from(tile.columns);
        let products = u64::from(sizes.taps()).saturating_mul(sizes.group_in_channels.into());
        // Those that set up the totals or store, then those of the outputs that are NaN.
        let others = channels + 2 * rows;
        let again =
            if self.skipping { products.saturating_add(1).saturating_mul(outputs) } else { 0 };
        tile.iterations(sizes, self.blocks).saturating_add(others).saturating_add(again)
    }

    /// Whether another dispatch has to compute again what is NaN, since this shader does not.
    pub(crate) fn needs_repair(&self) -> bool {
        self.masked && !self.skipping
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
        let taps_first = tile.order == TapOrder::TapsFirst;
        // Distances of taps before channels grow with these, for which a shader has a parameter.
        let of_taps = |stride| Value::Derived(if taps_first { 0 } else { stride });
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
                ("staged", tile.staged.into()),
                ("unroll_rows", (tile.order != TapOrder::RowLoop).into()),
                ("lanes_y", tile.lanes[0].into()),
                ("lanes_x", tile.lanes[1].into()),
                ("step_stride", Value::Derived(strides.step)),
                ("channel_stride", Value::Derived(strides.channel)),
                ("row_stride", of_taps(strides.row)),
                ("column_stride", of_taps(strides.column)),
                ("taps_first", taps_first.into()),
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

    /// The plan with this shader, [`shader`](Self::shader) or one of more values, over so many tiles,
    /// of which a workgroup covers `workgroup_tiles`.
    pub(crate) fn plan(
        &self,
        shader: Shader,
        problem: &Conv2dProblem,
        limits: &Limits,
        tiles: [u32; 2],
        workgroup_tiles: u32,
    ) -> Result<TilePlan, Rule> {
        Ok(TilePlan {
            shader,
            pack: self.pack(limits)?,
            dtype: self.operands.dtype,
            parts: parts(self, problem, limits, tiles, workgroup_tiles as usize, |_| true)?,
            needs_repair: self.needs_repair(),
        })
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
    /// Whether another dispatch has to compute again what is NaN.
    pub(crate) needs_repair: bool,
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
pub(crate) fn elements(images: &Range<usize>, len: usize, batch: usize) -> Range<usize> {
    let image = len / batch;
    images.start * image..images.end * image
}

impl TilePlan {
    /// The shaders, that of the weight last.
    pub(crate) fn shaders(&self) -> [Shader; 2] {
        [self.shader.clone(), pack::shader(self.dtype)]
    }

    pub(crate) fn record(
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
            let (input, input_first) = Binding::range(context.limits(), input, inputs.clone());
            let (output, output_first) = Binding::range(context.limits(), output, outputs.clone());
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
        Ok(())
    }
}
