//! What batch normalisation does beside its output and gradients: statistics of hard data, running
//! statistics, folding.

use std::cell::RefCell;
use std::collections::BTreeSet;

use filtro::{
    Activation, BatchNorm2d, Conv2d, Device, Padding, PaddingMode, Shape, Tensor, reference,
};
use ndarray::{Array1, Array4, array};

use super::Between;
use super::batch_norm2d::Norm;
use crate::case::{Data, Random, wide};
use crate::compare::{U, equal, identical, within};
use crate::goldens::each;
use crate::tested::{tested, with_bindings_of};

fn devices() -> Vec<Device> {
    vec![Device::cpu(), tested().clone(), with_bindings_of(1 << 15)]
}

fn training(options: BatchNorm2d) -> Norm {
    Norm { options, is_training: true, weight: false, bias: false }
}

/// Data whose statistics are hard to get right, by name.
fn hard() -> Vec<(&'static str, Array4<f32>)> {
    let uniform = |shape: [usize; 4]| Random::new(3, 1).array4(shape, Data::Uniform);
    let positive = |shape: [usize; 4]| Random::new(5, 1).array4(shape, Data::Positive);
    let shape = [2, 3, 64, 67];
    let mut first_apart = uniform(shape).mapv(|x| x + 1e4);
    let mut one_apart = uniform(shape);
    for channel in 0..3 {
        first_apart[[0, channel, 0, 0]] = 0.0;
        one_apart[[1, channel, 60, 5]] = 1e4;
    }
    let steps = Array4::from_shape_fn(shape, |(n, ..)| 1e4 * n as f32);
    vec![
        ("far from zero", uniform(shape).mapv(|x| x + 1e4)),
        ("very far from zero", positive(shape).mapv(|x| 1e7 + (4.0 * x).floor())),
        ("the first value is apart", first_apart),
        ("one value is apart", one_apart),
        ("two values", &steps + &uniform(shape)),
        ("images of constants", steps),
        ("of one sign", positive(shape)),
        ("tiny", uniform(shape).mapv(|x| 1e-15 * x)),
        ("a long plane of one sign", positive([1, 1, 1203, 1004])),
        ("a long plane far from zero", uniform([1, 2, 803, 801]).mapv(|x| x - 1e3)),
        ("many images", positive([5003, 2, 7, 3]).mapv(|x| x + 100.0)),
    ]
}

/// `(64 + 2 * sqrt(n)) * 2^-24`.
fn unit(values: f64) -> f64 {
    (64.0 + 2.0 * values.sqrt()) * U
}

#[test]
fn statistics_of_hard_data_keep_their_bound() {
    for (name, x) in hard() {
        let channels = x.dim().1;
        let norm = training(BatchNorm2d::new(channels));
        let inputs = [wide(&x)];
        let (mean, var) = reference::batch_statistics(&norm.options, inputs[0].view()).unwrap();
        let expected = norm.reference(&inputs).unwrap();
        let tolerance = norm.tolerance(&inputs, &expected).unwrap();
        let values = (x.len() / channels) as f64;
        for device in devices() {
            let x = device.upload(&x).unwrap();
            let (output, statistics) = norm.options.forward_training(&x, None, None).unwrap();
            let found = [statistics.mean(), statistics.var()].map(|it| it.to_vec().unwrap());
            for (channel, of_channel) in inputs[0].axis_iter(ndarray::Axis(1)).enumerate() {
                let largest = of_channel.fold(f64::NEG_INFINITY, |a, &b| a.max(b));
                let range = largest - of_channel.fold(f64::INFINITY, |a, &b| a.min(b));
                let off = (f64::from(found[0][channel]) - mean[channel]).abs();
                let allowed = U * mean[channel].abs() + unit(values) * range;
                assert!(off <= allowed, "{name} on {device}: mean off by {off}, not {allowed}");
                let off = f64::from(found[1][channel]).sqrt() - var[channel].sqrt();
                let allowed = unit(values) * range + f64::from(f32::MIN_POSITIVE).sqrt();
                assert!(off.abs() <= allowed, "{name} on {device}: deviation off by {off}");
            }
            let output = output.download().unwrap();
            within(&format!("{name} on {device}"), &output, &expected, &tolerance).unwrap();
        }
    }
}

