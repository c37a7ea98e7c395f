//! Softmax over channels, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::{check_shape, shape_of, zeros};
use crate::Result;

/// The softmax of the channels of every position.
///
/// ```text
/// output[n, c, y, x] = exp(input[n, c, y, x]) / sum over k of exp(input[n, k, y, x])
/// ```
///
/// The largest of a position is taken off first, which changes nothing but that no exponential
/// overflows. So a position with a NaN or with positive infinity is NaN, and one of negative
/// infinity alone too.
///
/// # Shapes
///
/// Input and output `[batch, channels, height, width]`.
///
/// # Errors
///
/// [`Error::Overflow`](crate::Error::Overflow) for sizes that cannot be counted.
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let output = reference::softmax(array![[[[7.0]], [[7.0]]]].view())?;
/// assert_eq!(output, array![[[[0.5]], [[0.5]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Softmax(dim=1)`.
pub fn softmax(input: ArrayView4<'_, f64>) -> Result<Array4<f64>> {
    let shape = shape_of(input);
    let mut output = zeros("softmax", shape.dims())?;
    for n in 0..shape.batch {
        for y in 0..shape.height {
            for x in 0..shape.width {
                let mut largest = f64::NEG_INFINITY;
                for channel in 0..shape.channels {
                    largest = largest.max(input[[n, channel, y, x]]);
                }
                let mut total = 0.0;
                for channel in 0..shape.channels {
                    total += (input[[n, channel, y, x]] - largest).exp();
                }
                for channel in 0..shape.channels {
                    output[[n, channel, y, x]] =
                        (input[[n, channel, y, x]] - largest).exp() / total;
                }
            }
        }
    }
    Ok(output)
}

/// The gradient of [`softmax`]'s input, given its output and that of its output:
///
/// ```text
/// grad_input[n, c, y, x] = output[n, c, y, x] * (grad_output[n, c, y, x]
///     - sum over k of output[n, k, y, x] * grad_output[n, k, y, x])
/// ```
///
/// # Shapes
///
/// All are the same.
///
/// # Errors
///
/// As [`softmax`], and [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that
/// does not fit.
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let (output, grad_output) = (array![[[[0.25]], [[0.75]]]], array![[[[4.0]], [[0.0]]]]);
/// let grad_input =
///     reference::softmax_backward(output.view(), grad_output.view())?;
/// assert_eq!(grad_input, array![[[[0.75]], [[-0.75]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Softmax(dim=1)`.
pub fn softmax_backward(
    output: ArrayView4<'_, f64>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let shape = shape_of(output);
    check_shape("softmax", "grad_output", shape_of(grad_output), shape.dims())?;
    let mut grad_input = zeros("softmax", shape.dims())?;
    for n in 0..shape.batch {
        for y in 0..shape.height {
            for x in 0..shape.width {
                let mut shared = 0.0;
                for channel in 0..shape.channels {
                    shared += output[[n, channel, y, x]] * grad_output[[n, channel, y, x]];
                }
                for channel in 0..shape.channels {
                    grad_input[[n, channel, y, x]] =
                        output[[n, channel, y, x]] * (grad_output[[n, channel, y, x]] - shared);
                }
            }
        }
    }
    Ok(grad_input)
}
