//! Additions, differences and products of two tensors that broadcast.

use std::sync::Arc;

use filtro::{
    Activation, Arithmetic, DType, Device, Error, Operator, Result, Shape, Tensor, reference,
};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{Between, Problem, between_tests};
use crate::case::{Data, Random, wide};
use crate::compare::{U, any_data, equal, within};
use crate::goldens::Golden;
use crate::tested::{tested, with_bindings_of};

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

fn cases() -> Vec<Problem> {
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

fn random() -> impl Strategy<Value = Problem> {
    let size = |most: usize| prop_oneof![1 => Just(1), 4 => 1..=most];
    let width = prop_oneof![2 => 1..=23_usize, 1 => (1..=9_usize).prop_map(|size| 4 * size)];
    let sizes = (size(4), size(9), size(13), width);
    let mask = || [any_mask(), any_mask(), any_mask(), any_mask()];
    let data = prop_oneof![Just(Data::Integers), Just(Data::Uniform), Just(Data::NonFinite)];
    (0..3_usize, sizes, mask(), mask(), data, any::<u64>()).prop_map(
        |(operator, (n, c, h, w), one, other, data, seed)| {
            let sizes = [n, c, h, w];
            // Where both had size 1 the output would have it too.
            let shape = |mask: [bool; 4], both: [bool; 4]| {
                [0, 1, 2, 3].map(|axis| if mask[axis] && !both[axis] { 1 } else { sizes[axis] })
            };
            let both = [0, 1, 2, 3].map(|axis| one[axis] && other[axis]);
            let shapes = [shape(one, both), shape(other, [false; 4])];
            let operation = Arithmetic::new(OPERATORS[operator]);
            Problem::new("any", operation, shapes).with(data, seed)
        },
    )
}

fn any_mask() -> impl Strategy<Value = bool> {
    prop_oneof![2 => Just(false), 1 => Just(true)]
}

fn golden(golden: &Golden<'_>) -> Arc<dyn Between> {
    let name = golden.options["operator"].as_str().expect("an operator");
    let operator = OPERATORS.into_iter().find(|operator| operator.name() == name);
    Arc::new(Arithmetic::new(operator.expect("a known operator")))
}

between_tests!(cases(), random(), "arithmetic.json", 30, golden);

fn devices() -> [Device; 3] {
    [Device::cpu(), tested().clone(), with_bindings_of(2_048)]
}

#[test]
fn a_scale_of_channels_by_hand() {
    let x = array![[[[1.0, 2.0]], [[3.0, 4.0]]], [[[5.0, 6.0]], [[7.0, 8.0]]]];
    let grad = array![[[[1.0, 10.0]], [[1.0, 10.0]]], [[[100.0, 0.0]], [[0.0, 1000.0]]]];
    for device in devices() {
        let [x, grad] = [&x, &grad].map(|array| device.upload(array).unwrap());
        let scale = device.upload(&array![2.0, -1.0]).unwrap();
        let mul = Arithmetic::mul();
        let y = mul.forward(&x, &scale).unwrap().download().unwrap();
        let expected = array![[[[2.0, 4.0]], [[-3.0, -4.0]]], [[[10.0, 12.0]], [[-7.0, -8.0]]]];
        assert_eq!(y, expected, "{device}");
        // 1 * 1 + 2 * 10 + 5 * 100, and 3 * 1 + 4 * 10 + 8 * 1000.
        let of_scale = mul.grad_other(&x, &scale, &grad).unwrap();
        assert_eq!(of_scale.download().unwrap(), array![[[[521.0]], [[8043.0]]]], "{device}");
        let of_x = mul.grad_input(&x, &scale, &grad).unwrap().download().unwrap();
        let expected = array![[[[2.0, 20.0]], [[-1.0, -10.0]]], [[[200.0, 0.0]], [[0.0, -1000.0]]]];
        assert_eq!(of_x, expected, "{device}");
        let difference = Arithmetic::sub().grad_other(&x, &scale, &grad).unwrap();
        assert_eq!(difference.download().unwrap(), array![[[[-111.0]], [[-1011.0]]]], "{device}");
    }
}

#[test]
fn a_tensor_and_itself() {
    for device in devices() {
        let x = device.upload(&array![[[[1.0, -2.0, 3.0]]]]).unwrap();
        let square = Arithmetic::mul().forward(&x, &x).unwrap().download().unwrap();
        assert_eq!(square, array![[[[1.0, 4.0, 9.0]]]], "{device}");
    }
}

#[test]
fn what_is_empty_stays_so_and_its_gradient_is_zero() {
    for device in devices() {
        let tensor = |shape: [usize; 4]| device.upload(&Array4::<f32>::ones(shape)).unwrap();
        for (x, other) in [
            ([0, 3, 5, 7], [1, 3, 1, 1]),
            ([1, 3, 1, 1], [0, 3, 5, 7]),
            ([2, 0, 5, 7], [2, 1, 5, 7]),
            ([0, 3, 5, 7], [0, 3, 5, 7]),
        ] {
            for operation in OPERATORS.map(Arithmetic::new) {
                let (x, other) = (tensor(x), tensor(other));
                let y = operation.forward(&x, &other).unwrap();
                assert!(y.shape().is_empty());
                assert_eq!(y.download().unwrap().len(), 0, "{device}");
                let of_x = operation.grad_input(&x, &other, &y).unwrap().download().unwrap();
                let of_other = operation.grad_other(&x, &other, &y).unwrap().download().unwrap();
                assert_eq!(of_x, Array4::<f32>::zeros(x.shape().dims()), "{device}");
                assert_eq!(of_other, Array4::<f32>::zeros(other.shape().dims()), "{device}");
            }
        }
    }
}

/// Sums of so many terms that no invocation adds them up alone, over each pattern of axes.
#[test]
fn long_sums_are_exact_for_whole_numbers_and_within_the_bound_for_numbers_of_one_sign() {
    let devices = [Device::cpu(), tested().clone(), with_bindings_of(1 << 16)];
    for (input, other) in [
        ([1, 1, 700, 1001], [1, 1, 1, 1]),
        ([3, 1, 250, 401], [1, 1, 1, 1]),
        ([2, 5, 90, 331], [1, 5, 1, 1]),
        ([70_003, 1, 1, 3], [1, 1, 1, 3]),
        ([70_003, 2, 1, 1], [1, 2, 1, 1]),
        ([300, 2, 17, 11], [1, 2, 1, 11]),
        ([5, 2_000, 3, 7], [5, 1, 3, 7]),
        ([1, 1, 1, 150_001], [1, 1, 1, 1]),
    ] {
        for data in [Data::Integers, Data::Positive] {
            let array = |stream, shape: [usize; 4]| Random::new(5, stream).array4(shape, data);
            let (x, by, grad) = (array(1, input), array(2, other), array(3, input));
            let [wide_x, wide_by, wide_grad] = [&x, &by, &grad].map(wide);
            let terms = x.len() / by.len();
            for operator in OPERATORS {
                let operation = Arithmetic::new(operator);
                let (_, expected) = reference::arithmetic_backward(
                    &operation,
                    wide_x.view(),
                    wide_by.view(),
                    wide_grad.view(),
                )
                .unwrap();
                for device in &devices {
                    let [x, by, grad] = [&x, &by, &grad].map(|it| device.upload(it).unwrap());
                    let found = operation.grad_other(&x, &by, &grad).unwrap();
                    let found = found.download().unwrap();
                    let what = format!("{operation:?} of {input:?} and {other:?} on {device}");
                    match data {
                        Data::Integers => equal(&what, &found, &expected).unwrap(),
                        _ => {
                            let tolerance = any_data(terms, &expected.mapv(f64::abs));
                            within(&what, &found, &expected, &tolerance).unwrap();
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn gradients_are_the_same_on_every_run() {
    let device = tested();
    let x = Random::new(9, 1).array4([3, 4, 61, 67], Data::Wide);
    let x = device.upload(&x).unwrap();
    let gate = device.upload(&Array4::ones([1, 4, 1, 1])).unwrap();
    let run = || Arithmetic::mul().grad_other(&x, &gate, &x).unwrap().to_vec().unwrap();
    let first = run();
    assert!((0..5).all(|_| run() == first));
}

#[test]
fn mistakes_are_errors_that_say_what_is_wrong() {
    let device = Device::cpu();
    let tensor = |shape: [usize; 4]| device.upload(&Array4::<f32>::zeros(shape)).unwrap();
    let (x, other) = (tensor([2, 3, 5, 7]), tensor([2, 3, 5, 6]));
    let text = |result: Result<Tensor>| result.unwrap_err().to_string();
    assert_eq!(
        text(Arithmetic::add().forward(&x, &other)),
        "add: other has shape [2, 3, 5, 6], but that of the input is [2, 3, 5, 7]: along the width \
         they must be the same, or one of them 1"
    );
    let gate = tensor([2, 3, 1, 1]);
    assert_eq!(
        text(Arithmetic::mul().grad_input(&x, &gate, &gate)),
        "mul: grad_output has shape [2, 3, 1, 1], but the output of the forward pass is [2, 3, 5, 7]"
    );
    let fused = Arithmetic::add().activation(Activation::Relu);
    let error = fused.grad_input(&x, &gate, &x).unwrap_err();
    assert!(matches!(&error, Error::InvalidArgument { argument: "activation", .. }), "{error}");
    let half = gate.to_f16().unwrap();
    assert_eq!(
        text(Arithmetic::sub().forward(&x, &half)),
        "sub: the elements of other are f16, but those of the input are f32"
    );
    assert_eq!(
        text(Arithmetic::mul().grad_other(&x, &half, &x)),
        "mul: the elements of other are f16, but this takes f32 alone"
    );
    let elsewhere = tested().upload(&Array4::<f32>::zeros([2, 3, 1, 1])).unwrap();
    for error in [
        Arithmetic::add().forward(&x, &elsewhere).unwrap_err(),
        Arithmetic::add().forward(&elsewhere, &x).unwrap_err(),
        Arithmetic::add().grad_input(&x, &gate, &elsewhere).unwrap_err(),
    ] {
        assert!(matches!(error, Error::DifferentDevice { operation: "add", .. }), "{error}");
    }
}

#[test]
fn outputs_beyond_any_memory_are_errors_at_once() {
    for device in devices() {
        let column = device.upload(&Array4::<f32>::zeros([1, 1, 1 << 23, 1])).unwrap();
        let row = device.upload(&Array4::<f32>::zeros([1, 1, 1, 1 << 23])).unwrap();
        let error = Arithmetic::add().forward(&column, &row).unwrap_err();
        let is_told = matches!(
            error,
            Error::DeviceLimit { .. } | Error::OutOfMemory { .. } | Error::Overflow { .. }
        );
        assert!(is_told, "{device}: {error}");
    }
    let sizes = [[1 << 40, 1, 1, 1], [1, 1 << 40, 1, 1]];
    let error = Arithmetic::add().output_shape(sizes[0], sizes[1]).unwrap_err();
    assert!(matches!(error, Error::Overflow { .. }), "{error}");
}

#[test]
fn a_sum_in_f16_overflows_to_infinity_and_is_rounded_once() {
    let device = Device::cpu();
    let half = |value: f32| device.upload(&array![[[[value]]]]).unwrap().to_f16().unwrap();
    let y = Arithmetic::add().forward(&half(60_000.0), &half(10_000.0)).unwrap();
    assert_eq!((y.dtype(), y.download().unwrap()), (DType::F16, array![[[[f32::INFINITY]]]]));
    // 1 + 2^-11 is a tie, which goes to the even 1; from 2^-11 * 1.5 on it is 1 + 2^-10.
    let y = Arithmetic::add().forward(&half(1.0), &half(2_f32.powi(-11))).unwrap();
    assert_eq!(y.download().unwrap(), array![[[[1.0]]]]);
}
