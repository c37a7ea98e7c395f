//! AvgPool2d: options, validation and sizes.

use super::max_pool2d::pooled_axes;
use crate::ops::pooled::pooled_input;
use crate::window::Axis;
use crate::{Algorithm, Error, Result, Shape};

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
/// Source: `torch.nn.AvgPool2d`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct AvgPool2d {
    /// `[height, width]` of the window.
    pub kernel_size: [usize; 2],
    /// `[height, width]` of the step from one window to the next; `kernel_size` by default.
    pub stride: [usize; 2],
    /// `[height, width]` of the padding on both sides; none by default. At most half of the kernel.
    pub padding: [usize; 2],
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
            padding: [0, 0],
            ceil_mode: false,
            count_include_pad: true,
            divisor_override: None,
            algorithm: None,
        }
    }

    /// Sets the `[height, width]` of the step from one window to the next.
    #[must_use]
    pub fn stride(mut self, stride: [usize; 2]) -> Self {
        self.stride = stride;
        self
    }

    /// Sets the `[height, width]` of the padding on both sides.
    #[must_use]
    pub fn padding(mut self, padding: [usize; 2]) -> Self {
        self.padding = padding;
        self
    }

    /// Sets whether the output size is rounded up.
    #[must_use]
    pub fn ceil_mode(mut self, ceil_mode: bool) -> Self {
        self.ceil_mode = ceil_mode;
        self
    }

    /// Sets whether padding counts in the divisor.
    #[must_use]
    pub fn count_include_pad(mut self, count_include_pad: bool) -> Self {
        self.count_include_pad = count_include_pad;
        self
    }

    /// Sets what every sum is divided by.
    #[must_use]
    pub fn divisor_override(mut self, divisor: impl Into<Option<i64>>) -> Self {
        self.divisor_override = divisor.into();
        self
    }

    /// Pins the algorithm on a GPU, or leaves the choice to the plan again.
    #[must_use]
    pub fn algorithm(mut self, algorithm: impl Into<Option<Algorithm>>) -> Self {
        self.algorithm = algorithm.into();
        self
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
        pooled_input(OPERATION, input)?;
        if self.divisor_override == Some(0) {
            return Err(Error::argument(OPERATION, "divisor_override", 0, "must not be zero"));
        }
        let [vertical, horizontal] = pooled_axes(
            OPERATION,
            [input.height, input.width],
            [self.kernel_size, self.stride, self.padding, [1, 1]],
            self.ceil_mode,
        )?;
        let problem = AvgPool2dProblem {
            batch: input.batch,
            channels: input.channels,
            vertical,
            horizontal,
            count_include_pad: self.count_include_pad,
            divisor_override: self.divisor_override,
        };
        problem.output_shape().checked_len(OPERATION)?;
        Ok(problem)
    }
}

/// An average pooling resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AvgPool2dProblem {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) vertical: Axis,
    pub(crate) horizontal: Axis,
    pub(crate) count_include_pad: bool,
    pub(crate) divisor_override: Option<i64>,
}

impl AvgPool2dProblem {
    pub(crate) fn input_shape(&self) -> Shape {
        let (height, width) = (self.vertical.input_size, self.horizontal.input_size);
        Shape::new(self.batch, self.channels, height, width)
    }

    pub(crate) fn output_shape(&self) -> Shape {
        let (height, width) = (self.vertical.output_size, self.horizontal.output_size);
        Shape::new(self.batch, self.channels, height, width)
    }
}
