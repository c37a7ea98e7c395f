//! Conv2d with few filters per group: padded rows are read where they lie.
//!
//! Packing pays when many filters pass over a panel. Here every vector of outputs is the sum over
//! the taps of a weight times the vector of inputs at the tap's offset in the padded copy.

use crate::PaddingMode;
use crate::cpu::conv2d::problem::{Convolution, tap_offsets};
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::layout::AxisLayout;
use crate::cpu::kit::rounding::register_terms;
use crate::cpu::kit::simd;
use crate::memory::{NoMemory, push, with_room};
use crate::window::Axis;
use pulp::{Simd, WithSimd};

/// Filters of a group up to which this is the faster way.
const MAX_FILTERS: usize = 4;

/// Products of one output up to which the copy of all channels stays small.
const MAX_GEMM_K: usize = 512;

/// Outputs of a block in one plane.
const BLOCK_LEN: usize = 4096;

pub(crate) fn supports(convolution: &Convolution<'_>) -> bool {
    convolution.filters <= MAX_FILTERS && convolution.gemm_k() <= MAX_GEMM_K
}

pub(crate) fn run(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let (vertical, horizontal) = (&convolution.problem.vertical, &convolution.problem.horizontal);
    let mode = convolution.problem.padding_mode;
    let (out_height, out_width) = (vertical.output_size, horizontal.output_size);
    // Rows longer than a block are cut; otherwise blocks are whole rows.
    let columns = out_width.min(BLOCK_LEN);
    let rows = (BLOCK_LEN / out_width).clamp(1, out_height);
    let work = convolution.work(output.len());
    let span = if columns < out_width { out_width } else { convolution.out_plane_len() };
    let lengths = [convolution.out_plane_len(), span, rows * columns];
    let blocks = blocks::split(output, convolution.filters, lengths)?;
    let vertical = layouts(vertical, mode, rows)?;
    let horizontal = layouts(horizontal, mode, columns)?;
    blocks::for_each(blocks, work, |block| {
        let layouts = [
            &vertical[block.start / out_width / rows],
            &horizontal[block.start % out_width / columns],
        ];
        Scratch::with(|scratch| {
            simd::dispatch(DirectBlock { convolution, layouts, columns, block, scratch })
        })
    })
}

/// The layouts of every `step` outputs of an axis.
pub(crate) fn layouts(
    axis: &Axis,
    mode: PaddingMode,
    step: usize,
) -> Result<Vec<AxisLayout>, NoMemory> {
    let mut layouts = with_room(axis.output_size.div_ceil(step))?;
    for first in (0..axis.output_size).step_by(step) {
        let count = step.min(axis.output_size - first);
        push(&mut layouts, AxisLayout::new(axis, mode, first, count)?)?;
    }
    Ok(layouts)
}

struct DirectBlock<'a, 'b> {
    convolution: &'a Convolution<'a>,
    layouts: [&'a AxisLayout; 2],
    /// Outputs per row of the block.
    columns: usize,
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl WithSimd for DirectBlock<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        match self.block.pieces.len() {
            1 => self.rows::<S, 1>(simd),
            2 => self.rows::<S, 2>(simd),
            3 => self.rows::<S, 3>(simd),
            _ => self.rows::<S, MAX_FILTERS>(simd),
        }
    }
}

