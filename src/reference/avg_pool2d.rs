//! AvgPool2d, forward and backward.

use std::ops::Range;

use ndarray::{Array4, ArrayView4};

use super::padding::Windows;
use super::{check_shape, shape_of, zeros};
use crate::{AvgPool2d, Result, Shape};

const OPERATION: &str = "avg_pool2d";

/// One axis of a pooling.
struct Axis {
    in_size: usize,
    kernel_size: usize,
    stride: usize,
    pad_begin: usize,
    pad_end: usize,
    ceil_mode: bool,
}

impl Axis {
    /// Both axes: the rows, then the columns.
    fn both(options: &AvgPool2d, input: Shape) -> [Self; 2] {
        let in_size = [input.height, input.width];
        let &AvgPool2d { kernel_size, stride, padding, .. } = options;
        let pads = Windows { in_size, kernel_size, stride, dilation: [1, 1] }.pads(padding);
        [0, 1].map(|axis| Self {
            in_size: in_size[axis],
            kernel_size: options.kernel_size[axis],
            stride: options.stride[axis],
            pad_begin: pads[axis][0],
            pad_end: pads[axis][1],
            ceil_mode: options.ceil_mode,
        })
    }

    /// `floor((in_size + pad_begin + pad_end - kernel_size) / stride) + 1`. With `ceil_mode` the quotient
    /// is rounded up, but the last window must start inside the input or the padding before it.
    fn out_size(&self) -> usize {
        let padded = self.in_size + self.pad_begin + self.pad_end;
        if !self.ceil_mode {
            return (padded - self.kernel_size) / self.stride + 1;
        }
        let out_size = (padded + self.stride - 1 - self.kernel_size) / self.stride + 1;
        let last_start = (out_size - 1) * self.stride;
        if last_start >= self.in_size + self.pad_begin { out_size - 1 } else { out_size }
    }

    /// The cells of a window inside the input and its padding: `ceil_mode` may let the window hang
    /// over both.
    fn padded_cells(&self, out: usize) -> usize {
        let start = out * self.stride;
        (start + self.kernel_size).min(self.pad_begin + self.in_size + self.pad_end) - start
    }

    /// The part of a window inside the input.
    fn window(&self, out: usize) -> Range<usize> {
        let start = out * self.stride;
        let end = (start + self.kernel_size).min(self.in_size + self.pad_begin);
        start.saturating_sub(self.pad_begin)..end - self.pad_begin
    }
}

/// What the sum of a window is divided by.
fn divisor(options: &AvgPool2d, rows: &Axis, columns: &Axis, out_y: usize, out_x: usize) -> f64 {
    match options.divisor_override {
        Some(divisor) => divisor as f64,
        None if options.count_include_pad => {
            (rows.padded_cells(out_y) * columns.padded_cells(out_x)) as f64
        }
        None => (rows.window(out_y).len() * columns.window(out_x).len()) as f64,
    }
}

/// The mean of every window.
///
/// ```text
/// output[n, c, out_y, out_x] = sum over in_y, in_x of the window inside the input of
///     input[n, c, in_y, in_x] / divisor
/// ```
///
/// The divisor is `divisor_override` where given; else the window's cells inside the input and its
/// padding (`count_include_pad`) or inside the input alone. What `ceil_mode` lets hang over the
/// padding counts in nobody's divisor.
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, out_height, out_width]`, as [`AvgPool2d::output_shape`]
///
/// # Errors
///
/// As [`AvgPool2d::output_shape`].
///
/// # Examples
///
/// ```
/// use filtro::{AvgPool2d, reference};
/// use ndarray::array;
///
/// let input = array![[[[2.0, 4.0, 6.0]]]];
/// let pool = AvgPool2d::new([1, 2]).padding([0, 1]);
/// let output = reference::avg_pool2d(&pool, input.view())?;
/// assert_eq!(output, array![[[[1.0, 5.0]]]]);
///
/// let output = reference::avg_pool2d(&pool.count_include_pad(false), input.view())?;
/// assert_eq!(output, array![[[[2.0, 5.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.AvgPool2d`.
pub fn avg_pool2d(options: &AvgPool2d, input: ArrayView4<'_, f64>) -> Result<Array4<f64>> {
    options.output_shape(shape_of(input))?;

    let [rows, columns] = Axis::both(options, shape_of(input));
    let (batch, channels, _, _) = input.dim();
    let mut output = zeros(OPERATION, [batch, channels, rows.out_size(), columns.out_size()])?;
    for n in 0..batch {
        for channel in 0..channels {
            for out_y in 0..rows.out_size() {
                for out_x in 0..columns.out_size() {
                    let mut sum = 0.0;
                    for in_y in rows.window(out_y) {
                        for in_x in columns.window(out_x) {
                            sum += input[[n, channel, in_y, in_x]];
                        }
                    }
                    output[[n, channel, out_y, out_x]] =
                        sum / divisor(options, &rows, &columns, out_y, out_x);
                }
            }
        }
    }
    Ok(output)
}

/// The gradient of [`avg_pool2d`]'s input, given that of its output.
///
/// Every element of a window has the same influence on the mean, so each gets the same share of
/// the window's gradient, and adds up what it gets from all windows that contain it.
///
/// ```text
/// grad_input[n, c, in_y, in_x] += grad_output[n, c, out_y, out_x] / divisor
/// ```
///
/// with the divisor of the forward pass.
///
/// # Shapes
///
/// - `input_shape` is that of the forward pass, which grad_input has too
/// - grad_output as the output of the forward pass
///
/// # Errors
///
/// As [`AvgPool2d::output_shape`], and [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a
/// grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{AvgPool2d, reference};
/// use ndarray::array;
///
/// let pool = AvgPool2d::new([1, 2]).stride([1, 1]);
/// let grad_output = array![[[[2.0, 4.0]]]];
/// let grad_input = reference::avg_pool2d_backward(&pool, [1, 1, 1, 3], grad_output.view())?;
/// assert_eq!(grad_input, array![[[[1.0, 3.0, 2.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.AvgPool2d`.
pub fn avg_pool2d_backward(
    options: &AvgPool2d,
    input_shape: impl Into<Shape>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let input = input_shape.into();
    options.output_shape(input)?;

    let [rows, columns] = Axis::both(options, input);
    let shape = [input.batch, input.channels, rows.out_size(), columns.out_size()];
    check_shape(OPERATION, "grad_output", shape_of(grad_output), shape)?;
    let mut grad_input = zeros(OPERATION, input.dims())?;
    for n in 0..input.batch {
        for channel in 0..input.channels {
            for out_y in 0..rows.out_size() {
                for out_x in 0..columns.out_size() {
                    let share = grad_output[[n, channel, out_y, out_x]]
                        / divisor(options, &rows, &columns, out_y, out_x);
                    for in_y in rows.window(out_y) {
                        for in_x in columns.window(out_x) {
                            grad_input[[n, channel, in_y, in_x]] += share;
                        }
                    }
                }
            }
        }
    }
    Ok(grad_input)
}
