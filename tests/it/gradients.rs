//! Gradients against what they mean: the adjoint identity and finite differences.

use filtro::reference::{self, ConvGradients};
use filtro::{Result, Shape};
use ndarray::{Array, Array1, Array4, Dimension};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::case::{Case, Data, Operation, wide};
use crate::compare::{self, U};
use crate::options::Kind;
use crate::runner::gradient_runners;
use crate::strategies::{self, config};

type Property = std::result::Result<(), TestCaseError>;

fn text(error: filtro::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

/// The inner product, and the sum of the absolute values of its terms.
fn product<D: Dimension>(a: &Array<f64, D>, b: &Array<f64, D>) -> [f64; 2] {
    assert_eq!(a.shape(), b.shape());
    let terms = || a.iter().zip(b).map(|(a, b)| a * b);
    [terms().sum(), terms().map(f64::abs).sum()]
}

/// That `<f(x), y> = <x, grad(y)>`, to a relative difference of the sum of the terms.
fn adjoint<D: Dimension>(
    what: &str,
    [output, grad_output]: [&Array4<f64>; 2],
    [input, grad_input]: [&Array<f64, D>; 2],
    relative: f64,
) -> Property {
    let [left, left_terms] = product(output, grad_output);
    let [right, right_terms] = product(input, grad_input);
    let tolerance = relative * (left_terms + right_terms) + f64::from(f32::MIN_POSITIVE);
    prop_assert!(
        (left - right).abs() <= tolerance,
        "{what}: <f(x), y> is {left}, but <x, grad(y)> is {right}"
    );
    Ok(())
}

/// A case's tensors in f64.
struct Tensors {
    input: Array4<f64>,
    weight: Array4<f64>,
    grad_output: Array4<f64>,
}

impl Tensors {
    fn new(case: &Case) -> Self {
        let weight = match case.operation.kind() {
            Kind::Convolution { .. } => case.weight(),
            _ => Array4::zeros([0; 4]),
        };
        Self {
            input: wide(&case.input()),
            weight: wide(&weight),
            grad_output: wide(&case.grad_output()),
        }
    }
}

/// The case without what is not linear in the input.
fn linear(mut case: Case) -> Case {
    if let Operation::Conv2d { options, bias } = &mut case.operation {
        (options.activation, *bias) = (None, false);
    }
    if let Operation::ConvTranspose2d { bias, .. } = &mut case.operation {
        *bias = false;
    }
    case
}

/// The output of the reference.
fn output(operation: &Operation, input: &Array4<f64>, weight: &Array4<f64>) -> Result<Array4<f64>> {
    let (input, weight) = (input.view(), weight.view());
    match operation.kind() {
        Kind::Convolution { options, .. } => options.reference(input, weight, None),
        Kind::Max(options) => options.reference(input),
        Kind::Average(options) => options.reference(input),
        Kind::Activation(function) => Ok(reference::activation(function, input)),
    }
}

/// The gradients of the reference; those of weight and bias are empty where there are none.
fn gradients(operation: &Operation, tensors: &Tensors) -> Result<ConvGradients> {
    let (input, weight) = (tensors.input.view(), tensors.weight.view());
    let grad = tensors.grad_output.view();
    let (batch, channels, height, width) = tensors.input.dim();
    let shape = Shape::new(batch, channels, height, width);
    let grad_input = match operation.kind() {
        Kind::Convolution { options, .. } => {
            return options.reference_backward(input, weight, grad);
        }
        Kind::Max(options) => {
            let (_, indices) = options.reference_with_indices(input)?;
            options.reference_backward(shape, &indices, grad)?
        }
        Kind::Average(options) => options.reference_backward(shape, grad)?,
        Kind::Activation(function) => reference::activation_backward(function, input, grad)?,
    };
    let (grad_weight, grad_bias) = (Array4::zeros([0; 4]), Array1::zeros(0));
    Ok(ConvGradients { grad_input, grad_weight, grad_bias })
}

fn reference_is_adjoint(case: Case) -> Property {
    let case = linear(case).with_data(Data::Integers);
    let tensors = Tensors::new(&case);
    let output = output(&case.operation, &tensors.input, &tensors.weight).map_err(text)?;
    // The empty window of a max pooling is -inf whatever the input is.
    let output = output.mapv(|y| if y.is_finite() { y } else { 0.0 });
    let found = gradients(&case.operation, &tensors).map_err(text)?;
    let pair = [&output, &tensors.grad_output];
    adjoint("grad_input", pair, [&tensors.input, &found.grad_input], 1e-13)?;
    if !tensors.weight.is_empty() {
        adjoint("grad_weight", pair, [&tensors.weight, &found.grad_weight], 1e-13)?;
        let ones = Array4::ones(output.dim());
        let bias = Array1::ones(found.grad_bias.len());
        adjoint("grad_bias", [&ones, &tensors.grad_output], [&bias, &found.grad_bias], 1e-13)?;
    }
    Ok(())
}

fn runners_are_adjoint(case: Case) -> Property {
    let case = linear(case).with_data(Data::Uniform);
    let tensors = Tensors::new(&case);
    let output = output(&case.operation, &tensors.input, &tensors.weight).map_err(text)?;
    let pair = [&output, &tensors.grad_output];
    let (input, weight, grad) = (case.input(), &tensors.weight, case.grad_output());
    for runner in gradient_runners(case.operation.name()) {
        let name = runner.name();
        let shape = Shape::from(case.input);
        let grad_input = match case.operation.kind() {
            Kind::Convolution { options, .. } => {
                let found = runner.convolve_backward(options, &input, &case.weight(), &grad);
                let (grad_input, grad_weight, _) = found.map_err(text)?;
                adjoint(&name, pair, [weight, &wide(&grad_weight)], 1e-5)?;
                grad_input
            }
            Kind::Average(options) => {
                runner.average_backward(options, shape, &grad).map_err(text)?
            }
            other => return Err(TestCaseError::fail(format!("{other:?} is not linear"))),
        };
        adjoint(&name, pair, [&tensors.input, &wide(&grad_input)], 1e-5)?;
    }
    Ok(())
}

/// The gradient of `loss` at `x` by central differences of a step `h`.
fn differences(x: &Array4<f64>, h: f64, loss: impl Fn(&Array4<f64>) -> f64) -> Array4<f64> {
    let mut moved = x.clone();
    Array4::from_shape_fn(x.dim(), |index| {
        moved[index] = x[index] + h;
        let up = loss(&moved);
        moved[index] = x[index] - h;
        let down = loss(&moved);
        moved[index] = x[index];
        (up - down) / (2.0 * h)
    })
}

fn differences_are_the_gradients(case: Case) -> Property {
    let case = linear(case).with_data(Data::Uniform);
    let mut tensors = Tensors::new(&case);
    // Where nothing bends within a step: maxima of numbers 1 apart, activations of odd 32nds.
    let h = 1.0 / 64.0;
    match case.operation {
        Operation::MaxPool2d(_) | Operation::AdaptiveMaxPool2d(_) => {
            let mut order: Vec<usize> = (0..tensors.input.len()).collect();
            let keys: Vec<f64> = tensors.input.iter().copied().collect();
            order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
            let values = tensors.input.as_slice_mut().expect("a whole array");
            for (rank, &at) in order.iter().enumerate() {
                values[at] = rank as f64;
            }
        }
        Operation::Activation(_) => {
            tensors.input.mapv_inplace(|x| (x * 128.0).floor() / 16.0 + 1.0 / 32.0)
        }
        _ => {}
    }
    let loss = |input: &Array4<f64>, weight: &Array4<f64>| {
        let output = output(&case.operation, input, weight).expect("a valid case");
        output
            .iter()
            .zip(&tensors.grad_output)
            .filter(|(y, _)| y.is_finite())
            .map(|(y, g)| y * g)
            .sum()
    };
    let found = gradients(&case.operation, &tensors).map_err(text)?;
    // The third derivative of an activation makes a central difference off by h^2 / 6 of it.
    let tolerance = |expected: &Array4<f64>| match case.operation {
        Operation::Activation(_) => expected.mapv(|g| 1e-3 * (1.0 + g.abs())),
        _ => expected.mapv(|g| 1e-9 * (1.0 + g.abs())),
    };
    let expected = differences(&tensors.input, h, |input| loss(input, &tensors.weight));
    compare::within("grad_input", &found.grad_input, &expected, &tolerance(&expected))
        .map_err(TestCaseError::fail)?;
    let expected = differences(&tensors.weight, h, |weight| loss(&tensors.input, weight));
    compare::within("grad_weight", &found.grad_weight, &expected, &tolerance(&expected))
        .map_err(TestCaseError::fail)
}

macro_rules! properties {
    ($($adjoint:ident, $differences:ident, $strategy:ident;)*) => {
        proptest! {
            #![proptest_config(config(40))]
            $(
                #[test]
                fn $adjoint(case in strategies::$strategy()) {
                    reference_is_adjoint(case)?;
                }
            )*
        }

        proptest! {
            #![proptest_config(config(16))]
            $(
                #[test]
                fn $differences(case in strategies::$strategy()) {
                    differences_are_the_gradients(case)?;
                }
            )*
        }
    };
}

properties! {
    a_convolution_is_adjoint_to_its_gradient,
        differences_of_a_convolution_are_its_gradients, conv2d;
    a_transposed_convolution_is_adjoint_to_its_gradient,
        differences_of_a_transposed_convolution_are_its_gradients, conv_transpose2d;
    a_maximum_is_adjoint_to_its_gradient,
        differences_of_a_maximum_are_its_gradient, max_pool2d;
    an_average_is_adjoint_to_its_gradient,
        differences_of_an_average_are_its_gradient, avg_pool2d;
    an_adaptive_average_is_adjoint_to_its_gradient,
        differences_of_an_adaptive_average_are_its_gradient, adaptive_avg_pool2d;
    an_adaptive_maximum_is_adjoint_to_its_gradient,
        differences_of_an_adaptive_maximum_are_its_gradient, adaptive_max_pool2d;
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn differences_of_an_activation_are_its_gradient(case in strategies::activation()) {
        differences_are_the_gradients(case)?;
    }

    #[test]
    fn the_gradient_of_a_convolution_is_adjoint_to_it_on_every_runner(case in strategies::conv2d()) {
        runners_are_adjoint(case)?;
    }

    #[test]
    fn the_gradient_of_a_transposed_convolution_is_adjoint_to_it_on_every_runner(
        case in strategies::conv_transpose2d()
    ) {
        runners_are_adjoint(case)?;
    }

    #[test]
    fn the_gradient_of_an_average_is_adjoint_to_it_on_every_runner(
        case in strategies::avg_pool2d()
    ) {
        runners_are_adjoint(case)?;
    }

    #[test]
    fn the_gradient_of_an_adaptive_average_is_adjoint_to_it_on_every_runner(
        case in strategies::adaptive_avg_pool2d()
    ) {
        runners_are_adjoint(case)?;
    }

    #[test]
    fn a_transposed_convolution_is_the_gradient_of_a_convolution(
        case in strategies::conv_transpose2d()
    ) {
        let Operation::ConvTranspose2d { options, .. } = &case.operation else {
            return Err(TestCaseError::fail("another operation"));
        };
        let tensors = Tensors::new(&case);
        let output = output(&case.operation, &tensors.input, &tensors.weight).map_err(text)?;
        let conv = filtro::Conv2d::new(options.out_channels, options.in_channels, options.kernel_size)
            .stride(options.stride)
            .padding(options.padding)
            .dilation(options.dilation)
            .groups(options.groups);
        // A stride that floors leaves output padding undetermined; the sizes must agree.
        let back = conv.output_shape(options.output_shape(case.input).map_err(text)?);
        prop_assume!(back.is_ok_and(|shape| shape == Shape::from(case.input)));
        let gradients = reference::conv2d_backward(
            &conv,
            Array4::zeros(output.dim()).view(),
            tensors.weight.view(),
            tensors.input.view(),
        );
        let grad_input = gradients.map_err(text)?.grad_input;
        let sums = grad_input.mapv(|y| 8.0 * U * (1.0 + y.abs()));
        compare::within("output", &output, &grad_input, &sums).map_err(TestCaseError::fail)?;
    }
}
