//! Padding as an operation of its own.

use std::sync::Arc;

use filtro::{Device, Error, Pad, Padding, PaddingMode, Result, Shape, reference};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{Between, Problem, between_tests, of_one_image};
use crate::case::Data;
use crate::compare::any_data;
use crate::goldens::Golden;

impl Between for Pad {
    of_one_image!(reference::pad, reference::pad_backward);

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        _gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let magnitude = self.reference_backward(inputs, &grad_output.mapv(f64::abs))?;
        Ok(magnitude.iter().map(|magnitude| any_data(1, magnitude)).collect())
    }

    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Special]
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Positive]
    }
}

fn sides([top, bottom, left, right]: [usize; 4]) -> Pad {
    Pad::new(Padding::sides(top, bottom, left, right))
}

fn cases() -> Vec<Problem> {
    let case = |name: &str, operation, input| Problem::new(name, operation, [input]);
    let mut cases = vec![
        case("none", Pad::new(Padding::Valid), [2, 3, 4, 5]),
        case("zeros on four sides", sides([1, 2, 3, 4]), [2, 3, 4, 5]),
        case("a value", sides([0, 2, 0, 1]).value(-1.5), [1, 3, 4, 5]),
        case("rows alone", sides([3, 1, 0, 0]), [1, 2, 4, 7]),
        case("out of proportion", sides([0, 40, 50, 1]).value(2.0), [1, 2, 3, 4]),
        case("an empty batch", sides([1, 2, 3, 4]), [0, 3, 4, 5]),
        case("one element", sides([1, 2, 3, 4]), [2, 3, 1, 1]),
        case("planes beyond a small binding", sides([2, 1, 0, 3]), [1, 3, 23, 41]),
        case("many planes", sides([1, 1, 1, 1]), [3, 70, 2, 3]),
    ];
    for mode in [PaddingMode::Reflect, PaddingMode::Replicate, PaddingMode::Circular] {
        let mut of = |name: &str, sides_of: [usize; 4], input| {
            cases.push(case(&format!("{mode}, {name}"), sides(sides_of).mode(mode), input));
        };
        of("none", [0; 4], [1, 2, 3, 4]);
        of("four sides", [1, 2, 3, 1], [2, 3, 4, 5]);
        of("one side", [0, 0, 0, 3], [1, 3, 2, 4]);
        of("as far as any mode goes", [3, 3, 4, 4], [1, 2, 4, 5]);
        of("an empty batch", [1, 2, 3, 1], [0, 3, 4, 5]);
        of("planes beyond a small binding", [7, 3, 0, 5], [1, 2, 29, 31]);
        of("rows beyond a small binding apart", [20, 20, 1, 0], [1, 1, 21, 60]);
        if mode != PaddingMode::Reflect {
            of("one element", [1, 1, 1, 0], [2, 3, 1, 1]);
        }
        if mode == PaddingMode::Replicate {
            of("out of proportion", [0, 40, 50, 1], [1, 2, 3, 4]);
            of("an edge with 300 readers", [300, 0, 0, 2], [1, 1, 2, 3]);
            of("an edge with 390 readers in a row", [0, 1, 0, 390], [1, 1, 2, 3]);
            of("corners with 441 readers", [20, 0, 0, 20], [1, 2, 2, 3]);
        }
    }
    cases
}

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
