//! Softmax over channels.

use std::sync::Arc;

use filtro::{Error, Result, Shape, Softmax, Tensor, reference};
use ndarray::{Array4, Axis, array};
use proptest::prelude::*;

use super::{Between, Problem, between_tests};
use crate::case::Data;
use crate::compare::{U, equal};
use crate::tested::tested;

/// With what its inputs are multiplied, so that some outputs are near 0 and 1.
#[derive(Debug, Clone, Copy)]
struct OverChannels {
    factor: f32,
}

/// The bound of `Softmax` for every output.
fn bound(input: &Array4<f64>, output: &Array4<f64>) -> Array4<f64> {
    let channels = input.dim().1 as f64;
    let largest = input.fold_axis(Axis(1), f64::NEG_INFINITY, |&a, &b| a.max(b));
    let mut bound = output.clone();
    for ((n, c, y, x), bound) in bound.indexed_iter_mut() {
        let below = largest[[n, y, x]] - input[[n, c, y, x]];
        // An output of 0 is within the smallest normal number, however far it is below.
        let below = if below.is_finite() { below.min(1e4) } else { 0.0 };
        let units = 80.0 + 6.0 * channels.sqrt() + 5.0 * below;
        *bound = units * U * *bound + f64::from(f32::MIN_POSITIVE);
    }
    bound
}

impl Between for OverChannels {
    fn output_shape(&self, inputs: &[Shape]) -> Result<Shape> {
        Softmax.output_shape(inputs[0])
    }

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor> {
        Softmax.forward(&inputs[0])
    }

    fn backward(&self, inputs: &[Tensor], grad_output: &Tensor) -> Result<Vec<Tensor>> {
        let output = Softmax.forward(&inputs[0])?;
        Ok(vec![Softmax.grad_input(&output, grad_output)?])
    }

    fn reference(&self, inputs: &[Array4<f64>]) -> Result<Array4<f64>> {
        reference::softmax(inputs[0].view())
    }

    fn reference_backward(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
    ) -> Result<Vec<Array4<f64>>> {
        let output = reference::softmax(inputs[0].view())?;
        Ok(vec![reference::softmax_backward(output.view(), grad_output.view())?])
    }

    fn tolerance(&self, inputs: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        Ok(bound(&inputs[0], output))
    }

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        _gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let output = reference::softmax(inputs[0].view())?;
        let bound = bound(&inputs[0], &output);
        let unit = (64.0 + 2.0 * (output.dim().1 as f64).sqrt()) * U;
        let weighted = &output * &grad_output.mapv(f64::abs);
        let off = &bound * &grad_output.mapv(f64::abs);
        let (weighted, off) = (weighted.sum_axis(Axis(1)), off.sum_axis(Axis(1)));
        let mut tolerance = output.clone();
        for ((n, c, y, x), tolerance) in tolerance.indexed_iter_mut() {
            let (place, grad) = ([n, c, y, x], grad_output[[n, c, y, x]].abs());
            let total = weighted[[n, y, x]];
            *tolerance = bound[place] * (grad + total)
                + *tolerance * (off[[n, y, x]] + unit * total + 4.0 * U * grad)
                + f64::from(f32::MIN_POSITIVE);
        }
        Ok(vec![tolerance])
    }

    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform, Data::NonFinite, Data::NegativeInfinity]
    }

    fn prepare(&self, inputs: &mut [Array4<f32>]) {
        inputs[0].mapv_inplace(|value| value * self.factor);
    }
}

fn cases() -> Vec<Problem> {
    let of = |name: &str, input| Problem::new(name, OverChannels { factor: 1.0 }, [input]);
    vec![
        of("a_plane", [2, 3, 5, 7]),
        of("classes", [5, 10, 1, 1]),
        of("shared_classes", [3, 75, 1, 1]),
        of("one_channel", [2, 1, 3, 4]),
        of("channels_shared_by_eight", [2, 70, 3, 5]),
        of("more_channels_than_a_block", [1, 150, 2, 3]),
        of("an_image_beyond_a_small_binding", [2, 90, 7, 1]),
        of("a_plane_beyond_a_small_binding", [1, 3, 25, 31]),
        of("an_empty_batch", [0, 3, 5, 7]),
        of("an_empty_plane", [2, 3, 0, 7]),
        of("no_channels", [2, 0, 5, 7]),
        Problem::new("apart", OverChannels { factor: 20.0 }, [[2, 5, 3, 4]]),
    ]
}

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
