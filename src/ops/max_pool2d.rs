//! MaxPool2d: options, validation and sizes.

use crate::ops::pool_windows::{PoolWindows, check_input};
use crate::ops::setters::setters;
use crate::{Algorithm, Padding, Result, Shape};

const OPERATION: &str = "max_pool2d";

/// The largest element of every window, with the options and defaults of `torch.nn.MaxPool2d`.
///
/// ```text
/// output[n, c, out_y, out_x] = max over kernel_y, kernel_x of
///     input[n, c, out_y * stride - pad_top + kernel_y * dilation,
///                 out_x * stride - pad_left + kernel_x * dilation]
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
///   `floor((size + pad_begin + pad_end - dilation * (kernel_size - 1) - 1) / stride) + 1`; with
///   `ceil_mode` rounded up, and one less where the last window would start in the padding after
///   the input. With [`SameUpper`](Padding::SameUpper) and [`SameLower`](Padding::SameLower) it is
///   `ceil(size / stride)`, with `ceil_mode` and without
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
/// Source: `torch.nn.MaxPool2d`, but that sides may be padded differently; of that ONNX's `MaxPool`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct MaxPool2d {
    /// `[height, width]` of the window.
    pub kernel_size: [usize; 2],
    /// `[height, width]` of the step from one window to the next; `kernel_size` by default.
    pub stride: [usize; 2],
    /// How far the input is padded; not at all by default. Every side by at most half of what the
    /// dilated kernel spans.
    pub padding: Padding,
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
            padding: Padding::Valid,
            dilation: [1, 1],
            ceil_mode: false,
            algorithm: None,
        }
    }

    setters! {
        /// Sets the `[height, width]` of the step from one window to the next.
        stride: [usize; 2],
        /// Sets how far the input is padded: `[height, width]` or a [`Padding`].
        padding: into Padding,
        /// Sets the `[height, width]` of the distance between taps.
        dilation: [usize; 2],
        /// Sets whether the output size is rounded up.
        ceil_mode: bool,
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

    pub(crate) fn problem(&self, input: Shape) -> Result<PoolWindows> {
        check_input(OPERATION, input)?;
        let axes = [self.kernel_size, self.stride, self.dilation];
        PoolWindows::new(OPERATION, input, axes, self.padding, self.ceil_mode)
    }
}
