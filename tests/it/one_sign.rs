//! Sums of numbers of one sign, which is where rounding errors add up: every result is within the
//! bound that `DType` states for any data.

use filtro::{
    AdaptiveAvgPool2d, AvgPool2d, Conv2d, Device, Error, PaddingMode, Shape, nn, reference,
};
use ndarray::{Array, Array4, Dimension};

use crate::case::{Data, Random, wide};
use crate::compare::{self, Check};
use crate::runner::{GradientRunner, Runner, gradient_runners, runners};
use crate::tested::tested;

/// How many products the longest sums have, in `[height, width]` of a plane.
const PLANES: [[usize; 2]; 6] = [[8, 8], [8, 9], [24, 24], [64, 64], [250, 260], [1000, 1000]];

fn terms([height, width]: [usize; 2]) -> usize {
    height * width
}

/// Constants whose sums round the same way every time, and positive numbers.
fn arrays(shape: impl Into<Shape>, stream: u64) -> [Array4<f32>; 2] {
    let shape = shape.into();
    let positive = Random::new(11, stream).array4(shape, Data::Positive);
    [Array4::from_elem(shape.dims(), 0.1), positive]
}

/// Of numbers of one sign a result is the sum of magnitudes itself.
fn within<D: Dimension>(
    what: &str,
    terms: usize,
    actual: &Array<f32, D>,
    expected: &Array<f64, D>,
) -> Check {
    compare::within(what, actual, expected, &compare::any_data(terms, expected))
}

/// Everything, the adapter without the memory of the last problem, which was as large as
/// this one.
fn everything(operation: &str) -> Vec<Box<dyn Runner>> {
    tested().trim();
    runners(operation)
}

fn everything_backward(operation: &str) -> Vec<Box<dyn GradientRunner>> {
    tested().trim();
    gradient_runners(operation)
}