impl DirectBlock<'_, '_> {
    #[inline(always)]
    fn rows<S: Simd, const FILTERS: usize>(self, simd: S) -> Result<(), NoMemory> {
        let Self { convolution, layouts, columns, block, scratch } = self;
        let [vertical, horizontal] = layouts;
        let Block { plane: out_plane, start, pieces } = block;
        let Ok(mut pieces) = <[&mut [f32]; FILTERS]>::try_from(pieces) else { return Ok(()) };
        let (channels, gemm_k) = (convolution.channels, convolution.gemm_k());
        let copy_len = vertical.len.saturating_mul(horizontal.len);
        let margin = 4 * S::F32_LANES;
        let all = copy_len.saturating_mul(channels).saturating_add(margin);
        let [copy] = scratch.buffers([all])?;
        let group_input = convolution.group_input(out_plane);
        convolution.copy_channels(layouts, group_input, 0, channels, copy);

        let tap_offsets = tap_offsets(layouts, copy_len, channels)?;
        let taps = (&tap_offsets[..], register_terms(tap_offsets.len()));
        let first_filter = out_plane % convolution.problem.out_channels;
        let weight: [&[f32]; FILTERS] = std::array::from_fn(|filter| {
            &convolution.weight[(first_filter + filter) * gemm_k..][..gemm_k]
        });
        let columns = columns.min(pieces[0].len());
        for row in 0..pieces[0].len() / columns {
            let copy = &copy[row * horizontal.len..];
            let mut outputs = pieces.each_mut().map(|piece| &mut piece[row * columns..][..columns]);
            let outputs = &mut outputs;
            let lanes = S::F32_LANES;
            if columns >= 4 * lanes {
                row_of::<S, FILTERS, 4>(simd, weight, taps, copy, outputs);
            } else if columns >= 2 * lanes {
                row_of::<S, FILTERS, 2>(simd, weight, taps, copy, outputs);
            } else {
                row_of::<S, FILTERS, 1>(simd, weight, taps, copy, outputs);
            }
        }
        for (filter, piece) in pieces.into_iter().enumerate() {
            convolution.finish(out_plane + filter, start, piece);
        }
        Ok(())
    }
}

/// Computes a row of outputs by `VECTORS` vectors, the last of which overlap those before them.
#[inline(always)]
fn row_of<S: Simd, const FILTERS: usize, const VECTORS: usize>(
    simd: S,
    weight: [&[f32]; FILTERS],
    taps: (&[usize], usize),
    copy: &[f32],
    outputs: &mut [&mut [f32]; FILTERS],
) {
    let count = VECTORS * S::F32_LANES;
    let columns = outputs[0].len();
    for out_x in (0..columns).step_by(count) {
        let out_x = out_x.min(columns.saturating_sub(count));
        let sums = vectors::<S, FILTERS, VECTORS>(simd, weight, taps, &copy[out_x..]);
        for (output, sums) in outputs.iter_mut().zip(&sums) {
            let output = &mut output[out_x..];
            let (vectors, _) = S::as_mut_simd_f32s(output);
            if let Some((vectors, _)) = vectors.split_first_chunk_mut::<VECTORS>() {
                *vectors = *sums;
            } else {
                simd.partial_store_f32s(output, sums[0]);
            }
        }
    }
}

/// The sums of `VECTORS` vectors of neighbouring outputs, the first of which finds its taps at
/// `tap_offsets`.
#[inline(always)]
fn vectors<S: Simd, const FILTERS: usize, const VECTORS: usize>(
    simd: S,
    weight: [&[f32]; FILTERS],
    (tap_offsets, most): (&[usize], usize),
    copy: &[f32],
) -> [[S::f32s; VECTORS]; FILTERS] {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; FILTERS];
    for (chunk, tap_offsets) in tap_offsets.chunks(most).enumerate() {
        let weight: [&[f32]; FILTERS] =
            std::array::from_fn(|filter| &weight[filter][chunk * most..][..tap_offsets.len()]);
        let mut chunk_sums = [[simd.splat_f32s(0.0); VECTORS]; FILTERS];
        for (tap, &offset) in tap_offsets.iter().enumerate() {
            let (inputs, _) = S::as_simd_f32s(&copy[offset..][..VECTORS * S::F32_LANES]);
            for filter in 0..FILTERS {
                let factor = simd.splat_f32s(weight[filter][tap]);
                for vector in 0..VECTORS {
                    let sum = &mut chunk_sums[filter][vector];
                    *sum = simd.mul_add_e_f32s(factor, inputs[vector], *sum);
                }
            }
        }
        for filter in 0..FILTERS {
            for vector in 0..VECTORS {
                let sum = &mut sums[filter][vector];
                *sum = simd.add_f32s(*sum, chunk_sums[filter][vector]);
            }
        }
    }
    sums
}
