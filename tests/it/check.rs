//! What a case must give, by the reference, and whether a runner gives it.

use filtro::{Activation, DType, Error, Result, Shape, reference};
use ndarray::{Array1, Array4, ArrayView4};

use crate::case::{Case, Data, Operation, magnitude, nearest, wide};
use crate::compare::{self, Check, U};
use crate::runner::{ConvGradients, GradientRunner, Runner};

/// What became of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It agrees with the reference.
    Passed,
    /// A partial runner does not serve it.
    NotServed,
}

/// How a result is compared.
#[derive(Clone)]
enum Rule {
    /// The same numbers.
    Equal,
    /// The same bits, and these indices.
    Identical(Array4<u32>),
    /// Within these tolerances.
    Within(Array4<f64>),
}

/// A case's tensors, and what it must give forward.
#[derive(Clone)]
pub struct Forward<'a> {
    case: &'a Case,
    input: Array4<f32>,
    /// Empty where the operation has none.
    weight: Array4<f32>,
    bias: Option<Array1<f32>>,
    expected: Array4<f64>,
    rule: Rule,
    dtype: DType,
}

/// By how much an f32 sum may be off, given the sum of the absolute values.
fn rounding(sums: Array4<f64>) -> Array4<f64> {
    sums.mapv(|sum| 8.0 * U * sum.abs() + f64::from(f32::MIN_POSITIVE))
}

/// By how much an activation may be off: exact where it only selects, else what f32 and the
/// precision that WGSL asks of `exp` allow.
fn activation_tolerance(function: Activation, output: &Array4<f64>) -> Array4<f64> {
    let relative = match function {
        Activation::Relu | Activation::Relu6 => 0.0,
        _ => 1e-6,
    };
    output.mapv(|y| relative * (1.0 + y.abs()))
}

/// The largest factor by which an activation widens a difference.
fn steepness(function: Activation) -> f64 {
    match function {
        Activation::LeakyRelu { negative_slope } => f64::from(negative_slope.abs()).max(1.0),
        Activation::HardSwish | Activation::Silu => 1.5,
        _ => 1.0,
    }
}

/// Whether f32 sums of so many products of whole numbers from -10 to 10 are exact.
fn is_exact(data: Data, products: usize) -> bool {
    data == Data::Integers && (products + 1) * 100 < 1 << 24
}

fn text(error: Error) -> String {
    format!("an error: {error}")
}

impl<'a> Forward<'a> {
    /// Runs the reference on the case's elements as a type holds them.
    ///
    /// # Errors
    ///
    /// Those of the reference.
    pub fn of(case: &'a Case, dtype: DType) -> Result<Self> {
        let input = nearest(case.input(), dtype);
        let (mut weight, mut bias) = (Array4::zeros([0; 4]), None);
        if let Operation::Conv2d { .. } | Operation::ConvTranspose2d { .. } = case.operation {
            weight = nearest(case.weight(), dtype);
            bias = case.bias().map(|bias| nearest(bias, dtype));
        }
        let (wide_input, wide_weight) = (wide(&input), wide(&weight));
        let sizes = magnitude(input.view());
        let wide_bias = bias.as_ref().map(wide);
        let bias_view = wide_bias.as_ref().map(|bias| bias.view());
        let identical = |(output, indices)| (output, Rule::Identical(indices));
        let (expected, rule) = match &case.operation {
            Operation::Conv2d { options, .. } => {
                let (expected, sums) = reference::conv2d_with_magnitude(
                    options,
                    wide_input.view(),
                    wide_weight.view(),
                    bias_view,
                )?;
                let rule = match options.activation {
                    None if is_exact(case.data, weight.len() / options.out_channels) => Rule::Equal,
                    None => Rule::Within(rounding(sums)),
                    Some(function) => Rule::Within(
                        rounding(sums) * steepness(function)
                            + activation_tolerance(function, &expected),
                    ),
                };
                (expected, rule)
            }
            Operation::ConvTranspose2d { options, .. } => {
                let definition = |input: ArrayView4<'_, f64>, weight: ArrayView4<'_, f64>, bias| {
                    reference::conv_transpose2d(options, input, weight, bias)
                };
                let expected = definition(wide_input.view(), wide_weight.view(), bias_view)?;
                let bias_sizes = bias.as_ref().map(|bias| magnitude(bias.view()));
                let bias_sizes = bias_sizes.as_ref().map(|bias| bias.view());
                let weight_sizes = magnitude(weight.view());
                let rule = if is_exact(case.data, weight.len()) {
                    Rule::Equal
                } else {
                    let sums = definition(sizes.view(), weight_sizes.view(), bias_sizes)?;
                    Rule::Within(rounding(sums))
                };
                (expected, rule)
            }
            Operation::MaxPool2d(options) => {
                identical(reference::max_pool2d(options, wide_input.view())?)
            }
            Operation::AdaptiveMaxPool2d(options) => {
                identical(reference::adaptive_max_pool2d(options, wide_input.view())?)
            }
            Operation::AvgPool2d(options) => (
                reference::avg_pool2d(options, wide_input.view())?,
                Rule::Within(rounding(reference::avg_pool2d(options, sizes.view())?)),
            ),
            Operation::AdaptiveAvgPool2d(options) => (
                reference::adaptive_avg_pool2d(options, wide_input.view())?,
                Rule::Within(rounding(reference::adaptive_avg_pool2d(options, sizes.view())?)),
            ),
            Operation::Activation(function) => {
                let expected = reference::activation(*function, wide_input.view());
                let tolerance = activation_tolerance(*function, &expected);
                (expected, Rule::Within(tolerance))
            }
        };
        Ok(Self { case, input, weight, bias, expected, rule, dtype })
    }