#[test]
fn gradients_of_hard_data_keep_their_bound() {
    for (name, x) in hard() {
        let options = BatchNorm2d::new(x.dim().1);
        let norm = Norm { options, is_training: true, weight: true, bias: true };
        let weight = Array4::from_shape_fn([1, x.dim().1, 1, 1], |(_, c, ..)| 0.5 + c as f32);
        let arrays = [x, weight.clone(), weight];
        let wides = arrays.each_ref().map(wide);
        // Of one sign, which is the hard case of a sum.
        let grad_output =
            Random::new(7, 2).array4(<[usize; 4]>::from(arrays[0].dim()), Data::Positive);
        let wide_grad = wide(&grad_output);
        let expected = norm.reference_backward(&wides, &wide_grad).unwrap();
        let tolerances = norm.gradient_tolerances(&wides, &wide_grad, &expected).unwrap();
        for device in devices() {
            let tensors = arrays.each_ref().map(|array| device.upload(array).unwrap());
            let grad_output = device.upload(&grad_output).unwrap();
            let found = norm.backward(&tensors, &grad_output).unwrap();
            for ((at, found), expected) in found.iter().enumerate().zip(&expected) {
                let what = format!("{name} on {device}, input {at}");
                within(&what, &found.download().unwrap(), expected, &tolerances[at]).unwrap();
            }
        }
    }
}

#[test]
fn a_constant_has_variance_0_and_becomes_the_bias() {
    let bias = array![0.25_f32, -3.0, 0.1];
    for constant in [0.0_f32, 0.1, -7.0, 1e4 + 0.1, 1e30] {
        for shape in [[2, 3, 1, 1], [1, 3, 5, 7], [3, 3, 40, 81]] {
            for device in devices() {
                let x = device.upload(&Array4::from_elem(shape, constant)).unwrap();
                let bias_tensor = device.upload(&bias).unwrap();
                let norm = BatchNorm2d::new(3);
                let (y, statistics) = norm.forward_training(&x, None, Some(&bias_tensor)).unwrap();
                assert_eq!(statistics.mean().to_vec().unwrap(), [constant; 3], "{device}");
                assert_eq!(statistics.var().to_vec().unwrap(), [0.0; 3], "{device}");
                let expected = Array4::from_shape_fn(shape, |(_, c, ..)| bias[c]);
                equal("output", &y.download().unwrap(), &expected).unwrap();
                let grad_output = Random::new(1, 1).array4(shape, Data::Uniform);
                let grad_output = device.upload(&grad_output).unwrap();
                let found = norm.grad_training(&x, &statistics, &grad_output).unwrap();
                assert_eq!(found.grad_weight.to_vec().unwrap(), [0.0; 3], "{device}");
                let grad_input = found.grad_input.to_vec().unwrap();
                assert!(grad_input.iter().all(|gradient| gradient.is_finite()), "{device}");
            }
        }
    }
}

#[test]
fn evaluation_far_from_zero_loses_nothing() {
    // 10 000 + k / 64 are numbers of f32, and so are the differences.
    let x = Array4::from_shape_fn([1, 2, 3, 5], |(_, c, y, x)| {
        1e4 + (c * 15 + y * 5 + x) as f32 / 64.0
    });
    let expected = x.mapv(|x| (x - 1e4) * 2.0 + 0.5);
    for device in devices() {
        let upload = |value| device.upload(&Array1::from_elem(2, value)).unwrap();
        let (mean, var, weight, bias) = (upload(1e4), upload(4.0), upload(4.0), upload(0.5));
        let x = device.upload(&x).unwrap();
        let norm = BatchNorm2d::new(2).eps(0.0);
        let y = norm.forward(&x, &mean, &var, Some(&weight), Some(&bias)).unwrap();
        let (y, tolerance) = (y.download().unwrap(), expected.mapv(|y| 4.0 * U * f64::from(y)));
        within("output", &y, &expected.mapv(f64::from), &tolerance).unwrap();
    }
}

#[test]
fn the_same_batch_has_the_same_statistics_in_every_run() {
    let x = Random::new(9, 1).array4([4, 3, 61, 90], Data::Uniform);
    for device in devices() {
        let x = device.upload(&x).unwrap();
        let run = || {
            let (y, statistics) = BatchNorm2d::new(3).forward_training(&x, None, None).unwrap();
            let gradients = BatchNorm2d::new(3).grad_training(&x, &statistics, &y).unwrap();
            [&y, statistics.var(), &gradients.grad_weight, &gradients.grad_input]
                .map(|tensor| tensor.download().unwrap())
        };
        let first = run();
        for (first, again) in first.iter().zip(&run()) {
            identical("again", again, first).unwrap();
        }
    }
}

