//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{Device, Error, Interpolate, InterpolateTarget, InterpolationMode, Shape};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{BILINEAR, cases};
use crate::between::{Between, Problem, between_tests};
use crate::case::Data;
use crate::goldens::Golden;

fn any_problem() -> impl Strategy<Value = Problem> {
    let factor = prop_oneof![
        2 => prop::sample::select(vec![2.0, 3.0, 4.0, 0.5, 1.0]),
        2 => (1..40_u32, 1..=12_u32).prop_map(|(one, other)| f64::from(one) / f64::from(other)),
        2 => 0.1..5.0,
        1 => (1..=3_u32, -3..=3_i32).prop_map(|(times, by)| f64::from(times) + f64::from(by) * 1e-7),
    ];
    let axis = (1..=12_usize, 1..=40_usize, factor);
    let batch = prop_oneof![1 => Just(0_usize), 9 => 1..=2_usize];
    let options = (any::<bool>(), any::<bool>(), any::<bool>());
    let data = (prop::sample::select(vec![Data::Uniform, Data::NonFinite]), any::<u64>());
    let problem = (batch, 1..=3_usize, [axis.clone(), axis], options, data);
    problem.prop_map(|(batch, channels, axes, (sized, bilinear, align_corners), (data, seed))| {
        let [(height, out_height, y), (width, out_width, x)] = axes;
        let least = |size: usize, factor: f64| factor.max(1.0 / size as f64 + 1e-9);
        // Small bindings hold the tables of so many columns.
        let x = least(width, x).min(110.0 / width as f64);
        let operation = match sized {
            true => Interpolate::size([out_height, out_width]),
            false => Interpolate::scale_factor([least(height, y), x]),
        };
        let operation = match bilinear {
            true => operation.mode(BILINEAR).align_corners(align_corners),
            false => operation,
        };
        Problem::new("random", operation, [[batch, channels, height, width]]).with(data, seed)
    })
}

fn golden(golden: &Golden<'_>) -> Arc<dyn Between> {
    let options = match golden.options.get("scale_factor") {
        None => Interpolate::size(golden.pair("size").expect("a size")),
        Some(factors) => {
            Interpolate::scale_factor([0, 1].map(|axis| factors[axis].as_f64().expect("a factor")))
        }
    };
    let is_bilinear = golden.options.get("mode").is_some_and(|mode| mode == "bilinear");
    let mode = if is_bilinear { BILINEAR } else { InterpolationMode::Nearest };
    let align_corners = golden.flag("align_corners").unwrap_or_default();
    Arc::new(options.mode(mode).align_corners(align_corners))
}

between_tests!(cases(), any_problem(), "interpolate.json", 50, golden);

/// What a row of numbers becomes, on the CPU and the adapter.
fn row(options: &Interpolate, input: &[f32]) -> Vec<f32> {
    let shape = [1, 1, 1, input.len()];
    let on = |device: &Device| {
        let input = device.upload_slice(input, shape).unwrap();
        options.forward(&input).unwrap().to_vec().unwrap()
    };
    let (found, other) = (on(&Device::cpu()), on(crate::tested::tested()));
    let bits = |row: &[f32]| row.iter().map(|element| element.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&other), bits(&found), "{other:?} instead of {found:?}");
    found
}

#[test]
fn the_nearest_element_lies_where_the_rounded_product_says() {
    let at = |size: usize, input: &[f32], output: usize| {
        row(&Interpolate::size([1, size]), input)[output]
    };
    // 2 / 82 rounded to f32 times 41 is below 1; rounded to f64 it is 1.
    assert_eq!(at(82, &[3.0, 5.0], 41), 3.0);
    assert_eq!(at(82, &[3.0, 5.0], 42), 5.0);
    // 7 / 3: 0, 0, 0, 1, 1, 2, 2.
    assert_eq!(row(&Interpolate::size([1, 7]), &[0.0, 1.0, 2.0]), [0., 0., 0., 1., 1., 2., 2.]);
    assert_eq!(row(&Interpolate::size([1, 2]), &[0.0, 1.0, 2.0, 3.0, 4.0]), [0.0, 2.0]);
}

