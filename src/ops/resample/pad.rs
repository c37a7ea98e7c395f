//! Padding as an operation of its own: options, validation and sizes.

use crate::ops::resample::{AxisMap, Resampling, check_input};
use crate::ops::setters::setters;
use crate::window::{AXIS_NAMES, check_pads};
use crate::{Error, Padding, PaddingMode, Result, Shape};

pub(super) const OPERATION: &str = "pad";

/// An image with more rows and columns around it, as `torch.nn.functional.pad` of the last two axes.
///
/// The cells of the padding hold `value` ([`PaddingMode::Zeros`], PyTorch's `constant`) or what the
/// mode finds in the input. A convolution or a pooling pads by itself, without a copy; this is for
/// what stands between.
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, top + height + bottom, left + width + right]`
///
/// # Examples
///
/// ```
/// use filtro::{Pad, Padding, PaddingMode};
///
/// let pad = Pad::new(Padding::sides(1, 0, 2, 3)).mode(PaddingMode::Reflect);
/// assert_eq!(pad.output_shape([1, 8, 20, 30])?, [1, 8, 21, 35].into());
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.functional.pad`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Pad {
    /// How many rows and columns on each side.
    pub padding: Padding,
    /// What they hold; `value` by default.
    pub mode: PaddingMode,
    /// The number in the padding of [`PaddingMode::Zeros`]; 0 by default, and with other modes.
    pub value: f32,
}

impl Pad {
    /// A padding with zeros.
    #[must_use]
    pub fn new(padding: impl Into<Padding>) -> Self {
        Self { padding: padding.into(), mode: PaddingMode::Zeros, value: 0.0 }
    }

    setters! {
        /// Sets what the cells of the padding hold.
        mode: PaddingMode,
        /// Sets the number in the padding of [`PaddingMode::Zeros`].
        value: f32,
    }

    /// The shape of the output for an input of this shape.
    ///
    /// # Errors
    ///
    /// Every misuse that [`forward`](Self::forward) reports.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        Ok(self.problem(input.into())?.output_shape())
    }

    pub(crate) fn problem(&self, input: Shape) -> Result<Resampling> {
        check_input(OPERATION, input)?;
        let pads = match self.padding {
            Padding::Valid => [[0; 2]; 2],
            Padding::Sides { top, bottom, left, right } => [[top, bottom], [left, right]],
            other => {
                let rule = "it follows from a kernel, which this has none of: give the sides";
                return Err(Error::argument(OPERATION, "padding", format!("{other:?}"), rule));
            }
        };
        if self.mode != PaddingMode::Zeros && self.value != 0.0 {
            let rule = format!("mode {} takes what it pads with from the input", self.mode);
            return Err(Error::argument(OPERATION, "value", self.value, rule));
        }
        let axis = |axis: usize| {
            let input_size = [input.height, input.width][axis];
            let [begin, end] = pads[axis];
            check_pads(OPERATION, "mode", self.mode, axis, input_size, pads[axis])?;
            let padded = input_size.checked_add(begin).and_then(|size| size.checked_add(end));
            if padded.is_none() {
                let axis = AXIS_NAMES[axis];
                let sizes = format!("the input's {axis} {input_size} padded by {begin} and {end}");
                return Err(Error::overflow(OPERATION, sizes));
            }
            Ok(AxisMap::Padded { input_size, begin, end, mode: self.mode })
        };
        let (vertical, horizontal) = (axis(0)?, axis(1)?);
        let value = self.value.to_bits();
        let problem = Resampling { operation: OPERATION, input, vertical, horizontal, value };
        problem.output_shape().checked_len(OPERATION)?;
        Ok(problem)
    }
}
