//! MaxPool2d, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::maxima::{maxima, maxima_backward};
use super::padding::Windows;
use super::shape_of;
use crate::{MaxPool2d, Result, Shape};

const OPERATION: &str = "max_pool2d";

/// One axis of a pooling.
struct Axis {
    in_size: usize,
    kernel_size: usize,
    stride: usize,
    pad_begin: usize,
    pad_end: usize,
    dilation: usize,
    ceil_mode: bool,
}

impl Axis {
    /// Both axes: the rows, then the columns.
    fn both(options: &MaxPool2d, input: Shape) -> [Self; 2] {
        let in_size = [input.height, input.width];
        let &MaxPool2d { kernel_size, stride, padding, dilation, .. } = options;
        let pads = Windows { in_size, kernel_size, stride, dilation }.pads(padding);
        [0, 1].map(|axis| Self {
            in_size: in_size[axis],
            kernel_size: options.kernel_size[axis],
            stride: options.stride[axis],
            pad_begin: pads[axis][0],
            pad_end: pads[axis][1],
            dilation: options.dilation[axis],
            ceil_mode: options.ceil_mode,
        })
    }

    /// `floor((in_size + pad_begin + pad_end - dilation * (kernel_size - 1) - 1) / stride) + 1`. With
    /// `ceil_mode` the quotient is rounded up, but the last window must start inside the input or
    /// the padding before it.
    fn out_size(&self) -> usize {
        let span = self.dilation * (self.kernel_size - 1) + 1;
        let padded = self.in_size + self.pad_begin + self.pad_end;
        if !self.ceil_mode {
            return (padded - span) / self.stride + 1;
        }
        let out_size = (padded + self.stride - 1 - span) / self.stride + 1;
        let last_start = (out_size - 1) * self.stride;
        if last_start >= self.in_size + self.pad_begin { out_size - 1 } else { out_size }
    }

    /// The element of the input that output `out` reads through tap `tap`; nothing in the padding.
    fn source(&self, out: usize, tap: usize) -> Option<usize> {
        let at = out * self.stride + tap * self.dilation;
        at.checked_sub(self.pad_begin).filter(|&source| source < self.in_size)
    }

    /// The elements of the input that output `out` reads.
    fn sources(&self, out: usize) -> impl Iterator<Item = usize> {
        (0..self.kernel_size).filter_map(move |tap| self.source(out, tap))
    }
}

/// The largest element of every window, and where it is.
///
/// ```text
/// output[n, c, out_y, out_x] = max over kernel_y, kernel_x of
///     input[n, c, out_y * stride - pad_top + kernel_y * dilation,
///                 out_x * stride - pad_left + kernel_x * dilation]
/// ```
///
/// over the taps inside the input. They are read row by row, and one replaces the best so far when
/// it is greater or NaN: of equal elements the first wins, of NaNs the last. A window that has no
/// tap inside the input gives negative infinity and the index [`NO_INDEX`](super::NO_INDEX).
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output and indices `[batch, channels, out_height, out_width]`, as
///   [`MaxPool2d::output_shape`]; an index is `in_y * width + in_x` inside its own plane
///
/// # Errors
///
/// As [`MaxPool2d::output_shape`], and [`Error::Overflow`](crate::Error::Overflow) for a plane
/// whose elements u32 does not count.
///
/// # Examples
///
/// ```
/// use filtro::{MaxPool2d, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0, 5.0, 2.0, 2.0], [3.0, 4.0, 0.0, 1.0]]]];
/// let (output, indices) = reference::max_pool2d(&MaxPool2d::new([2, 2]), input.view())?;
/// assert_eq!(output, array![[[[5.0, 2.0]]]]);
/// assert_eq!(indices, array![[[[1, 2]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.MaxPool2d`, but for the window without a tap.
pub fn max_pool2d(
    options: &MaxPool2d,
    input: ArrayView4<'_, f64>,
) -> Result<(Array4<f64>, Array4<u32>)> {
    options.output_shape(shape_of(input))?;
    let [rows, columns] = Axis::both(options, shape_of(input));
    let out_size = [rows.out_size(), columns.out_size()];
    maxima(OPERATION, input, out_size, |out_y| rows.sources(out_y), |out_x| columns.sources(out_x))
}

/// The gradient of [`max_pool2d`]'s input, given that of its output.
///
/// Only the winner of a window has an influence on the output, so it alone gets the window's
/// gradient; where windows overlap an element may win several times, and adds up what it gets.
///
/// ```text
/// grad_input[n, c, index / width, index % width] += grad_output[n, c, out_y, out_x]
/// with index = indices[n, c, out_y, out_x]
/// ```
///
/// The gradient of a window without a tap, [`NO_INDEX`](super::NO_INDEX), goes nowhere.
///
/// # Shapes
///
/// - `input_shape` is that of the forward pass, which grad_input has too
/// - indices as the forward pass gave them, grad_output as its output
///
/// # Errors
///
/// As [`MaxPool2d::output_shape`]; [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) and
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for indices or a grad_output that are
/// not of this pooling.
///
/// # Examples
///
/// ```
/// use filtro::{MaxPool2d, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0, 9.0, 2.0, 3.0]]]];
/// let pool = MaxPool2d::new([1, 2]).stride([1, 1]);
/// let (_, indices) = reference::max_pool2d(&pool, input.view())?;
/// let grad_output = array![[[[10.0, 20.0, 30.0]]]];
/// let grad_input = reference::max_pool2d_backward(
///     &pool,
///     [1, 1, 1, 4],
///     indices.view(),
///     grad_output.view(),
/// )?;
/// assert_eq!(grad_input, array![[[[0.0, 30.0, 0.0, 30.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.MaxPool2d`.
pub fn max_pool2d_backward(
    options: &MaxPool2d,
    input_shape: impl Into<Shape>,
    indices: ArrayView4<'_, u32>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let input = input_shape.into();
    options.output_shape(input)?;
    let [rows, columns] = Axis::both(options, input);
    let out_size = [rows.out_size(), columns.out_size()];
    maxima_backward(OPERATION, input, out_size, indices, grad_output)
}
