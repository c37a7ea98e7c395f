//! Windows along a row, as sums or maxima of vectors that lie a fixed offset apart.

use crate::cpu::kit::layout::split_pairs;
use crate::memory::{NoMemory, collected, push};
use crate::window::Axis;
use std::ops::Range;

/// The windows of a pooling along rows of the input.
///
/// A row is first split into the phases of the stride, so that neighbouring windows read
/// neighbouring cells.
#[derive(Debug)]
pub(crate) struct RowWindows {
    stride: usize,
    phases: usize,
    phase_len: usize,
    taps: Vec<RowTap>,
    /// The outputs that have all taps inside the input.
    interior: Range<usize>,
    /// Where the first interior output finds each tap in the split row.
    interior_offsets: Vec<usize>,
    out_width: usize,
}

/// One tap and the outputs for which it lies inside the input.
#[derive(Debug)]
struct RowTap {
    outputs: Range<usize>,
    /// Where the first of these outputs finds it in the split row.
    offset: usize,
}

impl RowWindows {
    pub(crate) fn new(axis: &Axis) -> Result<Self, NoMemory> {
        let Axis { input_size, output_size, stride, pad_begin, dilation, .. } = *axis;
        let phase_len = input_size.div_ceil(stride);
        let mut taps: Vec<RowTap> = Vec::new();
        let mut interior = 0..output_size;
        let mut next = 0;
        // The last output reaches the input with its first taps, the first output with its last.
        for out in (0..output_size).rev() {
            let (first, count, _) = axis.taps_inside(out);
            for kernel in first.max(next)..first + count {
                let position = kernel * dilation;
                let begin = pad_begin.saturating_sub(position).div_ceil(stride);
                let end = (input_size + pad_begin - position).div_ceil(stride).min(output_size);
                let in_x = begin * stride + position - pad_begin;
                let offset = in_x % stride * phase_len + in_x / stride;
                push(&mut taps, RowTap { outputs: begin..end, offset })?;
                interior = interior.start.max(begin)..interior.end.min(end);
            }
            next = next.max(first + count);
        }
        if interior.is_empty() {
            interior = 0..0;
        }
        let interior_offset =
            |tap: &RowTap| (tap.offset + interior.start).saturating_sub(tap.outputs.start);
        let interior_offsets = collected(taps.iter().map(interior_offset))?;
        // Of a stride beyond the input only the phases that have a cell.
        let phases = stride.min(input_size);
        let out_width = output_size;
        Ok(Self { stride, phases, phase_len, taps, interior, interior_offsets, out_width })
    }

    /// The number of taps that lie inside the input for some output.
    pub(crate) fn tap_count(&self) -> usize {
        self.taps.len()
    }

    /// The elements of scratch that [`fold`](Self::fold) needs.
    pub(crate) fn scratch_len(&self) -> usize {
        if self.stride == 1 { 0 } else { self.phases * self.phase_len }
    }

    /// `results[out_x]` becomes `start`, joined with every tap of window `out_x` in order.
    #[inline(always)]
    pub(crate) fn fold<T: Copy>(
        &self,
        row: &[T],
        scratch: &mut [T],
        start: T,
        join: impl Fn(T, T) -> T + Copy,
        results: &mut [T],
    ) {
        let row = if self.stride == 1 {
            row
        } else {
            split_phases(row, self.stride, self.phase_len, scratch);
            scratch
        };
        for out_x in (0..self.interior.start).chain(self.interior.end..self.out_width) {
            let taps = self.taps.iter().filter(|tap| tap.outputs.contains(&out_x));
            let value = |tap: &RowTap| row[tap.offset + out_x - tap.outputs.start];
            results[out_x] = taps.fold(start, |result, tap| join(result, value(tap)));
        }
        let interior = &mut results[self.interior.clone()];
        fold(row, &self.interior_offsets, start, join, interior);
    }
}

/// `results[i]` becomes `start`, joined with `values[offset + i]` of every offset in order.
#[inline(always)]
pub(crate) fn fold<A: Copy, T: Copy>(
    values: &[T],
    offsets: &[usize],
    start: A,
    join: impl Fn(A, T) -> A + Copy,
    results: &mut [A],
) {
    if results.len() >= 16 {
        fold_lanes::<A, T, 16>(values, offsets, start, join, results);
    } else if results.len() >= 8 {
        fold_lanes::<A, T, 8>(values, offsets, start, join, results);
    } else {
        fold_lanes::<A, T, 1>(values, offsets, start, join, results);
    }
}

/// [`fold`] by `LANES` results, of which there are at least as many.
#[inline(always)]
fn fold_lanes<A: Copy, T: Copy, const LANES: usize>(
    values: &[T],
    offsets: &[usize],
    start: A,
    join: impl Fn(A, T) -> A,
    results: &mut [A],
) {
    let len = results.len();
    let mut first = 0;
    while first < len {
        // The last lanes overlap those before them.
        first = first.min(len - LANES);
        let mut lanes = [start; LANES];
        for &offset in offsets {
            let values = &values[offset + first..][..LANES];
            for lane in 0..LANES {
                lanes[lane] = join(lanes[lane], values[lane]);
            }
        }
        results[first..first + LANES].copy_from_slice(&lanes);
        first += LANES;
    }
}

/// Element `i * stride + phase` of the row goes to `phase * phase_len + i`.
#[inline(always)]
fn split_phases<T: Copy>(row: &[T], stride: usize, phase_len: usize, phases: &mut [T]) {
    if stride == 2 {
        let (even, odd) = phases.split_at_mut(phase_len);
        let (pairs, last) = row.as_chunks::<2>();
        split_pairs(pairs, even, odd);
        if let (Some(even), Some(&last)) = (even.get_mut(pairs.len()), last.first()) {
            *even = last;
        }
    } else {
        for (phase, cells) in phases.chunks_exact_mut(phase_len).enumerate() {
            let values = row.get(phase..).unwrap_or_default().iter().step_by(stride);
            for (cell, &value) in cells.iter_mut().zip(values) {
                *cell = value;
            }
        }
    }
}
