//! The convolution as a product of matrices through workgroup memory.

use super::tiled::{has_scalar_unit, is_narrow};
use crate::Limits;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::{Operands, Rule};
use crate::gpu::tile::plan;
use crate::gpu::tile::plan::{PARTS, TilePlan, Variant};
use crate::gpu::tile::shape::{TapOrder, Tile};
use crate::gpu::tile::sizes::Sizes;
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
    /// Input channels of a step, at most.
    channel_step: u32,
    /// Multiply-adds per second of many workgroups in many steps.
    speed: f64,
    /// The steps that setting up and storing take as long as.
    overhead: f64,
    /// Seconds of a step of one workgroup alone, which waits for its loads.
    latency: f64,
}

/// The more an invocation computes the less it reads for each product, and the fewer invocations
/// there are to hide its waiting. Measured on a card of 132 multiprocessors.
const SHAPES: [Shape; 5] = [
    Shape {
        channels: 128,
        rows: 8,
        lanes: [16, 8],
        channel_step: 8,
        speed: 21.0e12,
        overhead: 4.0,
        latency: 0.6e-6,
    },
    Shape {
        channels: 64,
        rows: 8,
        lanes: [8, 8],
        channel_step: 8,
        speed: 20.5e12,
        overhead: 4.0,
        latency: 0.5e-6,
    },
    Shape {
        channels: 64,
        rows: 4,
        lanes: [8, 16],
        channel_step: 8,
        speed: 18.8e12,
        overhead: 1.0,
        latency: 0.36e-6,
    },
    Shape {
        channels: 32,
        rows: 4,
        lanes: [4, 8],
        channel_step: 8,
        speed: 16.5e12,
        overhead: 1.0,
        latency: 0.32e-6,
    },
    // For few workgroups: fewer steps to wait for.
    Shape {
        channels: 32,
        rows: 4,
        lanes: [4, 8],
        channel_step: 16,
        speed: 16.0e12,
        overhead: 1.0,
        latency: 0.4e-6,
    },
];

/// Invocations with which half of the speed is reached.
const HALF_SPEED: f64 = 9600.0;

/// The share of the speed that is left to tiles of eight outputs an invocation, which are few, where
/// neighbouring outputs do not read neighbouring inputs.
const STRIDED: f64 = 0.8;

/// Output channels that are too few to fill a tile.
const FEW_CHANNELS: u32 = 8;
/// Output channels up to which shared inputs, of taps that lie near each other, are worth more.
const SHARED_CHANNELS: u32 = 32;
const NEAR: u32 = 4;

impl Shape {
    /// Bytes of workgroup memory: weights and inputs of two steps, one that is read and one that is filled.
    fn memory(&self, channel_step: u32) -> u32 {
        2 * 4 * (self.channels + self.lanes[1] * self.rows) * channel_step
    }

    fn tile(&self, sizes: &Sizes, limits: &Limits) -> Option<Tile> {
        let steps = [16, 8, 4].into_iter().filter(|&step| {
            step <= self.channel_step && self.memory(step) <= limits.max_workgroup_memory
        });
        Some(Tile {
            channels: self.channels,
            rows: self.rows,
            columns: 1,
            row_step: 1,
            channel_step: steps
                .into_iter()
                .find(|&it| sizes.group_in_channels.is_multiple_of(it))?,
            order: TapOrder::TapsFirst,
            alignment: 4,
            adds_parts: false,
            totals_in_memory: false,
            staged: false,
            lanes: self.lanes,
        })
    }

    /// The seconds that are expected of so many outputs.
    fn seconds(&self, sizes: &Sizes, tile: &Tile, outputs: u64) -> f64 {
        let tile_outputs = u64::from(self.rows * self.lanes[1]);
        let blocks = u64::from(sizes.groups)
            .saturating_mul(sizes.group_out_channels.div_ceil(self.channels).into());
        let workgroups = outputs.div_ceil(tile_outputs).saturating_mul(blocks) as f64;
        let invocations = workgroups * f64::from(tile.workgroup_size());
        let steps =
            f64::from(sizes.taps()) * f64::from(sizes.group_in_channels / tile.channel_step);
        let of_step = f64::from(tile.sums() * tile.channel_step) * invocations;
        let strided = if self.rows == 8 && sizes.stride[1] > 1 { STRIDED } else { 1.0 };
        let speed = self.speed * strided * invocations / (invocations + HALF_SPEED);
        (steps + self.overhead) * f64::max(of_step / speed, self.latency)
    }
}

