//! AvgPool2d: options, validation and sizes.

use crate::ops::pool_windows::{PoolWindows, check_input};
use crate::ops::setters::setters;
use crate::{Algorithm, Error, Padding, Result, Shape};

const OPERATION: &str = "avg_pool2d";

/// The mean of every window, with the options and defaults of `torch.nn.AvgPool2d`.
///
/// ```text
/// output[n, c, out_y, out_x] = sum over the window inside the input / divisor
/// ```
///
/// The divisor is `divisor_override` where given; else the window's cells inside the input and its
/// padding (`count_include_pad`, the default) or inside the input alone. What of the last window
/// `ceil_mode` lets hang over the padding counts in nobody's divisor.
///
/// TensorFlow never counts padding, nor does ONNX by default: with
/// [`SameUpper`](Padding::SameUpper) and `count_include_pad(false)` this is TensorFlow's average.
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, out_height, out_width]`, sizes as for
///   [`MaxPool2d`](crate::MaxPool2d) with dilation 1
///
/// # Examples
///
/// ```
/// use filtro::AvgPool2d;
///
/// let pool = AvgPool2d::new([2, 2]);
/// assert_eq!(pool.output_shape([1, 256, 56, 56])?, [1, 256, 28, 28].into());
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.AvgPool2d`, but that sides may be padded differently; of that ONNX's
/// `AveragePool`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AvgPool2d {
    /// `[height, width]` of the window.
    pub kernel_size: [usize; 2],
    /// `[height, width]` of the step from one window to the next; `kernel_size` by default.
    pub stride: [usize; 2],
    /// How far the input is padded; not at all by default. Every side by at most half of the
    /// kernel.
    pub padding: Padding,
    /// Whether the output size is rounded up.
    pub ceil_mode: bool,
    /// Whether padding counts in the divisor; true by default.
    pub count_include_pad: bool,
    /// What every sum is divided by; not zero.
    pub divisor_override: Option<i64>,
    /// The algorithm on a GPU; by default the plan picks.
    pub algorithm: Option<Algorithm>,
}

impl AvgPool2d {
    /// A pooling with PyTorch's defaults: stride `kernel_size`, no padding, padding counted.
    #[must_use]
    pub const fn new(kernel_size: [usize; 2]) -> Self {
        Self {
            kernel_size,
            stride: kernel_size,
            padding: Padding::Valid,
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
            algorithm: None,
        }
    }

    setters! {
        /// Sets the `[height, width]` of the step from one window to the next.
        stride: [usize; 2],
        /// Sets how far the input is padded: `[height, width]` or a [`Padding`].
        padding: into Padding,
        /// Sets whether the output size is rounded up.
        ceil_mode: bool,
        /// Sets whether padding counts in the divisor.
        count_include_pad: bool,
        /// Sets what every sum is divided by.
        divisor_override: into Option<i64>,
        /// Pins the algorithm on a GPU, or leaves the choice to the plan again.
        algorithm: into Option<Algorithm>,
    }

    /// The shape of the output for an input of this shape.
    ///
    /// # Errors
    ///
    /// Every misuse that [`forward`](Self::forward) reports.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        Ok(self.problem(input.into())?.output_shape())
    }

    pub(crate) fn problem(&self, input: Shape) -> Result<AvgPool2dProblem> {
        check_input(OPERATION, input)?;
        if self.divisor_override == Some(0) {
            return Err(Error::argument(OPERATION, "divisor_override", 0, "must not be zero"));
        }
        let axes = [self.kernel_size, self.stride, [1, 1]];
        Ok(AvgPool2dProblem {
            windows: PoolWindows::new(OPERATION, input, axes, self.padding, self.ceil_mode)?,
            count_include_pad: self.count_include_pad,
            divisor_override: self.divisor_override,
        })
    }
}

/// An average pooling resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AvgPool2dProblem {
    pub(crate) windows: PoolWindows,
    pub(crate) count_include_pad: bool,
    pub(crate) divisor_override: Option<i64>,
}

impl AvgPool2dProblem {
    pub(crate) fn output_shape(&self) -> Shape {
        self.windows.output_shape()
    }
}
