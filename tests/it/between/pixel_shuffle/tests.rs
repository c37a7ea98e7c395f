//! Random problems, PyTorch's numbers, and what else holds of it.

use std::sync::Arc;

use filtro::{Device, Error, PixelShuffle};
use proptest::prelude::*;

use super::cases;
use crate::between::{Between, Problem, between_tests};
use crate::case::Data;
use crate::goldens::Golden;

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
