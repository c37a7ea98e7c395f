//! Padding as an operation of its own: options, validation and sizes.

use crate::ops::resample::{AxisMap, Resampling, check_input};
use crate::ops::setters::setters;
use crate::window::{AXIS_NAMES, Axis, AxisOptions, check_pads};
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
        if matches!(self.padding, Padding::Same | Padding::SameUpper | Padding::SameLower) {
            let rule = "it follows from a kernel, which this has none of: give the sides";
            return Err(Error::argument(OPERATION, "padding", self.padding, rule));
        }
        if self.mode != PaddingMode::Zeros && self.value != 0.0 {
            let rule = format!("mode {} takes what it pads with from the input", self.mode);
            return Err(Error::argument(OPERATION, "value", self.value, rule));
        }
        let axes = [0, 1].map(|axis| AxisOptions {
            operation: OPERATION,
            axis: AXIS_NAMES[axis],
            input_size: [input.height, input.width][axis],
            kernel_size: 1,
            stride: 1,
            pad_begin: 0,
            pad_end: 0,
            dilation: 1,
        });
        let map = |axis: AxisOptions| {
            check_pads("mode", self.mode, &axis)?;
            let Axis { input_size, pad_begin: begin, pad_end: end, .. } = axis.resolve(false)?;
            Ok::<_, Error>(AxisMap::Padded { input_size, begin, end, mode: self.mode })
        };
        let [vertical, horizontal] = self.padding.around(axes)?;
        let (vertical, horizontal) = (map(vertical)?, map(horizontal)?);
        let value = self.value.to_bits();
        let problem = Resampling { operation: OPERATION, input, vertical, horizontal, value };
        problem.output_shape().checked_len(OPERATION)?;
        Ok(problem)
    }
}
