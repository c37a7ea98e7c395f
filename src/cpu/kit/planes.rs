//! Padded copies in which the outputs of a block lie as those of a row, one behind the other.
//!
//! A copy of a channel is made of planes. Output `(y, x)` of the block finds each of its taps in one of
//! the planes, at a cell that is as far from that of the first output as `y * columns.len + x`. So the
//! inputs of neighbouring outputs are neighbours, and a vector may run over the end of a row.

use pulp::{Simd, WithSimd};

use crate::PaddingMode;
use crate::cpu::kit::layout::source_index;
use crate::memory::{NoMemory, collected, push, with_room};
use crate::window::Axis;

/// One axis of the planes.
#[derive(Debug)]
pub(crate) struct AxisPlanes {
    /// The cells of a plane, as many as outputs or more.
    pub(crate) len: usize,
    planes: Vec<Plane>,
    /// The taps that do not read zeros alone, and where the first output finds them.
    taps: Vec<AxisTap>,
}

/// Cells whose positions in the padded input are a stride apart.
#[derive(Debug)]
struct Plane {
    /// The cells inside the input, one behind the other, and where the first of them reads.
    first: usize,
    count: usize,
    source: usize,
    /// What those before and behind read.
    edges: [Vec<Option<usize>>; 2],
    /// Whether they read zeros alone.
    zeros: bool,
}

#[derive(Debug, Clone, Copy)]
struct AxisTap {
    tap: usize,
    plane: usize,
    cell: usize,
}

impl AxisPlanes {
    /// One plane per phase of the stride, whose cells all taps of the phase share, for the outputs
    /// `first..first + count`.
    pub(crate) fn of_phases(
        axis: &Axis,
        mode: PaddingMode,
        first: usize,
        count: usize,
    ) -> Result<Self, NoMemory> {
        let stride = axis.stride;
        let len = count + (axis.span() - 1) / stride;
        let mut planes = Self { len, planes: Vec::new(), taps: Vec::new() };
        let mut phases: Vec<usize> = Vec::new();
        for tap in 0..axis.kernel_size {
            let position = tap * axis.dilation;
            if !reads(axis, mode, first, count, tap) {
                continue;
            }
            let phase = position % stride;
            let plane = phases.iter().position(|&known| known == phase);
            if plane.is_none() {
                push(&mut phases, phase)?;
                push(&mut planes.planes, Plane::new(axis, mode, first * stride + phase, len)?)?;
            }
            let plane = plane.unwrap_or(phases.len() - 1);
            push(&mut planes.taps, AxisTap { tap, plane, cell: position / stride })?;
        }
        Ok(planes)
    }

    /// One plane per tap, without a cell to spare.
    pub(crate) fn of_taps(
        axis: &Axis,
        mode: PaddingMode,
        first: usize,
        count: usize,
    ) -> Result<Self, NoMemory> {
        let mut planes = Self { len: count, planes: Vec::new(), taps: Vec::new() };
        for tap in (0..axis.kernel_size).filter(|&tap| reads(axis, mode, first, count, tap)) {
            let position = first * axis.stride + tap * axis.dilation;
            push(&mut planes.taps, AxisTap { tap, plane: planes.planes.len(), cell: 0 })?;
            push(&mut planes.planes, Plane::new(axis, mode, position, count)?)?;
        }
        Ok(planes)
    }

    /// Cells of all planes.
    pub(crate) fn cells(&self) -> usize {
        self.len.saturating_mul(self.planes.len())
    }
}

/// Whether a tap of some output reads other than zeros.
fn reads(axis: &Axis, mode: PaddingMode, first: usize, count: usize, tap: usize) -> bool {
    let (inside, inside_count, _) = axis.outputs_inside(tap);
    mode != PaddingMode::Zeros || inside.max(first) < (inside + inside_count).min(first + count)
}

impl Plane {
    fn new(axis: &Axis, mode: PaddingMode, start: usize, len: usize) -> Result<Self, NoMemory> {
        let (stride, size) = (axis.stride, axis.input_size);
        let first = axis.pad_begin.saturating_sub(start).div_ceil(stride).min(len);
        let end = (size + axis.pad_begin).saturating_sub(start).div_ceil(stride).clamp(first, len);
        let edge = |cells: std::ops::Range<usize>| {
            collected(cells.map(|cell| source_index(axis, mode, start + cell * stride)))
        };
        let edges = [edge(0..first)?, edge(end..len)?];
        let zeros = edges.iter().flatten().all(Option::is_none);
        Ok(Self {
            first,
            count: end - first,
            source: (start + first * stride).saturating_sub(axis.pad_begin),
            edges,
            zeros,
        })
    }

    /// What the cells read.
    fn sources(&self, stride: usize) -> impl Iterator<Item = Option<usize>> {
        let inside = (0..self.count).map(move |index| Some(self.source + index * stride));
        let [before, behind] = &self.edges;
        before.iter().copied().chain(inside).chain(behind.iter().copied())
    }

