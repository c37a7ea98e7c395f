//! Activations, forward and backward.

use ndarray::{Array4, ArrayView4, Zip};

use super::{check_shape, shape_of};
use crate::{Activation, Result};

/// The function of each element.
///
/// | Activation | `f(x)` |
/// |---|---|
/// | ReLU | `max(x, 0)` |
/// | ReLU6 | `min(max(x, 0), 6)` |
/// | leaky ReLU | `x` where positive, `negative_slope * x` elsewhere |
/// | SiLU | `x / (1 + exp(-x))` |
/// | hard swish | `x * min(max(x + 3, 0), 6) / 6` |
/// | hard sigmoid | `min(max(x + 3, 0), 6) / 6` |
/// | sigmoid | `1 / (1 + exp(-x))` |
/// | tanh | `tanh(x)` |
///
/// A NaN stays NaN.
///
/// # Shapes
///
/// Input and output `[batch, channels, height, width]`.
///
/// # Examples
///
/// ```
/// use filtro::{Activation, reference};
/// use ndarray::array;
///
/// let input = array![[[[-1.0, 3.0, 8.0]]]];
/// assert_eq!(reference::activation(Activation::Relu6, input.view()), array![[[[0.0, 3.0, 6.0]]]]);
/// ```
///
/// Source: the functions of these names in `torch.nn.functional`.
#[must_use]
pub fn activation(function: Activation, input: ArrayView4<'_, f64>) -> Array4<f64> {
    input.mapv(|x| value(function, x))
}

/// The gradient of [`activation`]'s input, given that of its output:
/// `grad_input = f'(input) * grad_output`.
///
/// | Activation | `f'(x)` |
/// |---|---|
/// | ReLU | 0 where `x <= 0`, else 1 |
/// | ReLU6 | 0 where `x <= 0` or `x >= 6`, else 1 |
/// | leaky ReLU | 1 where `x > 0`, else `negative_slope` |
/// | SiLU | `s * (1 + x * (1 - s))` with `s = sigmoid(x)` |
/// | hard swish | 0 where `x <= -3`, `x / 3 + 1 / 2` where `x < 3`, else 1 |
/// | hard sigmoid | 1 / 6 where `-3 < x < 3`, else 0 |
/// | sigmoid | `s * (1 - s)` |
/// | tanh | `1 - tanh(x)^2` |
///
/// The gradient at a NaN is not part of the contract: PyTorch's own loops differ in it.
///
/// # Shapes
///
/// - `input` is that of the forward pass: the values before the activation
/// - grad_output and grad_input in the same shape
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{Activation, reference};
/// use ndarray::array;
///
/// let (input, grad_output) = (array![[[[-1.0, 3.0]]]], array![[[[5.0, 7.0]]]]);
/// let grad_input =
///     reference::activation_backward(Activation::Relu, input.view(), grad_output.view())?;
/// assert_eq!(grad_input, array![[[[0.0, 7.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: the functions of these names in `torch.nn.functional`.
pub fn activation_backward(
    function: Activation,
    input: ArrayView4<'_, f64>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let expected = shape_of(input).dims();
    check_shape(function.name(), "grad_output", shape_of(grad_output), expected)?;
    Ok(Zip::from(input).and(grad_output).map_collect(|&x, &grad| derivative(function, x) * grad))
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The function at one element.
pub(super) fn value(function: Activation, x: f64) -> f64 {
    // f64::clamp keeps a NaN; f64::max and f64::min do not.
    match function {
        Activation::Relu => x.clamp(0.0, f64::INFINITY),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu { negative_slope } => {
            if x > 0.0 {
                x
            } else {
                f64::from(negative_slope) * x
            }
        }
        Activation::Silu => x * sigmoid(x),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => x.tanh(),
    }
}

/// The derivative at one element.
fn derivative(function: Activation, x: f64) -> f64 {
    match function {
        Activation::Relu => {
            if x <= 0.0 {
                0.0
            } else {
                1.0
            }
        }
        Activation::Relu6 => {
            if x <= 0.0 || x >= 6.0 {
                0.0
            } else {
                1.0
            }
        }
        Activation::LeakyRelu { negative_slope } => {
            if x > 0.0 {
                1.0
            } else {
                f64::from(negative_slope)
            }
        }
        Activation::Silu => {
            let s = sigmoid(x);
            s * (1.0 + x * (1.0 - s))
        }
        Activation::HardSwish => {
            if x <= -3.0 {
                0.0
            } else if x < 3.0 {
                x / 3.0 + 0.5
            } else {
                1.0
            }
        }
        Activation::HardSigmoid => {
            if x > -3.0 && x < 3.0 {
                1.0 / 6.0
            } else {
                0.0
            }
        }
        Activation::Sigmoid => {
            let s = sigmoid(x);
            s * (1.0 - s)
        }
        Activation::Tanh => 1.0 - x.tanh().powi(2),
    }
}
