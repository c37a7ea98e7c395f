//! Tunings: what is measured, and what plans make of it.

use std::time::Duration;

use filtro::tuning::{Operation, Tuning};
use filtro::{
    Activation, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d, Device, Error, MaxPool2d, Shape,
};

use crate::tested::open_tested;

const BUDGET: Duration = Duration::from_millis(1);

/// A device of a test's own: a tuning belongs to the device.
fn device() -> Device {
    open_tested()
}

fn conv() -> Conv2d {
    Conv2d::new(4, 6, [3, 2]).padding([1, 1])
}

const INPUT: [usize; 4] = [1, 4, 12, 17];

fn planned(conv: &Conv2d, device: &Device) -> Algorithm {
    conv.plan_on(INPUT, device).unwrap().unwrap().algorithm()
}

#[test]
fn a_plan_follows_the_entry_of_its_problem_and_no_other() {
    let device = device();
    let before = planned(&conv(), &device);
    assert_ne!(before, Algorithm::General);
    let mut tuning = Tuning::new(&device).unwrap();
    tuning.set(conv(), INPUT, Algorithm::General).unwrap();
    device.set_tuning(tuning).unwrap();
    assert_eq!(planned(&conv(), &device.clone()), Algorithm::General);
    assert_eq!(planned(&conv().activation(Activation::Relu), &device), Algorithm::General);
    assert_eq!(planned(&conv().padding([1, 0]), &device), before);

    // What is compiled shows which algorithm ran.
    let zeros =
        |shape: Shape| device.upload_slice(&vec![0.0; 4 * 12 * 17][..shape_len(shape)], shape);
    let (x, w) = (zeros(INPUT.into()).unwrap(), zeros([6, 4, 3, 2].into()).unwrap());
    let compiled = device.compiled_shaders();
    conv().forward(&x, &w, None).unwrap();
    let general = conv().algorithm(Algorithm::General);
    assert_eq!(device.compiled_shaders(), compiled + 1);
    general.forward(&x, &w, None).unwrap();
    assert_eq!(device.compiled_shaders(), compiled + 1);

    device.set_tuning(None).unwrap();
    assert_eq!(planned(&conv(), &device), before);
}

fn shape_len(shape: Shape) -> usize {
    shape.dims().iter().product()
}

#[test]
fn an_entry_that_does_not_serve_its_problem_is_passed_over() {
    let device = device();
    let before = planned(&conv(), &device);
    let mut tuning = Tuning::new(&device).unwrap();
    tuning.set(conv(), INPUT, Algorithm::Strip).unwrap();
    tuning.set(AdaptiveMaxPool2d::new([5, 5]), INPUT, Algorithm::Tiled).unwrap();
    device.set_tuning(tuning).unwrap();
    assert_eq!(planned(&conv(), &device), before);
    let plan = AdaptiveMaxPool2d::new([5, 5]).plan_on(INPUT, &device).unwrap().unwrap();
    assert_eq!(plan.algorithm(), Algorithm::General);
}

#[test]
fn a_pinned_algorithm_wins_over_the_tuning() {
    let device = device();
    let mut tuning = Tuning::new(&device).unwrap();
    tuning.set(conv(), INPUT, Algorithm::General).unwrap();
    device.set_tuning(tuning).unwrap();
    assert_eq!(planned(&conv().algorithm(Algorithm::Tiled), &device), Algorithm::Tiled);
    let strip = conv().algorithm(Algorithm::Strip).plan_on(INPUT, &device);
    assert!(matches!(strip, Err(Error::Unsupported { .. })), "{strip:?}");
}

#[test]
fn every_operation_is_checked_and_timed_by_all_that_serves_it() {
    let device = device();
    let mut tuning = Tuning::new(&device).unwrap();
    let operations: [(Operation, &[Algorithm]); 6] = [
        (conv().activation(Activation::Silu).into(), &[Algorithm::General, Algorithm::Tiled]),
        (Conv2d::new(4, 4, [3, 3]).groups(4).into(), &[Algorithm::General, Algorithm::Strip]),
        (
            MaxPool2d::new([2, 2]).dilation([9, 9]).padding([1, 1]).stride([9, 9]).into(),
            &[Algorithm::General],
        ),
        (
            AvgPool2d::new([3, 3]).divisor_override(-2).into(),
            &[Algorithm::General, Algorithm::Strip],
        ),
        (AvgPool2d::new([12, 17]).into(), &[Algorithm::General, Algorithm::Global]),
        (AdaptiveMaxPool2d::new([5, 5]).into(), &[Algorithm::General]),
    ];
    for (index, (operation, least)) in operations.into_iter().enumerate() {
        let tuned = tuning.tune(&device, operation.clone(), INPUT, BUDGET).unwrap();
        let timed: Vec<_> = tuned.times.iter().map(|(algorithm, _)| *algorithm).collect();
        assert!(least.iter().all(|algorithm| timed.contains(algorithm)), "{operation:?} {tuned:?}");
        assert!(timed.contains(&tuned.chosen) && timed.contains(&tuned.planned), "{tuned:?}");
        assert!(tuned.times.is_sorted_by_key(|(_, time)| *time), "{tuned:?}");
        assert_eq!(tuning.len(), index + 1);
        assert_eq!(tuning.get(operation, INPUT), Ok(Some(tuned.chosen)));
    }
    device.set_tuning(tuning).unwrap();
}

#[test]
fn mistakes_are_errors_of_the_operation() {
    let device = device();
    let mut tuning = Tuning::new(&device).unwrap();
    let error = tuning.tune(&device, conv(), [1, 5, 12, 17], BUDGET).unwrap_err();
    assert!(error.to_string().starts_with("conv2d: "), "{error}");
    let error = tuning.tune(&device, MaxPool2d::new([0, 1]), INPUT, BUDGET).unwrap_err();
    assert!(error.to_string().starts_with("max_pool2d: kernel_size is"), "{error}");
    let huge = [1 << 20, 1 << 20, 1 << 20, 1 << 20];
    assert!(tuning.tune(&device, MaxPool2d::new([1, 1]), huge, BUDGET).is_err());
    let error = tuning.tune(&Device::cpu(), conv(), INPUT, BUDGET).unwrap_err();
    assert!(matches!(error, Error::TuningMismatch { .. }), "{error}");
    assert!(tuning.is_empty());
}

#[test]
fn a_tuning_of_another_adapter_driver_or_version_is_refused() {
    let device = device();
    let text = Tuning::new(&device).unwrap().to_string();
    let info = device.info();
    for (here, other) in [
        (info.name.as_str(), "An Adapter"),
        (info.driver.as_str(), "driver 1.2"),
        (env!("CARGO_PKG_VERSION"), "0.0.9"),
        ("backend vulkan", "backend metal"),
    ] {
        let text = text.replacen(here, other, 1);
        let error = device.set_tuning(text.parse::<Tuning>().unwrap()).unwrap_err().to_string();
        let words = ["tuning: it was made by filtro ", "but this is filtro ", "tune again"];
        let other = other.trim_start_matches("backend ");
        for word in words.into_iter().chain([other]) {
            assert!(error.contains(word), "{word} is missing: {error}");
        }
    }
    device.set_tuning(text.parse::<Tuning>().unwrap()).unwrap();
}
