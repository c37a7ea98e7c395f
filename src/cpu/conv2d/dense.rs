//! The dense product: rows of the weight times copies of the input that hold its taps one behind the
//! other.

use pulp::{Simd, WithSimd};

use crate::cpu::conv2d::dense_plan::DensePlan;
use crate::cpu::conv2d::problem::{Convolution, add_to};
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::packed::{Order, with_packed};
use crate::cpu::kit::planes::{AxisPlanes, CopyChannels, Planes};
use crate::cpu::kit::rounding::{block_sums, register_terms};
use crate::cpu::kit::simd;
use crate::cpu::kit::tile;
use crate::cpu::kit::tile::{Packed, Sums};
use crate::memory::{NoMemory, push, with_room};

/// Cells of the copy of several channels, so that it stays in the second cache.
const COPY_LEN: usize = 1 << 15;

/// Every output.
pub(crate) fn run(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let plan = DensePlan::new(convolution);
    let work = convolution.work(output.len());
    let blocks = blocks::split(output, plan.filters, plan.lengths(convolution))?;
    let plan = &plan;
    let order = Order::new(convolution.filters, plan.filters, convolution.gemm_k());
    with_packed((convolution.weight, convolution.kept_weight), order, |packed| {
        blocks::for_each(blocks, work, |block| {
            Scratch::with(|scratch| {
                simd::dispatch(DenseBlock { convolution, plan, packed, block, scratch })
            })
        })
    })
}

/// Where a cell of a copy lies, in four bytes, which are read beside every vector.
fn index(cell: usize) -> Result<u32, NoMemory> {
    u32::try_from(cell).map_err(|_| NoMemory::of::<f32>(cell))
}

struct DenseBlock<'a, 'b> {
    convolution: &'a Convolution<'a>,
    plan: &'a DensePlan,
    packed: &'a [f32],
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl WithSimd for DenseBlock<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { convolution, plan, packed, block, scratch } = self;
        let Block { plane: out_plane, start, pieces } = block;
        let (filters, len) = (pieces.len(), pieces.first().map_or(0, |piece| piece.len()));
        let (channels, gemm_k) = (convolution.channels, convolution.gemm_k());
        let problem = &convolution.problem;
        let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
        let group_input = convolution.group_input(out_plane);
        let first_filter = out_plane % problem.out_channels;
        let data = &packed[first_filter * gemm_k..][..filters * gemm_k];
        let weight = Packed { data, len: gemm_k, count: filters };

        let out_width = horizontal.output_size;
        let (first_y, first_x) = (start / out_width, start % out_width);
        let columns = len.min(out_width);
        let out_rows = len / columns;
        let mode = problem.padding_mode;
        let planes_of =
            |by_taps: bool| if by_taps { AxisPlanes::of_taps } else { AxisPlanes::of_phases };
        let rows =
            planes_of(plan.rows_by_taps(vertical, out_rows))(vertical, mode, first_y, out_rows)?;
        let axis_columns = planes_of(plan.columns_by_taps)(horizontal, mode, first_x, columns)?;
        let planes = Planes::new([vertical, horizontal], rows, axis_columns)?;
        let row_len = planes.row_len();
        let vectors = ((out_rows - 1) * row_len + columns).div_ceil(S::F32_LANES);
        let lanes = vectors * S::F32_LANES;

        let channel_taps = planes.taps(horizontal.kernel_size)?;
        let taps = channel_taps.len();
        if taps == 0 {
            for (filter, piece) in pieces.into_iter().enumerate() {
                piece.fill(0.0);
                convolution.finish(out_plane + filter, start, piece);
            }
            return Ok(());
        }
        // An odd number of vectors, since channels a power of two apart would share their places in
        // the caches.
        let channel_len = (planes.len().div_ceil(16) | 1).saturating_mul(16);
        let most_taps = register_terms(taps * channels);
        let group = (COPY_LEN / channel_len).max(1).saturating_mul(taps) / most_taps * most_taps;
        let group = (group / taps).max(most_taps / taps).clamp(1, channels);
        let mut all_taps = with_room(group * taps)?;
        for channel in 0..group {
            for &(cell, _) in &channel_taps {
                push(&mut all_taps, index(channel * channel_len + cell)?)?;
            }
        }
        let stride = (vectors | 1) * S::F32_LANES;
        let chunks = channels.div_ceil(group) * (group * taps).div_ceil(most_taps);
        let block_chunks = block_sums(chunks);
        let sums_len = filters * stride;
        let totals_len = if chunks > block_chunks { sums_len } else { 0 };
        // What lies behind the last row is read with it.
        let copy_len = channel_len.saturating_mul(group).saturating_add(lanes);
        let columns_len = if taps == convolution.taps { 0 } else { filters * most_taps };
        let [copy, sums, totals, some_columns] =
            scratch.buffers([copy_len, sums_len, totals_len, columns_len])?;
        totals.fill(0.0);
        let mut target = Sums { sums, stride };
        let mut done = 0_usize;

        let in_len = vertical.input_size * horizontal.input_size;
        for channel in (0..channels).step_by(group) {
            let count = group.min(channels - channel);
            let input = &group_input[channel * in_len..][..count * in_len];
            let in_width = horizontal.input_size;
            let copy_channels =
                CopyChannels { planes: &planes, input, in_width, in_len, copy, channel_len };
            simd.vectorize(copy_channels);
            let group_taps = &all_taps[..count * taps];
            let group_chunks = group_taps.len().div_ceil(most_taps);
            let chunk_len = group_taps.len().div_ceil(group_chunks);
            for (chunk, chunk_taps) in group_taps.chunks(chunk_len).enumerate() {
                let add = !done.is_multiple_of(block_chunks);
                if !add && done > 0 {
                    add_to(totals, target.sums);
                }
                done += 1;
                let first = chunk * chunk_len;
                let columns = if taps == convolution.taps {
                    (weight, channel * taps + first)
                } else {
                    let columns = (first..first + chunk_taps.len()).map(|index| {
                        (channel + index / taps) * convolution.taps + channel_taps[index % taps].1
                    });
                    weight.copy_columns::<S>(columns, some_columns);
                    let len = chunk_taps.len();
                    (Packed { data: &*some_columns, len, count: filters }, 0)
                };
                tile::multiply(simd, columns, copy, chunk_taps, vectors, &mut target, add);
            }
        }
        if !totals.is_empty() {
            add_to(target.sums, totals);
        }
        for (filter, (piece, sums)) in
            pieces.into_iter().zip(target.sums.chunks_exact(stride)).enumerate()
        {
            let place = [out_plane + filter, start];
            convolution.finish_rows(place, (sums, row_len), columns, piece);
        }
        Ok(())
    }
}
