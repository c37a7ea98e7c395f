//! Where the taps of a block of outputs lie in a padded copy of what they read.

use crate::PaddingMode;
use crate::memory::{NoMemory, collected, push};
use crate::window::Axis;

/// One axis of a padded copy of the input: output `out` of the block finds its tap `kernel` at
/// `out + tap_offsets[kernel]`.
///
/// The copy is split into the phases of the stride, so that neighbouring outputs are neighbours
/// for every stride; where the taps leave most cells unread (large dilation or stride), it holds
/// the cells of each tap one after another instead. Its length is at most the smaller of the two.
#[derive(Debug, Clone)]
pub(crate) struct AxisLayout {
    /// The number of cells of the copy.
    pub(crate) len: usize,
    /// Where each tap of the block's first output is.
    pub(crate) tap_offsets: Vec<usize>,
    /// The runs of cells that make up the copy.
    runs: Vec<Run>,
}

/// Consecutive cells of the copy whose sources are `step` apart, or that are zero.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    len: usize,
    source: Option<usize>,
    step: isize,
}

impl Run {
    fn source_of(&self, index: usize) -> Option<usize> {
        let distance = self.step.checked_mul(isize::try_from(index).ok()?)?;
        self.source?.checked_add_signed(distance)
    }
}

impl AxisLayout {
    /// The layout for the outputs `first..first + count`, `count` at least 1.
    pub(crate) fn new(
        axis: &Axis,
        mode: PaddingMode,
        first: usize,
        count: usize,
    ) -> Result<Self, NoMemory> {
        let (stride, kernel_size) = (axis.stride, axis.kernel_size);
        let phase_len = count.saturating_add((axis.span() - 1) / stride);
        let phased_len = stride.saturating_mul(phase_len);
        let gathered_len = kernel_size.saturating_mul(count);
        let source = |position: usize| source_index(axis, mode, position);
        if gathered_len <= phased_len {
            let sources = (0..gathered_len).map(|index| {
                let (kernel, out) = (index / count, index % count);
                source((first + out) * stride + kernel * axis.dilation)
            });
            Ok(Self {
                len: gathered_len,
                tap_offsets: collected((0..kernel_size).map(|kernel| kernel * count))?,
                runs: runs(sources)?,
            })
        } else {
            let sources = (0..phased_len).map(|index| {
                let (phase, out) = (index / phase_len, index % phase_len);
                source((first + out) * stride + phase)
            });
            let tap_offset = |kernel: usize| {
                let position = kernel * axis.dilation;
                (position % stride) * phase_len + position / stride
            };
            Ok(Self {
                len: phased_len,
                tap_offsets: collected((0..kernel_size).map(tap_offset))?,
                runs: runs(sources)?,
            })
        }
    }

    /// Whether some cell of the copy is a zero.
    fn has_zeros(&self) -> bool {
        self.runs.iter().any(|run| run.source.is_none())
    }

    /// Copies one row of the input, but for the zeros.
    #[inline(always)]
    fn copy(&self, row: &[f32], copy: &mut [f32]) {
        let mut runs = &self.runs[..];
        while let [run, rest @ ..] = runs {
            runs = rest;
            let cells = &mut copy[run.start..];
            match (run.source, run.step, rest) {
                (None, ..) => {}
                (Some(source), 1, _) => {
                    cells[..run.len].copy_from_slice(&row[source..][..run.len]);
                }
                (Some(source), 2, &[Run { start, len, source: Some(next), step: 2 }, ..])
                    if source.abs_diff(next) == 1 =>
                {
                    // The two phases of a stride of 2.
                    runs = &rest[1..];
                    let (cells, next_cells) = cells.split_at_mut(start - run.start);
                    let (cells, next_cells) = (&mut cells[..run.len], &mut next_cells[..len]);
                    let pairs = row[source.min(next)..].as_chunks::<2>().0;
                    let count = if source < next {
                        split_pairs(pairs, cells, next_cells)
                    } else {
                        split_pairs(pairs, next_cells, cells)
                    };
                    copy_every_second(&row[source..], cells, count);
                    copy_every_second(&row[next..], next_cells, count);
                }
                (Some(source), 2, _) => {
                    copy_every_second(&row[source..], &mut cells[..run.len], 0);
                }
                _ => {
                    for (index, cell) in cells[..run.len].iter_mut().enumerate() {
                        *cell = run.source_of(index).map_or(0.0, |source| row[source]);
                    }
                }
            }
        }
    }
}

