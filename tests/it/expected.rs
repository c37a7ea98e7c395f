//! What a case must give, by the reference, and whether that is what came out.

use filtro::{Activation, DType, Error, Result, Shape, reference};
use ndarray::{Array1, Array4, ArrayView4};

use crate::case::{Case, Data, Operation, magnitude, nearest, wide};
use crate::compare::{self, Check, U};
use crate::computes::{Backwards, ConvGradients, Forwards};
use crate::options::Kind;
use crate::tested::held;

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

/// What comes out of a case forward.
pub struct Outputs<T = Array4<f32>, I = Array4<u32>> {
    pub output: T,
    /// Of maxima alone.
    pub with_indices: Option<(T, I)>,
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

    /// Computes it: the output, and that of a maximum once more with its indices.
    ///
    /// # Errors
    ///
    /// Those of what computes it.
    pub fn run<T, I>(&self, computes: &dyn Forwards<T, I>) -> Result<Outputs<T, I>> {
        let (input, weight, bias) = (&self.input, &self.weight, self.bias.as_ref());
        let output = match self.case.operation.kind() {
            Kind::Convolution { options, .. } => computes.convolve(options, input, weight, bias)?,
            Kind::Max(options) => {
                let output = computes.pool(options, input)?;
                let with_indices = Some(computes.pool_with_indices(options, input)?);
                return Ok(Outputs { output, with_indices });
            }
            Kind::Average(options) => computes.pool(options, input)?,
            Kind::Activation(function) => computes.activation(function, input)?,
        };
        Ok(Outputs { output, with_indices: None })
    }

    /// Whether these are the case's outputs; convolutions can be by cooperative matrices.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn compare(&self, outputs: &Outputs, by_matrices: bool) -> Check {
        match &self.of_matrices {
            Some(tolerance) if by_matrices => {
                compare::within_f16("output", &outputs.output, &self.expected, tolerance)?;
            }
            _ => self.compare_output(&outputs.output)?,
        }
        match (&self.rule, &outputs.with_indices) {
            (Rule::Identical(expected), Some((output, indices))) => {
                compare::indices("indices", indices, expected)?;
                self.compare_output(output)
            }
            (Rule::Identical(_), None) => Err("there are no indices".into()),
            (_, None) => Ok(()),
            (_, Some(_)) => Err("no indices to compare with".into()),
        }
    }

    fn compare_output(&self, output: &Array4<f32>) -> Check {
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

/// What comes out of a case backward.
pub enum Gradients<T = Array4<f32>, B = Array1<f32>> {
    Convolution(ConvGradients<T, B>),
    Input(T),
}

/// What a case must give backward, and how close.
enum GradientRule {
    Convolution { expected: Box<reference::ConvGradients>, sums: Box<reference::ConvGradients> },
    Input { expected: Array4<f64>, tolerance: Array4<f64> },
}

/// A case's tensors, and what it must give backward.
pub struct Backward<'a> {
    case: &'a Case,
    input: Array4<f32>,
    /// Empty where the operation has none.
    weight: Array4<f32>,
    /// Empty where the operation has none.
    indices: Array4<u32>,
    grad_output: Array4<f32>,
    rule: GradientRule,
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
        let of_input = |gradient: &dyn Fn(ArrayView4<'_, f64>) -> Result<Array4<f64>>| {
            Ok::<_, Error>(GradientRule::Input {
                expected: gradient(wide_grad.view())?,
                tolerance: rounding(gradient(grad_sizes.view())?),
            })
        };
        let mut indices = Array4::zeros([0; 4]);
        let rule = match case.operation.kind() {
            Kind::Convolution { options, .. } => {
                let options = options.linear();
                let [expected, sums] = all.map(|(input, weight, grad)| {
                    options.reference_backward(input.view(), weight.view(), grad.view())
                });
                GradientRule::Convolution { expected: Box::new(expected?), sums: Box::new(sums?) }
            }
            Kind::Max(options) => {
                (_, indices) = options.reference_with_indices(wide_input.view())?;
                of_input(&|grad| options.reference_backward(shape, &indices, grad))?
            }
            Kind::Average(options) => of_input(&|grad| options.reference_backward(shape, grad))?,
            Kind::Activation(function) => {
                let input = wide_input.view();
                let expected = reference::activation_backward(function, input, wide_grad.view())?;
                // 1e-6 of the derivative, times the gradient.
                let tolerance = grad_sizes.mapv(|grad| 1e-6 * (1.0 + grad));
                GradientRule::Input { expected, tolerance }
            }
        };
        Ok(Self { case, input, weight, indices, grad_output, rule })
    }

    /// Computes it.
    ///
    /// # Errors
    ///
    /// Those of what computes it.
    pub fn run<T, B>(&self, computes: &dyn Backwards<T, B>) -> Result<Gradients<T, B>> {
        let shape = Shape::from(self.case.input);
        let (input, weight, grad) = (&self.input, &self.weight, &self.grad_output);
        let of_input = match self.case.operation.kind() {
            Kind::Convolution { options, .. } => {
                let options = options.linear();
                let gradients = computes.convolve_backward(&*options, input, weight, grad)?;
                return Ok(Gradients::Convolution(gradients));
            }
            Kind::Max(options) => computes.maximum_backward(options, shape, &self.indices, grad)?,
            Kind::Average(options) => computes.average_backward(options, shape, grad)?,
            Kind::Activation(function) => computes.activation_backward(function, input, grad)?,
        };
        Ok(Gradients::Input(of_input))
    }

    /// Whether these are the case's gradients.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn compare(&self, gradients: &Gradients) -> Check {
        match (gradients, &self.rule) {
            (Gradients::Convolution(actual), GradientRule::Convolution { expected, sums }) => {
                same_gradients(actual, expected, sums)
            }
            (Gradients::Input(actual), GradientRule::Input { expected, tolerance }) => {
                compare::within("grad_input", actual, expected, tolerance)
            }
            _ => Err("gradients of another operation".into()),
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
