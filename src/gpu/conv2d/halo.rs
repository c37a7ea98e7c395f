//! The convolution through workgroup memory.

use std::collections::BTreeSet;

use super::tiled::{has_scalar_unit, is_narrow};
use crate::Limits;
use crate::gpu::runtime::params::low_bits;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::{Operands, Rule};
use crate::gpu::tile::plan;
use crate::gpu::tile::plan::{PARTS, TilePlan, Variant};
use crate::gpu::tile::shape::{TapOrder, Tile};
use crate::gpu::tile::sizes::Sizes;
use crate::gpu::tile::sums::Blocks;
use crate::ops::Conv2dProblem;

pub(crate) static HALO: Template = template!("conv2d", "conv2d_halo", &[PARTS], plan::Params);

const MEMORY_RULE: Rule =
    "serves kernels whose inputs for one workgroup fit the workgroup memory and few copies";

/// What a tile may read at once on adapters with narrow subgroups, beside its sums.
const NARROW_REGISTERS: u32 = 27;

/// The most copies of one invocation per step of channels: each keeps a register.
const MOST_COPIES: u32 = 24;
const NARROW_COPIES: u32 = 16;

/// Taps of the smallest kernels that share much of their inputs whatever the stride is.
const LARGE_KERNEL: u32 = 25;

/// Workgroups, `[height, width]`.
const LANES: [[u32; 2]; 5] = [[8, 8], [4, 16], [8, 16], [4, 8], [2, 32]];

/// Inputs that a workgroup shares, `[height, width]`. Along y only every row step is held.
fn halo(tile: &Tile, sizes: &Sizes) -> Option<[u32; 2]> {
    let outputs = [tile.lanes[0] * tile.rows, tile.lanes[1]];
    let dilation = [sizes.dilation[0] / tile.row_step, sizes.dilation[1]];
    let reach = |axis: usize| {
        let outputs = (outputs[axis] - 1).checked_mul(sizes.stride[axis])?;
        let taps = (sizes.kernel_size[axis] - 1).checked_mul(dilation[axis])?;
        outputs.checked_add(taps)?.checked_add(1)
    };
    Some([reach(0)?, reach(1)?])
}

/// Copies of one invocation per step of channels, if all is not too much.
fn copies(tile: &Tile, sizes: &Sizes, limits: &Limits) -> Option<u32> {
    let [height, width] = halo(tile, sizes)?;
    let copies = height.checked_mul(width)?.div_ceil(tile.workgroup_size());
    let most_copies = if is_narrow(limits) { NARROW_COPIES } else { MOST_COPIES };
    // A vector of three takes the room of four.
    let place_bytes = 4 * tile.channel_step.next_power_of_two();
    let bytes = copies.checked_mul(tile.workgroup_size())?.checked_mul(place_bytes)?;
    let bytes = bytes.checked_add(tile.staged_bytes(sizes)?)?;
    let fits = copies <= most_copies
        && bytes + tile.totals_bytes() <= limits.max_workgroup_memory.min(16_384)
        && tile.workgroup_size() <= limits.max_workgroup_invocations;
    fits.then_some(copies)
}

/// The registers of what an invocation reads at once.
fn registers(tile: &Tile, sizes: &Sizes) -> u32 {
    let tap_step = sizes.dilation[0] / tile.row_step;
    let rows: BTreeSet<_> = (0..tile.rows)
        .flat_map(|y| (0..sizes.kernel_size[0]).map(move |tap| (y, tap)))
        .map(|(y, tap)| {
            u64::from(y) * u64::from(sizes.stride[0]) + u64::from(tap) * u64::from(tap_step)
        })
        .collect();
    low_bits(rows.len()) * tile.channel_step
}

/// What all workgroups compute, beyond the output too, and copy for it.
fn cost(tile: &Tile, sizes: &Sizes, copies: u32) -> Option<u64> {
    let [tiles_y, tiles_x] = tile.tiles(sizes, tile.lanes).ok()?.map(u64::from);
    let work = u64::from(tile.rows * tile.channels + copies * tile.channel_step);
    (tiles_y * tiles_x).checked_mul(work * u64::from(tile.workgroup_size()))
}

/// The tile for a problem: the most channels at once, then the least work.
pub(crate) fn tile(sizes: &Sizes, limits: &Limits) -> Result<Tile, Rule> {
    let is_narrow = is_narrow(limits);
    let has_scalar_unit = has_scalar_unit(limits);
    let is_strided = sizes.stride != [1, 1];
    // Rows as far apart as the taps share their inputs.
    let row_steps = [1, if sizes.stride[0] == 1 { sizes.dilation[0] } else { 1 }];
    let tile_of = |channel_step: u32, staged: bool| {
        let tiles = LANES.into_iter().flat_map(move |lanes| {
            row_steps.map(move |row_step| Tile {
                channels: if sizes.group_out_channels <= 4 { 4 } else { 8 },
                rows: if is_strided && is_narrow { 2 } else { 4 }.min(sizes.out_size[0]),
                columns: 1,
                row_step,
                channel_step,
                order: TapOrder::ColumnLoop,
                alignment: 4,
                adds_parts: false,
                totals_in_memory: false,
                staged,
                lanes,
            })
        });
        tiles
            .filter(|tile| tile.check_text(sizes).is_ok())
            .map(|tile| {
                let has_totals = tile.blocks(sizes) != Ok(Blocks::All);
                Tile { totals_in_memory: has_totals && is_narrow, ..tile }
            })
            .filter(|tile| !is_narrow || registers(tile, sizes) <= NARROW_REGISTERS)
            .filter_map(|tile| Some((cost(&tile, sizes, copies(&tile, sizes, limits)?)?, tile)))
            .min_by_key(|&(cost, _)| cost)
            .map(|(_, tile)| tile)
    };
    // Steps within which the rounding error stays small.
    let most = sizes.block_channels().clamp(1, 4);
    let steps = (1..=most).rev().filter(|step| sizes.group_in_channels.is_multiple_of(*step));
    // A scalar unit loads what all invocations share without that, and with a stride the inputs
    // alone keep the workgroup memory busy, if the kernel is small.
    let few_inputs = !is_strided || is_narrow || sizes.taps() >= LARGE_KERNEL;
    let staged: &[bool] = if few_inputs && !has_scalar_unit { &[true, false] } else { &[false] };
    let mut candidates = steps.flat_map(|step| staged.iter().map(move |&staged| (step, staged)));
    candidates.find_map(|(step, staged)| tile_of(step, staged)).ok_or(MEMORY_RULE)
}

/// Whether the inputs are shared enough to be worth their copying. Those of small kernels with a
/// stride are not, where weights or copies are what [`tiled`](super::tiled) does better.
pub(crate) fn is_worth_it(problem: &Conv2dProblem, limits: &Limits) -> bool {
    let Ok(sizes) = Sizes::new(problem) else { return false };
    let taps = sizes.taps();
    let is_shared = taps >= LARGE_KERNEL || sizes.stride == [1, 1];
    taps > 1 && (is_shared || !(has_scalar_unit(limits) || is_narrow(limits)))
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
) -> Result<TilePlan, Rule> {
    let sizes = Sizes::new(problem)?;
    let tile = tile(&sizes, limits)?;
    let variant = Variant::new(&HALO, tile, sizes, problem, operands)?;
    let tiles = tile.tiles(&sizes, tile.lanes)?;
    variant.plan(variant.shader(), problem, limits, tiles, 1)
}
