//! Windows over one row: which outputs a tap serves.

use crate::window::Axis;
use std::ops::Range;

/// One tap of a window and the outputs for which it lies inside the input.
#[derive(Debug, Clone)]
pub(super) struct RowTap {
    pub(super) outputs: Range<usize>,
    /// Where the first of these outputs reads; the others follow `stride` apart.
    pub(super) first_in: usize,
}

/// The taps that lie inside the input for some output, in order.
pub(super) fn row_taps(axis: &Axis) -> Vec<RowTap> {
    let Axis { input_size, output_size, stride, pad_begin, dilation, .. } = *axis;
    let mut taps = Vec::new();
    let mut next = 0;
    // The last output reaches the input with its first taps, the first output with its last.
    for out in (0..output_size).rev() {
        let (first, count, _) = axis.taps_inside(out);
        for kernel in first.max(next)..first + count {
            let offset = kernel * dilation;
            let begin = pad_begin.saturating_sub(offset).div_ceil(stride);
            let end = (input_size + pad_begin - offset).div_ceil(stride).min(output_size);
            let first_in = begin * stride + offset - pad_begin;
            taps.push(RowTap { outputs: begin..end, first_in });
        }
        next = next.max(first + count);
    }
    taps
}

/// `sums[out] = join(sums[out], row[..])` for every tap of every output of a row.
#[inline(always)]
pub(super) fn fold_row<T: Copy, A: Copy>(
    taps: &[RowTap],
    stride: usize,
    row: &[T],
    totals: &mut [A],
    join: impl Fn(A, T) -> A,
) {
    for tap in taps {
        let totals = &mut totals[tap.outputs.clone()];
        let values = &row[tap.first_in..];
        match stride {
            1 => totals.iter_mut().zip(values).for_each(|(total, &x)| *total = join(*total, x)),
            2 => {
                for (total, &value) in totals.iter_mut().zip(values.iter().step_by(2)) {
                    *total = join(*total, value);
                }
            }
            _ => {
                for (total, &value) in totals.iter_mut().zip(values.iter().step_by(stride)) {
                    *total = join(*total, value);
                }
            }
        }
    }
}
