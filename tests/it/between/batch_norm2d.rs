//! Batch normalisation, in evaluation and in training.

#[cfg(test)]
mod tests;

use filtro::{BatchNorm2d, Result, Shape, Tensor, reference};
use ndarray::{Array1, Array4, ArrayView1, Axis};

use super::{Between, Problem};
use crate::case::Data;
use crate::compare::U;

/// Inputs: x, weight and bias where there are such, and in evaluation mean and variance.
#[derive(Debug, Clone)]
pub struct Norm {
    pub options: BatchNorm2d,
    pub is_training: bool,
    pub weight: bool,
    pub bias: bool,
}

/// The parts of the inputs.
struct Parts<'a, T> {
    x: &'a T,
    weight: Option<&'a T>,
    bias: Option<&'a T>,
    statistics: Option<[&'a T; 2]>,
}

/// A value per channel as a row.
fn row(array: &Array4<f64>) -> ArrayView1<'_, f64> {
    let channels = array.dim().1;
    array.view().into_shape_with_order(channels).expect("one value per channel")
}

fn per_channel(row: Array1<f64>) -> Array4<f64> {
    let shape = (1, row.len(), 1, 1);
    row.into_shape_with_order(shape).expect("one value per channel")
}

fn values(x: &Array4<f64>) -> f64 {
    (x.len() / x.dim().1) as f64
}

impl Norm {
    fn parts<'a, T>(&self, inputs: &'a [T]) -> Parts<'a, T> {
        let [x, rest @ ..] = inputs else { panic!("no input") };
        let mut rest = rest.iter();
        Parts {
            x,
            weight: self.weight.then(|| rest.next().expect("a weight")),
            bias: self.bias.then(|| rest.next().expect("a bias")),
            statistics: (!self.is_training)
                .then(|| [rest.next().expect("a mean"), rest.next().expect("a variance")]),
        }
    }

    /// Mean and variance of the channels, whatever they come from.
    fn statistics(&self, inputs: &[Array4<f64>]) -> Result<[Array1<f64>; 2]> {
        match self.parts(inputs).statistics {
            Some(statistics) => Ok(statistics.map(|it| row(it).to_owned())),
            None => {
                let found = reference::batch_statistics(&self.options, inputs[0].view())?;
                Ok([found.0, found.1])
            }
        }
    }

    /// The largest difference of two values of every channel over its deviation: 0 where statistics
    /// are given, which then are exact.
    fn spread(&self, inputs: &[Array4<f64>]) -> Result<Array1<f64>> {
        let [_, var] = self.statistics(inputs)?;
        let spread = inputs[0].axis_iter(Axis(1)).zip(&var).map(|(channel, var)| {
            let largest = channel.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
            let smallest = channel.fold(f64::INFINITY, |a, &b| a.min(b));
            let deviation = (var + f64::from(self.options.eps)).sqrt();
            if self.is_training { (largest - smallest) / deviation } else { 0.0 }
        });
        Ok(spread.collect())
    }

    /// `(64 + 2 * sqrt(n)) * 2^-24`, the unit of all bounds.
    fn unit(&self, x: &Array4<f64>) -> f64 {
        (64.0 + 2.0 * values(x).sqrt()) * U
    }
}

impl Between for Norm {
    fn output_shape(&self, inputs: &[Shape]) -> Result<Shape> {
        self.options.output_shape(inputs[0])
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        let [x, rest @ ..] = inputs else { panic!("no input") };
        // What has a value per channel is of f32 whatever x is.
        let rest = rest.iter().map(Tensor::to_f32).collect::<Result<Vec<_>>>()?;
        let inputs = [std::slice::from_ref(x), &rest].concat();
        let parts = self.parts(&inputs);
        match parts.statistics {
            Some([mean, var]) => self.options.forward(x, mean, var, parts.weight, parts.bias),
            None => Ok(self.options.forward_training(x, parts.weight, parts.bias)?.0),
        }
    }

