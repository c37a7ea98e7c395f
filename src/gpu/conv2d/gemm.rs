//! The convolution as a product of matrices through workgroup memory.

use crate::Limits;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::{Operands, Rule};
use crate::gpu::tile::plan;
use crate::gpu::tile::plan::{PARTS, TilePlan, Variant, parts};
use crate::gpu::tile::shape::{TapOrder, Tile};
use crate::gpu::tile::sizes::Sizes;
use crate::ops::Conv2dProblem;

pub(crate) static GEMM: Template = template!("conv2d", "conv2d_gemm", &[PARTS], plan::Params);

const CHANNELS_RULE: Rule = "serves groups whose input channels are a multiple of four";

/// The tile for a problem.
pub(crate) fn tile(sizes: &Sizes) -> Result<Tile, Rule> {
    let is_half = sizes.group_out_channels <= 64;
    let (channels, lanes) = if is_half { (64, [8, 16]) } else { (128, [16, 16]) };
    let step = [8, 4].into_iter().find(|&step| sizes.group_in_channels.is_multiple_of(step));
    Ok(Tile {
        channels,
        rows: 8,
        columns: 1,
        row_step: 1,
        channel_step: step.ok_or(CHANNELS_RULE)?,
        order: TapOrder::TapsFirst,
        alignment: 4,
        adds_parts: false,
        totals_in_memory: false,
        staged: false,
        lanes,
    })
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
) -> Result<TilePlan, Rule> {
    let sizes = Sizes::new(problem)?;
    let tile = tile(&sizes)?;
    let variant = Variant::new(&GEMM, tile, sizes, problem, operands)?;
    let outputs = (tile.rows * tile.lanes[1]) as usize;
    let parts = parts(&variant, problem, limits, sizes.out_size, outputs, |_| true)?;
    Ok(TilePlan {
        shader: variant.shader(),
        pack: variant.pack(limits)?,
        dtype: operands.dtype,
        parts,
        needs_repair: variant.needs_repair(),
    })
}