/// Runs a check on every runner that serves it, and reports all that fail.
fn all(failures: Vec<(String, Check)>) {
    assert!(!failures.is_empty());
    let failures: Vec<_> = failures
        .into_iter()
        .filter_map(|(what, check)| check.err().map(|error| format!("{what}: {error}")))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The result of a pinned algorithm that does not serve a problem is none.
fn served<T>(partial: bool, result: filtro::Result<T>) -> Option<Result<T, String>> {
    match result {
        Err(Error::Unsupported { .. }) if partial => None,
        result => Some(result.map_err(|error| error.to_string())),
    }
}

fn convolutions() -> Vec<(Conv2d, [usize; 4], usize)> {
    let mut cases = Vec::new();
    for plane in PLANES {
        let terms = terms(plane);
        // Many channels, dense and by few filters; 3x3; a kernel as large as the plane.
        for filters in [2, 7] {
            cases.push((Conv2d::new(terms, filters, [1, 1]), [1, terms, 1, 3], terms));
            let channels = terms / 9;
            let conv = Conv2d::new(channels, filters, [3, 3]).padding([1, 1]);
            cases.push((conv, [1, channels, 2, 3], 9 * channels));
        }
        cases.push((Conv2d::new(1, 5, plane), [1, 1, plane[0], plane[1] + 1], terms));
        cases.push((Conv2d::new(2, 2, plane).groups(2), [1, 2, plane[0] + 1, plane[1]], terms));
    }
    cases
}

#[test]
fn convolutions_of_one_sign_are_within_the_bound() {
    let mut checks = Vec::new();
    for (conv, shape, terms) in convolutions() {
        let weights = arrays(conv.weight_shape().unwrap(), 1);
        for (input, weight) in arrays(shape, 0).into_iter().zip(weights) {
            let expected =
                reference::conv2d(&conv, wide(&input).view(), wide(&weight).view(), None).unwrap();
            for runner in everything("conv2d") {
                let result = runner.convolve(&conv, &input, &weight, None);
                let Some(result) = served(runner.is_partial(), result) else { continue };
                let check = result.and_then(|output| within("output", terms, &output, &expected));
                checks.push((format!("{conv:?} on {}", runner.name()), check));
            }
        }
    }
    all(checks);
}

#[test]
fn averages_of_one_sign_are_within_the_bound() {
    let mut checks = Vec::new();
    for plane in PLANES {
        let terms = terms(plane);
        let pools = [AvgPool2d::new(plane), AvgPool2d::new(plane).stride([1, 1])];
        let adaptive = [AdaptiveAvgPool2d::global(), AdaptiveAvgPool2d::new([2, 1])];
        for input in arrays([1, 2, plane[0] + 1, plane[1] + 1], 0) {
            for pool in &pools {
                let expected = reference::avg_pool2d(pool, wide(&input).view()).unwrap();
                for runner in everything("avg_pool2d") {
                    let result = runner.pool(pool, &input);
                    let Some(result) = served(runner.is_partial(), result) else { continue };
                    let check = result.and_then(|it| within("output", terms, &it, &expected));
                    checks.push((format!("{pool:?} on {}", runner.name()), check));
                }
            }
            for pool in &adaptive {
                let expected = reference::adaptive_avg_pool2d(pool, wide(&input).view()).unwrap();
                for runner in everything("adaptive_avg_pool2d") {
                    let result = runner.pool(pool, &input);
                    let Some(result) = served(runner.is_partial(), result) else { continue };
                    let check = result.and_then(|it| within("output", terms, &it, &expected));
                    checks.push((format!("{pool:?} of {plane:?} on {}", runner.name()), check));
                }
            }
        }
    }
    all(checks);
}

/// Convolutions, their inputs, and the terms of the gradients of input, weight and bias.
fn backward_convolutions() -> Vec<(Conv2d, [usize; 4], [usize; 3])> {
    let mut cases = Vec::new();
    for plane in PLANES {
        let [height, width] = plane;
        let terms = terms(plane);
        // Sums over all filters, and over all outputs: of a plane, of planes of one, of many rows.
        // The reference takes seconds for many channels of the largest planes.
        let channels = if terms < 100_000 { &[1, 6][..] } else { &[1] };
        for &channels in channels {
            cases.push((Conv2d::new(2, terms, [1, 1]), [1, 2, 1, 2], [terms, 2, 2]));
            let conv = Conv2d::new(channels, 2, [1, 1]);
            cases.push((conv.clone(), [1, channels, height, width], [2, terms, terms]));
            cases.push((conv, [terms, channels, 1, 1], [2, terms, terms]));
            let conv = Conv2d::new(channels, 5, [3, 2]).padding([1, 0]).stride([1, 2]);
            cases.push((conv, [1, channels, height, 2 * width], [30, terms, terms]));
        }
    }
    for plane in &PLANES[..4] {
        // Every output reads the cell in the middle.
        let [height, width] = *plane;
        let shape = [1, 1, 2 * height - 1, 2 * width - 1];
        let most = [terms(*plane); 3];
        cases.push((Conv2d::new(1, 1, *plane), shape, most));
    }
    for pad in [64, 4096, 30_000] {
        // The cells at the edges are read by all of the padding.
        for (mode, kernel_size, stride) in [
            (PaddingMode::Replicate, [1, 1], 1),
            (PaddingMode::Replicate, [1, 7], 5),
            (PaddingMode::Circular, [1, 5], 2),
        ] {
            let size = if mode == PaddingMode::Circular { pad } else { 3 };
            let conv = Conv2d::new(1, 2, kernel_size)
                .padding([0, pad])
                .stride([1, stride])
                .padding_mode(mode);
            let outputs = conv.output_shape([1, 1, 1, size]).unwrap().len() / 2;
            cases.push((conv, [1, 1, 1, size], [2 * kernel_size[1] * outputs, outputs, outputs]));
        }
    }
    cases
}

#[test]
fn gradients_of_convolutions_of_one_sign_are_within_the_bound() {
    let mut checks = Vec::new();
    for (conv, shape, terms) in backward_convolutions() {
        let weights = arrays(conv.weight_shape().unwrap(), 1);
        let grads = arrays(conv.output_shape(shape).unwrap(), 2);
        let tensors = arrays(shape, 0).into_iter().zip(weights).zip(grads);
        for ((input, weight), grad_output) in tensors {
            let [wide_input, wide_weight, wide_grad] = [&input, &weight, &grad_output].map(wide);
            let expected = reference::conv2d_backward(
                &conv,
                wide_input.view(),
                wide_weight.view(),
                wide_grad.view(),
            )
            .unwrap();
            for runner in everything_backward("conv2d") {
                let name = format!("{conv:?} of {shape:?} on {}", runner.name());
                match runner.convolve_backward(&conv, &input, &weight, &grad_output) {
                    Err(error) => checks.push((name, Err(error.to_string()))),
                    Ok((grad_input, grad_weight, grad_bias)) => {
                        let of_input =
                            within("grad_input", terms[0], &grad_input, &expected.grad_input);
                        let of_weight =
                            within("grad_weight", terms[1], &grad_weight, &expected.grad_weight);
                        let of_bias =
                            within("grad_bias", terms[2], &grad_bias, &expected.grad_bias);
                        checks.extend([of_input, of_weight, of_bias].map(|it| (name.clone(), it)));
                    }
                }
            }
        }
    }
    all(checks);
}

#[test]
fn gradients_of_averages_of_one_sign_are_within_the_bound() {
    let mut checks = Vec::new();
    for plane in &PLANES[..4] {
        // All windows contain the cell in the middle.
        let [height, width] = *plane;
        let shape = Shape::new(1, 2, 2 * height - 1, 2 * width - 1);
        let pool = AvgPool2d::new(*plane).stride([1, 1]);
        let adaptive = AdaptiveAvgPool2d::new([2 * height, 2 * width]);
        let small = Shape::new(1, 2, 2, 2);
        for grad_output in arrays(pool.output_shape(shape).unwrap(), 2) {
            let expected =
                reference::avg_pool2d_backward(&pool, shape, wide(&grad_output).view()).unwrap();
            for runner in everything_backward("avg_pool2d") {
                let result = runner.average_backward(&pool, shape, &grad_output);
                let check = result
                    .map_err(|error| error.to_string())
                    .and_then(|it| within("grad_input", terms(*plane), &it, &expected));
                checks.push((format!("{pool:?} on {}", runner.name()), check));
            }
        }
        for grad_output in arrays(adaptive.output_shape(small).unwrap(), 2) {
            let wide_grad = wide(&grad_output);
            let expected =
                reference::adaptive_avg_pool2d_backward(&adaptive, small, wide_grad.view())
                    .unwrap();
            for runner in everything_backward("adaptive_avg_pool2d") {
                let result = runner.average_backward(&adaptive, small, &grad_output);
                let check = result
                    .map_err(|error| error.to_string())
                    .and_then(|it| within("grad_input", terms(*plane), &it, &expected));
                checks.push((format!("{adaptive:?} on {}", runner.name()), check));
            }
        }
    }
    all(checks);
}

fn losses_are_within_the_bound(device: &Device) {
    let mut checks = Vec::new();
    for plane in PLANES {
        let (terms, [height, width]) = (terms(plane), plane);
        for output in arrays([1, 1, height, width], 0) {
            let target = Array4::zeros(output.dim());
            let squares: f64 = output.iter().map(|&it| f64::from(it) * f64::from(it)).sum();
            let expected = ndarray::arr1(&[squares / terms as f64]);
            let (output, target) = (device.upload(&output), device.upload(&target));
            let loss = nn::mse(&output.unwrap(), &target.unwrap()).and_then(|loss| loss.item());
            let check = loss
                .map_err(|error| error.to_string())
                .and_then(|loss| within("mse", terms, &ndarray::arr1(&[loss]), &expected));
            checks.push((format!("{terms} terms"), check));
        }
        for logits in arrays([1, 2, height, width], 0) {
            // Of two classes the loss is ln(1 + exp(other - right)).
            let loss_at = |y: usize, x: usize| {
                (f64::from(logits[[0, 1, y, x]]) - f64::from(logits[[0, 0, y, x]])).exp().ln_1p()
            };
            let cells = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
            let total: f64 = cells.map(|(y, x)| loss_at(y, x)).sum();
            let expected = ndarray::arr1(&[total / terms as f64]);
            let labels = device.upload_numbers(&vec![0; terms], [1, 1, height, width]).unwrap();
            let loss = nn::cross_entropy(&device.upload(&logits).unwrap(), &labels)
                .and_then(|loss| loss.item());
            let check = loss
                .map_err(|error| error.to_string())
                .and_then(|it| within("cross_entropy", terms, &ndarray::arr1(&[it]), &expected));
            checks.push((format!("{terms} positions"), check));
        }
    }
    all(checks);
}

#[test]
fn losses_of_one_sign_on_the_cpu() {
    losses_are_within_the_bound(&Device::cpu());
}

#[test]
fn losses_of_one_sign_on_the_adapter() {
    losses_are_within_the_bound(tested());
}
