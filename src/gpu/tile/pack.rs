//! Weights in the order in which a dense shader reads them, made once and kept with the weight.

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::derived::Recipe;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::texture::{GpuTexture, TexelFormat};
use crate::gpu::tile::operands::{OPERATION, Rule};
use crate::gpu::tile::shape::{BINDING_RULE, Tile};
use crate::gpu::tile::sizes::{SIZES_RULE, Sizes};
use crate::{DType, Limits, Result};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(Params {
    grid_width: u32,
    count: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    kernel_height: u32,
    kernel_width: u32,
    tile_channels: u32,
    channel_blocks: u32,
    channel_step: u32,
    block_stride: u32,
    step_stride: u32,
    channel_stride: u32,
    row_stride: u32,
    column_stride: u32,
});

static PACK: Template = template!("conv2d", "conv2d_pack", &[], Params);

/// The order of a packed weight: with the weight's buffer, all that the packed one depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pack {
    params: Params,
    groups: u32,
    grid: Grid,
}

/// The shader that packs.
pub(crate) fn shader(dtype: DType) -> Shader {
    Shader {
        template: &PACK,
        values: vec![dtype.value()],
        textures: &[],
        uniforms: 0,
        reads: 1,
        writes: 1,
    }
}

impl Pack {
    pub(crate) fn new(
        tile: &Tile,
        sizes: &Sizes,
        limits: &Limits,
    ) -> std::result::Result<Self, Rule> {
        let strides = tile.strides(sizes);
        let channel_blocks = sizes.group_out_channels.div_ceil(tile.channels);
        let blocks = sizes.groups.checked_mul(channel_blocks).ok_or(SIZES_RULE)?;
        let [height, width] = sizes.kernel_size;
        let product = |factors: [u32; 4]| {
            let len = factors.into_iter().try_fold(1_u32, u32::checked_mul).ok_or(SIZES_RULE)?;
            if len as usize > limits.max_binding_elements() { Err(BINDING_RULE) } else { Ok(len) }
        };
        let taps = height.checked_mul(width).ok_or(SIZES_RULE)?;
        let count = product([blocks, sizes.group_in_channels, taps, tile.channels])?;
        product([blocks, strides.block, 1, 1])?;
        product([sizes.groups, sizes.group_out_channels, sizes.group_in_channels, taps])?;
        let workgroups = (count as usize).div_ceil(WORKGROUP);
        let grid = Grid::new(OPERATION, workgroups, NO_LOOP, limits).map_err(|_| SIZES_RULE)?;
        let params = Params {
            grid_width: grid.width,
            count,
            group_in_channels: sizes.group_in_channels,
            group_out_channels: sizes.group_out_channels,
            kernel_height: height,
            kernel_width: width,
            tile_channels: tile.channels,
            channel_blocks,
            channel_step: tile.channel_step,
            block_stride: strides.block,
            step_stride: strides.step,
            channel_stride: strides.channel,
            row_stride: strides.row,
            column_stride: strides.column,
        };
        Ok(Self { params, groups: sizes.groups, grid })
    }

    /// Elements of the packed weight.
    pub(crate) fn len(&self) -> usize {
        let Params { channel_blocks, block_stride, .. } = self.params;
        (self.groups * channel_blocks * block_stride) as usize
    }

    fn weight_len(&self) -> usize {
        let Params { group_in_channels, group_out_channels, kernel_height, kernel_width, .. } =
            self.params;
        (self.groups * group_out_channels * group_in_channels * kernel_height * kernel_width)
            as usize
    }

    fn recipe(&self) -> Recipe {
        Recipe::of(PACK.name, self.groups, &self.params)
    }

    /// The packed form of a weight, kept or recorded now.
    pub(crate) fn of(&self, context: &Arc<Context>, weight: &GpuBuffer) -> Result<Arc<GpuBuffer>> {
        weight.derived.get(self.recipe(), || self.record(context, weight))
    }

    /// As [`of`](Self::of), in a texture.
    pub(crate) fn texture(
        &self,
        context: &Arc<Context>,
        weight: &GpuBuffer,
    ) -> Result<Arc<GpuTexture>> {
        weight.derived_textures.get(self.recipe(), || {
            let texels = low_bits(self.len() / 4);
            let texture = context.texture(OPERATION, TexelFormat::Four, texels)?;
            let packed = self.record(context, weight)?;
            context.record_copy(OPERATION, &packed, 0, &texture, texels)?;
            Ok(texture)
        })
    }

    fn record(&self, context: &Arc<Context>, weight: &GpuBuffer) -> Result<GpuBuffer> {
        let packed = context.allocate_elements(OPERATION, self.len(), weight.dtype)?;
        let bindings =
            [Binding::whole(weight, self.weight_len()), Binding::whole(&packed, self.len())];
        context.record(OPERATION, &shader(weight.dtype), &self.params, &bindings, self.grid)?;
        Ok(packed)
    }
}