    /// Fills `cells` with rows of `len` cells from rows of the input, more than one only where these
    /// are as long. What `rows` and `cells` have behind may be read and written.
    #[inline(always)]
    fn copy<S: Simd>(
        &self,
        stride: usize,
        rows: &[f32],
        (count, len): (usize, usize),
        cells: &mut [f32],
    ) {
        let source = rows.get(self.source..).unwrap_or_default();
        match stride {
            _ if self.count == 0 => {}
            1 => {
                // What lies between two rows is overwritten.
                copy_row::<S>(source, (count - 1) * len + self.count, &mut cells[self.first..]);
            }
            2 => {
                let inside = &mut cells[self.first..][..self.count];
                let pairs = source.as_chunks::<2>().0;
                let count = pairs.len().min(inside.len());
                for (cell, pair) in inside[..count].iter_mut().zip(&pairs[..count]) {
                    *cell = pair[0];
                }
                if let Some(last) = inside.get_mut(count) {
                    *last = source[2 * count];
                }
            }
            _ => {
                let inside = &mut cells[self.first..][..self.count];
                for (cell, &value) in inside.iter_mut().zip(source.iter().step_by(stride)) {
                    *cell = value;
                }
            }
        }
        let [before, behind] = &self.edges;
        for (edge, first) in [(before, 0), (behind, self.first + self.count)] {
            if edge.is_empty() {
                continue;
            }
            for (row, cells) in cells[..count * len].chunks_exact_mut(len).enumerate() {
                let cells = &mut cells[first..first + edge.len()];
                if self.zeros && edge.len() > MANY_CELLS {
                    cells.fill(0.0);
                    continue;
                }
                // Not zipped, which would be a call for every row.
                for (index, source) in edge.iter().enumerate() {
                    cells[index] = source.map_or(0.0, |source| rows[row * len + source]);
                }
            }
        }
    }
}

/// Cells that are worth a call.
const MANY_CELLS: usize = 4;

/// Copies the first `len` cells of a row, in whole vectors if there is room behind them.
#[inline(always)]
fn copy_row<S: Simd>(row: &[f32], len: usize, cells: &mut [f32]) {
    let vectors = len.div_ceil(S::F32_LANES);
    match (S::as_simd_f32s(row).0.get(..vectors), S::as_mut_simd_f32s(cells).0.get_mut(..vectors)) {
        (Some(row), Some(cells)) => {
            for (cell, &value) in cells.iter_mut().zip(row) {
                *cell = value;
            }
        }
        _ => cells[..len].copy_from_slice(&row[..len]),
    }
}

/// The planes of a channel, one behind the other: for each of the horizontal ones all of the
/// vertical ones.
#[derive(Debug)]
pub(crate) struct Planes {
    rows: AxisPlanes,
    columns: AxisPlanes,
    /// What each row of a horizontal plane reads.
    row_sources: Vec<Option<usize>>,
    strides: [usize; 2],
}

impl Planes {
    pub(crate) fn new(
        axes: [&Axis; 2],
        rows: AxisPlanes,
        columns: AxisPlanes,
    ) -> Result<Self, NoMemory> {
        let strides = axes.map(|axis| axis.stride);
        let row_sources = rows.planes.iter().flat_map(|plane| plane.sources(strides[0]));
        let row_sources = collected(row_sources)?;
        Ok(Self { rows, columns, row_sources, strides })
    }

    /// Cells from one row of outputs to the next.
    pub(crate) const fn row_len(&self) -> usize {
        self.columns.len
    }

    /// The cells of one channel.
    pub(crate) fn len(&self) -> usize {
        self.rows.cells().saturating_mul(self.columns.cells())
    }

    /// The taps in the order of the weight: where the first output finds them, and which they are of
    /// `kernel_width` in a row of the filter.
    pub(crate) fn taps(&self, kernel_width: usize) -> Result<Vec<(usize, usize)>, NoMemory> {
        let mut taps = with_room(self.rows.taps.len() * self.columns.taps.len())?;
        for row in &self.rows.taps {
            for column in &self.columns.taps {
                let first_row = column.plane * self.row_sources.len();
                let row_cell = first_row + row.plane * self.rows.len + row.cell;
                let cell = row_cell * self.columns.len + column.cell;
                push(&mut taps, (cell, row.tap * kernel_width + column.tap))?;
            }
        }
        Ok(taps)
    }

    /// Fills `copy` from a plane of the input. Behind the plane and the copy there may be others, of
    /// which the latter is not yet filled.
    #[inline(always)]
    fn copy<S: Simd>(&self, plane: &[f32], in_width: usize, copy: &mut [f32]) {
        let row_len = self.columns.len;
        let as_long = self.strides[1] == 1 && row_len == in_width;
        let mut first = 0;
        for columns in &self.columns.planes {
            let mut sources = &self.row_sources[..];
            while let [source, rest @ ..] = sources {
                let cells = &mut copy[first..];
                let mut count = 1;
                if let Some(in_y) = *source {
                    if as_long {
                        let next = (in_y + 1..).zip(rest);
                        count += next.take_while(|&(next, source)| *source == Some(next)).count();
                    }
                    let rows = &plane[in_y * in_width..];
                    columns.copy::<S>(self.strides[1], rows, (count, row_len), cells);
                } else {
                    cells[..row_len].fill(0.0);
                }
                first += count * row_len;
                sources = &sources[count..];
            }
        }
    }
}

/// Copies several channels.
pub(crate) struct CopyChannels<'a> {
    pub(crate) planes: &'a Planes,
    /// The input's planes, one behind the other.
    pub(crate) input: &'a [f32],
    pub(crate) in_width: usize,
    pub(crate) in_len: usize,
    pub(crate) copy: &'a mut [f32],
    /// The cells from one channel of the copy to the next.
    pub(crate) channel_len: usize,
}

impl WithSimd for CopyChannels<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { planes, input, in_width, in_len, copy, channel_len } = self;
        for channel in 0..input.len() / in_len {
            planes.copy::<S>(
                &input[channel * in_len..],
                in_width,
                &mut copy[channel * channel_len..],
            );
        }
    }
}
