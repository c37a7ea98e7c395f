//! Where the taps of a block of outputs lie in a padded copy of what they read.

use crate::PaddingMode;
use crate::window::Axis;

/// One axis of a padded copy of the input: output `out` of the block finds its tap `kernel` at
/// `out + tap_offsets[kernel]`.
///
/// The copy is split into the phases of the stride, so that neighbouring outputs are neighbours
/// for every stride; where the taps leave most cells unread (large dilation or stride), it holds
/// the cells of each tap one after another instead. Its length is at most the smaller of the two.
#[derive(Debug, Clone)]
pub(super) struct AxisLayout {
    /// The number of cells of the copy.
    pub(super) len: usize,
    /// Where each tap of the block's first output is.
    pub(super) tap_offsets: Vec<usize>,
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
    pub(super) fn new(axis: &Axis, mode: PaddingMode, first: usize, count: usize) -> Self {
        let (stride, kernel_size) = (axis.stride, axis.kernel_size);
        let phase_len = count + (axis.span() - 1) / stride;
        let phased_len = stride.saturating_mul(phase_len);
        let gathered_len = kernel_size.saturating_mul(count);
        let padded_size = axis.input_size + axis.pad_begin + axis.pad_end;
        let source = |position: usize| {
            (position < padded_size).then(|| source_index(axis, mode, position)).flatten()
        };
        if gathered_len <= phased_len {
            let sources = (0..gathered_len).map(|index| {
                let (kernel, out) = (index / count, index % count);
                source((first + out) * stride + kernel * axis.dilation)
            });
            Self {
                len: gathered_len,
                tap_offsets: (0..kernel_size).map(|kernel| kernel * count).collect(),
                runs: runs(sources),
            }
        } else {
            let sources = (0..phased_len).map(|index| {
                let (phase, out) = (index / phase_len, index % phase_len);
                source((first + out) * stride + phase)
            });
            let tap_offset = |kernel: usize| {
                let position = kernel * axis.dilation;
                (position % stride) * phase_len + position / stride
            };
            Self {
                len: phased_len,
                tap_offsets: (0..kernel_size).map(tap_offset).collect(),
                runs: runs(sources),
            }
        }
    }

    /// The input's index of every cell of the copy, none for a zero.
    pub(super) fn sources(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.runs.iter().flat_map(|run| (0..run.len).map(|index| run.source_of(index)))
    }

    /// Copies one row of the input.
    #[inline(always)]
    fn copy(&self, row: &[f32], copy: &mut [f32]) {
        for run in &self.runs {
            let cells = &mut copy[run.start..][..run.len];
            match (run.source, run.step) {
                (None, _) => cells.fill(0.0),
                (Some(source), 1) => cells.copy_from_slice(&row[source..][..run.len]),
                (Some(source), 2) => {
                    let (pairs, last) = row[source..].as_chunks::<2>();
                    for (cell, pair) in cells.iter_mut().zip(pairs) {
                        *cell = pair[0];
                    }
                    if let (Some(cell), Some(&last)) = (cells.get_mut(pairs.len()), last.first()) {
                        *cell = last;
                    }
                }
                _ => {
                    for (index, cell) in cells.iter_mut().enumerate() {
                        *cell = run.source_of(index).map_or(0.0, |source| row[source]);
                    }
                }
            }
        }
    }
}

/// Fills `copy` with the padded rows of one channel: `vertical.len` rows of `horizontal.len`.
#[inline(always)]
pub(super) fn copy_plane(
    [vertical, horizontal]: [&AxisLayout; 2],
    plane: &[f32],
    in_width: usize,
    copy: &mut [f32],
) {
    for (row, source) in copy.chunks_exact_mut(horizontal.len).zip(vertical.sources()) {
        match source {
            None => row.fill(0.0),
            Some(in_y) => horizontal.copy(&plane[in_y * in_width..][..in_width], row),
        }
    }
}

/// The input's index at a position of the padded axis; none where zero padding is.
pub(super) fn source_index(axis: &Axis, mode: PaddingMode, position: usize) -> Option<usize> {
    let (size, pad) = (axis.input_size, axis.pad_begin);
    if position >= pad && position - pad < size {
        return Some(position - pad);
    }
    match mode {
        PaddingMode::Zeros => None,
        PaddingMode::Reflect if position < pad => Some(pad - position),
        PaddingMode::Reflect => Some(2 * (size - 1) - (position - pad)),
        PaddingMode::Replicate if position < pad => Some(0),
        PaddingMode::Replicate => Some(size - 1),
        PaddingMode::Circular if position < pad => Some(position + size - pad),
        PaddingMode::Circular => Some(position - pad - size),
    }
}

/// Joins cells whose sources are evenly spaced.
fn runs(sources: impl Iterator<Item = Option<usize>>) -> Vec<Run> {
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
        runs.push(Run { start, len: 1, source, step: 1 });
    }
    runs
}
