//! MaxPool2d.

use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::simd;
use crate::cpu::pool2d::row::{RowWindows, fold};
use crate::cpu::pool2d::slide::{Join, LANES, Sliding};
use crate::memory::{self, NoMemory, collected, filled};
use crate::ops::PoolWindows;
use pulp::{Simd, WithSimd};

/// The largest tap of every window, by a scan in row-major order that replaces the best by what is
/// larger or NaN. A window without a tap inside the input gives -inf and the index `u32::MAX`.
///
/// `indices` are flat, `in_y * width + in_x`, inside their plane.
pub(crate) fn max_pool2d(
    problem: &PoolWindows,
    input: &[f32],
    output: &mut [f32],
    indices: Option<&mut [u32]>,
) -> Result<(), NoMemory> {
    match indices {
        None => values(problem, input, output),
        Some(indices) => values_and_indices(problem, input, output, indices),
    }
}

/// What remains of two taps, the second behind the first in the order of the scan.
#[inline(always)]
pub(crate) fn larger(best: f32, value: f32) -> f32 {
    let larger = if value > best { value } else { best };
    if value.is_nan() { value } else { larger }
}

/// The same of numbers, which is one instruction.
#[inline(always)]
fn larger_number(best: f32, value: f32) -> f32 {
    if value > best { value } else { best }
}

/// Whether one of them is NaN. Most inputs have none.
#[inline(always)]
fn has_nan(values: &[f32]) -> bool {
    let magnitudes = values.iter().map(|value| value.to_bits() & !(1 << 31));
    magnitudes.fold(0, |most: u32, magnitude| most.max(magnitude)) > f32::INFINITY.to_bits()
}

macro_rules! maximum {
    ($name:ident, $larger:ident) => {
        #[derive(Debug)]
        struct $name;

        impl Join for $name {
            type Value = f32;
            const START: f32 = f32::NEG_INFINITY;

            #[inline(always)]
            fn convert(cell: f32) -> f32 {
                cell
            }

            #[inline(always)]
            fn join(best: f32, value: f32) -> f32 {
                $larger(best, value)
            }

            #[inline(always)]
            fn finish(&self, _out_y: usize, _out_x: usize, maxima: [f32; LANES]) -> [f32; LANES] {
                maxima
            }
        }
    };
}

maximum!(Maximum, larger_number);
maximum!(MaximumOrNan, larger);

struct SlidingValues<'a, 'b> {
    problem: &'a PoolWindows,
    sliding: &'a Sliding,
    input: &'a [f32],
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl WithSimd for SlidingValues<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { problem, sliding, input, block, scratch } = self;
        let in_len = problem.vertical.input_size * problem.horizontal.input_size;
        let count = block.pieces.first().map_or(0, |piece| piece.len());
        let mut maxima = sliding.block([block.start, count], f32::NEG_INFINITY, scratch)?;
        for (plane, output) in (block.plane..).zip(block.pieces) {
            let plane = &input[plane * in_len..][..in_len];
            if has_nan(maxima.cells(plane)) {
                maxima.run(simd, &MaximumOrNan, plane, output);
            } else {
                maxima.run(simd, &Maximum, plane, output);
            }
        }
        Ok(())
    }
}

/// About the nanoseconds that one thread needs.
fn work(problem: &PoolWindows, taps_x: usize, output: &[f32]) -> usize {
    let taps = problem.vertical.kernel_size.min(problem.vertical.input_size) + taps_x;
    output.len().saturating_mul(taps) / 8
}

/// Values alone: each row's maxima are taken once and joined into the windows that hold the row,
/// which keeps the order of the scan.
fn values(problem: &PoolWindows, input: &[f32], output: &mut [f32]) -> Result<(), NoMemory> {
    if let Some(sliding) = Sliding::new(problem)? {
        let work = output.len() / 2;
        return blocks::for_each(sliding.split(problem, output)?, work, |block| {
            Scratch::with(|scratch| {
                let sliding = &sliding;
                simd::dispatch(SlidingValues { problem, sliding, input, block, scratch })
            })
        });
    }
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let windows = RowWindows::new(horizontal)?;
    let work = work(problem, windows.tap_count(), output);
    let out_rows = collected((0..vertical.output_size).map(|y| vertical.taps_inside(y)))?;
    let in_len = vertical.input_size * horizontal.input_size;
    let blocks = blocks::split_planes(output, horizontal.output_size, out_rows.len(), in_len)?;
    blocks::for_each(blocks, work, |block| {
        Scratch::with(|scratch| {
            let first_y = block.start / horizontal.output_size;
            let (windows, out_rows) = (&windows, &out_rows[first_y..]);
            simd::dispatch(BlockValues { problem, windows, input, out_rows, block, scratch })
        })
    })
}

