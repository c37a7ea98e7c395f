//! Operations that read an input at other places: interpolation, padding, pixel shuffle.

mod axis_map;
mod copy_map;
mod interpolate;
mod pad;
mod pixel_shuffle;

pub use interpolate::{Interpolate, InterpolateTarget, InterpolationMode};
pub use pad::Pad;
pub use pixel_shuffle::PixelShuffle;

pub(crate) use axis_map::{AxisMap, Readers, Tap};
pub(crate) use copy_map::{Copied, CopyMap, NOWHERE};
use pixel_shuffle::PixelShuffleProblem;

use crate::window::AXIS_NAMES;
use crate::{Error, Result, Shape};

/// An operation that reads along each axis by itself, resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Resampling {
    pub(crate) operation: &'static str,
    pub(crate) input: Shape,
    pub(crate) vertical: AxisMap,
    pub(crate) horizontal: AxisMap,
    /// The bits of the number where nothing is read.
    pub(crate) value: u32,
}

impl Resampling {
    pub(crate) fn output_shape(&self) -> Shape {
        let (height, width) = (self.vertical.output_size(), self.horizontal.output_size());
        Shape { height, width, ..self.input }
    }

    /// Whether every output is one element of the input, or none.
    pub(crate) fn copies(&self) -> bool {
        self.vertical.copies() && self.horizontal.copies()
    }
}

/// What all of them check of their input.
fn check_input(operation: &'static str, input: Shape) -> Result<()> {
    if input.channels == 0 {
        let rule = "the input needs at least 1 channel";
        return Err(Error::shape(operation, "input", input, rule));
    }
    for (size, axis) in [input.height, input.width].into_iter().zip(AXIS_NAMES) {
        if size == 0 {
            let rule = format!("must be at least 1 along the {axis}");
            return Err(Error::argument(operation, "the input's size", 0, rule));
        }
    }
    input.checked_len(operation).map(drop)
}
