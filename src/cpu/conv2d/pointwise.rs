//! Conv2d of 1x1 whose planes are read where they lie: every output is a sum over the channels at its
//! own cell.
//!
//! Bias and activation join the sums in the registers, so that an output is written once.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::elementwise::activation::{limit, limits};
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, LINE, Scratch};
use crate::cpu::kit::packed::{Order, with_packed};
use crate::cpu::kit::rounding;
use crate::cpu::kit::rounding::{Products, Steps, Sums};
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::cpu::kit::tile;
use crate::cpu::kit::tile::{Tile, Tiles, passes};
use crate::memory::NoMemory;

/// Cells of a plane that are worth it: a vector at the least.
const LEAST_CELLS: usize = 16;

/// Inputs of a block, so that they stay in the second cache.
const MOST_INPUTS: usize = 1 << 18;

/// Vectors of a tile at the most.
const MOST_VECTORS: usize = 3;

/// Channels from which on the lines of a tile are far apart and many.
const MANY_CHANNELS: usize = 64;

/// Filters that are multiplied at once, about.
const ROWS: usize = 14;

pub(crate) fn supports(convolution: &Convolution<'_>) -> bool {
    convolution.is_pointwise && convolution.out_plane_len() >= LEAST_CELLS
}

/// Filters and cells of a block.
fn block_size(convolution: &Convolution<'_>, work: usize) -> [usize; 2] {
    let (filters, channels) = (convolution.filters, convolution.channels);
    let cells = convolution.out_plane_len();
    let images = convolution.problem.batch * convolution.problem.groups;
    let parts = threads::task_count(work).div_ceil(images);
    // What another thread reads again: blocks of filters all inputs; blocks of cells all weights, and
    // what follows, mostly by planes, the outputs.
    let by_filters = cells * channels <= filters * (channels + cells);
    let least = (cells * channels).div_ceil(MOST_INPUTS);
    let pieces = if by_filters { least } else { parts.max(least) };
    let len = cells.div_ceil(pieces).next_multiple_of(LEAST_CELLS).min(cells);
    let pieces = cells.div_ceil(len);
    let parts = if 2 * pieces >= parts { 1 } else { parts.div_ceil(pieces) };
    let all_passes = filters.div_ceil(ROWS);
    let blocks = all_passes.div_ceil(all_passes.div_ceil(parts));
    [filters.div_ceil(blocks), len]
}

/// Every output.
pub(crate) fn run(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let work = convolution.work(output);
    let plane_len = convolution.out_plane_len();
    let [filters, block_len] = block_size(convolution, work);
    let lengths = [plane_len, plane_len, block_len];
    let blocks = blocks::split_groups(output, [convolution.filters, filters], lengths)?;
    let order = Order::new(convolution.filters, filters, convolution.channels);
    with_packed((convolution.weight, convolution.kept_weight), order, |packed| {
        threads::for_each(blocks, work, |block| {
            Scratch::with(|scratch| {
                simd::dispatch(PointwiseBlock { convolution, packed, block, scratch })
            })
        })
    })
}

struct PointwiseBlock<'a, 'b> {
    convolution: &'a Convolution<'a>,
    packed: &'a [f32],
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl WithSimd for PointwiseBlock<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { convolution, packed, block, scratch } = self;
        let Block { plane: out_plane, start, mut pieces } = block;
        let (lanes, channels) = (S::F32_LANES, convolution.channels);
        let (filters, len) = (pieces.len(), pieces.first().map_or(0, |piece| piece.len()));
        let first_filter = out_plane % convolution.problem.out_channels;
        let weight = &packed[first_filter * channels..][..filters * channels];
        let steps = Steps::new(channels);
        let tiles = Tiles::new::<S>(filters, len.div_ceil(lanes));
        let [bias] = scratch.buffers([filters])?;
        for (bias, filter) in bias.iter_mut().zip(first_filter..) {
            *bias = convolution.bias(filter);
        }
        let (input, channel_len) = (convolution.group_input(out_plane), convolution.in_plane_len());
        let limits = limits(convolution.problem.activation);
        if len < channel_len && channels >= MANY_CHANNELS {
            for channel in input.chunks_exact(channel_len) {
                touch(&channel[start..start + len]);
            }
        }
        for pass in passes::<S>(filters) {
            let weight = &weight[pass.start * channels..pass.end * channels];
            for vectors in tiles.iter() {
                // The last vector of a block ends with it, and begins among the cells of another, which
                // may be in another block.
                let mut ends = [len; MOST_VECTORS];
                for (end, vector) in ends.iter_mut().zip(vectors.clone()) {
                    *end = ((vector + 1) * lanes).min(len);
                }
                let at = ends.map(|end| start + end - lanes);
                let inputs = Inputs { channels: input, channel_len, at };
                let (bias, outputs) = (&bias[pass.clone()], &mut pieces[pass.clone()]);
                let tile = PointwiseTile { steps, inputs, weight, bias, limits, ends, outputs };
                tile::run(simd, [pass.len(), vectors.len()], tile);
            }
            if limits.is_none() {
                pieces[pass].iter_mut().for_each(|piece| convolution.activate(piece));
            }
        }
        Ok(())
    }
}

