//! Pixel shuffle.

use std::sync::Arc;

use filtro::{Device, Error, PixelShuffle, reference};
use proptest::prelude::*;

use super::{Between, Problem, between_tests, of_one_image};
use crate::case::Data;
use crate::goldens::Golden;

impl Between for PixelShuffle {
    of_one_image!(reference::pixel_shuffle, reference::pixel_shuffle_backward);

    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Special]
    }

    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Special]
    }
}

fn cases() -> Vec<Problem> {
    let case = |name: &str, factor, input| Problem::new(name, PixelShuffle::new(factor), [input]);
    vec![
        case("by two", 2, [2, 12, 3, 8]),
        case("by two, an odd width", 2, [1, 8, 2, 5]),
        case("by three", 3, [2, 18, 2, 3]),
        case("by four", 4, [1, 32, 3, 2]),
        case("by five, beyond the blocks of a shader", 5, [2, 50, 2, 3]),
        case("by one", 1, [2, 3, 4, 5]),
        case("one element", 3, [2, 18, 1, 1]),
        case("one column", 2, [1, 8, 5, 1]),
        case("an empty batch", 2, [0, 8, 3, 4]),
        case("planes beyond a small binding together", 2, [1, 8, 12, 17]),
        case("each plane beyond a small binding", 2, [1, 4, 23, 31]),
        case("each plane beyond a small binding, by three", 3, [1, 9, 23, 31]),
        case("many planes", 2, [2, 280, 2, 3]),
    ]
}

fn any_problem() -> impl Strategy<Value = Problem> {
    let batch = prop_oneof![1 => Just(0_usize), 9 => 1..=2_usize];
    let data = (prop::sample::select(vec![Data::Integers, Data::Special]), any::<u64>());
    let problem = (batch, 1..=3_usize, 1..=6_usize, 1..=9_usize, 1..=9_usize, data);
    problem.prop_map(|(batch, channels, factor, height, width, (data, seed))| {
        let input = [batch, channels * factor * factor, height, width];
        Problem::new("random", PixelShuffle::new(factor), [input]).with(data, seed)
    })
}

fn golden(golden: &Golden<'_>) -> Arc<dyn Between> {
    let factor = golden.options["upscale_factor"].as_u64().expect("a factor");
    Arc::new(PixelShuffle::new(factor as usize))
}

between_tests!(cases(), any_problem(), "pixel_shuffle.json", 7, golden);

#[test]
fn channels_become_rows_first_then_columns() {
    let on = |device: &Device| {
        let elements: Vec<f32> = (0..8).map(|it| it as f32).collect();
        let x = device.upload_slice(&elements, [1, 4, 1, 2]).unwrap();
        PixelShuffle::new(2).forward(&x).unwrap().to_vec().unwrap()
    };
    let expected = [0.0, 2.0, 1.0, 3.0, 4.0, 6.0, 5.0, 7.0];
    assert_eq!(on(&Device::cpu()), expected);
    assert_eq!(on(crate::tested::tested()), expected);
}

#[test]
fn what_cannot_be_is_said() {
    let message = |factor: usize, shape: [usize; 4]| {
        PixelShuffle::new(factor).output_shape(shape).expect_err("an error").to_string()
    };
    assert_eq!(
        message(0, [1, 4, 2, 3]),
        "pixel_shuffle: upscale_factor is 0, but must be at least 1"
    );
    assert_eq!(
        message(2, [1, 6, 2, 3]),
        "pixel_shuffle: input has shape [1, 6, 2, 3], but its channels must be divisible by the \
         square of upscale_factor 2"
    );
    let huge = PixelShuffle::new(usize::MAX).output_shape([1, 4, 2, 3]);
    assert!(matches!(huge, Err(Error::ShapeMismatch { .. })), "{huge:?}");
    let huge = PixelShuffle::new(2).output_shape([usize::MAX, 4, usize::MAX, 3]);
    assert!(matches!(huge, Err(Error::Overflow { .. })), "{huge:?}");
    let none = PixelShuffle::new(2).output_shape([1, 4, 0, 3]);
    assert!(matches!(none, Err(Error::InvalidArgument { .. })), "{none:?}");
}
