//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{BatchNorm2d, Error, Result};
use ndarray::Array4;
use proptest::prelude::*;

use super::{Norm, cases, problem};
use crate::between::{Between, Problem, between_tests};
use crate::case::Data;
use crate::goldens::Golden;

fn random() -> impl Strategy<Value = Problem> {
    let sizes = (1..=5_usize, 1..=9_usize, 1..=13_usize, 1..=13_usize);
    let eps = prop_oneof![Just(1e-5_f32), Just(1e-3), Just(0.5)];
    let data = prop_oneof![
        Just(Data::Integers),
        Just(Data::Uniform),
        Just(Data::Positive),
        Just(Data::NonFinite),
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (sizes, eps, flags, data, any::<u64>())
        .prop_filter("two values a channel in training", |((n, _, h, w), _, flags, ..)| {
            !flags.0 || n * h * w > 1
        })
        .prop_map(|((n, c, h, w), eps, (is_training, weight, bias), data, seed)| {
            let options = BatchNorm2d::new(c).eps(eps);
            let norm = Norm { options, is_training, weight, bias };
            problem(format!("{norm:?} of {n}x{c}x{h}x{w}"), norm, [n, c, h, w]).with(data, seed)
        })
}

fn golden(golden: &Golden<'_>) -> Arc<dyn Between> {
    let channels = golden.array4("input0").dim().1;
    let eps = golden.options["eps"].as_f64().expect("a number") as f32;
    let flag = |name| golden.flag(name).expect("a flag");
    Arc::new(Norm {
        options: BatchNorm2d::new(channels).eps(eps),
        is_training: flag("training"),
        weight: flag("weight"),
        bias: flag("bias"),
    })
}

between_tests!(cases(), random(), "batch_norm2d.json", 22, golden);

fn text<T: std::fmt::Debug>(result: Result<T>) -> String {
    result.expect_err("a misuse").to_string()
}

#[test]
fn every_misuse_names_its_rule() {
    let device = filtro::Device::cpu();
    let zeros = |shape: [usize; 4]| device.upload(&Array4::zeros(shape)).unwrap();
    let norm = BatchNorm2d::new(3);
    let (x, good, bad) = (zeros([2, 3, 4, 5]), zeros([1, 3, 1, 1]), zeros([1, 4, 1, 1]));
    for (found, expected) in [
        (
            text(BatchNorm2d::new(0).output_shape([1, 0, 2, 3])),
            "num_features is 0, but must be at least 1",
        ),
        (
            text(norm.clone().eps(-1.0).output_shape([1, 3, 2, 3])),
            "eps is -1, but must be finite and not negative",
        ),
        (
            text(norm.clone().eps(f32::NAN).output_shape([1, 3, 2, 3])),
            "eps is NaN, but must be finite and not negative",
        ),
        (
            text(norm.output_shape([1, 4, 2, 3])),
            "input has shape [1, 4, 2, 3], but num_features is 3",
        ),
        (
            text(norm.forward(&x, &bad, &good, None, None)),
            "running_mean has shape [1, 4, 1, 1], but one value per channel is [1, 3, 1, 1]",
        ),
        (
            text(norm.forward(&x, &good, &good, None, Some(&x))),
            "bias has shape [2, 3, 4, 5], but one value per channel is [1, 3, 1, 1]",
        ),
        (
            text(norm.forward(&x, &good, &good.to_f16().unwrap(), None, None)),
            "the elements of running_var are f16, but this takes f32 alone",
        ),
        (
            text(norm.forward_training(&zeros([1, 3, 1, 1]), None, None)),
            "input has shape [1, 3, 1, 1], but training needs more than 1 value per channel",
        ),
        (
            text(norm.forward_training(&zeros([0, 3, 2, 4]), None, None)),
            "input has shape [0, 3, 2, 4], but training needs more than 1 value per channel",
        ),
        (
            text(norm.clone().eps(0.0).forward_training(&x, None, None)),
            "eps is 0, but training needs more than 0",
        ),
        (
            text(norm.grad_input(&good, None, &zeros([2, 4, 4, 5]))),
            "input has shape [2, 4, 4, 5], but num_features is 3",
        ),
        (
            text(norm.grad_parameters(&x, &good, &good, &zeros([2, 3, 5, 4]))),
            "grad_output has shape [2, 3, 5, 4], but the output of the forward pass is [2, 3, 4, 5]",
        ),
    ] {
        assert_eq!(found, format!("batch_norm2d: {expected}"));
    }
    let (_, statistics) = norm.forward_training(&x, None, None).unwrap();
    let other = zeros([2, 3, 5, 4]);
    assert_eq!(
        text(norm.grad_training(&other, &statistics, &other)),
        "batch_norm2d: input has shape [2, 3, 5, 4], but the statistics are of another input, \
         [2, 3, 4, 5]"
    );
    assert_eq!(
        text(BatchNorm2d::new(4).update(&bad, &bad, &statistics, 1)),
        "batch_norm2d: statistics has shape [1, 3, 1, 1], but one value per channel is [1, 4, 1, 1]"
    );
    let cumulative = norm.clone().momentum(None);
    assert_eq!(
        text(cumulative.update(&good, &good, &statistics, 0)),
        "batch_norm2d: num_batches_tracked is 0, but must count this batch too, where momentum is None"
    );
    let infinite = norm.clone().momentum(f32::INFINITY);
    assert_eq!(
        text(infinite.update(&good, &good, &statistics, 1)),
        "batch_norm2d: momentum is inf, but must be finite"
    );
    let elsewhere = crate::tested::tested().upload(&Array4::zeros([1, 3, 1, 1])).unwrap();
    let result = norm.forward(&x, &good, &elsewhere, None, None);
    assert!(matches!(result, Err(Error::DifferentDevice { argument: "running_var", .. })));
    let result = norm.update(&elsewhere, &elsewhere, &statistics, 1);
    assert!(matches!(result, Err(Error::DifferentDevice { argument: "statistics", .. })));
}
