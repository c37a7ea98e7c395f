//! A convolution in parts, where its tensors exceed one binding.

use std::ops::Range;

use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::tile::operands::OPERATION;
use crate::ops::Conv2dProblem;
use crate::window::Axis;
use crate::{Error, PaddingMode, Result};

/// A part of the work: what one dispatch covers.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) images: Range<usize>,
    pub(crate) out_channels: Range<usize>,
    /// Input channels of each group.
    pub(crate) group_channels: Range<usize>,
    pub(crate) rows: Range<usize>,
}

/// The rows of the input that the taps of these output rows read.
fn input_rows(axis: &Axis, padding_mode: PaddingMode, rows: &Range<usize>) -> Range<usize> {
    let first = rows.start * axis.stride;
    let last = (rows.end - 1) * axis.stride + axis.span() - 1;
    let (begin, size) = (axis.pad_begin, axis.input_size);
    if first >= begin && last < begin + size {
        return first - begin..last + 1 - begin;
    }
    let clipped = first.clamp(begin, begin + size - 1) - begin
        ..(last.clamp(begin, begin + size - 1) + 1) - begin;
    match padding_mode {
        PaddingMode::Zeros | PaddingMode::Replicate => clipped,
        // A mirrored row lies as far inside as the padded one lies outside.
        PaddingMode::Reflect => {
            let above = begin.saturating_sub(first);
            let below = (last + 1).saturating_sub(begin + size);
            let start = if below > 0 { clipped.start.min(size - 1 - below) } else { clipped.start };
            let end = if above > 0 { clipped.end.max(above + 1) } else { clipped.end };
            start..end
        }
        PaddingMode::Circular => 0..size,
    }
}

impl Part {
    /// The elements of the input that it reads.
    pub(crate) fn input(&self, problem: &Conv2dProblem) -> Range<usize> {
        let group_in = problem.group_in_channels();
        let group_of = |out_channel: usize| out_channel / problem.group_out_channels();
        let first = group_of(self.out_channels.start) * group_in + self.group_channels.start;
        let last = group_of(self.out_channels.end - 1) * group_in + self.group_channels.end - 1;
        let rows = input_rows(&problem.vertical, problem.padding_mode, &self.rows);
        let row = |image: usize, channel: usize, row: usize| {
            ((image * problem.in_channels + channel) * problem.vertical.input_size + row)
                * problem.horizontal.input_size
        };
        row(self.images.start, first, rows.start)..row(self.images.end - 1, last, rows.end)
    }

    /// The elements of the output.
    pub(crate) fn output(&self, problem: &Conv2dProblem) -> Range<usize> {
        let row = |image: usize, channel: usize, row: usize| {
            ((image * problem.out_channels + channel) * problem.vertical.output_size + row)
                * problem.horizontal.output_size
        };
        row(self.images.start, self.out_channels.start, self.rows.start)
            ..row(self.images.end - 1, self.out_channels.end - 1, self.rows.end)
    }

    /// The elements of the filters, with all their channels.
    pub(crate) fn filters(&self, problem: &Conv2dProblem) -> Range<usize> {
        let filter = problem.weight_shape().len() / problem.out_channels;
        self.out_channels.start * filter..self.out_channels.end * filter
    }

    /// The elements of the weight from its first to its last channel.
    pub(crate) fn weight(&self, problem: &Conv2dProblem) -> Range<usize> {
        let taps = problem.vertical.kernel_size * problem.horizontal.kernel_size;
        let plane = |out_channel: usize, channel: usize| {
            (out_channel * problem.group_in_channels() + channel) * taps
        };
        plane(self.out_channels.start, self.group_channels.start)
            ..plane(self.out_channels.end - 1, self.group_channels.end)
    }
}

/// Parts of all channels by images if they `fit_whole`, else parts by images, by channels, by rows
/// that `fit`; `row` tells the elements that one row of one channel needs, and those that there may
/// be, in elements of so many bytes.
pub(crate) fn parts(
    problem: &Conv2dProblem,
    fit_whole: impl Fn(&Part) -> bool,
    fit: impl Fn(&Part) -> bool,
    row: impl FnOnce(&Part) -> [usize; 3],
) -> Result<Vec<Part>> {
    let rows = problem.vertical.output_size;
    let (group_in, group_out) = (problem.group_in_channels(), problem.group_out_channels());
    let of_images = |images: Range<usize>| Part {
        images,
        out_channels: 0..problem.out_channels,
        group_channels: 0..group_in,
        rows: 0..rows,
    };
    if let Some(step) = largest(problem.batch, |step| fit_whole(&of_images(0..step))) {
        return Ok(chunks(problem.batch, step).map(of_images).collect());
    }
    let of_channels = |image: usize, out_channels, group_channels, rows| Part {
        images: image..image + 1,
        out_channels,
        group_channels,
        rows,
    };
    // One group after another, so that a part reads the channels of one group.
    let out_step = largest(group_out, |step| fit(&of_channels(0, 0..step, 0..1, 0..rows)));
    let (out_step, in_step, row_step) = match out_step {
        Some(out_step) => {
            let fits_in = |step| fit(&of_channels(0, 0..out_step, 0..step, 0..rows));
            (out_step, largest(group_in, fits_in).unwrap_or(1), rows)
        }
        None => {
            let every_row_fits =
                |step| chunks(rows, step).all(|rows| fit(&of_channels(0, 0..1, 0..1, rows)));
            let row_step = largest(rows, every_row_fits).ok_or_else(|| {
                let [needed, allowed, bytes] =
                    row(&of_channels(0, 0..1, 0..1, 0..1)).map(|number| number as u64);
                Error::DeviceLimit {
                    operation: OPERATION,
                    quantity: "the bytes that one row of the output needs of the input or the \
                               weight"
                        .into(),
                    needed: needed * bytes,
                    allowed: allowed * bytes,
                }
            })?;
            (1, 1, row_step)
        }
    };
    let mut parts = Vec::new();
    for image in 0..problem.batch {
        for group in 0..problem.groups {
            for out in chunks(group_out, out_step) {
                let out = group * group_out + out.start..group * group_out + out.end;
                for channels in chunks(group_in, in_step) {
                    for rows in chunks(rows, row_step) {
                        parts.push(of_channels(image, out.clone(), channels.clone(), rows));
                    }
                }
            }
        }
    }
    Ok(parts)
}
