//! PReLU: a slope for each channel, or one for all.

#[cfg(test)]
mod tests;

use filtro::{PRelu, Result, Shape, Tensor, reference};
use ndarray::Array4;

use super::{Between, Problem};
use crate::case::Data;
use crate::compare::U;

impl Between for PRelu {
    fn output_shape(&self, inputs: &[Shape]) -> Result<Shape> {
        PRelu::output_shape(self, inputs[0], inputs[1])
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        PRelu::forward(self, &inputs[0], &inputs[1])
    }

    fn backward(&self, inputs: &[Tensor], grad_output: &Tensor) -> Result<Vec<Tensor>> {
        Ok(vec![
            self.grad_input(&inputs[0], &inputs[1], grad_output)?,
            self.grad_weight(&inputs[0], &inputs[1], grad_output)?,
        ])
    }

    fn reference(&self, inputs: &[Array4<f64>]) -> Result<Array4<f64>> {
        reference::prelu(inputs[0].view(), inputs[1].view())
    }

    fn reference_backward(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
    ) -> Result<Vec<Array4<f64>>> {
        let (input, weight) = (inputs[0].view(), inputs[1].view());
        let (grad_input, grad_weight) =
            reference::prelu_backward(input, weight, grad_output.view())?;
        Ok(vec![grad_input, grad_weight])
    }

    fn tolerance(&self, _: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        Ok(output.mapv(|value| 2.0 * U * value.abs() + f64::from(f32::MIN_POSITIVE)))
    }

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        // All terms of the slopes' gradients of one sign: those of negative gradients times inputs
        // that are not positive.
        let negative = grad_output.mapv(|grad| -grad.abs());
        let sums = self.reference_backward(inputs, &negative)?;
        let tolerance = |sum: f64| 8.0 * U * sum.abs() + f64::from(f32::MIN_POSITIVE);
        Ok(vec![gradients[0].mapv(tolerance), sums[1].mapv(tolerance)])
    }

    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform, Data::NonFinite, Data::Ties]
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform, Data::Ties]
    }
}

pub fn cases() -> Vec<Problem> {
    [
        ("slopes_of_channels", [2, 3, 5, 7], 3),
        ("slopes_of_channels_in_vectors", [2, 3, 5, 8], 3),
        ("one_slope", [2, 3, 5, 7], 1),
        ("one_slope_in_vectors", [2, 3, 5, 8], 1),
        ("one_channel", [3, 1, 5, 7], 1),
        ("one_pixel", [3, 5, 1, 1], 5),
        ("one_image_of_pixels", [1, 8, 1, 1], 8),
        ("more_than_a_small_binding", [2, 5, 18, 21], 5),
        ("an_image_of_many_channels", [2, 700, 1, 3], 700),
    ]
    .map(|(name, input, slopes)| Problem::new(name, PRelu, [input, [1, slopes, 1, 1]]))
    .to_vec()
}