/// The tile for a problem.
pub(crate) fn tile(sizes: &Sizes, batch: usize, limits: &Limits) -> Result<Tile, Rule> {
    let plane = u64::from(sizes.out_size[0]).saturating_mul(sizes.out_size[1].into());
    let outputs = plane.saturating_mul(batch as u64);
    let tiles = SHAPES.iter().filter_map(|shape| {
        let tile = shape.tile(sizes, limits)?;
        Some((shape.seconds(sizes, &tile, outputs), tile))
    });
    let best = tiles.min_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, tile)| tile).ok_or(CHANNELS_RULE)
}

/// Whether it is faster than what shares inputs or reads all from their buffers: on GPUs whose
/// invocations have registers for many sums and whose weights take a load each.
pub(crate) fn is_worth_it(problem: &Conv2dProblem, limits: &Limits) -> bool {
    let Ok(sizes) = Sizes::new(problem) else { return false };
    let is_near = sizes.dilation.iter().all(|&dilation| dilation <= NEAR);
    let is_shared = sizes.taps() > 1 && sizes.stride == [1, 1] && is_near;
    let least = if is_shared { SHARED_CHANNELS } else { FEW_CHANNELS };
    let has_registers = !limits.software && !is_narrow(limits) && !has_scalar_unit(limits);
    sizes.group_out_channels > least && has_registers
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
) -> Result<TilePlan, Rule> {
    let sizes = Sizes::new(problem)?;
    let tile = tile(&sizes, problem.batch, limits)?;
    let variant = Variant::new(&GEMM, tile, sizes, problem, operands)?;
    let outputs = tile.rows * tile.lanes[1];
    // Four outputs lie beside each other, and where nothing but the channels are added up four inputs.
    let is_wide = |[height, width]: [u32; 2]| (height % 4 * (width % 4)).is_multiple_of(4);
    let is_product = sizes.taps() == 1 && sizes.stride == [1, 1] && sizes.in_size == sizes.out_size;
    let mut shader = variant.shader();
    shader.values.extend([
        ("wide_input", (is_product && is_wide(sizes.in_size)).into()),
        ("wide_output", is_wide(sizes.out_size).into()),
    ]);
    variant.plan(shader, problem, limits, sizes.out_size, outputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Conv2d;

    #[test]
    fn many_outputs_have_large_tiles_and_few_outputs_small_ones() {
        let same = |gin, gout| Conv2d::new(gin, gout, [3, 3]).padding([1, 1]);
        for (conv, input, channels, rows, channel_step) in [
            (same(128, 120), [1, 128, 190, 181], 128, 8, 8),
            (same(64, 60), [4, 64, 182, 184], 64, 8, 8),
            (Conv2d::new(16, 60, [1, 1]), [5, 16, 63, 65], 64, 4, 8),
            (Conv2d::new(12, 30, [2, 2]), [3, 12, 30, 32], 32, 4, 4),
            (same(256, 256), [1, 256, 14, 14], 32, 4, 16),
        ] {
            let sizes = Sizes::new(&conv.problem(input.into()).unwrap()).unwrap();
            let tile = tile(&sizes, input[0], &Limits::webgpu()).unwrap();
            let actual = (tile.channels, tile.rows, tile.channel_step);
            assert_eq!(actual, (channels, rows, channel_step), "{conv:?} {input:?}");
        }
    }

    #[test]
    fn every_shape_is_one_that_the_shader_serves() {
        for shape in &SHAPES {
            for channels in [16, 8, 4] {
                let conv = Conv2d::new(channels, 3, [2, 2]);
                let problem = conv.problem([1, channels, 5, 5].into()).unwrap();
                let sizes = Sizes::new(&problem).unwrap();
                let tile = shape.tile(&sizes, &Limits::webgpu()).unwrap();
                tile.check_text(&sizes).unwrap();
                let [height, width] = tile.lanes;
                assert!(height % 4 == 0 && width % 8 == 0 && tile.rows % 4 == 0);
                assert!((tile.channels / height) % 4 == 0);
                assert!((height * width) % (width * tile.rows / 4) == 0);
                assert!(shape.memory(tile.channel_step) <= 16_384);
            }
        }
    }
}
