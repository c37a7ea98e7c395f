//! The convolution of f16 by what multiplies matrices for a subgroup: tensor cores.

use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::{Operands, Rule};
use crate::gpu::tile::plan;
use crate::gpu::tile::plan::{PARTS, TilePlan, Variant};
use crate::gpu::tile::shape::{TapOrder, Tile};
use crate::gpu::tile::sizes::Sizes;
use crate::gpu::tile::sums::Blocks;
use crate::ops::Conv2dProblem;
use crate::{DType, Limits};

pub(crate) static COOPERATIVE: Template =
    template!("conv2d", "conv2d_cooperative", &[PARTS], plan::Params);

const DEVICE_RULE: Rule = "serves devices that were opened with cooperative matrices and have those of f16, \
                           subgroups of 32 and the workgroup memory of a tile";
const DTYPE_RULE: Rule = "serves tensors of f16";
const CHANNELS_RULE: Rule = "serves groups whose input channels are a multiple of 16";

/// Invocations of a subgroup, which multiply matrices of 16 x 16 together.
const SUBGROUP: u32 = 32;
/// So many workgroups keep a large adapter busy.
const MANY_WORKGROUPS: usize = 192;

/// Output channels of a group for which a tile of 64 is worth its copies.
const FEWEST_CHANNELS: usize = 32;

/// The tiles for a problem: a large one, which reads the least for a multiply-add, and a small one,
/// which leaves the most workgroups.
pub(crate) fn tiles(sizes: &Sizes) -> Result<[Tile; 2], Rule> {
    let step = [32, 16].into_iter().find(|&step| sizes.group_in_channels.is_multiple_of(step));
    let channel_step = step.ok_or(CHANNELS_RULE)?;
    let of = |channels, lanes, rows| Tile {
        channels,
        rows,
        columns: 1,
        row_step: 1,
        channel_step,
        order: TapOrder::TapsFirst,
        alignment: 4,
        adds_parts: false,
        totals_in_memory: false,
        staged: false,
        lanes,
    };
    let is_half = sizes.group_out_channels <= 64;
    let large = if is_half { of(64, [2, 128], 2) } else { of(128, [2, 128], 1) };
    Ok([large, of(64, [2, 64], 1)])
}

/// The tile for a problem: the large one where its workgroups are enough and fit the device.
fn tile(sizes: &Sizes, problem: &Conv2dProblem, limits: &Limits) -> Result<Tile, Rule> {
    let [large, small] = tiles(sizes)?;
    let outputs =
        (problem.output_shape().len() / problem.out_channels).div_ceil(outputs(&large) as usize);
    let blocks = problem.group_out_channels().div_ceil(large.channels as usize) * problem.groups;
    let is_busy = outputs.saturating_mul(blocks) >= MANY_WORKGROUPS;
    Ok(if is_busy && fits(&large, limits) { large } else { small })
}

/// Outputs of a workgroup.
fn outputs(tile: &Tile) -> u32 {
    tile.rows * tile.lanes[1]
}

/// Bytes of workgroup memory: weights and inputs of a step, their rows 8 elements longer, and of each
/// subgroup a matrix of sums, its rows 4 longer.
pub(crate) fn workgroup_bytes(tile: &Tile) -> u32 {
    let row = tile.channels + 8 + tile.rows * tile.lanes[1] + 8;
    2 * tile.channel_step * row + tile.workgroup_size() / SUBGROUP * (4 * 16 * 20)
}

fn shader(variant: &Variant) -> Shader {
    let mut shader = variant.shader();
    // Tests set it, where an adapter has no matrices.
    shader.values.push(("emulated", false.into()));
    shader
}

fn fits(tile: &Tile, limits: &Limits) -> bool {
    workgroup_bytes(tile) <= limits.max_workgroup_memory
        && tile.workgroup_size() <= limits.max_workgroup_invocations
}

/// Whether a tile has not many more channels than a group.
pub(crate) fn is_worth_it(problem: &Conv2dProblem) -> bool {
    problem.group_out_channels() >= FEWEST_CHANNELS
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
) -> Result<TilePlan, Rule> {
    if operands.dtype != DType::F16 {
        return Err(DTYPE_RULE);
    }
    let sizes = Sizes::new(problem)?;
    of_tile(tile(&sizes, problem, limits)?, sizes, problem, operands, limits)
}

/// The plan with a tile.
pub(crate) fn of_tile(
    tile: Tile,
    sizes: Sizes,
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
) -> Result<TilePlan, Rule> {
    let has_matrices = limits.cooperative_matrices
        && limits.shader_f16
        && limits.subgroup_sizes == Some((SUBGROUP, SUBGROUP));
    if !has_matrices || !fits(&tile, limits) {
        return Err(DEVICE_RULE);
    }
    // What an adapter makes of a sum of products is its own: blocks of them would promise nothing.
    let variant = Variant {
        blocks: Blocks::All,
        ..Variant::new(&COOPERATIVE, tile, sizes, problem, operands)?
    };
    variant.plan(shader(&variant), problem, limits, sizes.out_size, outputs(&tile))
}
