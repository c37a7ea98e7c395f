//! AvgPool2d. Sums are taken in f64, so that a mean is within an ulp whatever the window.

use super::blocks;
use super::row::{RowWindows, fold};
use crate::ops::AvgPool2dProblem;
use crate::window::Axis;
use pulp::Arch;

/// Outputs of a block in one plane.
const BLOCK_LEN: usize = 4096;

/// The sum of every window inside the input over its divisor, as in
/// [`AvgPool2d`](crate::AvgPool2d).
pub(crate) fn avg_pool2d(problem: &AvgPool2dProblem, input: &[f32], output: &mut [f32]) {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let windows = RowWindows::new(horizontal);
    let factors = factors(problem);
    let (out_width, in_width) = (horizontal.output_size, horizontal.input_size);
    let rows = (BLOCK_LEN / out_width).clamp(1, vertical.output_size);
    let taps_y = vertical.kernel_size.min(vertical.input_size);
    let work = output.len().saturating_mul(taps_y.saturating_add(windows.tap_count())) / 4;
    let plane_len = vertical.output_size * out_width;
    let blocks = blocks::split(output, 1, [plane_len, plane_len, rows * out_width]);
    let in_len = vertical.input_size * in_width;
    let arch = Arch::new();
    blocks::for_each(blocks, work, |block| {
        let plane = &input[block.plane * in_len..][..in_len];
        let first_y = block.start / out_width;
        for piece in block.pieces {
            let mut sums = vec![0.0; in_width + out_width + windows.scratch_len()];
            arch.dispatch(
                #[inline(always)]
                || block_means(problem, &windows, &factors, plane, first_y, piece, &mut sums),
            );
        }
    });
}

/// One over the divisors: the product of a vertical and a horizontal factor.
#[allow(clippy::cast_precision_loss, reason = "a divisor beyond 2^53 is rounded")]
pub(super) fn factors(problem: &AvgPool2dProblem) -> [Vec<f64>; 2] {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    if let Some(divisor) = problem.divisor_override {
        let factor = 1.0 / divisor as f64;
        return [vec![factor; vertical.output_size], vec![1.0; horizontal.output_size]];
    }
    [vertical, horizontal].map(|axis| {
        let cells = |out| window_cells(axis, out, problem.count_include_pad);
        (0..axis.output_size).map(|out| 1.0 / cells(out) as f64).collect()
    })
}

/// The cells of window `out` along an axis: inside the padded input, or inside the input.
fn window_cells(axis: &Axis, out: usize, include_pad: bool) -> usize {
    let begin = out * axis.stride;
    let padded_size = axis.input_size + axis.pad_begin + axis.pad_end;
    let end = begin.saturating_add(axis.kernel_size).min(padded_size);
    if include_pad {
        end - begin
    } else {
        let inside = axis.pad_begin..axis.pad_begin + axis.input_size;
        end.min(inside.end).saturating_sub(begin.max(inside.start))
    }
}

#[inline(always)]
fn block_means(
    problem: &AvgPool2dProblem,
    windows: &RowWindows,
    [factors_y, factors_x]: &[Vec<f64>; 2],
    plane: &[f32],
    first_y: usize,
    output: &mut [f32],
    sums: &mut [f64],
) {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    let (columns, sums) = sums.split_at_mut(in_width);
    let (sums, phases) = sums.split_at_mut(out_width);
    let mut offsets = Vec::new();
    for (index, output) in output.chunks_exact_mut(out_width).enumerate() {
        let (_, count, start) = vertical.taps_inside(first_y + index);
        offsets.clear();
        offsets.extend((start..start + count).map(|in_y| in_y * in_width));
        fold(plane, &offsets, 0.0, |sum, value: f32| sum + f64::from(value), columns);
        windows.fold(columns, phases, 0.0, |sum, value| sum + value, sums);
        store(output, sums, factors_y[first_y + index], factors_x);
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 output")]
fn store(output: &mut [f32], sums: &[f64], factor_y: f64, factors_x: &[f64]) {
    for ((output, &sum), &factor_x) in output.iter_mut().zip(sums).zip(factors_x) {
        *output = (sum * (factor_y * factor_x)) as f32;
    }
}