    fn backward(&self, inputs: &[Tensor], grad_output: &Tensor) -> Result<Vec<Tensor>> {
        let parts = self.parts(inputs);
        let (grad_input, grad_weight, grad_bias) = match parts.statistics {
            Some([mean, var]) => {
                let of_parameters =
                    self.options.grad_parameters(parts.x, mean, var, grad_output)?;
                let grad_input = self.options.grad_input(var, parts.weight, grad_output)?;
                (grad_input, of_parameters.0, of_parameters.1)
            }
            None => {
                let (_, statistics) =
                    self.options.forward_training(parts.x, parts.weight, parts.bias)?;
                let found = self.options.grad_training(parts.x, &statistics, grad_output)?;
                (found.grad_input, found.grad_weight, found.grad_bias)
            }
        };
        let of_weight = self.weight.then_some(grad_weight);
        let of_bias = self.bias.then_some(grad_bias);
        Ok([Some(grad_input), of_weight, of_bias].into_iter().flatten().collect())
    }

    fn reference(&self, inputs: &[Array4<f64>]) -> Result<Array4<f64>> {
        let parts = self.parts(inputs);
        let [mean, var] = self.statistics(inputs)?;
        let statistics = [mean.view(), var.view()];
        let (weight, bias) = (parts.weight.map(row), parts.bias.map(row));
        reference::batch_norm2d(&self.options, parts.x.view(), statistics, weight, bias)
    }

    fn reference_backward(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
    ) -> Result<Vec<Array4<f64>>> {
        let parts = self.parts(inputs);
        let (x, weight, grad) = (parts.x.view(), parts.weight.map(row), grad_output.view());
        let found = if self.is_training {
            reference::batch_norm2d_training_backward(&self.options, x, weight, grad)?
        } else {
            let [mean, var] = self.statistics(inputs)?;
            let statistics = [mean.view(), var.view()];
            reference::batch_norm2d_backward(&self.options, x, statistics, weight, grad)?
        };
        let of_weight = self.weight.then(|| per_channel(found.grad_weight));
        let of_bias = self.bias.then(|| per_channel(found.grad_bias));
        Ok([Some(found.grad_input), of_weight, of_bias].into_iter().flatten().collect())
    }

    fn tolerance(&self, inputs: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        let parts = self.parts(inputs);
        let [mean, var] = self.statistics(inputs)?;
        let normalized = reference::batch_norm2d(
            &self.options,
            parts.x.view(),
            [mean.view(), var.view()],
            None,
            None,
        )?;
        let (spread, unit) = (self.spread(inputs)?, self.unit(parts.x));
        let of = |values: Option<&Array4<f64>>, channel: usize, default: f64| {
            values.map_or(default, |values| values[[0, channel, 0, 0]].abs())
        };
        let mut tolerance = Array4::zeros(output.dim());
        for (place, tolerance) in tolerance.indexed_iter_mut() {
            let (channel, x) = (place.1, normalized[place].abs());
            let (weight, bias) = (of(parts.weight, channel, 1.0), of(parts.bias, channel, 0.0));
            let of_statistics = unit * spread[channel] * (1.0 + x);
            *tolerance = weight * (of_statistics + 8.0 * U * x)
                + 4.0 * U * (weight * x + bias)
                + f64::from(f32::MIN_POSITIVE);
        }
        Ok(tolerance)
    }

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let parts = self.parts(inputs);
        let [mean, var] = self.statistics(inputs)?;
        let statistics = [mean.view(), var.view()];
        let normalized =
            reference::batch_norm2d(&self.options, parts.x.view(), statistics, None, None)?;
        let (spread, unit) = (self.spread(inputs)?, self.unit(parts.x));
        let mut sums = Array1::<f64>::zeros(mean.len());
        for (place, grad) in grad_output.indexed_iter() {
            sums[place.1] += grad.abs() * (1.0 + normalized[place].abs());
        }
        let smallest = f64::from(f32::MIN_POSITIVE);
        let of_parameters =
            (&sums * &spread.mapv(|spread| 1.0 + spread)).mapv(|sum| unit * sum + smallest);
        let mut of_input = Array4::zeros(grad_output.dim());
        for (place, tolerance) in of_input.indexed_iter_mut() {
            let channel = place.1;
            let (grad, x) = (grad_output[place].abs(), normalized[place].abs());
            let weight = parts.weight.map_or(1.0, |weight| weight[[0, channel, 0, 0]].abs());
            let scale = weight / (var[channel] + f64::from(self.options.eps)).sqrt();
            let shared = (1.0 + x) * sums[channel] / values(parts.x);
            let of_statistics = unit * (1.0 + spread[channel]) * (grad + shared);
            let own = if self.is_training { of_statistics } else { 8.0 * U * grad };
            *tolerance = scale * own + smallest;
        }
        let of_channels = per_channel(of_parameters);
        let others = gradients.iter().skip(1).map(|_| of_channels.clone());
        Ok([of_input].into_iter().chain(others).collect())
    }

    fn data(&self) -> &'static [Data] {
        if self.is_training {
            &[Data::Integers, Data::Uniform, Data::Positive, Data::NonFinite]
        } else {
            &[Data::Integers, Data::Uniform, Data::Wide, Data::NonFinite]
        }
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform, Data::Positive]
    }

    /// Variances are positive, and none is so small that it takes the results out of the range. What
    /// is a mean, or nearly one, times an infinite weight is NaN or infinite.
    fn prepare(&self, inputs: &mut [Array4<f32>]) {
        if let (true, true, Some(weight)) = (self.is_training, self.weight, inputs.get_mut(1)) {
            weight.mapv_inplace(|value| if value.is_infinite() { f32::NAN } else { value });
        }
        if let (false, Some(variance)) = (self.is_training, inputs.last_mut()) {
            variance.mapv_inplace(|value| value.abs() + 0.25);
        }
    }

    fn takes_f16(&self) -> bool {
        !self.is_training
    }
}

