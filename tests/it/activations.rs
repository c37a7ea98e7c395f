//! Activations at the ends of the range: the devices agree with the reference, and the reference
//! with PyTorch.

use filtro::{Activation, Conv2d, Device, reference};
use ndarray::Array4;

use crate::case::wide;
use crate::compare::{Check, within};
use crate::tested::tested;

const INPUTS: [f32; 28] = [
    0.0,
    -0.0,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    f32::MAX,
    f32::MIN,
    3e38,
    -3e38,
    5.8e37,
    -5.8e37,
    1e20,
    -1e20,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    88.0,
    -88.0,
    89.0,
    -89.0,
    104.0,
    -104.0,
    3.0,
    -3.0,
    6.0,
    -6.0,
    1.0,
    -1.0,
    1e-20,
];

const SUBNORMAL: [f32; 4] = [1e-45, -1e-45, 1e-39, -1e-39];

fn functions() -> Vec<Activation> {
    let slopes = [0.01, 0.0, -0.0, -2.0, 3e38, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let mut functions = vec![
        Activation::Relu,
        Activation::Relu6,
        Activation::Silu,
        Activation::HardSwish,
        Activation::HardSigmoid,
        Activation::Sigmoid,
        Activation::Tanh,
    ];
    functions.extend(slopes.map(|negative_slope| Activation::LeakyRelu { negative_slope }));
    functions
}

fn column(values: &[f32]) -> Array4<f32> {
    Array4::from_shape_vec([1, 1, values.len(), 1], values.to_vec()).unwrap()
}

/// What counts as zero: a GPU may flush subnormal numbers, and `1 / (1 + exp(89))` is zero in f32,
/// here as in PyTorch. Functions of exponentials have errors of the last place of 1.
fn absolute_tolerance(function: Activation) -> f64 {
    match function {
        Activation::Silu | Activation::Sigmoid | Activation::Tanh => 4.0 * f64::from(f32::EPSILON),
        _ => 2.0 * f64::from(f32::MIN_POSITIVE),
    }
}

/// Within some units of the last place.
fn near(what: &str, actual: &Array4<f32>, expected: &Array4<f64>, absolute: f64) -> Check {
    let expected = expected.mapv(|value| f64::from(value as f32));
    let tolerance = expected.mapv(|value| {
        let relative = 8.0 * f64::from(f32::EPSILON) * value.abs();
        if relative.is_finite() { relative + absolute } else { 0.0 }
    });
    within(what, actual, &expected, &tolerance)
}

fn extremes(device: &Device) {
    let mut failures = Vec::new();
    let conv = Conv2d::new(1, 1, [1, 1]);
    let one = device.upload(&column(&[1.0])).unwrap();
    for function in functions() {
        let absolute = absolute_tolerance(function);
        // What is flushed makes a difference that a large slope shows.
        let flushes = !matches!(function, Activation::LeakyRelu { negative_slope } if negative_slope.abs() > 2.0);
        let mut values = INPUTS.to_vec();
        values.extend(SUBNORMAL.iter().filter(|_| flushes));
        let input = column(&values);
        let x = device.upload(&input).unwrap();
        let expected = reference::activation(function, wide(&input).view());
        let output = function.forward(&x).unwrap().download().unwrap();
        let fused = conv.clone().activation(function).forward(&x, &one, None).unwrap();
        // The gradient at NaN is not part of the contract.
        values.retain(|value| !value.is_nan());
        let numbers = column(&values);
        let grad_output = Array4::ones(numbers.dim());
        let slopes = reference::activation_backward(
            function,
            wide(&numbers).view(),
            wide(&grad_output).view(),
        )
        .unwrap();
        let (numbers, grad_output) = (device.upload(&numbers), device.upload(&grad_output));
        let grad_input = function.grad_input(&numbers.unwrap(), &grad_output.unwrap()).unwrap();
        for check in [
            near("forward", &output, &expected, absolute),
            near("fused", &fused.download().unwrap(), &expected, absolute),
            near("gradient", &grad_input.download().unwrap(), &slopes, absolute),
        ] {
            failures.extend(check.err().map(|error| format!("{function:?}: {error}")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn activations_of_extreme_numbers_on_the_cpu() {
    extremes(&Device::cpu());
}

#[test]
fn activations_of_extreme_numbers_on_the_adapter() {
    extremes(tested());
}

#[test]
fn the_reference_has_pytorchs_results_at_the_ends_of_the_range() {
    let one = |function, x: f64| {
        reference::activation(function, Array4::from_elem([1, 1, 1, 1], x).view())[[0, 0, 0, 0]]
    };
    let leaky = |negative_slope| Activation::LeakyRelu { negative_slope };
    assert!(one(leaky(f32::NAN), 0.0).is_nan());
    assert!(one(leaky(f32::NAN), -0.0).is_nan());
    assert_eq!(one(leaky(f32::NAN), 1.0), 1.0);
    assert!(one(leaky(f32::INFINITY), 0.0).is_nan());
    assert_eq!(one(leaky(f32::INFINITY), -1.0), f64::NEG_INFINITY);
    assert_eq!(one(leaky(f32::NEG_INFINITY), -1.0), f64::INFINITY);
    assert!(one(leaky(0.0), f64::NEG_INFINITY).is_nan());
    for function in [Activation::HardSwish, Activation::Silu] {
        assert!(one(function, f64::NEG_INFINITY).is_nan());
        assert_eq!(one(function, f64::INFINITY), f64::INFINITY);
    }
    // PyTorch's product overflows here; the result itself does not.
    assert_eq!(one(Activation::HardSwish, 3e38) as f32, 3e38);
}
