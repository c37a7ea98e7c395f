//! Softmax over channels.

#[cfg(test)]
mod tests;

use filtro::{Result, Shape, Softmax, Tensor, reference};
use ndarray::{Array4, Axis};

use super::{Between, Problem};
use crate::case::Data;
use crate::compare::U;

/// With what its inputs are multiplied, so that some outputs are near 0 and 1.
#[derive(Debug, Clone, Copy)]
struct OverChannels {
    factor: f32,
}

/// The bound of `Softmax` for every output.
fn bound(input: &Array4<f64>, output: &Array4<f64>) -> Array4<f64> {
    let channels = input.dim().1 as f64;
    let largest = input.fold_axis(Axis(1), f64::NEG_INFINITY, |&a, &b| a.max(b));
    let mut bound = output.clone();
    for ((n, c, y, x), bound) in bound.indexed_iter_mut() {
        let below = largest[[n, y, x]] - input[[n, c, y, x]];
        // An output of 0 is within the smallest normal number, however far it is below.
        let below = if below.is_finite() { below.min(1e4) } else { 0.0 };
        let units = 80.0 + 6.0 * channels.sqrt() + 5.0 * below;
        *bound = units * U * *bound + f64::from(f32::MIN_POSITIVE);
    }
    bound
}

impl Between for OverChannels {
    fn output_shape(&self, inputs: &[Shape]) -> Result<Shape> {
        Softmax.output_shape(inputs[0])
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        Softmax.forward(&inputs[0])
    }

    fn backward(&self, inputs: &[Tensor], grad_output: &Tensor) -> Result<Vec<Tensor>> {
        let output = Softmax.forward(&inputs[0])?;
        Ok(vec![Softmax.grad_input(&output, grad_output)?])
    }

    fn reference(&self, inputs: &[Array4<f64>]) -> Result<Array4<f64>> {
        reference::softmax(inputs[0].view())
    }

    fn reference_backward(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
    ) -> Result<Vec<Array4<f64>>> {
        let output = reference::softmax(inputs[0].view())?;
        Ok(vec![reference::softmax_backward(output.view(), grad_output.view())?])
    }

    fn tolerance(&self, inputs: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        Ok(bound(&inputs[0], output))
    }

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        _gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let output = reference::softmax(inputs[0].view())?;
        let bound = bound(&inputs[0], &output);
        let unit = (64.0 + 2.0 * (output.dim().1 as f64).sqrt()) * U;
        let weighted = &output * &grad_output.mapv(f64::abs);
        let off = &bound * &grad_output.mapv(f64::abs);
        let (weighted, off) = (weighted.sum_axis(Axis(1)), off.sum_axis(Axis(1)));
        let mut tolerance = output.clone();
        for ((n, c, y, x), tolerance) in tolerance.indexed_iter_mut() {
            let (place, grad) = ([n, c, y, x], grad_output[[n, c, y, x]].abs());
            let total = weighted[[n, y, x]];
            *tolerance = bound[place] * (grad + total)
                + *tolerance * (off[[n, y, x]] + unit * total + 4.0 * U * grad)
                + f64::from(f32::MIN_POSITIVE);
        }
        Ok(vec![tolerance])
    }

    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform, Data::NonFinite, Data::NegativeInfinity]
    }

    fn prepare(&self, inputs: &mut [Array4<f32>]) {
        inputs[0].mapv_inplace(|value| value * self.factor);
    }
}

pub fn cases() -> Vec<Problem> {
    let of = |name: &str, input| Problem::new(name, OverChannels { factor: 1.0 }, [input]);
    vec![
        of("a_plane", [2, 3, 5, 7]),
        of("classes", [5, 10, 1, 1]),
        of("shared_classes", [3, 75, 1, 1]),
        of("one_channel", [2, 1, 3, 4]),
        of("channels_shared_by_eight", [2, 70, 3, 5]),
        of("more_channels_than_a_block", [1, 150, 2, 3]),
        of("an_image_beyond_a_small_binding", [2, 90, 7, 1]),
        of("a_plane_beyond_a_small_binding", [1, 3, 25, 31]),
        of("an_empty_batch", [0, 3, 5, 7]),
        of("an_empty_plane", [2, 3, 0, 7]),
        of("no_channels", [2, 0, 5, 7]),
        Problem::new("apart", OverChannels { factor: 20.0 }, [[2, 5, 3, 4]]),
    ]
}