struct BlockValues<'a, 'b> {
    problem: &'a PoolWindows,
    windows: &'a RowWindows,
    input: &'a [f32],
    /// The vertical taps of each row of the output, from the block's first on.
    out_rows: &'a [(usize, usize, usize)],
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl WithSimd for BlockValues<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        let Self { problem, windows, input, out_rows, block, scratch } = self;
        let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
        let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
        // The maxima of the last rows, each at its number modulo the number of slots.
        let slots = vertical.span().min(vertical.input_size);
        let [maxima, phases] = scratch.buffers([slots * out_width, windows.scratch_len()])?;
        let mut rows = Rows {
            windows,
            in_width,
            dilation: vertical.dilation,
            maxima,
            phases,
            in_slots: filled(usize::MAX, slots)?,
            offsets: Vec::new(),
        };
        let in_len = vertical.input_size * in_width;
        for (plane, output) in (block.plane..).zip(block.pieces) {
            let plane = &input[plane * in_len..][..in_len];
            let out_rows = &out_rows[..output.len() / out_width];
            let taps = out_rows.iter().filter(|&&(_, count, _)| count > 0);
            let begin = taps.clone().map(|&(_, _, start)| start).min().unwrap_or(0);
            let end =
                taps.map(|&(_, count, start)| start + (count - 1) * vertical.dilation + 1).max();
            let cells = &plane[begin * in_width..end.unwrap_or(begin) * in_width];
            if has_nan(cells) {
                rows.join(plane, out_rows, output, larger)?;
            } else {
                rows.join(plane, out_rows, output, larger_number)?;
            }
        }
        Ok(())
    }
}

/// The maxima of rows of one plane.
struct Rows<'a> {
    windows: &'a RowWindows,
    in_width: usize,
    dilation: usize,
    maxima: &'a mut [f32],
    phases: &'a mut [f32],
    /// Whose maxima are in each slot.
    in_slots: Vec<usize>,
    offsets: Vec<usize>,
}

impl Rows<'_> {
    #[inline(always)]
    fn join(
        &mut self,
        plane: &[f32],
        out_rows: &[(usize, usize, usize)],
        output: &mut [f32],
        join: impl Fn(f32, f32) -> f32 + Copy,
    ) -> Result<(), NoMemory> {
        let out_width = output.len() / out_rows.len();
        self.in_slots.fill(usize::MAX);
        for (output, &(_, count, start)) in output.chunks_exact_mut(out_width).zip(out_rows) {
            self.offsets.clear();
            for in_y in (start..).step_by(self.dilation).take(count) {
                let slot = in_y % self.in_slots.len();
                if self.in_slots[slot] != in_y {
                    self.in_slots[slot] = in_y;
                    let row = &plane[in_y * self.in_width..][..self.in_width];
                    let maxima = &mut self.maxima[slot * out_width..][..out_width];
                    self.windows.fold(row, self.phases, f32::NEG_INFINITY, join, maxima);
                }
                memory::push(&mut self.offsets, slot * out_width)?;
            }
            fold(self.maxima, &self.offsets, f32::NEG_INFINITY, join, output);
        }
        Ok(())
    }
}

/// Values and where they are, window by window.
fn values_and_indices(
    problem: &PoolWindows,
    input: &[f32],
    output: &mut [f32],
    indices: &mut [u32],
) -> Result<(), NoMemory> {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let columns =
        collected((0..horizontal.output_size).map(|out_x| horizontal.taps_inside(out_x)))?;
    let taps_x = columns.iter().map(|column| column.1).max().unwrap_or(0);
    let work = work(problem, taps_x, output);
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    let in_len = vertical.input_size * in_width;
    let blocks = blocks::split_planes(output, out_width, vertical.output_size, in_len)?;
    let index_blocks = blocks::split_planes(indices, out_width, vertical.output_size, in_len)?;
    blocks::for_each_of_both(blocks, index_blocks, work, |block, index_block| {
        let first_y = block.start / out_width;
        let planes = (block.plane..).zip(block.pieces.into_iter().zip(index_block.pieces));
        for (plane, (output, indices)) in planes {
            let plane = &input[plane * in_len..][..in_len];
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
        Ok(())
    })
}

/// The largest of some cells of a plane and its index.
#[inline]
pub(crate) fn scan(plane: &[f32], cells: impl Iterator<Item = usize>) -> (f32, u32) {
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
