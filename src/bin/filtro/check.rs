//! Outputs against the reference.

use filtro::{Conv2d, Device, reference};
use ndarray::{Array4, Zip, s};

use crate::failure::Failure;
use crate::layer::{Layer, Pool2d};

/// What a layer gives for an input by its definition, and how far rounding may lead from it.
#[derive(Debug)]
pub(crate) struct Expected {
    output: Array4<f64>,
    bound: Array4<f64>,
}

/// How far an output is from its definition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Difference {
    /// The largest difference of an element; NaN where one is NaN.
    pub(crate) largest: f64,
    /// Whether every element is within its bound.
    pub(crate) within: bool,
}

/// Half of the distance from 1 to the next f32.
const U: f64 = 1.0 / 16_777_216.0;

/// How far rounding may lead from sums of numbers of these magnitudes.
fn rounded(magnitude: Array4<f64>) -> Array4<f64> {
    magnitude.mapv_into(|sum| 8.0 * U * sum + f64::from(f32::MIN_POSITIVE))
}

/// How far that and the rounding to f16 may lead from an output.
fn in_f16(output: f64, bound: f64) -> f64 {
    // Numbers below 2^-14 may be flushed to zero.
    bound + (output.abs() + bound) / 2048.0 + 1.0 / 16_384.0
}

/// How many times as large the bound of sums of so many products is by cooperative matrices.
pub(crate) fn by_matrices(products: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a bound")]
    let products = products as f64;
    (64.0 + 3.0 * products) / 8.0
}

impl Expected {
    pub(crate) fn of(layer: &Layer, input: &Array4<f32>) -> Result<Self, Failure> {
        let input = input.mapv(f64::from);
        let exact = |output: Array4<f64>| Self { bound: Array4::zeros(output.dim()), output };
        Ok(match layer {
            Layer::Conv2d { options, weight, bias } => {
                let weight = weight.mapv(f64::from);
                let bias = bias.as_ref().map(|bias| bias.mapv(f64::from));
                let bias = bias.as_ref().map(|bias| bias.view());
                let (output, magnitude) =
                    reference::conv2d_with_magnitude(options, input.view(), weight.view(), bias)?;
                Self { output, bound: rounded(magnitude) }
            }
            Layer::Pool2d(Pool2d::Max(options)) => {
                exact(reference::max_pool2d(options, input.view())?.0)
            }
            Layer::Pool2d(Pool2d::AdaptiveMax(options)) => {
                exact(reference::adaptive_max_pool2d(options, input.view())?.0)
            }
            Layer::Pool2d(Pool2d::Avg(options)) => Self {
                output: reference::avg_pool2d(options, input.view())?,
                bound: rounded(
                    reference::avg_pool2d(options, input.mapv(f64::abs).view())?.mapv(f64::abs),
                ),
            },
            Layer::Pool2d(Pool2d::AdaptiveAvg(options)) => Self {
                output: reference::adaptive_avg_pool2d(options, input.view())?,
                bound: rounded(reference::adaptive_avg_pool2d(
                    options,
                    input.mapv(f64::abs).view(),
                )?),
            },
        })
    }

    /// The gradients of a convolution's input and of its weight.
    pub(crate) fn of_gradients(
        options: &Conv2d,
        [input, weight, grad_output]: [&Array4<f32>; 3],
    ) -> Result<[Self; 2], Failure> {
        let [expected, sums] = [|value: f32| f64::from(value), |value: f32| f64::from(value.abs())]
            .map(|wide| {
                let [input, weight, grad_output] =
                    [input, weight, grad_output].map(|array| array.mapv(wide));
                let views = [input.view(), weight.view(), grad_output.view()];
                let [input, weight, grad_output] = views;
                reference::conv2d_backward(options, input, weight, grad_output)
            });
        let (expected, sums) = (expected?, sums?);
        Ok([(expected.grad_input, sums.grad_input), (expected.grad_weight, sums.grad_weight)]
            .map(|(output, sums)| Self { output, bound: rounded(sums) }))
    }

    /// The same of an output that is rounded to f16, for elements that f16 holds, where the bound of
    /// the sums is so many times as large.
    pub(crate) fn in_f16(self, times: f64) -> Self {
        let bound = Zip::from(&self.output)
            .and(&self.bound)
            .map_collect(|&output, &bound| in_f16(output, bound * times));
        Self { bound, ..self }
    }

    /// The first rows of every map.
    pub(crate) fn first_rows(self, rows: usize) -> Self {
        let first = |array: Array4<f64>| array.slice(s![.., .., ..rows, ..]).to_owned();
        Self { output: first(self.output), bound: first(self.bound) }
    }

    pub(crate) fn compare(&self, output: &Array4<f32>) -> Difference {
        if output.dim() != self.output.dim() {
            return Difference { largest: f64::NAN, within: false };
        }
        let mut difference = Difference { largest: 0.0, within: true };
        Zip::from(output).and(&self.output).and(&self.bound).for_each(
            |&actual, &expected, &bound| {
                difference.add((f64::from(actual) - expected).abs(), bound);
            },
        );
        difference
    }

    /// Two outputs against each other: each may be away from the definition by the bound.
    pub(crate) fn compare_two(&self, one: &Array4<f32>, other: &Array4<f32>) -> Difference {
        if one.dim() != self.output.dim() || other.dim() != self.output.dim() {
            return Difference { largest: f64::NAN, within: false };
        }
        let mut difference = Difference { largest: 0.0, within: true };
        Zip::from(one).and(other).and(&self.bound).for_each(|&one, &other, &bound| {
            difference.add((f64::from(one) - f64::from(other)).abs(), 2.0 * bound);
        });
        difference
    }
}

/// Two outputs against each other, without the slow reference: what was added up for an element
/// is measured on the CPU.
pub(crate) fn agree(
    layer: &Layer,
    input: &Array4<f32>,
    one: &Array4<f32>,
    other: &Array4<f32>,
) -> Result<Difference, Failure> {
    let magnitude = if layer.is_maximum() {
        None
    } else {
        let (cpu, layer) = (Device::cpu(), layer.of_magnitudes());
        let input = cpu.upload(&input.mapv(f32::abs))?;
        Some(layer.on(&cpu)?.forward(&input)?.download()?)
    };
    Ok(agree_within(magnitude, None, one, other))
}

/// Two outputs against each other, given what was added up for every element; they have to be
/// equal where nothing was. Where they are of f16, `halves` is how many times as large the bound of the
/// sums is.
pub(crate) fn agree_within(
    magnitude: Option<Array4<f32>>,
    halves: Option<f64>,
    one: &Array4<f32>,
    other: &Array4<f32>,
) -> Difference {
    // The magnitude is rounded too, hence a little more.
    let rounded = |sum: f32| 8.1 * U * f64::from(sum) + f64::from(f32::MIN_POSITIVE);
    let bound = magnitude.map_or_else(|| Array4::zeros(other.dim()), |sums| sums.mapv(rounded));
    let expected = Expected { output: other.mapv(f64::from), bound };
    let expected = match halves {
        Some(times) => expected.in_f16(times),
        None => expected,
    };
    expected.compare_two(one, other)
}

impl Difference {
    fn add(&mut self, difference: f64, bound: f64) {
        // A NaN is within no bound, and stays the largest.
        self.within &= difference <= bound;
        if difference > self.largest || difference.is_nan() {
            self.largest = difference;
        }
    }

    pub(crate) fn text(self) -> String {
        let number = if self.largest == 0.0 { "0".into() } else { format!("{:.1e}", self.largest) };
        if self.within { number } else { format!("{number} TOO LARGE") }
    }
}
