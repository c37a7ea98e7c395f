//! Conv2d: the dense product by implicit im2col, and what every algorithm shares.

mod definition;
pub(crate) mod direct;
pub(crate) mod grad_weight;
pub(crate) mod grad_weight_chunk;
pub(crate) mod grad_weight_tile;
pub(crate) mod gradients;
use crate::PaddingMode;
use crate::cpu::elementwise::activation::activate;
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::layout::{AxisLayout, copy_plane};
use crate::cpu::kit::panel;
use crate::cpu::kit::panel::{Pack, PackContiguous, Rows, Segment, Tile};
use crate::cpu::kit::rounding::{block_sums, register_terms};
use crate::cpu::kit::simd;
use crate::memory::{self, NoMemory, collected};
use crate::ops::Conv2dProblem;
use crate::window::Axis;
use pulp::{Simd, WithSimd};

/// `output[n, oc, out_y, out_x] = activation(bias[oc] + sum of weight * padded input)`, the
/// definition in [`Conv2d`](crate::Conv2d).
pub(crate) fn conv2d(
    problem: &Conv2dProblem,
    input: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    if output.is_empty() {
        return Ok(());
    }
    let convolution = Convolution::new(problem, input, weight, bias);
    if problem.reads_few() {
        run_definition(&convolution, output)
    } else if direct::supports(&convolution) {
        direct::run(&convolution, output)
    } else {
        run_dense(&convolution, output)
    }
}

/// A convolution with its operands.
#[derive(Debug)]
pub(crate) struct Convolution<'a> {
    pub(crate) problem: Conv2dProblem,
    pub(crate) input: &'a [f32],
    pub(crate) weight: &'a [f32],
    bias: Option<&'a [f32]>,
    /// Taps of one filter in one channel.
    pub(crate) taps: usize,
    /// Input channels of a group.
    pub(crate) channels: usize,
    /// Filters of a group.
    pub(crate) filters: usize,
    /// Whether every output reads one cell per channel, in order; planes then have one row.
    pointwise: bool,
    /// Whether some tap of some output may be over zero padding.
    zero_padded: bool,
}

impl<'a> Convolution<'a> {
    fn new(
        problem: &Conv2dProblem,
        input: &'a [f32],
        weight: &'a [f32],
        bias: Option<&'a [f32]>,
    ) -> Self {
        let mut problem = *problem;
        let padded = [&problem.vertical, &problem.horizontal]
            .iter()
            .any(|axis| axis.pad_begin > 0 || axis.pad_end > 0);
        let zero_padded = padded && problem.padding_mode == PaddingMode::Zeros;
        // An axis of one output has stride 1 whatever its input; sizes tell.
        let plain = |axis: &Axis| axis.kernel_size == 1 && axis.output_size == axis.input_size;
        let pointwise = !padded && plain(&problem.vertical) && plain(&problem.horizontal);
        if pointwise {
            // Without neighbours a plane is one row.
            let len = problem.vertical.input_size * problem.horizontal.input_size;
            problem.vertical = Axis { input_size: 1, output_size: 1, ..problem.vertical };
            problem.horizontal = Axis { input_size: len, output_size: len, ..problem.horizontal };
        }
        Self {
            problem,
            input,
            weight,
            bias,
            taps: problem.vertical.kernel_size * problem.horizontal.kernel_size,
            channels: problem.group_in_channels(),
            filters: problem.group_out_channels(),
            pointwise,
            zero_padded,
        }
    }

    /// Products of one output.
    pub(crate) const fn gemm_k(&self) -> usize {
        self.channels * self.taps
    }

    pub(crate) fn out_width(&self) -> usize {
        self.problem.horizontal.output_size
    }

    pub(crate) fn out_plane_len(&self) -> usize {
        self.problem.vertical.output_size * self.out_width()
    }

    fn in_plane_len(&self) -> usize {
        self.problem.vertical.input_size * self.problem.horizontal.input_size
    }

    /// About the nanoseconds that one thread needs for an output of this length.
    pub(crate) fn work(&self, output: &[f32]) -> usize {
        output.len().saturating_mul(self.gemm_k()) / 16
    }

