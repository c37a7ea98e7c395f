//! Concatenation along channels, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::{check_shape, shape_of, zeros};
use crate::{Cat, Result, Shape};

/// The inputs behind one another along their channels.
///
/// ```text
/// output[n, first + c, y, x] = inputs[i][n, c, y, x]
/// with first = the channels of all inputs before i
/// ```
///
/// # Shapes
///
/// - inputs `[batch, channels, height, width]`, at least one; the channels may differ
/// - output `[batch, the sum of all channels, height, width]`
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for no input,
/// [`ShapeMismatch`](crate::Error::ShapeMismatch) for one of another batch, height or width.
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let (one, two) = (array![[[[1.0, 2.0]]]], array![[[[3.0, 4.0]]]]);
/// let output = reference::cat(&[one.view(), two.view()])?;
/// assert_eq!(output, array![[[[1.0, 2.0]], [[3.0, 4.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.cat(inputs, dim=1)`.
pub fn cat(inputs: &[ArrayView4<'_, f64>]) -> Result<Array4<f64>> {
    let shapes: Vec<Shape> = inputs.iter().map(|input| shape_of(*input)).collect();
    let mut output = zeros("cat", Cat.output_shape(&shapes)?.dims())?;
    let mut first = 0;
    for input in inputs {
        for ((n, channel, y, x), &value) in input.indexed_iter() {
            output[[n, first + channel, y, x]] = value;
        }
        first += input.dim().1;
    }
    Ok(output)
}

/// The gradients of [`cat`]'s inputs, given that of its output.
///
/// # Shapes
///
/// - `inputs`: the shapes in the forward pass, which the gradients have too
/// - grad_output as its output
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that does not fit;
/// otherwise as [`cat`].
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let grad_output = array![[[[1.0]], [[2.0]], [[3.0]]]];
/// let shapes = [[1, 2, 1, 1].into(), [1, 1, 1, 1].into()];
/// let gradients = reference::cat_backward(&shapes, grad_output.view())?;
/// assert_eq!(gradients, [array![[[[1.0]], [[2.0]]]], array![[[[3.0]]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.cat(inputs, dim=1)`.
pub fn cat_backward(
    inputs: &[Shape],
    grad_output: ArrayView4<'_, f64>,
) -> Result<Vec<Array4<f64>>> {
    let expected = Cat.output_shape(inputs)?.dims();
    check_shape("cat", "grad_output", shape_of(grad_output), expected)?;
    let mut first = 0;
    let mut gradients = Vec::new();
    for input in inputs {
        let mut gradient = zeros("cat", input.dims())?;
        for ((n, channel, y, x), grad) in gradient.indexed_iter_mut() {
            *grad = grad_output[[n, first + channel, y, x]];
        }
        first += input.channels;
        gradients.push(gradient);
    }
    Ok(gradients)
}
