//! Interpolation.

use std::sync::Arc;

use filtro::reference;
use filtro::{Device, Error, Interpolate, InterpolateTarget, InterpolationMode, Result, Shape};
use ndarray::{Array4, array};
use proptest::prelude::*;

use super::{Between, Problem, between_tests, of_one_image};
use crate::case::Data;
use crate::compare::any_data;
use crate::goldens::Golden;

const BILINEAR: InterpolationMode = InterpolationMode::Bilinear;

impl Between for Interpolate {
    of_one_image!(reference::interpolate, reference::interpolate_backward);

    /// Of the nearest element none; else some roundings of what is added up, weights among it.
    fn tolerance(&self, inputs: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        if self.mode == InterpolationMode::Nearest {
            return Ok(Array4::zeros(output.dim()));
        }
        let magnitude = self.reference(&[inputs[0].mapv(f64::abs)])?;
        let smallest = f64::from(f32::MIN_POSITIVE);
        Ok(magnitude.mapv(|sum| 8.0 * 2.0_f64.powi(-24) * sum + smallest))
    }

    fn gradient_tolerances(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
        gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        let magnitude = self.reference_backward(inputs, &grad_output.mapv(f64::abs))?;
        let readers = grad_output.len() / gradients[0].len().max(1);
        Ok(magnitude.iter().map(|magnitude| any_data(readers, magnitude)).collect())
    }

    fn data(&self) -> &'static [Data] {
        match self.mode {
            InterpolationMode::Nearest => &[Data::Integers, Data::Special],
            _ => &[Data::Uniform, Data::Wide, Data::NonFinite],
        }
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Uniform, Data::Positive]
    }
}

fn cases() -> Vec<Problem> {
    let size = Interpolate::size;
    let by = |height: f64, width: f64| Interpolate::scale_factor([height, width]);
    let case = |name: &str, operation, input| Problem::new(name, operation, [input]);
    let mut cases = vec![
        case("twice", by(2.0, 2.0), [2, 3, 5, 8]),
        case("twice an odd width", by(2.0, 2.0), [1, 3, 4, 7]),
        case("rows three times, columns twice", by(3.0, 2.0), [2, 2, 3, 6]),
        case("rows four times", by(4.0, 1.0), [1, 3, 3, 8]),
        case("columns three times", by(1.0, 3.0), [1, 3, 4, 5]),
        case("five times, beyond the blocks of a shader", by(5.0, 2.0), [1, 2, 3, 4]),
        case("a row by a factor that is none", size([3, 11]), [2, 2, 5, 7]),
        case("smaller, with elements that nobody reads", by(0.4, 0.3), [2, 3, 11, 13]),
        case("half", by(0.5, 0.5), [1, 3, 8, 6]),
        case("the same size by a factor above one", by(1.2, 1.1), [1, 2, 4, 5]),
        case("twice by a factor above two", by(2.2, 2.3), [1, 2, 4, 3]),
        case("a scale whose last digit matters", size([46, 74]), [1, 1, 14, 12]),
        case("a factor whose last digit matters", by(46.0 / 7.0, 37.0 / 3.0), [1, 1, 8, 4]),
        case("an empty batch", size([5, 7]), [0, 2, 3, 4]),
        case("one element", size([5, 7]), [2, 3, 1, 1]),
        case("to one element", size([1, 1]), [2, 3, 5, 4]),
        case("planes beyond a small binding", by(2.0, 2.0), [1, 2, 30, 17]),
        case("planes beyond a small binding, by a ratio", size([41, 50]), [1, 2, 23, 31]),
        case("many planes", by(2.0, 2.0), [3, 70, 2, 3]),
        case("a wide row", size([2, 300]), [1, 2, 3, 140]),
        case("elements with 272 readers", size([34, 24]), [1, 2, 2, 3]),
        case("a row with 420 readers", size([420, 1]), [1, 1, 1, 2]),
        case("a column with 400 readers", size([2, 400]), [1, 1, 2, 1]),
    ];
    for align_corners in [false, true] {
        let corners = if align_corners { "corners, " } else { "" };
        let mut of = |name: &str, operation: Interpolate, input| {
            let operation = operation.mode(BILINEAR).align_corners(align_corners);
            cases.push(case(&format!("bilinear, {corners}{name}"), operation, input));
        };
        of("twice", by(2.0, 2.0), [2, 3, 5, 8]);
        of("by a ratio", size([3, 11]), [2, 2, 5, 7]);
        of("by a factor that is no ratio", by(1.7, 2.9), [1, 2, 5, 7]);
        of("smaller, with elements that nobody reads", by(0.4, 0.3), [2, 3, 11, 13]);
        of("the same height", size([4, 9]), [1, 2, 4, 5]);
        of("the same size", by(1.2, 1.1), [1, 2, 4, 5]);
        of("an empty batch", size([5, 7]), [0, 2, 3, 4]);
        of("one element", size([5, 7]), [2, 3, 1, 1]);
        of("one row", size([5, 7]), [2, 3, 1, 4]);
        of("to one element", size([1, 1]), [2, 3, 5, 4]);
        of("to one column", size([6, 1]), [2, 3, 5, 4]);
        of("planes beyond a small binding", by(2.0, 1.5), [1, 2, 30, 18]);
        of("elements with some 300 readers", size([40, 60]), [1, 2, 5, 6]);
        of("a row with some 420 readers", size([420, 1]), [1, 1, 2, 1]);
        of("a column with some 100 readers", size([2, 100]), [1, 1, 3, 2]);
    }
    cases
}

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