    /// Whether the runner gives it.
    ///
    /// # Errors
    ///
    /// What is wrong with its result.
    pub fn check(&self, runner: &dyn Runner) -> Result<Outcome, String> {
        match self.run(runner) {
            Ok(result) => result.map(|()| Outcome::Passed),
            Err(Error::Unsupported { .. }) if runner.is_partial() => Ok(Outcome::NotServed),
            Err(error) => Err(text(error)),
        }
    }

    fn run(&self, runner: &dyn Runner) -> Result<Check> {
        let (input, weight, bias) = (&self.input, &self.weight, self.bias.as_ref());
        let output = match &self.case.operation {
            Operation::Conv2d { options, .. } => runner.conv2d(options, input, weight, bias)?,
            Operation::ConvTranspose2d { options, .. } => {
                runner.conv_transpose2d(options, input, weight, bias)?
            }
            Operation::AvgPool2d(options) => runner.avg_pool2d(options, input)?,
            Operation::AdaptiveAvgPool2d(options) => runner.adaptive_avg_pool2d(options, input)?,
            Operation::Activation(function) => runner.activation(*function, input)?,
            Operation::MaxPool2d(options) => runner.max_pool2d(options, input)?,
            Operation::AdaptiveMaxPool2d(options) => runner.adaptive_max_pool2d(options, input)?,
        };
        let compared = self.compare(&output);
        if compared.is_err() {
            return Ok(compared);
        }
        let (output, indices) = match &self.case.operation {
            Operation::MaxPool2d(options) => runner.max_pool2d_with_indices(options, input)?,
            Operation::AdaptiveMaxPool2d(options) => {
                runner.adaptive_max_pool2d_with_indices(options, input)?
            }
            _ => return Ok(compared),
        };
        let Rule::Identical(expected) = &self.rule else {
            return Ok(Err("no indices to compare with".into()));
        };
        let compared = compare::indices("indices", &indices, expected);
        Ok(compared.and_then(|()| self.compare(&output)))
    }

    fn compare(&self, output: &Array4<f32>) -> Check {
        let exact = Array4::zeros(self.expected.dim());
        match &self.rule {
            Rule::Equal if self.dtype == DType::F16 => {
                compare::within_f16("output", output, &self.expected, &exact)
            }
            Rule::Within(tolerance) if self.dtype == DType::F16 => {
                compare::within_f16("output", output, &self.expected, tolerance)
            }
            Rule::Equal => compare::equal("output", output, &self.expected),
            Rule::Within(tolerance) => compare::within("output", output, &self.expected, tolerance),
            Rule::Identical(_) => {
                let rounded = self.expected.mapv(|value| value as f32);
                compare::identical("output", output, &rounded)
            }
        }
    }
}

/// What a case must give backward.
enum Gradients {
    Convolution { expected: reference::ConvGradients, sums: reference::ConvGradients },
    Input { expected: Array4<f64>, tolerance: Array4<f64>, indices: Array4<u32> },
}

/// A case's tensors, and what it must give backward.
pub struct Backward<'a> {
    case: &'a Case,
    input: Array4<f32>,
    /// Empty where the operation has none.
    weight: Array4<f32>,
    grad_output: Array4<f32>,
    gradients: Gradients,
}

