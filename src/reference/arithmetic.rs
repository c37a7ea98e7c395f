//! Arithmetic of two tensors, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::{activation, check_shape, shape_of, zeros};
use crate::ops::{Operand, Operator};
use crate::{Arithmetic, Result};

/// `input + other`, `input - other` or `input * other`, broadcast, and the activation.
///
/// ```text
/// output[n, c, y, x] = activation(input[n', c', y', x'] operator other[n", c", y", x"])
/// ```
///
/// where an index of a tensor is 0 along an axis that it has size 1 along, else that of the output.
///
/// # Shapes
///
/// - input and other: along each axis the same size, or one of them 1
/// - output: along each axis the size of the one that is not 1
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for shapes that do not broadcast.
///
/// # Examples
///
/// ```
/// use filtro::{Arithmetic, reference};
/// use ndarray::array;
///
/// let (input, gate) = (array![[[[1.0, 2.0]], [[3.0, 4.0]]]], array![[[[10.0]], [[100.0]]]]);
/// let output = reference::arithmetic(&Arithmetic::mul(), input.view(), gate.view())?;
/// assert_eq!(output, array![[[[10.0, 20.0]], [[300.0, 400.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.add`, `torch.sub`, `torch.mul`.
pub fn arithmetic(
    options: &Arithmetic,
    input: ArrayView4<'_, f64>,
    other: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let shape = options.output_shape(shape_of(input), shape_of(other))?;
    let mut output = zeros(options.operator.name(), shape.dims())?;
    for ((n, channel, y, x), result) in output.indexed_iter_mut() {
        let input = input[at(input, [n, channel, y, x])];
        let other = other[at(other, [n, channel, y, x])];
        *result = match options.operator {
            Operator::Add => input + other,
            Operator::Sub => input - other,
            Operator::Mul => input * other,
        };
        if let Some(function) = options.activation {
            *result = activation::value(function, *result);
        }
    }
    Ok(output)
}

/// The gradients of [`arithmetic`]'s input and other, given that of its output, without an
/// activation.
///
/// Every output adds its gradient, times what the element was multiplied by, to those of the two
/// elements that it was made of.
///
/// # Shapes
///
/// - input and other as in the forward pass, grad_output as its output
/// - the gradients as input and other
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for shapes that do not fit,
/// [`InvalidArgument`](crate::Error::InvalidArgument) for options with an activation.
///
/// # Examples
///
/// ```
/// use filtro::{Arithmetic, reference};
/// use ndarray::array;
///
/// let (input, gate) = (array![[[[1.0, 2.0]]]], array![[[[10.0]]]]);
/// let grad_output = array![[[[5.0, 7.0]]]];
/// let (grad_input, grad_gate) = reference::arithmetic_backward(
///     &Arithmetic::mul(), input.view(), gate.view(), grad_output.view())?;
/// assert_eq!(grad_input, array![[[[50.0, 70.0]]]]);
/// assert_eq!(grad_gate, array![[[[1.0 * 5.0 + 2.0 * 7.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.add`, `torch.sub`, `torch.mul`.
pub fn arithmetic_backward(
    options: &Arithmetic,
    input: ArrayView4<'_, f64>,
    other: ArrayView4<'_, f64>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<(Array4<f64>, Array4<f64>)> {
    let operation = options.operator.name();
    let (input_shape, other_shape) = (shape_of(input), shape_of(other));
    let expected = options.output_shape(input_shape, other_shape)?;
    check_shape(operation, "grad_output", shape_of(grad_output), expected.dims())?;
    options.gradient([input_shape, other_shape], expected, Operand::Input)?;
    let mut grad_input = zeros::<f64>(operation, input_shape.dims())?;
    let mut grad_other = zeros::<f64>(operation, other_shape.dims())?;
    for ((n, channel, y, x), &grad) in grad_output.indexed_iter() {
        let input_at = at(input, [n, channel, y, x]);
        let other_at = at(other, [n, channel, y, x]);
        let (by_input, by_other) = match options.operator {
            Operator::Add => (1.0, 1.0),
            Operator::Sub => (1.0, -1.0),
            Operator::Mul => (other[other_at], input[input_at]),
        };
        grad_input[input_at] += grad * by_input;
        grad_other[other_at] += grad * by_other;
    }
    Ok((grad_input, grad_other))
}

/// The index of the element of a tensor that an output is made of.
pub(super) fn at<T>(tensor: ArrayView4<'_, T>, output: [usize; 4]) -> [usize; 4] {
    let mut index = output;
    for (index, &size) in index.iter_mut().zip(tensor.shape()) {
        if size == 1 {
            *index = 0;
        }
    }
    index
}
