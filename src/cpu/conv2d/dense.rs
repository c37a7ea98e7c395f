//! The dense product by implicit im2col.

use pulp::{Simd, WithSimd};

use crate::cpu::conv2d::problem::{Convolution, add_to, tap_offsets};
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::layout::AxisLayout;
use crate::cpu::kit::panel;
use crate::cpu::kit::panel::{Pack, PackContiguous, Rows, Segment, Tile};
use crate::cpu::kit::rounding::{block_sums, register_terms};
use crate::cpu::kit::simd;
use crate::memory::{self, NoMemory};

/// Outputs of a block, so that its sums and the weights of a chunk stay in the second cache.
const BLOCK_LEN: usize = 256;

/// Panels that are packed together where the inputs of neighbouring outputs are neighbours.
const CONTIGUOUS_PANELS: usize = 4;

/// Every output.
pub(crate) fn run(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let plan = DensePlan::new(convolution);
    let work = convolution.work(output);
    let lengths = [convolution.out_plane_len(), plan.span, plan.block_len];
    let blocks = blocks::split(output, plan.block_filters, lengths)?;
    blocks::for_each(blocks, work, |block| {
        Scratch::with(|scratch| simd::dispatch(DenseBlock { convolution, block, scratch }))
    })
}

/// How the output of a dense convolution is split.
struct DensePlan {
    block_filters: usize,
    /// What no block leaves: a row or a plane.
    span: usize,
    block_len: usize,
}

impl DensePlan {
    fn new(convolution: &Convolution<'_>) -> Self {
        let threads = rayon::current_num_threads();
        let Convolution { problem, filters, .. } = convolution;
        // A block within a long row stays in this row, so that its copy is bounded.
        let span = if convolution.out_width() > BLOCK_LEN {
            convolution.out_width()
        } else {
            convolution.out_plane_len()
        };
        let count = span.div_ceil(BLOCK_LEN);
        let planes = problem.batch * problem.groups;
        let count = if planes * count >= 4 * threads { count } else { count.next_multiple_of(2) };
        let block_len = span.div_ceil(count).next_multiple_of(16);
        let tasks = planes * convolution.out_plane_len() / span * span.div_ceil(block_len);
        let parts = if tasks >= 2 * threads { 1 } else { threads.min(filters.div_ceil(16)) };
        // Blocks must not straddle groups.
        let parts = (parts..=*filters).find(|parts| filters.is_multiple_of(*parts)).unwrap_or(1);
        Self { block_filters: filters / parts, span, block_len }
    }
}

struct DenseBlock<'a, 'b> {
    convolution: &'a Convolution<'a>,
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl WithSimd for DenseBlock<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { convolution, block, scratch } = self;
        let Block { plane: out_plane, start, pieces } = block;
        let (filters, len) = (pieces.len(), pieces.first().map_or(0, |piece| piece.len()));
        let lanes = panel::lanes::<S>();
        let (taps, channels, gemm_k) =
            (convolution.taps, convolution.channels, convolution.gemm_k());
        let (vertical, horizontal) =
            (&convolution.problem.vertical, &convolution.problem.horizontal);
        let group_input = convolution.group_input(out_plane);
        let first_filter = out_plane % convolution.problem.out_channels;
        let weight = &convolution.weight[first_filter * gemm_k..][..filters * gemm_k];

        let out_width = horizontal.output_size;
        let (first_y, last_y) = (start / out_width, (start + len - 1) / out_width);
        let (first_x, columns) =
            if first_y == last_y { (start % out_width, len) } else { (0, out_width) };
        let mode = convolution.problem.padding_mode;
        let rows = AxisLayout::new(vertical, mode, first_y, last_y - first_y + 1)?;
        let columns = AxisLayout::new(horizontal, mode, first_x, columns)?;
        let layouts = [&rows, &columns];
        // A plane that is read as it is needs no copy.
        let copied = !convolution.pointwise;
        let (channel_len, group) = if copied {
            (rows.len.saturating_mul(columns.len), 1)
        } else {
            (horizontal.input_size, CONTIGUOUS_PANELS)
        };

        let most_taps = register_terms(gemm_k);
        let chunk_channels = (most_taps / taps).clamp(1, channels);
        let tap_offsets = tap_offsets(layouts, channel_len, chunk_channels)?;
        let chunk_taps = most_taps.min(tap_offsets.len());
        let chunks = channels.div_ceil(chunk_channels) * tap_offsets.len().div_ceil(chunk_taps);
        let block_chunks = block_sums(chunks);
        let stride = len.next_multiple_of(lanes);
        let copy_len = if copied {
            channel_len.saturating_mul(chunk_channels).saturating_add(lanes)
        } else {
            0
        };
        let panel_len = (chunk_taps + 1) * lanes;
        let sums_len = filters * stride;
        let totals_len = if chunks > block_chunks { sums_len } else { 0 };
        let [copy, panels, sums] =
            scratch.buffers([copy_len, group * panel_len, sums_len + totals_len])?;
        let (sums, totals) = sums.split_at_mut(sums_len);
        totals.fill(0.0);
        let mut tile = Tile { sums, stride };
        let mut segments = Vec::new();
        let mut done = 0_usize;

        for channel in (0..channels).step_by(chunk_channels) {
            let count = chunk_channels.min(channels - channel);
            let source = if copied {
                convolution.copy_channels(layouts, group_input, channel, count, copy);
                &*copy
            } else {
                &group_input[channel * channel_len..]
            };
            let tap_offsets = &tap_offsets[..count * taps];
            for (chunk, tap_offsets) in tap_offsets.chunks(chunk_taps).enumerate() {
                let first_column = channel * taps + chunk * chunk_taps;
                let add = !done.is_multiple_of(block_chunks);
                if !add && done > 0 {
                    add_to(totals, tile.sums);
                }
                done += 1;
                let weight = Rows { data: weight, stride: gemm_k, count: filters, first_column };
                for first_lane in (0..len).step_by(group * lanes) {
                    let end = len.min(first_lane + group * lanes);
                    let panels = &mut panels[..(end - first_lane).div_ceil(lanes) * panel_len];
                    if copied {
                        segments.clear();
                        let mut index = first_lane;
                        while index < end {
                            let (out_y, out_x) =
                                ((start + index) / out_width, (start + index) % out_width);
                            let base = (out_y - first_y) * columns.len + out_x - first_x;
                            let segment = Segment { lane: index - first_lane, base };
                            memory::push(&mut segments, segment)?;
                            index += out_width - out_x;
                        }
                        let segments = &segments;
                        simd.vectorize(Pack { source, tap_offsets, segments, panel: panels });
                    } else {
                        let source = &source[start + first_lane..];
                        simd.vectorize(PackContiguous { source, tap_offsets, panels, panel_len });
                    }
                    let lanes_of_panels = (first_lane..).step_by(lanes);
                    for (lane, panel) in lanes_of_panels.zip(panels.chunks_exact(panel_len)) {
                        let taps = tap_offsets.len();
                        panel::multiply(simd, weight, taps, panel, &mut tile, lane, add);
                    }
                }
            }
        }
        if !totals.is_empty() {
            add_to(tile.sums, totals);
        }
        for (filter, (piece, sums)) in
            pieces.into_iter().zip(tile.sums.chunks_exact(stride)).enumerate()
        {
            piece.copy_from_slice(&sums[..len]);
            convolution.finish(out_plane + filter, start, piece);
        }
        Ok(())
    }
}
