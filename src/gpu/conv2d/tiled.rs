//! The convolution by register tiles over storage buffers.

use crate::Limits;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::{Operands, Rule};
use crate::gpu::tile::plan;
use crate::gpu::tile::plan::{PARTS, TilePlan, Variant};
use crate::gpu::tile::shape::{TapOrder, Tile};
use crate::gpu::tile::sizes::Sizes;
use crate::ops::Conv2dProblem;

pub(crate) static TILED: Template = template!("conv2d", "conv2d_tiled", &[PARTS], plan::Params);

/// Invocations of a workgroup.
const WORKGROUP: u32 = 64;

/// Whether invocations have few registers: where subgroups are narrow.
pub(crate) fn is_narrow(limits: &Limits) -> bool {
    limits.subgroup_sizes.is_some_and(|(smallest, _)| smallest <= 16)
}

/// Whether what a subgroup shares costs no registers of its invocations: subgroups of 64, AMD.
pub(crate) fn has_scalar_unit(limits: &Limits) -> bool {
    limits.subgroup_sizes.is_some_and(|(_, largest)| largest >= 64)
}

/// The tile for a problem.
///
/// Adapters with narrow subgroups (Intel) have 128 registers an invocation, the others 200 and
/// more. A scalar unit (subgroups of 64, AMD) makes weights free; without one they cost a load for
/// every `rows` multiply-adds.
pub(crate) fn tile(sizes: &Sizes, limits: &Limits) -> Tile {
    let is_narrow = is_narrow(limits);
    let has_scalar_unit = has_scalar_unit(limits);
    let is_few = sizes.group_out_channels <= 4;
    let is_half = sizes.group_out_channels <= 8;
    let order = if sizes.taps() <= 9 { TapOrder::Unrolled } else { TapOrder::RowLoop };
    let (channels, rows, channel_step) = match sizes.taps() {
        _ if is_few => (4, 4, 1),
        1 if is_half => (8, 4, 4),
        1 if !is_narrow && !has_scalar_unit => (16, 4, 4),
        1 => (32, 2, if has_scalar_unit { 4 } else { 1 }),
        _ if is_half => (8, 4, 1),
        _ => (16, if is_narrow { 2 } else { 4 }, 1),
    };
    let tile = Tile {
        channels,
        rows: rows.min(sizes.out_size[0]),
        columns: 1,
        row_step: 1,
        channel_step: sizes.channel_step(channel_step),
        order,
        alignment: 4,
        adds_parts: false,
        totals_in_memory: !has_scalar_unit,
        staged: false,
        lanes: [1, WORKGROUP],
    };
    let fits = tile.totals_bytes() <= limits.max_workgroup_memory;
    Tile { totals_in_memory: tile.totals_in_memory && fits, ..tile }
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
) -> Result<TilePlan, Rule> {
    let sizes = Sizes::new(problem)?;
    let tile = tile(&sizes, limits);
    tile.check_text(&sizes)?;
    let variant = Variant::new(&TILED, tile, sizes, problem, operands)?;
    let tiles = tile.tiles(&sizes, [1, 1])?;
    variant.plan(variant.shader(), problem, limits, tiles, WORKGROUP)
}
