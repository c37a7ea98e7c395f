//! Conv2d of 1x1 whose planes are read where they lie: every output is a sum over the channels at its
//! own cell.

use pulp::{Simd, WithSimd};

use crate::cpu::conv2d::pointwise_rest;
use crate::cpu::conv2d::pointwise_rest::RestTile;
use crate::cpu::conv2d::pointwise_tile::{Inputs, PointwiseTile};
use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::elementwise::activation::limits;
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, LINE, Scratch};
use crate::cpu::kit::packed::{Order, with_packed};
use crate::cpu::kit::rounding::Steps;
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::cpu::kit::tile;
use crate::cpu::kit::tile::{Tiles, passes};
use crate::memory::NoMemory;

/// Cells of a plane that are worth it: a vector at the least.
const LEAST_CELLS: usize = 16;

/// Inputs of a block, so that they stay in the second cache.
pub(crate) const MOST_INPUTS: usize = 1 << 18;

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
    let pieces = if by_filters { 1 } else { threads::parts(vectors, images, parts) };
    let len = cells.div_ceil(pieces.max(least));
    // Blocks of whole vectors, or of these and few cells.
    let is_good = len % LEAST_CELLS <= pointwise_rest::MOST_CELLS;
    let len = if is_good { len } else { len.next_multiple_of(LEAST_CELLS).min(cells) };
    let pieces = cells.div_ceil(len);
    let parts = if 2 * pieces >= parts { 1 } else { parts.div_ceil(pieces) };
    let blocks = threads::parts(filters.div_ceil(ROWS), images * pieces, parts);
    [filters.div_ceil(blocks), len]
}

/// Every output.
pub(crate) fn run(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let work = convolution.work(output.len());
    let plane_len = convolution.out_plane_len();
    let [filters, block_len] = block_size(convolution, work);
    let lengths = [plane_len, plane_len, block_len];
    let blocks = blocks::split_groups(output, [convolution.filters, filters], lengths)?;
    let order = Order::new(convolution.filters, filters, convolution.channels);
    with_packed((convolution.weight, convolution.kept_weight), order, |packed| {
        blocks::for_each(blocks, work, |block| compute(convolution, packed, block))
    })
}

/// A block of outputs: the same cells of some filters of a group, whose packed weights are apart from others.
pub(crate) fn compute(
    convolution: &Convolution<'_>,
    packed: &[f32],
    block: Block<'_, f32>,
) -> Result<(), NoMemory> {
    Scratch::with(|scratch| simd::dispatch(PointwiseBlock { convolution, packed, block, scratch }))
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
            let bias = &bias[pass.start..];
            let inputs = |at| Inputs { channels: input, channel_len, at };
            for vectors in tiles.iter() {
                let cells = vectors.len() * lanes;
                let end = (vectors.end * lanes).min(len_of_vectors);
                // A block that is shorter than a vector is the end of one.
                let (inputs, first) = (inputs(start + end - cells), end.saturating_sub(cells));
                let outputs = &mut pieces[pass.clone()];
                let tile = PointwiseTile { steps, inputs, weight, bias, limits, first, outputs };
                tile::run(simd, [pass.len(), vectors.len()], tile);
            }
            if rest > 0 {
                let (inputs, first) = (inputs(start + len_of_vectors), len_of_vectors);
                let outputs = &mut pieces[pass.clone()];
                let tile = PointwiseTile { steps, inputs, weight, bias, limits, first, outputs };
                tile::run(simd, [rest, 1], RestTile(tile));
            }
            if limits.is_none() {
                pieces[pass].iter_mut().for_each(|piece| convolution.activate(piece));
            }
        }
        Ok(())
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
