//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{Error, Softmax, reference};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{OverChannels, bound, cases};
use crate::between::{Problem, between_tests};
use crate::case::Data;
use crate::compare::equal;
use crate::tested::tested;

fn random() -> impl Strategy<Value = Problem> {
    let channels = prop_oneof![3 => 1..=12_usize, 1 => 60..=140_usize];
    let sizes = (1..=3_usize, channels, 1..=9_usize, 1..=9_usize);
    let data = prop_oneof![Just(Data::Integers), Just(Data::Uniform), Just(Data::NonFinite)];
    let factor = prop_oneof![Just(1.0_f32), Just(0.125), Just(9.0)];
    (sizes, factor, data, any::<u64>()).prop_map(|((n, c, h, w), factor, data, seed)| {
        let name = format!("{n}x{c}x{h}x{w} times {factor}");
        Problem::new(name, OverChannels { factor }, [[n, c, h, w]]).with(data, seed)
    })
}

between_tests!(cases(), random(), "softmax.json", 7, |_| Arc::new(OverChannels { factor: 1.0 }));

#[test]
fn as_many_classes_as_a_dispatch_takes_and_one_kind_more_than_that() {
    let device = tested();
    for (classes, plane) in [(1_200_000, [1, 1]), (30_000, [1, 2])] {
        let shape = [1, classes, plane[0], plane[1]];
        let input = Array4::from_shape_fn(shape, |(_, c, _, x)| ((c + x) % 7) as f32 - 3.0);
        let wide = input.mapv(f64::from);
        let expected = reference::softmax(wide.view()).unwrap();
        let output = Softmax.forward(&device.upload(&input).unwrap()).unwrap();
        let on_cpu = Softmax.forward(&filtro::Device::cpu().upload(&input).unwrap()).unwrap();
        let tolerance = bound(&wide, &expected);
        for output in [output, on_cpu] {
            let output = output.download().unwrap();
            crate::compare::within("output", &output, &expected, &tolerance).unwrap();
        }
    }
    let shape = [1, 1_300_000, 1, 1];
    let result = Softmax.forward(&device.upload(&Array4::zeros(shape)).unwrap());
    assert!(matches!(result, Err(Error::DeviceLimit { .. })), "{result:?}");
}

#[test]
fn infinities_and_the_largest_numbers_are_as_in_pytorch() {
    let (nan, inf, max) = (f32::NAN, f32::INFINITY, f32::MAX);
    let rows = [
        ([inf, 0.0, 1.0], [nan; 3]),
        ([-inf, -inf, -inf], [nan; 3]),
        ([-inf, 3.0, -inf], [0.0, 1.0, 0.0]),
        ([nan, 3.0, 5.0], [nan; 3]),
        ([-nan, -inf, -inf], [nan; 3]),
        ([max, max, -max], [0.5, 0.5, 0.0]),
        ([-max, -max, -inf], [0.5, 0.5, 0.0]),
        ([inf, -inf, nan], [nan; 3]),
    ];
    for device in [&filtro::Device::cpu(), tested()] {
        for (input, expected) in rows {
            // Among the classes of an image, and of positions that are neighbours.
            for [height, width] in [[1, 1], [2, 3]] {
                let of = |row: [f32; 3]| {
                    Array4::from_shape_fn([2, 3, height, width], |(_, c, _, _)| row[c])
                };
                let output = Softmax.forward(&device.upload(&of(input)).unwrap()).unwrap();
                let output = output.download().unwrap();
                // A GPU may make a subnormal number of an exponential that is 0.
                let output = output.mapv(|y| if y.abs() < f32::MIN_POSITIVE { 0.0 } else { y });
                equal(&format!("{input:?} on {device}"), &output, &of(expected)).unwrap();
            }
        }
    }
}

#[test]
fn misuses_name_their_rule() {
    let device = filtro::Device::cpu();
    let (y, grad) = (array![[[[0.5_f32]], [[0.5]]]], array![[[[0.5_f32, 1.0]]]]);
    let (y, grad) = (device.upload(&y).unwrap(), device.upload(&grad).unwrap());
    assert_eq!(
        Softmax.grad_input(&y, &grad).unwrap_err().to_string(),
        "softmax: grad_output has shape [1, 1, 1, 2], but the output of the forward pass is [1, 2, 1, 1]"
    );
    assert_eq!(
        Softmax.grad_input(&y.to_f16().unwrap(), &y).unwrap_err().to_string(),
        "softmax: the elements of the output are f16, but this takes f32 alone"
    );
    assert!(matches!(Softmax.output_shape([1 << 40; 4]), Err(Error::Overflow { .. })));
}
