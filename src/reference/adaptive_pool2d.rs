//! AdaptiveAvgPool2d and AdaptiveMaxPool2d, forward and backward.

use std::ops::Range;

use ndarray::{Array4, ArrayView4};

use super::maxima::{maxima, maxima_backward};
use super::{check_shape, shape_of, zeros};
use crate::{AdaptiveAvgPool2d, AdaptiveMaxPool2d, Result, Shape};

const AVG: &str = "adaptive_avg_pool2d";
const MAX: &str = "adaptive_max_pool2d";

/// Window `out` of an axis: from `floor(out * in_size / out_size)` to before
/// `ceil((out + 1) * in_size / out_size)`.
fn window(in_size: usize, out_size: usize, out: usize) -> Range<usize> {
    let start = out * in_size / out_size;
    let end = ((out + 1) * in_size).div_ceil(out_size);
    start..end
}

/// The mean of every window, the windows dividing the input.
///
/// ```text
/// output[n, c, out_y, out_x] = mean over in_y, in_x of input[n, c, in_y, in_x]
/// with in_y from floor(out_y * height / out_height) to before ceil((out_y + 1) * height / out_height)
/// ```
///
/// and in_x likewise. Windows may overlap and differ in size.
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, output_size[0], output_size[1]]`
///
/// # Errors
///
/// As [`AdaptiveAvgPool2d::output_shape`].
///
/// # Examples
///
/// ```
/// use filtro::{AdaptiveAvgPool2d, reference};
/// use ndarray::array;
///
/// // Three elements in two windows share the middle one.
/// let input = array![[[[1.0, 3.0, 7.0]]]];
/// let output = reference::adaptive_avg_pool2d(&AdaptiveAvgPool2d::new([1, 2]), input.view())?;
/// assert_eq!(output, array![[[[2.0, 5.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.AdaptiveAvgPool2d`.
pub fn adaptive_avg_pool2d(
    options: &AdaptiveAvgPool2d,
    input: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    options.output_shape(shape_of(input))?;

    let (batch, channels, in_height, in_width) = input.dim();
    let [out_height, out_width] = options.output_size;
    let mut output = zeros(AVG, [batch, channels, out_height, out_width])?;
    for n in 0..batch {
        for channel in 0..channels {
            for out_y in 0..out_height {
                for out_x in 0..out_width {
                    let mut sum = 0.0;
                    let mut count = 0.0;
                    for in_y in window(in_height, out_height, out_y) {
                        for in_x in window(in_width, out_width, out_x) {
                            sum += input[[n, channel, in_y, in_x]];
                            count += 1.0;
                        }
                    }
                    output[[n, channel, out_y, out_x]] = sum / count;
                }
            }
        }
    }
    Ok(output)
}

/// The gradient of [`adaptive_avg_pool2d`]'s input, given that of its output.
///
/// ```text
/// grad_input[n, c, in_y, in_x] = sum over the windows that contain it of
///     grad_output[n, c, out_y, out_x] / the window's number of elements
/// ```
///
/// # Shapes
///
/// - `input_shape` is that of the forward pass, which grad_input has too
/// - grad_output as the output of the forward pass
///
/// # Errors
///
/// As [`AdaptiveAvgPool2d::output_shape`], and
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{AdaptiveAvgPool2d, reference};
/// use ndarray::array;
///
/// let pool = AdaptiveAvgPool2d::new([1, 2]);
/// let grad_output = array![[[[2.0, 4.0]]]];
/// let grad_input =
///     reference::adaptive_avg_pool2d_backward(&pool, [1, 1, 1, 3], grad_output.view())?;
/// assert_eq!(grad_input, array![[[[1.0, 3.0, 2.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.AdaptiveAvgPool2d`.
pub fn adaptive_avg_pool2d_backward(
    options: &AdaptiveAvgPool2d,
    input_shape: impl Into<Shape>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let input = input_shape.into();
    options.output_shape(input)?;
    let [out_height, out_width] = options.output_size;
    let shape = [input.batch, input.channels, out_height, out_width];
    check_shape(AVG, "grad_output", shape_of(grad_output), shape)?;

    let mut grad_input = zeros(AVG, input.dims())?;
    for n in 0..input.batch {
        for channel in 0..input.channels {
            for out_y in 0..out_height {
                for out_x in 0..out_width {
                    let in_rows = window(input.height, out_height, out_y);
                    let in_columns = window(input.width, out_width, out_x);
                    let count = (in_rows.len() * in_columns.len()) as f64;
                    let share = grad_output[[n, channel, out_y, out_x]] / count;
                    for in_y in in_rows {
                        for in_x in in_columns.clone() {
                            grad_input[[n, channel, in_y, in_x]] += share;
                        }
                    }
                }
            }
        }
    }
    Ok(grad_input)
}