pub fn problem(name: impl Into<String>, norm: Norm, x: [usize; 4]) -> Problem {
    let affine = usize::from(norm.weight) + usize::from(norm.bias);
    let of_channels = affine + if norm.is_training { 0 } else { 2 };
    let inputs: Vec<_> =
        [x].into_iter().chain(std::iter::repeat_n([1, x[1], 1, 1], of_channels)).collect();
    Problem::new(name, norm, inputs)
}

pub fn cases() -> Vec<Problem> {
    let shapes = [
        ("", [2, 3, 5, 7]),
        ("_in_vectors_of_four", [3, 2, 4, 7]),
        ("_of_one_pixel_each", [9, 5, 1, 1]),
        ("_of_one_image", [1, 4, 3, 9]),
        ("_of_one_channel", [4, 1, 6, 5]),
        ("_of_a_plane_of_one_cell_more_than_a_turn", [1, 2, 13, 5]),
        ("_of_many_channels", [2, 70, 3, 2]),
        ("_of_several_blocks", [3, 2, 25, 41]),
        ("_of_several_blocks_in_vectors", [2, 3, 36, 31]),
    ];
    let mut cases = Vec::new();
    for is_training in [false, true] {
        let mode = if is_training { "training" } else { "evaluation" };
        for (name, shape) in shapes {
            let options = BatchNorm2d::new(shape[1]);
            let norm = Norm { options, is_training, weight: true, bias: true };
            cases.push(problem(format!("{mode}{name}"), norm, shape));
        }
        for (weight, bias) in [(false, false), (true, false), (false, true)] {
            let options = BatchNorm2d::new(3).eps(0.125);
            let name = format!("{mode}_with_weight_{weight}_and_bias_{bias}");
            cases.push(problem(name, Norm { options, is_training, weight, bias }, [2, 3, 4, 6]));
        }
    }
    for (name, eps, shape) in [
        ("evaluation_of_an_empty_batch", 1e-5, [0, 3, 4, 6]),
        ("evaluation_with_eps_0", 0.0, [2, 3, 4, 6]),
        ("evaluation_of_one_value", 1e-5, [1, 3, 1, 1]),
    ] {
        let options = BatchNorm2d::new(3).eps(eps);
        let norm = Norm { options, is_training: false, weight: true, bias: true };
        cases.push(problem(name, norm, shape));
    }
    let norm = Norm { options: BatchNorm2d::new(3), is_training: true, weight: true, bias: true };
    cases.push(problem("training_of_two_values", norm, [2, 3, 1, 1]));
    cases
}
