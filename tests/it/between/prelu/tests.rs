//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{Device, Error, PRelu, reference};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::cases;
use crate::between::{Between, Problem, between_tests};
use crate::case::{Data, Random, wide};
use crate::compare::{any_data, within};
use crate::goldens::Golden;
use crate::tested::{tested, with_bindings_of};

fn random() -> impl Strategy<Value = Problem> {
    let width = prop_oneof![2 => 1..=23_usize, 1 => (1..=9_usize).prop_map(|size| 4 * size)];
    let sizes = (1..=4_usize, 1..=9_usize, 1..=13_usize, width);
    let data = prop_oneof![
        Just(Data::Integers),
        Just(Data::Uniform),
        Just(Data::NonFinite),
        Just(Data::Ties),
    ];
    (sizes, any::<bool>(), data, any::<u64>()).prop_map(|((n, c, h, w), one, data, seed)| {
        let slopes = if one { 1 } else { c };
        Problem::new("any", PRelu, [[n, c, h, w], [1, slopes, 1, 1]]).with(data, seed)
    })
}

fn golden(_: &Golden<'_>) -> Arc<dyn Between> {
    Arc::new(PRelu)
}

between_tests!(cases(), random(), "prelu.json", 7, golden);

fn devices() -> [Device; 3] {
    [Device::cpu(), tested().clone(), with_bindings_of(2_048)]
}

#[test]
fn at_zero_of_either_sign_the_derivative_is_the_slope() {
    for device in devices() {
        let upload = |array: &Array4<f32>| device.upload(array).unwrap();
        let x = upload(&array![[[[0.0, -0.0, -2.0, 3.0]]]]);
        let weight = upload(&array![[[[0.25]]]]);
        let grad = upload(&array![[[[1.0, 10.0, 100.0, 1000.0]]]]);
        let y = PRelu.forward(&x, &weight).unwrap().download().unwrap();
        assert_eq!(y, array![[[[0.0, 0.0, -0.5, 3.0]]]], "{device}");
        let of_x = PRelu.grad_input(&x, &weight, &grad).unwrap().download().unwrap();
        assert_eq!(of_x, array![[[[0.25, 2.5, 25.0, 1000.0]]]], "{device}");
        let of_weight = PRelu.grad_weight(&x, &weight, &grad).unwrap().download().unwrap();
        assert_eq!(of_weight, array![[[[-200.0]]]], "{device}");
    }
}

#[test]
fn an_infinite_positive_input_has_no_part_in_the_slope_s_gradient() {
    for device in devices() {
        let x = device.upload(&array![[[[f32::INFINITY, -1.0]]]]).unwrap();
        let weight = device.upload(&array![[[[0.5]]]]).unwrap();
        let grad = device.upload(&array![[[[0.0, 3.0]]]]).unwrap();
        let of_weight = PRelu.grad_weight(&x, &weight, &grad).unwrap().download().unwrap();
        assert_eq!(of_weight, array![[[[-3.0]]]], "{device}");
    }
}

#[test]
fn an_empty_batch_has_slopes_without_a_gradient() {
    for device in devices() {
        let x = device.upload(&Array4::<f32>::ones([0, 3, 5, 7])).unwrap();
        let weight = device.upload(&Array4::<f32>::ones([1, 3, 1, 1])).unwrap();
        assert_eq!(PRelu.forward(&x, &weight).unwrap().download().unwrap().len(), 0);
        assert_eq!(PRelu.grad_input(&x, &weight, &x).unwrap().download().unwrap().len(), 0);
        let of_weight = PRelu.grad_weight(&x, &weight, &x).unwrap().download().unwrap();
        assert_eq!(of_weight, Array4::<f32>::zeros([1, 3, 1, 1]), "{device}");
    }
}

#[test]
fn long_sums_of_one_sign_are_within_the_bound() {
    for (input, slopes) in [([2, 3, 211, 307], 3), ([3, 2, 190, 333], 1)] {
        let x = Random::new(3, 1).array4(input, Data::Positive).mapv(|value| -value);
        let grad = Random::new(3, 2).array4(input, Data::Positive);
        let weight = Array4::from_elem([1, slopes, 1, 1], 0.25_f32);
        let [wide_x, wide_weight, wide_grad] = [&x, &weight, &grad].map(wide);
        let (_, expected) =
            reference::prelu_backward(wide_x.view(), wide_weight.view(), wide_grad.view()).unwrap();
        let tolerance = any_data(x.len() / slopes, &expected.mapv(f64::abs));
        for device in [Device::cpu(), tested().clone(), with_bindings_of(1 << 16)] {
            let [x, weight, grad] = [&x, &weight, &grad].map(|it| device.upload(it).unwrap());
            let found = PRelu.grad_weight(&x, &weight, &grad).unwrap().download().unwrap();
            within(&format!("{input:?} on {device}"), &found, &expected, &tolerance).unwrap();
        }
    }
}

#[test]
fn a_weight_that_does_not_fit_is_an_error() {
    let device = Device::cpu();
    let tensor = |shape: [usize; 4]| device.upload(&Array4::<f32>::zeros(shape)).unwrap();
    let x = tensor([2, 3, 5, 7]);
    for weight in [[1, 2, 1, 1], [3, 1, 1, 1], [2, 3, 1, 1], [1, 3, 5, 7], [1, 0, 1, 1]] {
        let error = PRelu.forward(&x, &tensor(weight)).unwrap_err();
        assert!(matches!(error, Error::ShapeMismatch { argument: "weight", .. }), "{error}");
    }
    assert_eq!(
        PRelu.forward(&x, &tensor([1, 2, 1, 1])).unwrap_err().to_string(),
        "prelu: weight has shape [1, 2, 1, 1], but an input of shape [2, 3, 5, 7] needs [1, 3, 1, 1], a \
         slope for each channel, or [1, 1, 1, 1], one for all"
    );
    let weight = tensor([1, 3, 1, 1]);
    let half = weight.to_f16().unwrap();
    assert_eq!(
        PRelu.forward(&x, &half).unwrap_err().to_string(),
        "prelu: the elements of weight are f16, but those of the input are f32"
    );
    let error = PRelu.grad_weight(&x, &half, &x).unwrap_err();
    assert!(matches!(error, Error::DTypeMismatch { argument: "weight", .. }), "{error}");
    let error = PRelu.grad_input(&x, &weight, &weight).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { argument: "grad_output", .. }), "{error}");
    let elsewhere = tested().upload(&Array4::<f32>::zeros([1, 3, 1, 1])).unwrap();
    let error = PRelu.forward(&x, &elsewhere).unwrap_err();
    assert!(matches!(error, Error::DifferentDevice { .. }), "{error}");
}
