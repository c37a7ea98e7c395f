//! What a case must give, by the reference, and whether a runner gives it.

use filtro::{Activation, DType, Error, Result, Shape, reference};
use ndarray::{Array1, Array4, ArrayView4};

use crate::case::{Case, Data, Operation, magnitude, nearest, wide};
use crate::compare::{self, Check, U};
use crate::options::Kind;
use crate::runner::{ConvGradients, GradientRunner, Runner};
use crate::tested::held;

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
    /// The tolerance of a convolution by cooperative matrices; none where it is as any other's.
    of_matrices: Option<Array4<f64>>,
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
        let input = held(nearest(case.input(), dtype));
        let (mut weight, mut bias) = (Array4::zeros([0; 4]), None);
        if let Kind::Convolution { .. } = case.operation.kind() {
            weight = nearest(case.weight(), dtype);
            bias = case.bias().map(|bias| nearest(bias, dtype));
        }
        let (wide_input, wide_weight) = (wide(&input), wide(&weight));
        let sizes = magnitude(input.view());
        let wide_bias = bias.as_ref().map(wide);
        let bias_view = wide_bias.as_ref().map(|bias| bias.view());
        let mut of_matrices = None;
        let (expected, rule) = match (&case.operation, case.operation.kind()) {
            (Operation::Conv2d { options, .. }, _) => {
                let (expected, sums) = reference::conv2d_with_magnitude(
                    options,
                    wide_input.view(),
                    wide_weight.view(),
                    bias_view,
                )?;
                let products = weight.len() / options.out_channels;
                if !is_exact(case.data, products) {
                    let sums = compare::by_matrices(products, &sums);
                    let function = options.activation;
                    of_matrices = Some(match function {
                        None => sums,
                        Some(function) => {
                            sums * steepness(function) + activation_tolerance(function, &expected)
                        }
                    });
                }
                let rule = match options.activation {
                    None if is_exact(case.data, products) => Rule::Equal,
                    None => Rule::Within(rounding(sums)),
                    Some(function) => Rule::Within(
                        rounding(sums) * steepness(function)
                            + activation_tolerance(function, &expected),
                    ),
                };
                (expected, rule)
            }
            (_, Kind::Convolution { options, .. }) => {
                let expected =
                    options.reference(wide_input.view(), wide_weight.view(), bias_view)?;
                let bias_sizes = bias.as_ref().map(|bias| magnitude(bias.view()));
                let bias_sizes = bias_sizes.as_ref().map(|bias| bias.view());
                let weight_sizes = magnitude(weight.view());
                let rule = if is_exact(case.data, weight.len()) {
                    Rule::Equal
                } else {
                    let sums = options.reference(sizes.view(), weight_sizes.view(), bias_sizes)?;
                    Rule::Within(rounding(sums))
                };
                (expected, rule)
            }
            (_, Kind::Max(options)) => {
                let (expected, indices) = options.reference_with_indices(wide_input.view())?;
                (expected, Rule::Identical(indices))
            }
            (_, Kind::Average(options)) => {
                let expected = options.reference(wide_input.view())?;
                (expected, Rule::Within(rounding(options.reference(sizes.view())?)))
            }
            (_, Kind::Activation(function)) => {
                let expected = reference::activation(function, wide_input.view());
                let tolerance = activation_tolerance(function, &expected);
                (expected, Rule::Within(tolerance))
            }
        };
        Ok(Self { case, input, weight, bias, expected, rule, of_matrices, dtype })
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
        let output = match self.case.operation.kind() {
            Kind::Convolution { options, .. } => runner.convolve(options, input, weight, bias)?,
            Kind::Max(options) => runner.pool(options, input)?,
            Kind::Average(options) => runner.pool(options, input)?,
            Kind::Activation(function) => runner.activation(function, input)?,
        };
        let compared = match &self.of_matrices {
            Some(tolerance) if runner.uses_matrices() => {
                compare::within_f16("output", &output, &self.expected, tolerance)
            }
            _ => self.compare(&output),
        };
        let Kind::Max(options) = self.case.operation.kind() else { return Ok(compared) };
        if compared.is_err() {
            return Ok(compared);
        }
        let (output, indices) = runner.pool_with_indices(options, input)?;
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
        let (mut input, grad_output) = (held(case.input()), case.grad_output());
        if let Operation::Activation(_) = case.operation {
            // The slope at a NaN is not defined.
            input.mapv_inplace(|x| if x.is_nan() { 0.5 } else { x });
        }
        let mut weight = Array4::zeros([0; 4]);
        if let Kind::Convolution { .. } = case.operation.kind() {
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
        let gradients = match case.operation.kind() {
            Kind::Convolution { options, .. } => {
                let options = options.linear();
                let [expected, sums] = all.map(|(input, weight, grad)| {
                    options.reference_backward(input.view(), weight.view(), grad.view())
                });
                Gradients::Convolution { expected: expected?, sums: sums? }
            }
            Kind::Max(options) => {
                let (_, indices) = options.reference_with_indices(wide_input.view())?;
                let of = indices.clone();
                of_input(&|grad| options.reference_backward(shape, &of, grad), indices)?
            }
            Kind::Average(options) => {
                of_input(&|grad| options.reference_backward(shape, grad), no_indices)?
            }
            Kind::Activation(function) => {
                let input = wide_input.view();
                let expected = reference::activation_backward(function, input, wide_grad.view())?;
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
        let kind = self.case.operation.kind();
        match (&self.gradients, kind) {
            (Gradients::Convolution { expected, sums }, Kind::Convolution { options, .. }) => {
                let options = options.linear();
                let actual = runner.convolve_backward(&*options, input, weight, grad);
                same_gradients(&actual.map_err(text)?, expected, sums)
            }
            (Gradients::Input { expected, tolerance, indices }, kind) => {
                let actual = match kind {
                    Kind::Max(options) => runner.maximum_backward(options, shape, indices, grad),
                    Kind::Average(options) => runner.average_backward(options, shape, grad),
                    Kind::Activation(function) => runner.activation_backward(function, input, grad),
                    Kind::Convolution { options, .. } => {
                        return Err(format!("{options:?} has weights"));
                    }
                };
                compare::within("grad_input", &actual.map_err(text)?, expected, tolerance)
            }
            (Gradients::Convolution { .. }, kind) => Err(format!("{kind:?} has no weight")),
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
