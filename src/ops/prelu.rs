//! PReLU: validation and sizes.

use crate::ops::gradients::check_grad_output;
use crate::ops::reduction::{Reduction, Term};
use crate::ops::{Function, Pairwise};
use crate::{Error, Result, Shape};

pub(crate) const OPERATION: &str = "prelu";

/// A ReLU whose slope for negative elements is learned, one for each channel or one for all.
///
/// ```text
/// output[n, c, y, x] = input[n, c, y, x]                if that is positive
///                      weight[c] * input[n, c, y, x]    elsewhere
/// ```
///
/// With a slope that is set once and for all it is [`Activation::LeakyRelu`](crate::Activation).
///
/// # Shapes
///
/// - input and output `[batch, channels, height, width]`
/// - weight `[1, channels, 1, 1]`, which is what a rank 1 array becomes, or `[1, 1, 1, 1]`
///
/// # Examples
///
/// ```
/// use filtro::{Device, PRelu};
/// use ndarray::array;
///
/// let device = Device::cpu();
/// let x = device.upload(&array![[[[-1.0, 2.0]], [[-1.0, 2.0]]]])?;
/// let weight = device.upload(&array![0.25, 0.5])?;
/// assert_eq!(
///     PRelu.forward(&x, &weight)?.download()?,
///     array![[[[-0.25, 2.0]], [[-0.5, 2.0]]]]
/// );
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.PReLU`, whose slopes begin at 0.25.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PRelu;

impl PRelu {
    /// The shape of the output, which is the input's.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for a weight that is neither one number nor one for each channel.
    pub fn output_shape(&self, input: impl Into<Shape>, weight: impl Into<Shape>) -> Result<Shape> {
        Ok(self.problem(input.into(), weight.into())?.output)
    }

    /// The operation on tensors of these shapes.
    pub(crate) fn problem(&self, input: Shape, weight: Shape) -> Result<Pairwise> {
        if weight != Shape::new(1, input.channels, 1, 1) && weight != Shape::new(1, 1, 1, 1) {
            let rule = format!(
                "an input of shape {input} needs [1, {}, 1, 1], a slope for each channel, or \
                 [1, 1, 1, 1], one for all",
                input.channels
            );
            return Err(Error::shape(OPERATION, "weight", weight, rule));
        }
        input.checked_len(OPERATION)?;
        Ok(Pairwise {
            operation: OPERATION,
            function: Function::PRelu,
            activation: None,
            operands: [input, weight],
            output: input,
        })
    }

    /// The operation whose output is the gradient of the input.
    pub(crate) fn input_gradient(
        &self,
        input: Shape,
        weight: Shape,
        grad_output: Shape,
    ) -> Result<Pairwise> {
        let problem = self.problem(input, weight)?;
        check_grad_output(OPERATION, grad_output, input)?;
        Ok(Pairwise { function: Function::PReluGradient, ..problem })
    }

    /// How the gradient of the weight follows from that of the output.
    pub(crate) fn weight_gradient(
        &self,
        input: Shape,
        weight: Shape,
        grad_output: Shape,
    ) -> Result<Reduction> {
        self.problem(input, weight)?;
        check_grad_output(OPERATION, grad_output, input)?;
        Ok(Reduction {
            operation: OPERATION,
            term: Term::BelowZero,
            negated: false,
            target: weight,
            output: input,
            factor: Some(input),
        })
    }
}