#[test]
fn gradients_of_the_parameters_alone_are_those_of_all() {
    let x = Random::new(4, 1).array4([3, 5, 9, 11], Data::Uniform);
    let grad = Random::new(4, 2).array4([3, 5, 9, 11], Data::Uniform);
    for device in devices() {
        let (x, grad) = (device.upload(&x).unwrap(), device.upload(&grad).unwrap());
        let norm = BatchNorm2d::new(5);
        let (_, statistics) = norm.forward_training(&x, None, None).unwrap();
        let all = norm.grad_training(&x, &statistics, &grad).unwrap();
        let (weight, bias) = norm.grad_parameters_training(&x, &statistics, &grad).unwrap();
        for (alone, of_all) in [(weight, all.grad_weight), (bias, all.grad_bias)] {
            identical("alone", &alone.download().unwrap(), &of_all.download().unwrap()).unwrap();
        }
    }
}

#[test]
fn running_statistics_are_pytorchs() {
    let momenta = RefCell::new(BTreeSet::new());
    each(include_str!("../../data/batch_norm2d.json"), 22, |golden| {
        if golden.flag("training") == Some(false) {
            return Ok(());
        }
        let momentum = golden.options["momentum"].as_f64().map(|momentum| momentum as f32);
        let batches = golden.options["num_batches_tracked"].as_u64().expect("a number");
        momenta.borrow_mut().insert(format!("{momentum:?} {batches}"));
        let x = golden.array4("input0");
        let norm = BatchNorm2d::new(x.dim().1).momentum(momentum);
        for device in devices() {
            let tensor = |name: &str| device.upload(&golden.array4(name).mapv(|x| x as f32));
            let text = |error: filtro::Error| error.to_string();
            let old = ["running_mean", "running_var"].map(|name| tensor(name).unwrap());
            let x = tensor("input0").map_err(text)?;
            let (_, statistics) = norm.forward_training(&x, None, None).map_err(text)?;
            let found = norm.update(&old[0], &old[1], &statistics, batches).map_err(text)?;
            for (found, name) in [(found.0, "new_running_mean"), (found.1, "new_running_var")] {
                let expected = golden.array4(name);
                let tolerance = expected.mapv(|value| 32.0 * U * (4.0 + value.abs()));
                within(name, &found.download().map_err(text)?, &expected, &tolerance)?;
            }
        }
        Ok(())
    });
    let expected = ["None 1", "None 3", "Some(0.1) 1", "Some(0.75) 1"];
    assert!(momenta.borrow().iter().eq(&expected), "{momenta:?}");
}

#[test]
fn the_mean_over_all_batches_is_what_a_momentum_of_none_gives() {
    // Means 1, 2 and 6; unbiased variances of two values apart by 2, 4 and 6: 2, 8 and 18.
    let batches = [[0.0_f32, 2.0], [0.0, 4.0], [3.0, 9.0]];
    for device in devices() {
        let norm = BatchNorm2d::new(1).momentum(None);
        let one = |value: f32| device.upload(&Array1::from_elem(1, value)).unwrap();
        let mut running = (one(0.0), one(1.0));
        for (batch, count) in batches.into_iter().zip(1..) {
            let x = device.upload_slice(&batch, [2, 1, 1, 1]).unwrap();
            let (_, statistics) = norm.forward_training(&x, None, None).unwrap();
            running = norm.update(&running.0, &running.1, &statistics, count).unwrap();
        }
        let [mean, var] = [running.0, running.1].map(|it| it.to_vec().unwrap()[0]);
        assert!((mean - 3.0).abs() <= 1e-6, "{device}: {mean}");
        assert!((var - 28.0 / 3.0).abs() <= 1e-5, "{device}: {var}");
    }
}

fn uniform(shape: impl Into<Shape>, stream: u64) -> Array4<f32> {
    Random::new(21, stream).array4(shape, Data::Uniform)
}