#[test]
fn a_factor_is_kept_but_where_the_size_is_the_same_or_double() {
    let by = |factor: f64| Interpolate::scale_factor([1.0, factor]);
    // Of 5 * 1.5 = 7.5 there are 7; by the sizes the last but one would be floor(5 * 5 / 7) = 3.
    assert_eq!(row(&by(1.5), &[0.0, 1.0, 2.0, 3.0, 4.0]), [0., 0., 1., 2., 2., 3., 4.]);
    assert_eq!(row(&by(3.5), &[0.0, 1.0]), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    assert_eq!(row(&by(1.24), &[0.0, 1.0, 2.0, 3.0]), [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(row(&by(2.3), &[0.0, 1.0, 2.0]), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]);
}

#[test]
fn bilinear_weights_are_by_edges_or_by_corners() {
    let bilinear = |size: usize| Interpolate::size([1, size]).mode(BILINEAR);
    assert_eq!(row(&bilinear(4), &[0.0, 4.0]), [0.0, 1.0, 3.0, 4.0]);
    assert_eq!(row(&bilinear(5).align_corners(true), &[0.0, 4.0]), [0.0, 1.0, 2.0, 3.0, 4.0]);
    // Four to one: the middle of the four, not their mean.
    assert_eq!(row(&bilinear(1), &[0.0, 1.0, 3.0, 100.0]), [2.0]);
    assert_eq!(row(&bilinear(1).align_corners(true), &[7.0, 1.0, 3.0]), [7.0]);
    let by = Interpolate::scale_factor([1.0, 1.5]).mode(BILINEAR);
    // The places are (i + 0.5) / 1.5 - 0.5 = -1/6, 1/2, 7/6, 11/6.
    let found = row(&by, &[0.0, 6.0, 18.0]);
    let expected = [0.0, 3.0, 8.0, 16.0];
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}");
}

#[test]
fn infinity_times_a_weight_of_zero_is_no_number_and_a_copy_keeps_it() {
    let inf = f32::INFINITY;
    let nearest = row(&Interpolate::size([1, 4]), &[inf, f32::NAN]);
    assert!(nearest[1] == inf && nearest[2].is_nan(), "{nearest:?}");
    let same = row(&Interpolate::size([2, 3]).mode(BILINEAR), &[1.0, f32::MAX, 2.0]);
    assert_eq!(same, [1.0, f32::MAX, 2.0, 1.0, f32::MAX, 2.0]);
    let of = |device: &Device| {
        let x = device.upload(&array![[[[1.0, inf, 2.0]]]]).unwrap();
        Interpolate::size([2, 3]).mode(BILINEAR).forward(&x).unwrap().to_vec().unwrap()
    };
    for found in [of(&Device::cpu()), of(crate::tested::tested())] {
        assert!(found[0] == 1.0 && found[1].is_nan() && found[2] == 2.0, "{found:?}");
    }
}

#[test]
fn a_row_whose_table_exceeds_a_binding_is_an_error() {
    let device = crate::tested::with_bindings_of(2_048);
    let x = device.upload(&Array4::zeros((1, 1, 2, 3))).unwrap();
    let error = Interpolate::size([2, 120]).mode(BILINEAR).forward(&x).unwrap_err();
    assert!(matches!(error, Error::DeviceLimit { needed: 1_920, .. }), "{error}");
    let error = Interpolate::size([2, 500]).forward(&x).unwrap_err();
    assert!(matches!(error, Error::DeviceLimit { needed: 2_000, .. }), "{error}");
}

#[test]
fn what_cannot_be_is_said() {
    let shape = Shape::new(1, 2, 3, 4);
    let message = |options: Interpolate, shape: Shape| {
        options.output_shape(shape).expect_err("an error").to_string()
    };
    assert_eq!(
        message(Interpolate::size([3, 0]), shape),
        "interpolate: size is 0, but must be at least 1 along the width"
    );
    assert_eq!(
        message(Interpolate::scale_factor([0.3, 1.0]), shape),
        "interpolate: scale_factor is 0.3, but times the input's height 3 must be a finite number \
         of at least 1"
    );
    for factor in [f64::NAN, f64::INFINITY, -1.0, 0.0, 1e-300] {
        let error = Interpolate::scale_factor([factor, 1.0]).output_shape(shape);
        assert!(matches!(error, Err(Error::InvalidArgument { .. })), "{factor}: {error:?}");
    }
    for factor in [1e18, 1e300] {
        let error = Interpolate::scale_factor([factor, 1e10]).output_shape(shape);
        assert!(matches!(error, Err(Error::Overflow { .. })), "{factor}: {error:?}");
    }
    assert_eq!(
        message(Interpolate::size([5, 6]).align_corners(true), shape),
        "interpolate: align_corners is true, but mode nearest has no corners to align"
    );
    assert_eq!(
        message(Interpolate::size([5, 6]), Shape::new(1, 2, 0, 4)),
        "interpolate: the input's size is 0, but must be at least 1 along the height"
    );
    assert_eq!(
        message(Interpolate::size([5, 6]), Shape::new(1, 0, 3, 4)),
        "interpolate: input has shape [1, 0, 3, 4], but the input needs at least 1 channel"
    );
    let error = Interpolate::size([usize::MAX, 2]).output_shape(shape);
    assert!(matches!(error, Err(Error::Overflow { .. })), "{error:?}");
    let grad = Device::cpu().upload(&Array4::zeros((1, 2, 5, 6))).unwrap();
    assert_eq!(
        Interpolate::size([5, 7]).grad_input(shape, &grad).unwrap_err().to_string(),
        "interpolate: grad_output has shape [1, 2, 5, 6], but the output of the forward pass is \
         [1, 2, 5, 7]"
    );
    assert_eq!(Interpolate::size([5, 7]).target, InterpolateTarget::Size([5, 7]));
}
