//! MaxPool2d: options, validation and sizes.

use crate::ops::pooled::pooled_input;
use crate::window::{AXIS_NAMES, Axis, AxisOptions};
use crate::{Algorithm, Error, Result, Shape};

const OPERATION: &str = "max_pool2d";

/// The largest element of every window, with the options and defaults of `torch.nn.MaxPool2d`.
///
/// ```text
/// output[n, c, out_y, out_x] = max over kernel_y, kernel_x of
///     input[n, c, out_y * stride - padding + kernel_y * dilation,
///                 out_x * stride - padding + kernel_x * dilation]
/// ```
///
/// Padding never wins the maximum. Ties go to the first tap in row-major order, a NaN in the
/// window makes the result NaN with the index of the last NaN, and a window that has no tap inside
/// the input (possible with dilation and padding) gives negative infinity and the index
/// `u32::MAX`.
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, out_height, out_width]`, per axis
///   `floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1`; with `ceil_mode`
///   rounded up, and one less where the last window would start in the padding after the input
///
/// # Examples
///
/// ```
/// use filtro::MaxPool2d;
///
/// let pool = MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1]);
/// assert_eq!(pool.output_shape([1, 64, 112, 112])?, [1, 64, 56, 56].into());
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.MaxPool2d`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct MaxPool2d {
    /// `[height, width]` of the window.
    pub kernel_size: [usize; 2],
    /// `[height, width]` of the step from one window to the next; `kernel_size` by default.
    pub stride: [usize; 2],
    /// `[height, width]` of the padding on both sides; none by default. At most half of what the
    /// dilated kernel spans.
    pub padding: [usize; 2],
    /// `[height, width]` of the distance between taps; 1 by default.
    pub dilation: [usize; 2],
    /// Whether the output size is rounded up.
    pub ceil_mode: bool,
    /// The algorithm on a GPU; by default the plan picks.
    pub algorithm: Option<Algorithm>,
}

impl MaxPool2d {
    /// A pooling with PyTorch's defaults: stride `kernel_size`, no padding, dilation 1.
    #[must_use]
    pub const fn new(kernel_size: [usize; 2]) -> Self {
        Self {
            kernel_size,
            stride: kernel_size,
            padding: [0, 0],
            dilation: [1, 1],
            ceil_mode: false,
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

    /// Sets the `[height, width]` of the distance between taps.
    #[must_use]
    pub fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.dilation = dilation;
        self
    }

    /// Sets whether the output size is rounded up.
    #[must_use]
    pub fn ceil_mode(mut self, ceil_mode: bool) -> Self {
        self.ceil_mode = ceil_mode;
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

    pub(crate) fn problem(&self, input: Shape) -> Result<MaxPool2dProblem> {
        pooled_input(OPERATION, input)?;
        let [vertical, horizontal] = pooled_axes(
            OPERATION,
            [input.height, input.width],
            [self.kernel_size, self.stride, self.padding, self.dilation],
            self.ceil_mode,
        )?;
        let problem =
            MaxPool2dProblem { batch: input.batch, channels: input.channels, vertical, horizontal };
        problem.output_shape().checked_len(OPERATION)?;
        Ok(problem)
    }
}

/// The two axes of a pooling: kernel_size, stride, padding and dilation as `[height, width]`.
pub(super) fn pooled_axes(
    operation: &'static str,
    input: [usize; 2],
    [kernel_size, stride, padding, dilation]: [[usize; 2]; 4],
    ceil_mode: bool,
) -> Result<[Axis; 2]> {
    let resolve = |axis: usize| {
        let options = AxisOptions {
            operation,
            axis: AXIS_NAMES[axis],
            input_size: input[axis],
            kernel_size: kernel_size[axis],
            stride: stride[axis],
            pad_begin: padding[axis],
            pad_end: padding[axis],
            dilation: dilation[axis],
        };
        let span = options.span()?;
        let allowed = span / 2;
        if padding[axis] > allowed {
            let rule = format!(
                "must be at most {allowed}, half of the {span} that the kernel spans along the {}",
                AXIS_NAMES[axis]
            );
            return Err(Error::argument(operation, "padding", padding[axis], rule));
        }
        options.resolve(ceil_mode)
    };
    Ok([resolve(0)?, resolve(1)?])
}

/// A max pooling resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MaxPool2dProblem {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) vertical: Axis,
    pub(crate) horizontal: Axis,
}

impl MaxPool2dProblem {
    pub(crate) fn input_shape(&self) -> Shape {
        let (height, width) = (self.vertical.input_size, self.horizontal.input_size);
        Shape::new(self.batch, self.channels, height, width)
    }

    pub(crate) fn output_shape(&self) -> Shape {
        let (height, width) = (self.vertical.output_size, self.horizontal.output_size);
        Shape::new(self.batch, self.channels, height, width)
    }
}
