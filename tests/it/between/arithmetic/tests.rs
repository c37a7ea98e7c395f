//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{Activation, Arithmetic, DType, Device, Error, Result, Tensor, reference};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{OPERATORS, cases};
use crate::between::{Between, Problem, between_tests};
use crate::case::{Data, Random, wide};
use crate::compare::{any_data, equal, within};
use crate::goldens::Golden;
use crate::tested::{tested, with_bindings_of};

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
