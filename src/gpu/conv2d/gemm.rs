//! The convolution as a product of matrices through workgroup memory.

use super::tiled::{has_scalar_unit, is_narrow};
use crate::Limits;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::{Operands, Rule};
use crate::gpu::tile::plan;
use crate::gpu::tile::plan::{PARTS, TilePlan, Variant, parts};
use crate::gpu::tile::shape::{TapOrder, Tile};
use crate::gpu::tile::sizes::{SIZES_RULE, Sizes};
use crate::ops::Conv2dProblem;

pub(crate) static GEMM: Template = template!("conv2d", "conv2d_gemm", &[PARTS], plan::Params);

const CHANNELS_RULE: Rule = "serves groups whose input channels are a multiple of four";

/// A tile of a workgroup, and what is known of its speed.
#[derive(Debug)]
struct Shape {
    /// Output channels, and the outputs of an invocation.
    channels: u32,
    rows: u32,
    /// Invocations, `[height, width]`.
    lanes: [u32; 2],
    /// The speed, of many workgroups and many steps, beside the others'.
    speed: f64,
    /// The steps that setting up and storing take as long as.
    overhead: f64,
}

/// The more an invocation computes the less it reads for each product, and the fewer invocations
/// there are to hide its waiting. The speeds were measured on a card of 132 multiprocessors.
const SHAPES: [Shape; 6] = [
    Shape { channels: 128, rows: 8, lanes: [16, 8], speed: 42.0, overhead: 4.0 },
    Shape { channels: 64, rows: 8, lanes: [8, 8], speed: 41.0, overhead: 4.0 },
    Shape { channels: 32, rows: 8, lanes: [4, 16], speed: 36.5, overhead: 4.0 },
    Shape { channels: 64, rows: 4, lanes: [8, 16], speed: 37.5, overhead: 1.0 },
    Shape { channels: 64, rows: 4, lanes: [8, 8], speed: 36.0, overhead: 1.0 },
    Shape { channels: 32, rows: 4, lanes: [4, 8], speed: 33.0, overhead: 1.0 },
];

/// Invocations with which half of the speed is reached.
const HALF_SPEED: f64 = 9600.0;

/// Output channels that are too few to fill a tile.
const FEW_CHANNELS: u32 = 8;
/// Output channels up to which shared inputs, of taps that lie near each other, are worth more.
const SHARED_CHANNELS: u32 = 32;
const NEAR: u32 = 4;

impl Shape {
    fn tile(&self, channel_step: u32) -> Tile {
        Tile {
            channels: self.channels,
            rows: self.rows,
            columns: 1,
            row_step: 1,
            channel_step,
            order: TapOrder::TapsFirst,
            alignment: 4,
            adds_parts: false,
            totals_in_memory: false,
            staged: false,
            lanes: self.lanes,
        }
    }

    /// A measure of the time.
    fn cost(&self, sizes: &Sizes, outputs: u64, channel_step: u32) -> f64 {
        let tile_outputs = u64::from(self.rows * self.lanes[1]);
        let blocks = u64::from(sizes.groups)
            .saturating_mul(sizes.group_out_channels.div_ceil(self.channels).into());
        let workgroups = outputs.div_ceil(tile_outputs).saturating_mul(blocks) as f64;
        let work = workgroups * f64::from(self.channels) * tile_outputs as f64;
        let invocations = workgroups * f64::from(self.lanes[0] * self.lanes[1]);
        let steps = f64::from(sizes.taps()) * f64::from(sizes.group_in_channels / channel_step);
        let share = invocations / (invocations + HALF_SPEED) * steps / (steps + self.overhead);
        work / (share * self.speed)
    }
}

/// The tile for a problem.
pub(crate) fn tile(sizes: &Sizes, batch: usize) -> Result<Tile, Rule> {
    let step = [8, 4].into_iter().find(|&step| sizes.group_in_channels.is_multiple_of(step));
    let step = step.ok_or(CHANNELS_RULE)?;
    let plane = u64::from(sizes.out_size[0]).saturating_mul(sizes.out_size[1].into());
    let outputs = plane.saturating_mul(batch as u64);
    let cost = |shape: &Shape| shape.cost(sizes, outputs, step);
    let best = SHAPES.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
    best.map(|shape| shape.tile(step)).ok_or(SIZES_RULE)
}

/// Whether it is faster than what shares inputs or reads all from their buffers: on adapters whose
/// invocations have registers for many sums and whose weights take a load each.
pub(crate) fn is_worth_it(problem: &Conv2dProblem, limits: &Limits) -> bool {
    let Ok(sizes) = Sizes::new(problem) else { return false };
    let is_near = sizes.dilation.iter().all(|&dilation| dilation <= NEAR);
    let is_shared = sizes.taps() > 1 && sizes.stride == [1, 1] && is_near;
    let least = if is_shared { SHARED_CHANNELS } else { FEW_CHANNELS };
    sizes.group_out_channels > least && !is_narrow(limits) && !has_scalar_unit(limits)
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
) -> Result<TilePlan, Rule> {
    let sizes = Sizes::new(problem)?;
    let tile = tile(&sizes, problem.batch)?;
    let variant = Variant::new(&GEMM, tile, sizes, problem, operands)?;
    let outputs = (tile.rows * tile.lanes[1]) as usize;
    let parts = parts(&variant, problem, limits, sizes.out_size, outputs, |_| true)?;
    // Four outputs lie beside each other, and where nothing but the channels are added up four inputs.
    let is_wide = |[height, width]: [u32; 2]| {
        height.is_multiple_of(4)
            || width.is_multiple_of(4)
            || (height.is_multiple_of(2) && width.is_multiple_of(2))
    };
    let is_product = sizes.taps() == 1 && sizes.stride == [1, 1] && sizes.in_size == sizes.out_size;
    let mut shader = variant.shader();
    shader.values.extend([
        ("wide_input", (is_product && is_wide(sizes.in_size)).into()),
        ("wide_output", is_wide(sizes.out_size).into()),
    ]);
    Ok(TilePlan {
        shader,
        pack: variant.pack(limits)?,
        dtype: operands.dtype,
        parts,
        needs_repair: variant.needs_repair(),
    })
}