/// Copies the elements of pairs apart, and returns how many pairs.
#[inline(always)]
pub(crate) fn split_pairs<T: Copy>(pairs: &[[T; 2]], first: &mut [T], second: &mut [T]) -> usize {
    let count = pairs.len().min(first.len()).min(second.len());
    let cells = first[..count].iter_mut().zip(&mut second[..count]);
    for ((first, second), &pair) in cells.zip(&pairs[..count]) {
        [*first, *second] = pair;
    }
    count
}

/// Copies every second element, from `cells[begin]` on.
#[inline(always)]
fn copy_every_second(row: &[f32], cells: &mut [f32], begin: usize) {
    for (index, cell) in cells.iter_mut().enumerate().skip(begin) {
        *cell = row[2 * index];
    }
}

/// Fills `copy` with the padded rows of one channel: `vertical.len` rows of `horizontal.len`.
#[inline(always)]
pub(crate) fn copy_plane(
    [vertical, horizontal]: [&AxisLayout; 2],
    plane: &[f32],
    in_width: usize,
    copy: &mut [f32],
) {
    if vertical.has_zeros() || horizontal.has_zeros() {
        copy.fill(0.0);
    }
    for run in &vertical.runs {
        let rows = copy[run.start * horizontal.len..].chunks_exact_mut(horizontal.len);
        for (index, row) in rows.take(run.len).enumerate() {
            if let Some(in_y) = run.source_of(index) {
                horizontal.copy(&plane[in_y * in_width..][..in_width], row);
            }
        }
    }
}

/// The input's index at a position of the padded axis; none where zero padding is, and behind its end.
pub(crate) fn source_index(axis: &Axis, mode: PaddingMode, position: usize) -> Option<usize> {
    let (size, pad) = (axis.input_size, axis.pad_begin);
    if position >= pad && position - pad < size {
        return Some(position - pad);
    }
    match mode {
        PaddingMode::Zeros => None,
        _ if position >= pad + size + axis.pad_end => None,
        PaddingMode::Reflect if position < pad => Some(pad - position),
        PaddingMode::Reflect => Some(2 * (size - 1) - (position - pad)),
        PaddingMode::Replicate if position < pad => Some(0),
        PaddingMode::Replicate => Some(size - 1),
        PaddingMode::Circular if position < pad => Some(position + size - pad),
        PaddingMode::Circular => Some(position - pad - size),
    }
}

/// The input's indices of the cells that the first outputs, so many, read.
pub(crate) fn sources(
    axis: &Axis,
    mode: PaddingMode,
    outputs: usize,
) -> Result<Vec<Option<usize>>, NoMemory> {
    collected((0..axis.cells_of(outputs)).map(|position| source_index(axis, mode, position)))
}

/// Joins cells whose sources are evenly spaced.
fn runs(sources: impl Iterator<Item = Option<usize>>) -> Result<Vec<Run>, NoMemory> {
    let mut runs: Vec<Run> = Vec::new();
    for (start, source) in sources.enumerate() {
        if let Some(run) = runs.last_mut() {
            match (run.source, source) {
                (None, None) => {
                    run.len += 1;
                    continue;
                }
                (Some(from), Some(to)) if run.len == 1 => {
                    run.len = 2;
                    run.step = to.wrapping_sub(from).cast_signed();
                    continue;
                }
                (Some(_), Some(to)) if run.source_of(run.len) == Some(to) => {
                    run.len += 1;
                    continue;
                }
                _ => {}
            }
        }
        push(&mut runs, Run { start, len: 1, source, step: 1 })?;
    }
    Ok(runs)
}