    /// The input channels of an output plane's group, all of them.
    pub(crate) fn group_input(&self, out_plane: usize) -> &'a [f32] {
        let (image, filter) =
            (out_plane / self.problem.out_channels, out_plane % self.problem.out_channels);
        let first = image * self.problem.in_channels + filter / self.filters * self.channels;
        let plane_len = self.in_plane_len();
        &self.input[first * plane_len..][..self.channels * plane_len]
    }

    /// Copies the padded rows of `count` channels, the first being `channel`.
    #[inline(always)]
    pub(crate) fn copy_channels(
        &self,
        layouts: [&AxisLayout; 2],
        group_input: &[f32],
        channel: usize,
        count: usize,
        copy: &mut [f32],
    ) {
        let (in_width, plane_len) = (self.problem.horizontal.input_size, self.in_plane_len());
        let planes = group_input[channel * plane_len..].chunks_exact(plane_len).take(count);
        let copies = copy.chunks_exact_mut(layouts[0].len * layouts[1].len);
        for (plane, copy) in planes.zip(copies) {
            copy_plane(layouts, plane, in_width, copy);
        }
    }

    /// Turns sums into outputs: adds the bias, applies the activation.
    ///
    /// Copies hold zeros for the padding, and a zero times an infinite weight is NaN where the tap
    /// should have been skipped. A NaN can have no other cause of ours, so the rare sum that is
    /// NaN over padding is taken again by the definition.
    #[inline(always)]
    pub(crate) fn finish(&self, out_plane: usize, start: usize, output: &mut [f32]) {
        let filter = out_plane % self.problem.out_channels;
        let bias = self.bias.map_or(0.0, |bias| bias[filter]);
        let mut any_nan = false;
        for output in &mut *output {
            *output += bias;
            any_nan |= output.is_nan();
        }
        if any_nan && self.zero_padded {
            self.repair(out_plane, start, bias, output);
        }
        if let Some(activation) = self.problem.activation {
            activate(activation, output);
        }
    }

    #[cold]
    #[inline(never)]
    fn repair(&self, out_plane: usize, start: usize, bias: f32, output: &mut [f32]) {
        let filter = out_plane % self.problem.out_channels;
        let weight = &self.weight[filter * self.gemm_k()..][..self.gemm_k()];
        if weight.iter().all(|weight| weight.is_finite()) {
            return;
        }
        let group_input = self.group_input(out_plane);
        for (index, output) in output.iter_mut().enumerate().filter(|(_, output)| output.is_nan()) {
            *output = definition::sum(&self.problem, group_input, weight, start + index) + bias;
        }
    }
}

/// Outputs of a block, so that its sums and the weights of a chunk stay in the second cache.
const BLOCK_LEN: usize = 256;

/// Panels that are packed together where the inputs of neighbouring outputs are neighbours.
const CONTIGUOUS_PANELS: usize = 4;

/// Where nearly all taps are over zeros.
fn run_definition(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
    let problem = &convolution.problem;
    let (out_width, plane_len) = (convolution.out_width(), convolution.out_plane_len());
    let [height, width] = problem.most_taps();
    let work = output.len().saturating_mul(convolution.channels * height * width);
    let rows = collected(output.chunks_exact_mut(out_width).enumerate())?;
    blocks::for_each(rows, work, |(row, outputs): (usize, &mut [f32])| {
        let (plane, start) = (row * out_width / plane_len, row * out_width % plane_len);
        let input = convolution.group_input(plane);
        let filter = plane % problem.out_channels;
        let weight = &convolution.weight[filter * convolution.gemm_k()..][..convolution.gemm_k()];
        for (index, output) in outputs.iter_mut().enumerate() {
            *output = definition::sum(problem, input, weight, start + index);
        }
        convolution.finish(plane, start, outputs);
        Ok(())
    })
}

fn run_dense(convolution: &Convolution<'_>, output: &mut [f32]) -> Result<(), NoMemory> {
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

/// Adds sums to totals.
#[inline(always)]
pub(crate) fn add_to(totals: &mut [f32], sums: &[f32]) {
    totals.iter_mut().zip(sums).for_each(|(total, &sum)| *total += sum);
}

/// Where the taps of `channels` channels are in a copy with `channel_len` elements per channel, in
/// the order of the weight.
pub(crate) fn tap_offsets(
    [vertical, horizontal]: [&AxisLayout; 2],
    channel_len: usize,
    channels: usize,
) -> Result<Vec<usize>, NoMemory> {
    let channels = (0..channels).map(|channel| channel * channel_len);
    let rows = channels.flat_map(|channel| {
        vertical.tap_offsets.iter().map(move |row| channel + row * horizontal.len)
    });
    collected(rows.flat_map(|row| horizontal.tap_offsets.iter().map(move |column| row + column)))
}
