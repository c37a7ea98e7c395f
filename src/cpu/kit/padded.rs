//! Padded copies of rows and planes, in which neighbouring outputs read neighbouring cells.

use crate::PaddingMode;
use crate::cpu::kit::layout::{source_index, sources};
use crate::memory::{NoMemory, push};
use crate::window::Axis;
use std::ops::Range;

/// A row of the padded input, split into the phases of the stride: phase `p` has the cells `p`,
/// `p + stride`, ...
#[derive(Debug)]
pub(crate) struct PaddedRow {
    stride: usize,
    /// Cells of one phase.
    phase_len: usize,
    /// Where the even and the odd cells of the input go; with a stride of 1 all are even.
    inside: [Range<usize>; 2],
    /// Cells without a source.
    surround: Vec<usize>,
    /// Padding cells with a source, and which.
    mirrored: Vec<(usize, usize)>,
}

impl PaddedRow {
    /// For windows of `span` cells with a stride of 1 or 2.
    pub(crate) fn new(axis: &Axis, span: usize, mode: PaddingMode) -> Result<Self, NoMemory> {
        let Axis { stride, input_size, pad_begin, .. } = *axis;
        let phase_len = axis.output_size + (span - 1) / stride;
        let inside = [0, 1].map(|first| {
            let begin = ((pad_begin + first) / stride).min(phase_len);
            let count = input_size.saturating_sub(first).div_ceil(stride).min(phase_len - begin);
            let phase = (pad_begin + first) % stride * phase_len;
            phase + begin..phase + begin + count
        });
        let (mut surround, mut mirrored) = (Vec::new(), Vec::new());
        let positions = (0..stride).flat_map(|phase| (phase..).step_by(stride).take(phase_len));
        for (cell, position) in positions.enumerate() {
            if (pad_begin..pad_begin + input_size).contains(&position) {
                continue;
            }
            match source_index(axis, mode, position) {
                Some(source) => push(&mut mirrored, (cell, source))?,
                None => push(&mut surround, cell)?,
            }
        }
        Ok(Self { stride, phase_len, inside, surround, mirrored })
    }

    /// Its number of cells.
    pub(crate) const fn len(&self) -> usize {
        self.stride * self.phase_len
    }

    pub(crate) const fn phase_len(&self) -> usize {
        self.phase_len
    }

    /// Where the first output finds the cell at a position of the padded input.
    pub(crate) const fn offset(&self, position: usize) -> usize {
        position % self.stride * self.phase_len + position / self.stride
    }

    /// Writes the cells that have no source.
    #[inline(always)]
    fn surround(&self, value: f32, cells: &mut [f32]) {
        self.surround.iter().for_each(|&cell| cells[cell] = value);
    }

    /// Writes the other cells.
    #[inline(always)]
    fn copy(&self, row: &[f32], cells: &mut [f32]) {
        let [even, odd] = &self.inside;
        if self.stride == 1 {
            copy_cells(&row[..even.len()], &mut cells[even.clone()]);
        } else {
            let (before, behind) = cells.split_at_mut(even.start.max(odd.start));
            let (even_cells, odd_cells) = if even.start < odd.start {
                (&mut before[even.clone()], &mut behind[..odd.len()])
            } else {
                (&mut behind[..even.len()], &mut before[odd.clone()])
            };
            split_cells(row, even_cells, odd_cells);
        }
        for &(cell, source) in &self.mirrored {
            cells[cell] = row[source];
        }
    }
}

/// A plane of the padded input, row by row.
#[derive(Debug)]
pub(crate) struct PaddedPlane {
    pub(crate) row: PaddedRow,
    /// The row of the input that each row has.
    pub(crate) sources: Vec<Option<usize>>,
    pub(crate) in_width: usize,
}

impl PaddedPlane {
    /// For windows with a horizontal stride of 1 or 2.
    pub(crate) fn new(
        [vertical, horizontal]: [&Axis; 2],
        mode: PaddingMode,
    ) -> Result<Self, NoMemory> {
        let sources = sources(vertical, mode, vertical.output_size)?;
        let row = PaddedRow::new(horizontal, horizontal.span(), mode)?;
        Ok(Self { row, sources, in_width: horizontal.input_size })
    }

    /// Writes the cells that have no source into a copy of the rows from `first` on.
    #[inline(always)]
    pub(crate) fn surround(&self, first: usize, value: f32, copy: &mut [f32]) {
        let rows = copy.chunks_exact_mut(self.row.len());
        for (cells, source) in rows.zip(&self.sources[first..]) {
            if source.is_some() {
                self.row.surround(value, cells);
            } else {
                cells.fill(value);
            }
        }
    }

    /// Writes the other cells.
    #[inline(always)]
    pub(crate) fn copy(&self, first: usize, plane: &[f32], copy: &mut [f32]) {
        let rows = copy.chunks_exact_mut(self.row.len());
        for (cells, source) in rows.zip(&self.sources[first..]) {
            if let Some(in_y) = source {
                self.row.copy(&plane[in_y * self.in_width..][..self.in_width], cells);
            }
        }
    }
}

/// Copies as `copy_from_slice` does, whose call takes longer than a short row.
#[inline(always)]
fn copy_cells(from: &[f32], to: &mut [f32]) {
    /// For at most two chunks: the last overlaps the first.
    #[inline(always)]
    fn by<const LANES: usize>(from: &[f32], to: &mut [f32]) {
        let (first, last) = (from.first_chunk::<LANES>(), from.last_chunk::<LANES>());
        if let (Some(first), Some(last)) = (first, last) {
            let (first, last) = (*first, *last);
            if let Some(to) = to.first_chunk_mut() {
                *to = first;
            }
            if let Some(to) = to.last_chunk_mut() {
                *to = last;
            }
        }
    }
    let to = &mut to[..from.len()];
    match from.len() {
        33.. => to.copy_from_slice(from),
        16.. => by::<16>(from, to),
        8.. => by::<8>(from, to),
        4.. => by::<4>(from, to),
        2.. => by::<2>(from, to),
        _ => by::<1>(from, to),
    }
}

/// Copies the even cells of a row and the odd ones.
#[inline(always)]
fn split_cells(row: &[f32], even: &mut [f32], odd: &mut [f32]) {
    #[inline(always)]
    fn by<const LANES: usize>(pairs: &[[f32; 2]], even: &mut [f32], odd: &mut [f32]) {
        let len = pairs.len();
        for first in (0..len).step_by(LANES) {
            // The last lanes overlap those before them.
            let first = first.min(len - LANES);
            let pairs = &pairs[first..][..LANES];
            let (even, odd) = (&mut even[first..][..LANES], &mut odd[first..][..LANES]);
            for lane in 0..LANES {
                [even[lane], odd[lane]] = pairs[lane].map(|value| value);
            }
        }
    }
    let pairs = row.as_chunks::<2>().0;
    let pairs = &pairs[..pairs.len().min(even.len()).min(odd.len())];
    match pairs.len() {
        16.. => by::<16>(pairs, even, odd),
        8.. => by::<8>(pairs, even, odd),
        4.. => by::<4>(pairs, even, odd),
        _ => by::<1>(pairs, even, odd),
    }
    // One may have a cell more.
    for (first, cells) in [even, odd].into_iter().enumerate() {
        for (index, cell) in cells.iter_mut().enumerate().skip(pairs.len()) {
            *cell = row[2 * index + first];
        }
    }
}
