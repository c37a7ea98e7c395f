//! The convolution through workgroup memory.

use std::collections::BTreeSet;

use super::Rule;
use super::tile::{Sizes, TapOrder, Tile, TilePlan, Variant, block_channels, parts};
use super::tiled::is_narrow;
use crate::Limits;
use crate::gpu::params::low_bits;
use crate::ops::Conv2dProblem;

const MEMORY_RULE: Rule =
    "serves kernels whose inputs for one workgroup fit the workgroup memory and few copies";

/// What a tile may read at once on adapters with narrow subgroups, beside its sums.
const NARROW_REGISTERS: u32 = 27;

/// Copies of one invocation per step of channels: each keeps two registers.
const MOST_COPIES: u32 = 16;

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

/// Inputs that a workgroup shares, if they are not too many.
fn places(tile: &Tile, sizes: &Sizes, limits: &Limits) -> Option<u32> {
    let [height, width] = halo(tile, sizes)?;
    let places = height.checked_mul(width)?;
    // A vector of three takes the room of four.
    let bytes = 4 * tile.channel_step.next_power_of_two();
    let fits = places.checked_add(1)?.checked_mul(bytes)? <= limits.max_workgroup_memory.min(16384)
        && places.div_ceil(tile.workgroup_size()) <= MOST_COPIES
        && tile.workgroup_size() <= limits.max_workgroup_invocations;
    fits.then_some(places)
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
fn cost(tile: &Tile, sizes: &Sizes, places: u32) -> Option<u64> {
    let [tiles_y, tiles_x] = tile.tiles(sizes, tile.lanes).ok()?.map(u64::from);
    let outputs = u64::from(tile.workgroup_size() * tile.rows * tile.channels);
    (tiles_y * tiles_x).checked_mul(outputs + u64::from(places * tile.channel_step))
}

/// The tile for a problem: the most channels at once, then the least work.
pub(crate) fn tile(sizes: &Sizes, limits: &Limits) -> Result<Tile, Rule> {
    let is_narrow = is_narrow(limits);
    let is_strided = sizes.stride != [1, 1];
    // Rows as far apart as the taps share their inputs.
    let row_steps = [1, if sizes.stride[0] == 1 { sizes.dilation[0] } else { 1 }];
    let candidates = |channel_step: u32| {
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
                lanes,
            })
        });
        tiles
            .filter(|tile| tile.check_text(sizes).is_ok())
            .filter(|tile| !is_narrow || registers(tile, sizes) <= NARROW_REGISTERS)
            .filter_map(|tile| Some((cost(&tile, sizes, places(&tile, sizes, limits)?)?, tile)))
            .min_by_key(|&(cost, _)| cost)
            .map(|(_, tile)| tile)
    };
    // Steps within which the rounding error stays small.
    let most = block_channels(sizes).clamp(1, 4);
    let steps = (1..=most).rev().filter(|step| sizes.group_in_channels.is_multiple_of(*step));
    steps.into_iter().find_map(candidates).ok_or(MEMORY_RULE)
}

/// Whether the inputs are shared enough to be worth their copying.
pub(crate) fn is_worth_it(problem: &Conv2dProblem) -> bool {
    let Ok(sizes) = Sizes::new(problem) else { return false };
    let taps = sizes.taps();
    taps >= 25 || (taps > 1 && sizes.stride == [1, 1])
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(problem: &Conv2dProblem, bias: bool, limits: &Limits) -> Result<TilePlan, Rule> {
    let sizes = Sizes::new(problem)?;
    let tile = tile(&sizes, limits)?;
    let variant = Variant::new("conv2d_halo", tile, sizes, problem, bias);
    let tiles = tile.tiles(&sizes, tile.lanes)?;
    let parts = parts(&variant, problem, limits, tiles, 1, |_| true)?;
    Ok(TilePlan { shader: variant.shader(), pack: variant.pack(limits)?, parts })
}