/// The largest element of every window, the windows dividing the input, and where it is.
///
/// The windows are those of [`adaptive_avg_pool2d`]; ties and NaN are treated as by
/// [`max_pool2d`](super::max_pool2d).
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output and indices `[batch, channels, output_size[0], output_size[1]]`; an index is
///   `in_y * width + in_x` inside its own plane
///
/// # Errors
///
/// As [`AdaptiveMaxPool2d::output_shape`], and [`Error::Overflow`](crate::Error::Overflow) for a
/// plane whose elements u32 does not count.
///
/// # Examples
///
/// ```
/// use filtro::{AdaptiveMaxPool2d, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0, 3.0, 2.0]]]];
/// let pool = AdaptiveMaxPool2d::new([1, 2]);
/// let (output, indices) = reference::adaptive_max_pool2d(&pool, input.view())?;
/// assert_eq!(output, array![[[[3.0, 3.0]]]]);
/// assert_eq!(indices, array![[[[1, 1]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.AdaptiveMaxPool2d`.
pub fn adaptive_max_pool2d(
    options: &AdaptiveMaxPool2d,
    input: ArrayView4<'_, f64>,
) -> Result<(Array4<f64>, Array4<u32>)> {
    options.output_shape(shape_of(input))?;
    let (_, _, in_height, in_width) = input.dim();
    let [out_height, out_width] = options.output_size;
    let rows = |out_y| window(in_height, out_height, out_y);
    let columns = |out_x| window(in_width, out_width, out_x);
    maxima(MAX, input, options.output_size, rows, columns)
}

/// The gradient of [`adaptive_max_pool2d`]'s input, given that of its output.
///
/// As for [`max_pool2d_backward`](super::max_pool2d_backward), the winner of a window gets its
/// gradient:
///
/// ```text
/// grad_input[n, c, index / width, index % width] += grad_output[n, c, out_y, out_x]
/// with index = indices[n, c, out_y, out_x]
/// ```
///
/// # Shapes
///
/// - `input_shape` is that of the forward pass, which grad_input has too
/// - indices as the forward pass gave them, grad_output as its output
///
/// # Errors
///
/// As [`AdaptiveMaxPool2d::output_shape`];
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) and
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for indices or a grad_output that are
/// not of this pooling.
///
/// # Examples
///
/// ```
/// use filtro::{AdaptiveMaxPool2d, reference};
/// use ndarray::array;
///
/// let pool = AdaptiveMaxPool2d::new([1, 2]);
/// let (indices, grad_output) = (array![[[[1, 1]]]], array![[[[2.0, 4.0]]]]);
/// let grad_input = reference::adaptive_max_pool2d_backward(
///     &pool,
///     [1, 1, 1, 3],
///     indices.view(),
///     grad_output.view(),
/// )?;
/// assert_eq!(grad_input, array![[[[0.0, 6.0, 0.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.AdaptiveMaxPool2d`.
pub fn adaptive_max_pool2d_backward(
    options: &AdaptiveMaxPool2d,
    input_shape: impl Into<Shape>,
    indices: ArrayView4<'_, u32>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let input = input_shape.into();
    options.output_shape(input)?;
    maxima_backward(MAX, input, options.output_size, indices, grad_output)
}