impl<'a> Backward<'a> {
    /// Runs the reference.
    ///
    /// # Errors
    ///
    /// Those of the reference.
    pub fn new(case: &'a Case) -> Result<Self> {
        let (mut input, grad_output) = (case.input(), case.grad_output());
        if let Operation::Activation(_) = case.operation {
            // The slope at a NaN is not defined.
            input.mapv_inplace(|x| if x.is_nan() { 0.5 } else { x });
        }
        let mut weight = Array4::zeros([0; 4]);
        if let Operation::Conv2d { .. } | Operation::ConvTranspose2d { .. } = case.operation {
            weight = case.weight();
        }
        let shape = Shape::from(case.input);
        let (wide_input, wide_weight, wide_grad) =
            (wide(&input), wide(&weight), wide(&grad_output));
        // The same loops over absolute values give the sums of the absolute values.
        let input_sizes = magnitude(input.view());
        let (weight_sizes, grad_sizes) = (magnitude(weight.view()), magnitude(grad_output.view()));
        let all =
            [(&wide_input, &wide_weight, &wide_grad), (&input_sizes, &weight_sizes, &grad_sizes)];
        let of_input = |gradient: &dyn Fn(ArrayView4<'_, f64>) -> Result<Array4<f64>>, indices| {
            Ok::<_, Error>(Gradients::Input {
                expected: gradient(wide_grad.view())?,
                tolerance: rounding(gradient(grad_sizes.view())?),
                indices,
            })
        };
        let no_indices = Array4::zeros([0; 4]);
        let gradients = match &case.operation {
            Operation::Conv2d { options, .. } => {
                let options = options.clone().activation(None);
                let [expected, sums] = all.map(|(input, weight, grad)| {
                    reference::conv2d_backward(&options, input.view(), weight.view(), grad.view())
                });
                Gradients::Convolution { expected: expected?, sums: sums? }
            }
            Operation::ConvTranspose2d { options, .. } => {
                let [expected, sums] = all.map(|(input, weight, grad)| {
                    let (input, weight) = (input.view(), weight.view());
                    reference::conv_transpose2d_backward(options, input, weight, grad.view())
                });
                Gradients::Convolution { expected: expected?, sums: sums? }
            }
            Operation::MaxPool2d(options) => {
                let (_, indices) = reference::max_pool2d(options, wide_input.view())?;
                let of = indices.clone();
                of_input(
                    &|grad| reference::max_pool2d_backward(options, shape, of.view(), grad),
                    indices,
                )?
            }
            Operation::AdaptiveMaxPool2d(options) => {
                let (_, indices) = reference::adaptive_max_pool2d(options, wide_input.view())?;
                let of = indices.clone();
                of_input(
                    &|grad| {
                        reference::adaptive_max_pool2d_backward(options, shape, of.view(), grad)
                    },
                    indices,
                )?
            }
            Operation::AvgPool2d(options) => {
                of_input(&|grad| reference::avg_pool2d_backward(options, shape, grad), no_indices)?
            }
            Operation::AdaptiveAvgPool2d(options) => of_input(
                &|grad| reference::adaptive_avg_pool2d_backward(options, shape, grad),
                no_indices,
            )?,
            Operation::Activation(function) => {
                let input = wide_input.view();
                let expected = reference::activation_backward(*function, input, wide_grad.view())?;
                // 1e-6 of the derivative, times the gradient.
                let tolerance = grad_sizes.mapv(|grad| 1e-6 * (1.0 + grad));
                Gradients::Input { expected, tolerance, indices: no_indices }
            }
        };
        Ok(Self { case, input, weight, grad_output, gradients })
    }

    /// Whether the runner gives it.
    ///
    /// # Errors
    ///
    /// What is wrong with its result.
    pub fn check(&self, runner: &dyn GradientRunner) -> Check {
        let shape = Shape::from(self.case.input);
        let (input, weight, grad) = (&self.input, &self.weight, &self.grad_output);
        match &self.gradients {
            Gradients::Convolution { expected, sums } => {
                let actual = match &self.case.operation {
                    Operation::ConvTranspose2d { options, .. } => {
                        runner.conv_transpose2d_backward(options, input, weight, grad)
                    }
                    Operation::Conv2d { options, .. } => {
                        let options = options.clone().activation(None);
                        runner.conv2d_backward(&options, input, weight, grad)
                    }
                    other => return Err(format!("{} has no weight", other.name())),
                };
                same_gradients(&actual.map_err(text)?, expected, sums)
            }
            Gradients::Input { expected, tolerance, indices } => {
                let actual = match &self.case.operation {
                    Operation::MaxPool2d(options) => {
                        runner.max_pool2d_backward(options, shape, indices, grad)
                    }
                    Operation::AdaptiveMaxPool2d(options) => {
                        runner.adaptive_max_pool2d_backward(options, shape, indices, grad)
                    }
                    Operation::AvgPool2d(options) => {
                        runner.avg_pool2d_backward(options, shape, grad)
                    }
                    Operation::AdaptiveAvgPool2d(options) => {
                        runner.adaptive_avg_pool2d_backward(options, shape, grad)
                    }
                    Operation::Activation(function) => {
                        runner.activation_backward(*function, input, grad)
                    }
                    other => return Err(format!("{} has weights", other.name())),
                };
                compare::within("grad_input", &actual.map_err(text)?, expected, tolerance)
            }
        }
    }
}

fn same_gradients(
    actual: &ConvGradients,
    expected: &reference::ConvGradients,
    sums: &reference::ConvGradients,
) -> Check {
    let (grad_input, grad_weight, grad_bias) = actual;
    let within = compare::within_rounding;
    within("grad_input", grad_input, &expected.grad_input, &sums.grad_input)?;
    within("grad_weight", grad_weight, &expected.grad_weight, &sums.grad_weight)?;
    compare::within_rounding("grad_bias", grad_bias, &expected.grad_bias, &sums.grad_bias)
}
