//! Conv2d of 1x1 whose planes are read where they lie: every output is a sum over the channels at its
//! own cell.
//!
//! Bias and activation join the sums in the registers, so that an output is written once.

use std::ops::Range;

use pulp::{Simd, WithSimd};

use crate::cpu::conv2d::pointwise_rest;
use crate::cpu::conv2d::pointwise_rest::RestTile;
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
    let vectors = cells.div_ceil(LEAST_CELLS);
    let size = if by_filters { vectors } else { threads::share(vectors, images, parts) };
    let len = cells.div_ceil(vectors.div_ceil(size).max(least));
    // Blocks of whole vectors, or of these and few cells.
    let is_good = len % LEAST_CELLS <= pointwise_rest::MOST_CELLS;
    let len = if is_good { len } else { len.next_multiple_of(LEAST_CELLS).min(cells) };
    let pieces = cells.div_ceil(len);
    let parts = if 2 * pieces >= parts { 1 } else { parts.div_ceil(pieces) };
    let all_passes = filters.div_ceil(ROWS);
    let blocks = all_passes.div_ceil(threads::share(all_passes, images * pieces, parts));
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
        blocks::for_each(blocks, work, |block| {
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
        let weight = &packed[first_filter * channels..];
        let steps = Steps::new(channels);
        let rest = pointwise_rest::cells::<S>(len);
        let len_of_vectors = len - rest;
        // The last vectors end with the block, and begin among cells that are done.
        let vectors = len_of_vectors.div_ceil(lanes);
        let tiles = Tiles::new::<S>(filters, vectors).of_at_most(len / lanes);
        let [bias] = scratch.buffers([filters + lanes])?;
        for (bias, filter) in bias[..filters].iter_mut().zip(first_filter..) {
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
            let weight = &weight[pass.start * channels..];
            for vectors in tiles.iter() {
                let cells = vectors.len() * lanes;
                let end = (vectors.end * lanes).min(len_of_vectors);
                // A block that is shorter than a vector is the end of one.
                let inputs = Inputs { channels: input, channel_len, at: start + end - cells };
                let (bias, outputs) = (&bias[pass.clone()], &mut pieces[pass.clone()]);
                let first = end.saturating_sub(cells);
                let tile = PointwiseTile { steps, inputs, weight, bias, limits, first, outputs };
                tile::run(simd, [pass.len(), vectors.len()], tile);
            }
            if rest > 0 {
                let at = start + len_of_vectors;
                let inputs = Inputs { channels: input, channel_len, at };
                let (bias, outputs) = (&bias[pass.start..], &mut pieces[pass.clone()]);
                let first = len_of_vectors;
                let tile = RestTile { steps, inputs, weight, bias, limits, outputs, first };
                tile::run(simd, [rest, 1], tile);
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
    /// Where the tile begins in the outputs.
    first: usize,
    outputs: &'a mut [&'b mut [f32]],
}

/// The inputs of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) channels: &'a [f32],
    pub(crate) channel_len: usize,
    /// Where they begin in a channel.
    pub(crate) at: usize,
}

impl Tile for PointwiseTile<'_, '_> {
    #[inline(always)]
    fn compute<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let Self { steps, inputs, weight, bias, limits, first, outputs } = self;
        let weight = weight.as_chunks::<ROWS>().0;
        let (Some(bias), Some(outputs)) = (bias.first_chunk(), outputs.first_chunk_mut()) else {
            return;
        };
        let bias: &[f32; ROWS] = bias;
        let outputs: &mut [&mut [f32]; ROWS] = outputs;
        let mut start = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        for (sums, &bias) in start.iter_mut().zip(bias) {
            *sums = [simd.splat_f32s(bias); VECTORS];
        }
        let sums = rounding::sum(simd, &PointwiseProducts { inputs, weight }, start, steps);
        for (sums, output) in sums.iter().zip(outputs) {
            let mut cells = *sums;
            for cells in &mut cells {
                *cells = limit(simd, limits, *cells);
            }
            if let Some(output) = output.get_mut(first..first + VECTORS * S::F32_LANES) {
                let output = S::as_mut_simd_f32s(output).0;
                for (output, cells) in output.iter_mut().zip(cells) {
                    *output = cells;
                }
            } else {
                store_last::<S>(cells[0], output);
            }
        }
    }
}

/// Stores the last lanes of a vector.
#[cold]
#[inline(never)]
fn store_last<S: Simd>(cells: S::f32s, output: &mut [f32]) {
    let cells = [cells];
    let cells: &[f32] = bytemuck::cast_slice(&cells);
    output.copy_from_slice(&cells[cells.len() - output.len()..]);
}

struct PointwiseProducts<'a, const ROWS: usize> {
    inputs: Inputs<'a>,
    weight: &'a [[f32; ROWS]],
}

impl<S: Simd, const ROWS: usize, const VECTORS: usize> Products<S, ROWS, VECTORS>
    for PointwiseProducts<'_, ROWS>
{
    #[inline(always)]
    fn add_to(
        &self,
        simd: S,
        mut sums: Sums<S, ROWS, VECTORS>,
        channels: Range<usize>,
    ) -> Sums<S, ROWS, VECTORS> {
        let Inputs { channels: input, channel_len, at } = self.inputs;
        let input = input[channels.start * channel_len..].chunks_exact(channel_len);
        for (input, factors) in input.zip(&self.weight[channels]) {
            let (cells, _) = S::as_simd_f32s(&input[at..at + VECTORS * S::F32_LANES]);
            let inputs: [S::f32s; VECTORS] = std::array::from_fn(|vector| cells[vector]);
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
