//! A convolution with its operands, and what every algorithm shares.

use crate::PaddingMode;
use crate::cpu::conv2d::definition;
use crate::cpu::elementwise::activation::{activate, limits};
use crate::cpu::kit::layout::{AxisLayout, copy_plane};
use crate::cpu::kit::packed::KeptWeight;
use crate::memory::{NoMemory, collected};
use crate::ops::Conv2dProblem;
use crate::window::Axis;

/// A convolution with its operands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Convolution<'a> {
    pub(crate) problem: Conv2dProblem,
    input: &'a [f32],
    /// The channel that the input begins with, counted through all images.
    first_channel: usize,
    pub(crate) weight: &'a [f32],
    /// What is kept with the weight.
    pub(crate) kept_weight: Option<&'a KeptWeight>,
    bias: Option<&'a [f32]>,
    /// Taps of one filter in one channel.
    pub(crate) taps: usize,
    /// Input channels of a group.
    pub(crate) channels: usize,
    /// Filters of a group.
    pub(crate) filters: usize,
    /// Whether some tap of some output may be over zero padding.
    zero_padded: bool,
    /// Whether every output reads its own cell of each channel, in which case a plane is one row.
    pub(crate) is_pointwise: bool,
}

impl<'a> Convolution<'a> {
    pub(crate) fn new(
        problem: &Conv2dProblem,
        input: &'a [f32],
        (weight, kept_weight): (&'a [f32], Option<&'a KeptWeight>),
        bias: Option<&'a [f32]>,
    ) -> Self {
        let mut problem = *problem;
        let padded = [&problem.vertical, &problem.horizontal]
            .iter()
            .any(|axis| axis.pad_begin > 0 || axis.pad_end > 0);
        let zero_padded = padded && problem.padding_mode == PaddingMode::Zeros;
        // An axis of one output has stride 1 whatever its input; sizes tell.
        let plain = |axis: &Axis| axis.kernel_size == 1 && axis.output_size == axis.input_size;
        let is_pointwise = !padded && plain(&problem.vertical) && plain(&problem.horizontal);
        if is_pointwise {
            let len = problem.vertical.input_size * problem.horizontal.input_size;
            problem.vertical = Axis { input_size: 1, output_size: 1, ..problem.vertical };
            problem.horizontal = Axis { input_size: len, output_size: len, ..problem.horizontal };
        }
        Self {
            problem,
            input,
            first_channel: 0,
            weight,
            kept_weight,
            bias,
            taps: problem.vertical.kernel_size * problem.horizontal.kernel_size,
            channels: problem.group_in_channels(),
            filters: problem.group_out_channels(),
            zero_padded,
            is_pointwise,
        }
    }

    /// The same where the input begins with a later channel, counted through all images.
    pub(crate) fn of_channels<'b>(&self, first_channel: usize, input: &'b [f32]) -> Convolution<'b>
    where
        'a: 'b,
    {
        Convolution { input, first_channel, ..*self }
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

    pub(crate) fn in_plane_len(&self) -> usize {
        self.problem.vertical.input_size * self.problem.horizontal.input_size
    }

    /// About the nanoseconds that one thread needs for so many outputs.
    pub(crate) fn work(&self, outputs: usize) -> usize {
        outputs.saturating_mul(self.gemm_k()) / 16
    }

    /// The input channels of an output plane's group, all of them.
    pub(crate) fn group_input(&self, out_plane: usize) -> &'a [f32] {
        let (image, filter) =
            (out_plane / self.problem.out_channels, out_plane % self.problem.out_channels);
        let first = image * self.problem.in_channels + filter / self.filters * self.channels;
        let plane_len = self.in_plane_len();
        &self.input[(first - self.first_channel) * plane_len..][..self.channels * plane_len]
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
        let bias = self.bias(out_plane % self.problem.out_channels);
        let mut any_nan = false;
        for output in &mut *output {
            *output += bias;
            any_nan |= output.is_nan();
        }
        self.repair_and_activate(out_plane, start, any_nan, output);
    }

    /// As [`finish`](Self::finish), of rows of sums, `row_len` apart, that lie elsewhere.
    #[inline(always)]
    pub(crate) fn finish_rows(
        &self,
        [out_plane, start]: [usize; 2],
        (sums, row_len): (&[f32], usize),
        columns: usize,
        output: &mut [f32],
    ) {
        let bias = self.bias(out_plane % self.problem.out_channels);
        let limits = limits(self.problem.activation);
        let [low, high] = limits.unwrap_or([f32::NEG_INFINITY, f32::INFINITY]);
        let mut any_nan = false;
        for (output, sums) in output.chunks_exact_mut(columns).zip(sums.chunks(row_len)) {
            for (output, &sum) in output.iter_mut().zip(&sums[..columns]) {
                let value = sum + bias;
                any_nan |= value.is_nan();
                let value = if value < low { low } else { value };
                *output = if value > high { high } else { value };
            }
        }
        if any_nan || limits.is_none() {
            self.repair_and_activate(out_plane, start, any_nan, output);
        }
    }

    /// Applies the activation, which may have been applied if it only limits: NaN stays NaN then.
    #[inline(always)]
    pub(crate) fn repair_and_activate(
        &self,
        out_plane: usize,
        start: usize,
        may_be_nan: bool,
        output: &mut [f32],
    ) {
        if may_be_nan && self.zero_padded {
            self.repair(out_plane, start, output);
        }
        self.activate(output);
    }

    pub(crate) fn bias(&self, filter: usize) -> f32 {
        self.bias.map_or(0.0, |bias| bias[filter])
    }

    #[inline(always)]
    pub(crate) fn activate(&self, output: &mut [f32]) {
        if let Some(activation) = self.problem.activation {
            activate(activation, output);
        }
    }

    /// Takes again the outputs that are NaN where the weight is to blame.
    #[cold]
    #[inline(never)]
    pub(crate) fn repair(&self, out_plane: usize, start: usize, output: &mut [f32]) {
        let filter = out_plane % self.problem.out_channels;
        let bias = self.bias(filter);
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
