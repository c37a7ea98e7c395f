//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{Device, Error, Pad, Padding, PaddingMode, Shape};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{cases, sides};
use crate::between::{Between, Problem, between_tests};
use crate::case::Data;
use crate::goldens::Golden;

fn any_problem() -> impl Strategy<Value = Problem> {
    let axis = (1..=30_usize, [0..=5_usize, 0..=5], [any::<bool>(), any::<bool>()]);
    let mode = prop::sample::select(&PaddingMode::ALL[..]);
    let batch = prop_oneof![1 => Just(0_usize), 9 => 1..=2_usize];
    let data = (prop::sample::select(vec![Data::Uniform, Data::Special]), any::<u64>());
    let problem = (batch, 1..=3_usize, [axis.clone(), axis], mode, data, -2.0_f32..2.0);
    problem.prop_map(|(batch, channels, axes, mode, (data, seed), value)| {
        // What the mode allows, up to all of it.
        let pads = axes.map(|(size, pads, most)| {
            let allowed = match mode {
                PaddingMode::Reflect => size - 1,
                PaddingMode::Circular => size,
                _ => 40,
            };
            [0, 1].map(|at| if most[at] { allowed } else { pads[at].min(allowed) })
        });
        let [[top, bottom], [left, right]] = pads;
        let pad = sides([top, bottom, left, right]).mode(mode);
        let pad = if mode == PaddingMode::Zeros { pad.value(value) } else { pad };
        let input = [batch, channels, axes[0].0, axes[1].0];
        Problem::new("random", pad, [input]).with(data, seed)
    })
}

fn golden(golden: &Golden<'_>) -> Arc<dyn Between> {
    let sides_of = Golden::sizes(&golden.options["sides"]);
    let mode = match golden.options.get("mode") {
        None => PaddingMode::Zeros,
        Some(name) => {
            let mode = PaddingMode::ALL.into_iter().find(|mode| mode.name() == name);
            mode.expect("a padding mode")
        }
    };
    let value = golden.options.get("value").map_or(0.0, |value| value.as_f64().expect("a number"));
    Arc::new(sides(sides_of.try_into().expect("four sides")).mode(mode).value(value as f32))
}

between_tests!(cases(), any_problem(), "pad.json", 22, golden);

#[test]
fn every_mode_goes_on_beyond_the_edges_as_it_says() {
    let pads = |mode: PaddingMode, [left, right]: [usize; 2]| {
        let pad = sides([0, 0, left, right]).mode(mode);
        let on = |device: &Device| {
            let x = device.upload(&array![[[[1.0, 2.0, 3.0]]]]).unwrap();
            pad.forward(&x).unwrap().to_vec().unwrap()
        };
        let found = on(&Device::cpu());
        assert_eq!(on(crate::tested::tested()), found);
        found
    };
    assert_eq!(pads(PaddingMode::Zeros, [1, 2]), [0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
    assert_eq!(pads(PaddingMode::Reflect, [2, 1]), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    assert_eq!(pads(PaddingMode::Replicate, [2, 1]), [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
    assert_eq!(pads(PaddingMode::Circular, [3, 1]), [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0]);
}

#[test]
fn a_value_may_be_no_number() {
    for value in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -0.0] {
        for device in [&Device::cpu(), crate::tested::tested()] {
            let x = device.upload(&array![[[[1.0, f32::NAN]]]]).unwrap();
            let pad = sides([0, 1, 1, 0]).value(value);
            let padded = pad.forward(&x).unwrap().to_vec().unwrap();
            let bits: Vec<_> = padded.iter().map(|element| element.to_bits()).collect();
            let expected = [value, 1.0, f32::NAN, value, value, value].map(f32::to_bits);
            assert_eq!(bits, expected, "{value} on {device}");
        }
    }
}

#[test]
fn a_gradient_is_folded_back() {
    let folded = |mode: PaddingMode| {
        let pad = Pad::new([0, 2]).mode(mode);
        let on = |device: &Device| {
            let grad_output = device.upload(&Array4::ones((1, 1, 1, 8))).unwrap();
            pad.grad_input([1, 1, 1, 4], &grad_output).unwrap().to_vec().unwrap()
        };
        let found = on(&Device::cpu());
        assert_eq!(on(crate::tested::tested()), found);
        found
    };
    assert_eq!(folded(PaddingMode::Zeros), [1.0; 4]);
    assert_eq!(folded(PaddingMode::Reflect), [1.0, 3.0, 3.0, 1.0]);
    assert_eq!(folded(PaddingMode::Replicate), [3.0, 1.0, 1.0, 3.0]);
    assert_eq!(folded(PaddingMode::Circular), [2.0; 4]);
}

#[test]
fn what_cannot_be_is_said() {
    let shape = Shape::new(1, 2, 3, 4);
    let message = |pad: Pad| pad.output_shape(shape).expect_err("an error").to_string();
    assert_eq!(
        message(sides([3, 0, 0, 0]).mode(PaddingMode::Reflect)),
        "pad: padding is 3, but mode reflect needs less than the input's height 3"
    );
    assert_eq!(
        message(sides([0, 0, 0, 5]).mode(PaddingMode::Circular)),
        "pad: padding is 5, but mode circular needs at most the input's width 4"
    );
    assert_eq!(
        message(Pad::new(Padding::Same)),
        "pad: padding is same, but it follows from a kernel, which this has none of: give the sides"
    );
    assert_eq!(
        message(Pad::new([1, 1]).mode(PaddingMode::Replicate).value(1.0)),
        "pad: value is 1, but mode replicate takes what it pads with from the input"
    );
    for pads in [[usize::MAX, 1], [usize::MAX / 2, usize::MAX / 2]] {
        let error = sides([pads[0], pads[1], 0, 0]).output_shape(shape);
        assert!(matches!(error, Err(Error::Overflow { .. })), "{error:?}");
    }
    let error = Pad::new([1, 1]).output_shape([1, 2, 0, 4]);
    assert!(matches!(error, Err(Error::InvalidArgument { .. })), "{error:?}");
    let grad = Device::cpu().upload(&Array4::zeros((1, 2, 5, 6))).unwrap();
    assert_eq!(
        Pad::new([1, 2]).grad_input(shape, &grad).unwrap_err().to_string(),
        "pad: grad_output has shape [1, 2, 5, 6], but the output of the forward pass is \
         [1, 2, 5, 8]"
    );
}
