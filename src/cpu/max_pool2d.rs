//! MaxPool2d.

use super::blocks::{self, Scratch};
use super::row::{RowWindows, fold};
use crate::ops::MaxPool2dProblem;
use pulp::Arch;

/// Outputs of a block in one plane.
const BLOCK_LEN: usize = 4096;

/// The largest tap of every window, by a scan in row-major order that replaces the best by what is
/// larger or NaN. A window without a tap inside the input gives -inf and the index `u32::MAX`.
///
/// `indices` are flat, `in_y * width + in_x`, inside their plane.
pub(crate) fn max_pool2d(
    problem: &MaxPool2dProblem,
    input: &[f32],
    output: &mut [f32],
    indices: Option<&mut [u32]>,
) {
    match indices {
        None => values(problem, input, output),
        Some(indices) => values_and_indices(problem, input, output, indices),
    }
}

/// What remains of two taps, the second behind the first in the order of the scan.
#[inline(always)]
pub(super) fn larger(best: f32, value: f32) -> f32 {
    let larger = if value > best { value } else { best };
    if value.is_nan() { value } else { larger }
}

/// Rows per block and about the nanoseconds for all of it.
fn rows_and_work(problem: &MaxPool2dProblem, taps_x: usize, output_len: usize) -> (usize, usize) {
    let rows = (BLOCK_LEN / problem.horizontal.output_size).max(1);
    let taps = problem.vertical.kernel_size.min(problem.vertical.input_size) + taps_x;
    (rows.min(problem.vertical.output_size), output_len.saturating_mul(taps) / 8)
}

/// Values alone: each row's maxima are taken once and joined into the windows that hold the row,
/// which keeps the order of the scan.
fn values(problem: &MaxPool2dProblem, input: &[f32], output: &mut [f32]) {
    let windows = RowWindows::new(&problem.horizontal);
    let (rows, work) = rows_and_work(problem, windows.tap_count(), output.len());
    let arch = Arch::new();
    let out_width = problem.horizontal.output_size;
    let plane_len = problem.vertical.output_size * out_width;
    let blocks = blocks::split(output, 1, [plane_len, plane_len, rows * out_width]);
    let in_len = problem.vertical.input_size * problem.horizontal.input_size;
    blocks::for_each(blocks, work, |block| {
        let plane = &input[block.plane * in_len..][..in_len];
        let first_y = block.start / out_width;
        for piece in block.pieces {
            Scratch::with(|scratch| {
                arch.dispatch(
                    #[inline(always)]
                    || block_values(problem, &windows, plane, first_y, piece, scratch),
                );
            });
        }
    });
}

#[inline(always)]
fn block_values(
    problem: &MaxPool2dProblem,
    windows: &RowWindows,
    plane: &[f32],
    first_y: usize,
    output: &mut [f32],
    scratch: &mut Scratch,
) {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    // The maxima of the last rows, each at its number modulo the number of slots.
    let slots = vertical.span().min(vertical.input_size);
    let [maxima, phases, _] = scratch.buffers([slots * out_width, windows.scratch_len(), 0]);
    let mut rows_in_slots = vec![usize::MAX; slots];
    let mut offsets = Vec::new();
    for (index, output) in output.chunks_exact_mut(out_width).enumerate() {
        let (_, count, start) = vertical.taps_inside(first_y + index);
        offsets.clear();
        for in_y in (start..).step_by(vertical.dilation).take(count) {
            let slot = in_y % slots;
            if rows_in_slots[slot] != in_y {
                rows_in_slots[slot] = in_y;
                let row = &plane[in_y * in_width..][..in_width];
                let maxima = &mut maxima[slot * out_width..][..out_width];
                windows.fold(row, phases, f32::NEG_INFINITY, larger, maxima);
            }
            offsets.push(slot * out_width);
        }
        fold(maxima, &offsets, f32::NEG_INFINITY, larger, output);
    }
}

/// Values and where they are, window by window.
fn values_and_indices(
    problem: &MaxPool2dProblem,
    input: &[f32],
    output: &mut [f32],
    indices: &mut [u32],
) {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let columns: Vec<_> =
        (0..horizontal.output_size).map(|out_x| horizontal.taps_inside(out_x)).collect();
    let taps_x = columns.iter().map(|column| column.1).max().unwrap_or(0);
    let (rows, work) = rows_and_work(problem, taps_x, output.len());
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    let plane_len = vertical.output_size * out_width;
    let lengths = [plane_len, plane_len, rows * out_width];
    let blocks = blocks::split(output, 1, lengths);
    let tasks = blocks.into_iter().zip(blocks::split(indices, 1, lengths)).collect();
    let in_len = vertical.input_size * in_width;
    blocks::for_each(tasks, work, |(block, index_block)| {
        let plane = &input[block.plane * in_len..][..in_len];
        let first_y = block.start / out_width;
        for (output, indices) in block.pieces.into_iter().zip(index_block.pieces) {
            let rows = output.chunks_exact_mut(out_width).zip(indices.chunks_exact_mut(out_width));
            for (row, (output, indices)) in rows.enumerate() {
                let (_, count_y, start_y) = vertical.taps_inside(first_y + row);
                let windows = output.iter_mut().zip(indices).zip(&columns);
                for ((output, index), &(_, count_x, start_x)) in windows {
                    let cells_y = (start_y..).step_by(vertical.dilation).take(count_y);
                    let cells = cells_y.flat_map(|in_y| {
                        let cells_x = (start_x..).step_by(horizontal.dilation).take(count_x);
                        cells_x.map(move |in_x| in_y * in_width + in_x)
                    });
                    (*output, *index) = scan(plane, cells);
                }
            }
        }
    });
}

/// The largest of some cells of a plane and its index.
#[inline]
pub(super) fn scan(plane: &[f32], cells: impl Iterator<Item = usize>) -> (f32, u32) {
    let mut best = f32::NEG_INFINITY;
    let mut best_cell = usize::MAX;
    for cell in cells {
        let value = plane[cell];
        if best_cell == usize::MAX || value > best || value.is_nan() {
            (best, best_cell) = (value, cell);
        }
    }
    (best, u32::try_from(best_cell).unwrap_or(u32::MAX))
}
