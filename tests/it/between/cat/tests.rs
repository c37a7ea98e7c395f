//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{Cat, DType, Device, Error, Shape, Tensor};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{cases, of_channels};
use crate::between::{Between, Problem, between_tests};
use crate::case::Data;
use crate::goldens::Golden;
use crate::tested::{tested, with_bindings_of};

fn random() -> impl Strategy<Value = Problem> {
    let width = prop_oneof![2 => 1..=23_usize, 1 => (1..=9_usize).prop_map(|size| 4 * size)];
    let channels = prop::collection::vec(1..=9_usize, 1..=5);
    let data = prop_oneof![Just(Data::Integers), Just(Data::NonFinite)];
    (channels, 1..=4_usize, 1..=13_usize, width, data, any::<u64>()).prop_map(
        |(channels, batch, height, width, data, seed)| {
            let inputs = of_channels(&channels, [batch, height, width]);
            Problem::new("any", Cat, inputs).with(data, seed)
        },
    )
}

fn golden(_: &Golden<'_>) -> Arc<dyn Between> {
    Arc::new(Cat)
}

between_tests!(cases(), random(), "cat.json", 6, golden);

fn devices() -> [Device; 3] {
    [Device::cpu(), tested().clone(), with_bindings_of(2_048)]
}

#[test]
fn channels_of_every_image_stay_together() {
    for device in devices() {
        let one = device.upload(&array![[[[1.0, 2.0]]], [[[3.0, 4.0]]]]).unwrap();
        let two = device
            .upload(&array![[[[5.0, 6.0]], [[7.0, 8.0]]], [[[9.0, 10.0]], [[11.0, 12.0]]]])
            .unwrap();
        let y = Cat.forward(&[&two, &one, &two]).unwrap().download().unwrap();
        let expected = [
            [5.0, 6.0, 7.0, 8.0, 1.0, 2.0, 5.0, 6.0, 7.0, 8.0],
            [9.0, 10.0, 11.0, 12.0, 3.0, 4.0, 9.0, 10.0, 11.0, 12.0],
        ];
        let expected = expected.concat();
        assert_eq!(y.dim(), (2, 5, 1, 2));
        assert_eq!(y.into_raw_vec_and_offset().0, expected, "{device}");
    }
}

#[test]
fn tensors_without_channels_add_nothing_and_empty_ones_stay_so() {
    for device in devices() {
        let tensor = |shape: [usize; 4]| device.upload(&Array4::<f32>::ones(shape)).unwrap();
        let (x, none) = (tensor([2, 3, 5, 7]), tensor([2, 0, 5, 7]));
        for inputs in [vec![&none, &x], vec![&x, &none], vec![&x, &none, &x], vec![&none, &none]] {
            let shapes: Vec<_> = inputs.iter().map(|input| input.shape()).collect();
            let y = Cat.forward(&inputs).unwrap();
            let channels: usize = shapes.iter().map(|shape| shape.channels).sum();
            assert_eq!(y.download().unwrap(), Array4::<f32>::ones([2, channels, 5, 7]), "{device}");
            let gradients = Cat.grad_inputs(&shapes, &y).unwrap();
            for (gradient, shape) in gradients.iter().zip(shapes) {
                assert_eq!(gradient.download().unwrap(), Array4::<f32>::ones(shape.dims()));
            }
        }
        for shape in [[0, 3, 5, 7], [2, 3, 0, 7]] {
            let x = tensor(shape);
            let y = Cat.forward(&[&x, &x]).unwrap();
            assert_eq!(y.shape(), Shape { channels: 6, ..shape.into() });
            assert_eq!(y.download().unwrap().len(), 0, "{device}");
            let gradients = Cat.grad_inputs(&[shape.into(), shape.into()], &y).unwrap();
            assert!(gradients.iter().all(|gradient| gradient.download().unwrap().is_empty()));
        }
    }
}

#[test]
fn mistakes_are_errors_that_say_which_input() {
    let device = Device::cpu();
    let tensor = |shape: [usize; 4]| device.upload(&Array4::<f32>::zeros(shape)).unwrap();
    let x = tensor([2, 3, 5, 7]);
    let text = |inputs: &[&Tensor]| Cat.forward(inputs).unwrap_err().to_string();
    assert_eq!(text(&[]), "cat: inputs is an empty list, but there must be at least 1 tensor");
    assert_eq!(
        text(&[&x, &x, &tensor([2, 3, 7, 5])]),
        "cat: an input has shape [2, 3, 7, 5], but as inputs[2] its batch, height and width must be \
         those of inputs[0], which has shape [2, 3, 5, 7]"
    );
    assert!(Cat.forward(&[&x, &tensor([1, 3, 5, 7])]).is_err());
    assert_eq!(
        text(&[&x, &x.to_f16().unwrap()]),
        "cat: the elements of an input are f16, but those of the input are f32"
    );
    let elsewhere = tested().upload(&Array4::<f32>::zeros([2, 3, 5, 7])).unwrap();
    let error = Cat.forward(&[&x, &elsewhere]).unwrap_err();
    assert!(matches!(error, Error::DifferentDevice { operation: "cat", .. }), "{error}");
    let error = Cat.grad_inputs(&[x.shape(), x.shape()], &x).unwrap_err();
    assert!(matches!(error, Error::ShapeMismatch { argument: "grad_output", .. }), "{error}");
    let half = x.to_f16().unwrap();
    let error = Cat.grad_inputs(&[x.shape()], &half).unwrap_err();
    assert!(matches!(error, Error::DTypeMismatch { actual: DType::F16, .. }), "{error}");
    let error = Cat.output_shape(&[[1, usize::MAX, 1, 1].into(), [1, 9, 1, 1].into()]).unwrap_err();
    assert!(matches!(error, Error::Overflow { .. }), "{error}");
}
