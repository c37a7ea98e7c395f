//! Additions, differences and products of two tensors that broadcast.

#[cfg(test)]
mod tests;

use filtro::{Activation, Arithmetic, Operator, Result, Shape, Tensor, reference};
use ndarray::Array4;

use super::{Between, Problem};
use crate::compare::U;

impl Between for Arithmetic {
    fn output_shape(&self, inputs: &[Shape]) -> Result<Shape> {
        Arithmetic::output_shape(self, inputs[0], inputs[1])
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        Arithmetic::forward(self, &inputs[0], &inputs[1])
    }

    fn backward(&self, inputs: &[Tensor], grad_output: &Tensor) -> Result<Vec<Tensor>> {
        // An activation is differentiated on its own, at the values before it.
        let linear = self.activation(None);
        let [input, other] = inputs else { unreachable!("two inputs") };
        let grad_output = match self.activation {
            Some(function) => function.grad_input(&linear.forward(input, other)?, grad_output)?,
            None => grad_output.clone(),
        };
        Ok(vec![
            linear.grad_input(input, other, &grad_output)?,
            linear.grad_other(input, other, &grad_output)?,
        ])
    }

    fn reference(&self, inputs: &[Array4<f64>]) -> Result<Array4<f64>> {
        reference::arithmetic(self, inputs[0].view(), inputs[1].view())
    }

    fn reference_backward(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
    ) -> Result<Vec<Array4<f64>>> {
        let (input, other) = (inputs[0].view(), inputs[1].view());
        let linear = self.activation(None);
        let grad_output = match self.activation {
            Some(function) => {
                let before = reference::arithmetic(&linear, input, other)?;
                reference::activation_backward(function, before.view(), grad_output.view())?
            }
            None => grad_output.clone(),
        };
        let (grad_input, grad_other) =
            reference::arithmetic_backward(&linear, input, other, grad_output.view())?;
        Ok(vec![grad_input, grad_other])
    }

    fn tolerance(&self, _: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        // One rounding, and that of a leaky slope.
        Ok(output.mapv(|value| 2.0 * U * value.abs() + f64::from(f32::MIN_POSITIVE)))
    }

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        _: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let inputs: Vec<_> = inputs.iter().map(|input| input.mapv(f64::abs)).collect();
        // No slope of the activations here is above 1.
        let linear = self.activation(None);
        let sums = linear.reference_backward(&inputs, &grad_output.mapv(f64::abs))?;
        let tolerance = |sum: f64| 8.0 * U * sum.abs() + f64::from(f32::MIN_POSITIVE);
        Ok(sums.into_iter().map(|sums| sums.mapv(tolerance)).collect())
    }
}

const OPERATORS: [Operator; 3] = [Operator::Add, Operator::Sub, Operator::Mul];

/// What each tensor's shape is over `[2, 3, 5, 8]` and others, by the mechanism.
const SHAPES: [(&str, [usize; 4], [usize; 4]); 22] = [
    ("same_shape", [2, 3, 5, 7], [2, 3, 5, 7]),
    ("same_shape_in_vectors", [2, 3, 5, 8], [2, 3, 5, 8]),
    ("gate_of_planes", [2, 3, 5, 7], [2, 3, 1, 1]),
    ("gate_of_planes_in_vectors", [2, 3, 5, 8], [2, 3, 1, 1]),
    ("bias_of_channels", [2, 3, 5, 7], [1, 3, 1, 1]),
    ("bias_of_channels_in_vectors", [2, 3, 6, 10], [1, 3, 1, 1]),
    ("bias_first", [1, 3, 1, 1], [2, 3, 5, 8]),
    ("one_number", [2, 3, 5, 8], [1, 1, 1, 1]),
    ("one_number_first_and_odd", [1, 1, 1, 1], [2, 3, 5, 7]),
    ("mask_of_planes", [2, 3, 5, 8], [2, 1, 5, 8]),
    ("mask_of_planes_odd", [2, 3, 5, 7], [2, 1, 5, 7]),
    ("same_for_every_image", [3, 2, 5, 8], [1, 2, 5, 8]),
    ("same_for_every_image_odd", [3, 2, 5, 7], [1, 2, 5, 7]),
    ("row", [2, 3, 5, 8], [1, 1, 1, 8]),
    ("column", [2, 3, 5, 8], [1, 1, 5, 1]),
    ("column_of_channels", [2, 3, 5, 7], [1, 3, 5, 1]),
    ("both_broadcast", [2, 1, 5, 1], [1, 3, 1, 8]),
    ("both_broadcast_in_turns", [1, 3, 1, 7], [2, 1, 5, 1]),
    ("gate_of_a_mask", [2, 1, 5, 8], [1, 3, 1, 1]),
    ("rows_of_one", [4, 5, 6, 1], [4, 1, 6, 1]),
    ("one_pixel", [3, 5, 1, 1], [1, 5, 1, 1]),
    ("more_than_a_small_binding", [3, 5, 16, 20], [1, 5, 16, 1]),
];

pub fn cases() -> Vec<Problem> {
    let mut cases = Vec::new();
    for operator in OPERATORS {
        for (name, input, other) in SHAPES {
            let name = format!("{}_{name}", operator.name());
            cases.push(Problem::new(name, Arithmetic::new(operator), [input, other]));
        }
    }
    for (name, activation) in [
        ("residual_with_relu", Activation::Relu),
        ("residual_with_relu6", Activation::Relu6),
        ("residual_with_leaky_relu", Activation::LeakyRelu { negative_slope: 0.25 }),
    ] {
        let residual = Arithmetic::add().activation(activation);
        for (suffix, shape) in [("", [2, 3, 5, 8]), ("_odd", [1, 3, 5, 7])] {
            cases.push(Problem::new(format!("{name}{suffix}"), residual, [shape, shape]));
        }
    }
    cases
}
