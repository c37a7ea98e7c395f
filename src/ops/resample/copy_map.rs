//! Elements copied to other places, row by row.

use crate::memory::{NoMemory, collected};
use crate::ops::resample::{AxisMap, PixelShuffleProblem, Resampling};
use crate::{DType, Shape};

/// The offset of a row or a column that copies nothing.
pub(crate) const NOWHERE: usize = usize::MAX;

/// What is copied where. Element `x` of row `y` of the output's plane is that at the offset of the
/// row plus the offset of the column, in the same plane of the input.
///
/// Planes and rows are such that this holds: those of a pixel shuffle are channels of its output, in
/// both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CopyMap {
    Resampling(Resampling),
    Shuffle(PixelShuffleProblem),
    /// The way back: the gradient of a shuffle.
    Unshuffle(PixelShuffleProblem),
}

impl CopyMap {
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Resampling(problem) => problem.operation,
            Self::Shuffle(_) | Self::Unshuffle(_) => super::pixel_shuffle::OPERATION,
        }
    }

    pub(crate) fn shapes(&self) -> [Shape; 2] {
        match self {
            Self::Resampling(problem) => [problem.input, problem.output_shape()],
            Self::Shuffle(problem) => [problem.input, problem.output],
            Self::Unshuffle(problem) => [problem.output, problem.input],
        }
    }

    fn of_planes(&self) -> Shape {
        match self {
            Self::Resampling(problem) => problem.input,
            Self::Shuffle(problem) | Self::Unshuffle(problem) => problem.output,
        }
    }

    pub(crate) fn planes(&self) -> usize {
        let shape = self.of_planes();
        shape.batch * shape.channels
    }

    /// Elements of a plane of the input.
    pub(crate) fn source_plane(&self) -> usize {
        let shape = self.of_planes();
        shape.height * shape.width
    }

    /// Rows of a plane of the output, and elements of each.
    pub(crate) fn rows(&self) -> [usize; 2] {
        let [_, output] = self.shapes();
        match self {
            Self::Unshuffle(problem) => {
                [problem.factor * problem.factor * output.height, output.width]
            }
            _ => [output.height, output.width],
        }
    }

    /// The offset of every row, or [`NOWHERE`].
    pub(crate) fn row_offsets(&self) -> Result<Vec<usize>, NoMemory> {
        let rows = 0..self.rows()[0];
        match *self {
            Self::Resampling(Resampling { vertical, input, .. }) => {
                let offset = |row: usize| row * input.width;
                collected(rows.map(|row| vertical.source(row).map_or(NOWHERE, offset)))
            }
            Self::Shuffle(PixelShuffleProblem { input, factor, .. }) => {
                let offset = |row: usize| {
                    let (in_y, phase) = (row / factor, row % factor);
                    (phase * factor * input.height + in_y) * input.width
                };
                collected(rows.map(offset))
            }
            Self::Unshuffle(PixelShuffleProblem { input, output, factor }) => {
                let offset = |row: usize| {
                    let (phase, in_y) = (row / input.height, row % input.height);
                    let (phase_y, phase_x) = (phase / factor, phase % factor);
                    (in_y * factor + phase_y) * output.width + phase_x
                };
                collected(rows.map(offset))
            }
        }
    }

    /// The offset of every column, or [`NOWHERE`].
    pub(crate) fn column_offsets(&self) -> Result<Vec<usize>, NoMemory> {
        let columns = 0..self.rows()[1];
        match *self {
            Self::Resampling(Resampling { horizontal, .. }) => {
                collected(columns.map(|column| horizontal.source(column).unwrap_or(NOWHERE)))
            }
            Self::Shuffle(PixelShuffleProblem { input, factor, .. }) => {
                let plane = input.height * input.width;
                collected(columns.map(|column| column % factor * plane + column / factor))
            }
            Self::Unshuffle(PixelShuffleProblem { factor, .. }) => {
                collected(columns.map(|column| column * factor))
            }
        }
    }

    /// Every so many columns lie near each other in the input.
    pub(crate) fn column_step(&self) -> usize {
        match self {
            Self::Shuffle(problem) => problem.factor,
            Self::Resampling(_) | Self::Unshuffle(_) => 1,
        }
    }

    /// The bits of what stands where nothing is copied, if that is anywhere.
    pub(crate) fn filling(&self) -> Option<u32> {
        match self {
            Self::Resampling(Resampling { vertical, horizontal, value, .. }) => {
                let leaves_out = |axis: &AxisMap| axis.leaves_out();
                (leaves_out(vertical) || leaves_out(horizontal)).then_some(*value)
            }
            Self::Shuffle(_) | Self::Unshuffle(_) => None,
        }
    }

    /// `[height, width]` of the block of the output that an element of the input becomes, where every
    /// element becomes one; of a shuffle an element of as many planes each.
    pub(crate) fn block(&self) -> Option<[usize; 2]> {
        match self {
            Self::Resampling(Resampling { vertical, horizontal, .. }) => {
                Some([vertical.repetitions()?, horizontal.repetitions()?])
            }
            Self::Shuffle(problem) => Some([problem.factor; 2]),
            Self::Unshuffle(_) => None,
        }
    }
}

/// A copy of elements of a type.
pub(crate) type Copied = (CopyMap, DType);