#[test]
fn a_folded_convolution_gives_what_both_give() {
    let convs = [
        (Conv2d::new(3, 5, [3, 2]).padding([1, 1]), [2, 3, 7, 6]),
        (Conv2d::new(6, 4, [2, 3]).groups(2).stride([2, 1]), [1, 6, 8, 9]),
        (Conv2d::new(4, 8, [3, 3]).groups(4).dilation([2, 1]).padding([2, 1]), [2, 4, 9, 5]),
        (Conv2d::new(5, 7, [1, 1]).padding(Padding::sides(1, 0, 2, 0)), [1, 5, 4, 3]),
        (
            Conv2d::new(33, 37, [3, 3]).padding([1, 1]).padding_mode(PaddingMode::Reflect),
            [1, 33, 5, 6],
        ),
    ];
    for (conv, shape) in convs {
        let channels = conv.out_channels;
        let of_channels = |stream| uniform([1, channels, 1, 1], stream);
        let (x, weight) = (uniform(shape, 1), uniform(conv.weight_shape().unwrap(), 2));
        let var = of_channels(3).mapv(|x| x.abs() + 0.25);
        let (bias, mean, bn_weight, bn_bias) =
            (of_channels(4), of_channels(5), of_channels(6), of_channels(7));
        let norm = BatchNorm2d::new(channels).eps(1e-3);
        for given in 0..8 {
            let [has_bias, has_weight, has_shift] = [1, 2, 4].map(|bit| given & bit != 0);
            let row = |array: &Array4<f32>| Array1::from_iter(array.iter().map(|&x| f64::from(x)));
            let conv_bias = has_bias.then(|| row(&bias));
            let (x_wide, weight_wide) = (wide(&x), wide(&weight));
            let (convolved, magnitude) = reference::conv2d_with_magnitude(
                &conv,
                x_wide.view(),
                weight_wide.view(),
                conv_bias.as_ref().map(|bias| bias.view()),
            )
            .unwrap();
            let (mean_row, var_row) = (row(&mean), row(&var));
            let (weight_row, bias_row) = (row(&bn_weight), row(&bn_bias));
            let expected = reference::batch_norm2d(
                &norm,
                convolved.view(),
                [mean_row.view(), var_row.view()],
                has_weight.then(|| weight_row.view()),
                has_shift.then(|| bias_row.view()),
            )
            .unwrap();
            let mut tolerance = magnitude;
            for ((_, channel, ..), tolerance) in tolerance.indexed_iter_mut() {
                let weight = if has_weight { weight_row[channel].abs() } else { 1.0 };
                let scale = weight / (var_row[channel] + 1e-3).sqrt();
                let summed = *tolerance + mean_row[channel].abs();
                *tolerance = U * (16.0 * scale * summed + 4.0 * bias_row[channel].abs());
            }
            for device in devices() {
                let upload = |array: &Array4<f32>| device.upload(array).unwrap();
                let optional =
                    |is_given: bool, array| -> Option<Tensor> { is_given.then(|| upload(array)) };
                let (conv_bias, shift) = (optional(has_bias, &bias), optional(has_shift, &bn_bias));
                let scale = optional(has_weight, &bn_weight);
                let (weight, bias) = norm
                    .fold(
                        &conv,
                        &upload(&weight),
                        conv_bias.as_ref(),
                        &upload(&mean),
                        &upload(&var),
                        scale.as_ref(),
                        shift.as_ref(),
                    )
                    .unwrap();
                let folded = conv.forward(&upload(&x), &weight, Some(&bias)).unwrap();
                let what = format!("{conv:?} given {given} on {device}");
                within(&what, &folded.download().unwrap(), &expected, &tolerance).unwrap();
            }
        }
    }
}

#[test]
fn what_cannot_be_folded_names_its_rule() {
    let device = Device::cpu();
    let zeros = |shape: [usize; 4]| device.upload(&Array4::zeros(shape)).unwrap();
    let (weight, of_channels) = (zeros([5, 3, 3, 2]), zeros([1, 5, 1, 1]));
    let conv = Conv2d::new(3, 5, [3, 2]);
    let fold = |norm: BatchNorm2d, conv: &Conv2d, weight: &Tensor, bias: Option<&Tensor>| {
        let result = norm.fold(conv, weight, bias, &of_channels, &of_channels, None, None);
        result.expect_err("a misuse").to_string()
    };
    let norm = BatchNorm2d::new(5);
    assert_eq!(
        fold(norm.clone(), &conv.clone().activation(Activation::Relu), &weight, None),
        "batch_norm2d: the convolution's activation is relu, but only a convolution without one can \
         be folded: set it afterwards"
    );
    assert_eq!(
        fold(BatchNorm2d::new(4), &conv, &weight, None),
        "batch_norm2d: the convolution's out_channels is 5, but num_features is 4"
    );
    assert_eq!(
        fold(norm.clone(), &conv, &zeros([5, 3, 2, 3]), None),
        "batch_norm2d: weight has shape [5, 3, 2, 3], but the convolution's weight is [5, 3, 3, 2]"
    );
    assert_eq!(
        fold(norm.clone(), &conv, &weight, Some(&zeros([1, 3, 1, 1]))),
        "batch_norm2d: bias has shape [1, 3, 1, 1], but one value per channel is [1, 5, 1, 1]"
    );
    assert_eq!(
        fold(norm, &conv, &weight.to_f16().unwrap(), None),
        "batch_norm2d: the elements of weight are f16, but this takes f32 alone"
    );
}