struct PointwiseTile<'a, 'b> {
    steps: Steps,
    inputs: Inputs<'a>,
    /// Of the pass, channel by channel.
    weight: &'a [f32],
    bias: &'a [f32],
    /// What the outputs are limited to.
    limits: Option<[f32; 2]>,
    /// Where the vectors of outputs end.
    ends: [usize; MOST_VECTORS],
    outputs: &'a mut [&'b mut [f32]],
}

/// The inputs of a tile.
#[derive(Debug, Clone, Copy)]
struct Inputs<'a> {
    channels: &'a [f32],
    channel_len: usize,
    /// Where the vectors begin in a channel.
    at: [usize; MOST_VECTORS],
}

impl Tile for PointwiseTile<'_, '_> {
    #[inline(always)]
    fn compute<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let Self { steps, inputs, weight, bias, limits, ends, outputs } = self;
        let weight = weight.as_chunks::<ROWS>().0;
        let sums: Sums<S, ROWS, VECTORS> =
            rounding::sum(simd, &PointwiseProducts { inputs, weight }, steps);
        for ((sums, output), &bias) in sums.iter().zip(outputs).zip(bias) {
            let bias = simd.splat_f32s(bias);
            for (&sum, end) in sums.iter().zip(ends) {
                let sum = limit(simd, limits, simd.add_f32s(sum, bias));
                if let Some(first) = end.checked_sub(S::F32_LANES) {
                    S::as_mut_simd_f32s(&mut output[first..end]).0[0] = sum;
                } else {
                    // Of a block that is shorter than a vector, the last lanes.
                    let mut cells = [sum];
                    let cells: &mut [f32] = bytemuck::cast_slice_mut(&mut cells);
                    output.copy_from_slice(&cells[S::F32_LANES - end..]);
                }
            }
        }
    }
}

struct PointwiseProducts<'a, const ROWS: usize> {
    inputs: Inputs<'a>,
    weight: &'a [[f32; ROWS]],
}

impl<S: Simd, const ROWS: usize, const VECTORS: usize> Products<S, ROWS, VECTORS>
    for PointwiseProducts<'_, ROWS>
{
    #[inline(always)]
    fn sum(&self, simd: S, channels: Range<usize>) -> Sums<S, ROWS, VECTORS> {
        let Inputs { channels: input, channel_len, at } = self.inputs;
        let zero = simd.splat_f32s(0.0);
        let mut sums = [[zero; VECTORS]; ROWS];
        let input = input[channels.start * channel_len..].chunks(channel_len);
        for (input, factors) in input.zip(&self.weight[channels]) {
            let mut inputs = [zero; VECTORS];
            for (cells, at) in inputs.iter_mut().zip(at) {
                *cells = S::as_simd_f32s(&input[at..at + S::F32_LANES]).0[0];
            }
            tile::multiply_add(simd, factors, &inputs, &mut sums);
        }
        sums
    }
}

/// Reads a cell of every line, so that they come into the caches: in the products they would be waited
/// for, since the next channel is too far away to be fetched ahead.
#[inline(always)]
fn touch(cells: &[f32]) {
    let mut sum = 0_u32;
    for line in cells.chunks(LINE) {
        sum = sum.wrapping_add(line[0].to_bits());
    }
    std::hint::black_box(sum);
}
