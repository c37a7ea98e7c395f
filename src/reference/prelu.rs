//! PReLU, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::{check_shape, shape_of, zeros};
use crate::{PRelu, Result};

/// The slope of a channel.
fn slope(weight: ArrayView4<'_, f64>, channel: usize) -> f64 {
    weight[[0, if weight.dim().1 == 1 { 0 } else { channel }, 0, 0]]
}

/// `input` where that is positive, else `weight * input`.
///
/// # Shapes
///
/// - input and output `[batch, channels, height, width]`
/// - weight `[1, channels, 1, 1]` or `[1, 1, 1, 1]`
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a weight that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let (input, weight) = (array![[[[-1.0]], [[-1.0]]]], array![[[[0.25]], [[0.5]]]]);
/// let output = reference::prelu(input.view(), weight.view())?;
/// assert_eq!(output, array![[[[-0.25]], [[-0.5]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.PReLU`.
pub fn prelu(input: ArrayView4<'_, f64>, weight: ArrayView4<'_, f64>) -> Result<Array4<f64>> {
    PRelu.output_shape(shape_of(input), shape_of(weight))?;
    let mut output = zeros("prelu", shape_of(input).dims())?;
    for ((n, channel, y, x), &value) in input.indexed_iter() {
        let negative = slope(weight, channel) * value;
        output[[n, channel, y, x]] = if value > 0.0 { value } else { negative };
    }
    Ok(output)
}

/// The gradients of [`prelu`]'s input and weight, given that of its output. At 0 the derivative is
/// the slope.
///
/// # Shapes
///
/// - input and weight as in the forward pass, grad_output as its output
/// - the gradients as input and weight
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for shapes that do not fit.
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let (input, weight) = (array![[[[-3.0, 2.0]]]], array![[[[0.5]]]]);
/// let grad_output = array![[[[10.0, 100.0]]]];
/// let (grad_input, grad_weight) =
///     reference::prelu_backward(input.view(), weight.view(), grad_output.view())?;
/// assert_eq!(grad_input, array![[[[5.0, 100.0]]]]);
/// assert_eq!(grad_weight, array![[[[-30.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.PReLU`.
pub fn prelu_backward(
    input: ArrayView4<'_, f64>,
    weight: ArrayView4<'_, f64>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<(Array4<f64>, Array4<f64>)> {
    let expected = PRelu.output_shape(shape_of(input), shape_of(weight))?;
    check_shape("prelu", "grad_output", shape_of(grad_output), expected.dims())?;
    let mut grad_input = zeros::<f64>("prelu", expected.dims())?;
    let mut grad_weight = zeros::<f64>("prelu", shape_of(weight).dims())?;
    for ((n, channel, y, x), &value) in input.indexed_iter() {
        let grad = grad_output[[n, channel, y, x]];
        let of_channel = if weight.dim().1 == 1 { 0 } else { channel };
        if value > 0.0 {
            grad_input[[n, channel, y, x]] = grad;
        } else {
            grad_input[[n, channel, y, x]] = slope(weight, channel) * grad;
            grad_weight[[0, of_channel, 0, 0]] += value * grad;
        }
    }
    Ok((grad_input, grad_weight))
}
