//! Comparisons, written so that a NaN or a missing element fails them.

use ndarray::{Array, Array4, ArrayView, Dimension};

/// What a check found wrong.
pub type Check = Result<(), String>;

/// `2^-24`, half of the distance from 1 to the next f32.
pub const U: f64 = 1.0 / 16_777_216.0;

/// Compares element by element: `accept(index, actual, expected)` says whether it is right.
fn all<D: Dimension, A: Copy + std::fmt::Debug, B: Copy + std::fmt::Debug>(
    what: &str,
    actual: ArrayView<'_, A, D>,
    expected: ArrayView<'_, B, D>,
    accept: impl Fn(usize, A, B) -> bool,
) -> Check {
    if actual.shape() != expected.shape() {
        let (actual, expected) = (actual.shape(), expected.shape());
        return Err(format!("{what}: the shape is {actual:?} instead of {expected:?}"));
    }
    let wrong: Vec<_> = actual
        .indexed_iter()
        .zip(expected)
        .enumerate()
        .filter(|(i, ((_, actual), expected))| !accept(*i, **actual, **expected))
        .map(|(_, ((index, actual), expected))| {
            format!("{:?} is {actual:?} instead of {expected:?}", index)
        })
        .collect();
    match wrong.first() {
        None => Ok(()),
        Some(first) => {
            Err(format!("{what}: {} of {} are wrong: {first}", wrong.len(), actual.len()))
        }
    }
}

/// The same number: NaN for NaN, and zero of either sign.
pub fn same_number<A: Copy + Into<f64>, B: Copy + Into<f64>>(actual: A, expected: B) -> bool {
    let (actual, expected) = (actual.into(), expected.into());
    actual == expected || (actual.is_nan() && expected.is_nan())
}

/// Every element is the same number; zeros of either sign are.
pub fn equal<A, B, D>(what: &str, actual: &Array<A, D>, expected: &Array<B, D>) -> Check
where
    A: Copy + std::fmt::Debug + Into<f64>,
    B: Copy + std::fmt::Debug + Into<f64>,
    D: Dimension,
{
    all(what, actual.view(), expected.view(), |_, a, b| same_number(a, b))
}

/// Every element has the same bits, but for the payload of a NaN.
pub fn identical<D: Dimension>(
    what: &str,
    actual: &Array<f32, D>,
    expected: &Array<f32, D>,
) -> Check {
    all(what, actual.view(), expected.view(), |_, actual, expected| {
        actual.to_bits() == expected.to_bits() || (actual.is_nan() && expected.is_nan())
    })
}

/// Every index is the same.
pub fn indices(what: &str, actual: &Array4<u32>, expected: &Array4<u32>) -> Check {
    all(what, actual.view(), expected.view(), |_, actual, expected| actual == expected)
}

/// Every element is within its own tolerance; a NaN or an infinity must be met exactly.
pub fn within<A, D>(
    what: &str,
    actual: &Array<A, D>,
    expected: &Array<f64, D>,
    tolerance: &Array<f64, D>,
) -> Check
where
    A: Copy + std::fmt::Debug + Into<f64>,
    D: Dimension,
{
    if tolerance.shape() != expected.shape() {
        let (tolerance, expected) = (tolerance.shape(), expected.shape());
        return Err(format!("{what}: tolerances of shape {tolerance:?} for {expected:?}"));
    }
    let tolerances: Vec<f64> = tolerance.iter().copied().collect();
    all(what, actual.view(), expected.view(), |i, actual, expected| {
        let difference = (actual.into() - expected).abs();
        same_number(actual, expected) || (expected.is_finite() && difference <= tolerances[i])
    })
}

/// Every element is within `8 * 2^-24` of the sum of what was added up for it, and the smallest
/// normal number.
pub fn within_rounding<A, D>(
    what: &str,
    actual: &Array<A, D>,
    expected: &Array<f64, D>,
    magnitude: &Array<f64, D>,
) -> Check
where
    A: Copy + std::fmt::Debug + Into<f64>,
    D: Dimension,
{
    let tolerance = magnitude.mapv(|sum| 8.0 * U * sum + f64::from(f32::MIN_POSITIVE));
    within(what, actual, expected, &tolerance)
}

/// The bound of `DType` for any data: the sums of so many terms, and of their magnitudes.
pub fn any_data<D: Dimension>(terms: usize, magnitude: &Array<f64, D>) -> Array<f64, D> {
    let units = 64.0 + 2.0 * (terms as f64).sqrt();
    magnitude.mapv(|sum| units * U * sum + f64::from(f32::MIN_POSITIVE))
}

/// The bound of `DeviceOptions::cooperative_matrices`.
pub fn by_matrices<D: Dimension>(products: usize, magnitude: &Array<f64, D>) -> Array<f64, D> {
    let units = 64.0 + 3.0 * products as f64;
    magnitude.mapv(|sum| units * U * sum + f64::from(f32::MIN_POSITIVE))
}

/// Every element is what becomes of a number within its tolerance when that is rounded to f16: since
/// rounding keeps the order, it lies between the rounded ends. A NaN must be met exactly.
pub fn within_f16<D: Dimension>(
    what: &str,
    actual: &Array<f32, D>,
    expected: &Array<f64, D>,
    tolerance: &Array<f64, D>,
) -> Check {
    let tolerances: Vec<f64> = tolerance.iter().copied().collect();
    let round = |value: f64| half::f16::from_f64(value).to_f32();
    all(what, actual.view(), expected.view(), |i, actual, expected| {
        let within = || {
            let [low, high] = [-tolerances[i], tolerances[i]].map(|e| round(expected + e));
            low <= actual && actual <= high
        };
        same_number(actual, expected) || (expected.is_finite() && within())
    })
}

/// Two f64 results of the same sums in another order.
pub fn close<D: Dimension>(what: &str, actual: &Array<f64, D>, expected: &Array<f64, D>) -> Check {
    let tolerance = expected.mapv(|value| 1e-12 * (1.0 + value.abs()));
    within(what, actual, expected, &tolerance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_nan_where_a_number_is_expected_fails_every_comparison() {
        let (actual, expected) = (array![f32::NAN], array![1.0_f32]);
        let wide = expected.mapv(f64::from);
        assert!(equal("x", &actual, &expected).is_err());
        assert!(identical("x", &actual, &expected).is_err());
        assert!(within("x", &actual, &wide, &array![f64::INFINITY]).is_err());
        assert!(within_rounding("x", &actual, &wide, &array![1e30]).is_err());
        assert!(close("x", &array![f64::NAN], &wide).is_err());
    }

    #[test]
    fn a_number_where_a_nan_or_an_infinity_is_expected_fails_every_comparison() {
        for special in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (actual, expected) = (array![1.0_f32], array![special]);
            let wide = expected.mapv(f64::from);
            assert!(equal("x", &actual, &expected).is_err());
            assert!(identical("x", &actual, &expected).is_err());
            assert!(within("x", &actual, &wide, &array![f64::INFINITY]).is_err());
            assert!(within_rounding("x", &actual, &wide, &array![f64::INFINITY]).is_err());
            assert!(
                within("x", &array![-special], &wide, &array![1.0]).is_err() || special.is_nan()
            );
        }
    }

    #[test]
    fn what_f16_holds_of_a_tolerated_number_passes_and_what_lies_beside_fails() {
        let check = |actual: f32, expected: f64, tolerance: f64| {
            within_f16("x", &array![actual], &array![expected], &array![tolerance])
        };
        let next = 1.0 + 2_f32.powi(-10);
        assert_eq!(check(1.0, 1.000_4, 0.0), Ok(()));
        assert!(check(next, 1.000_4, 0.0).is_err());
        assert_eq!(check(next, 1.000_4, 0.000_1), Ok(()));
        assert!(check(next, 1.000_4, f64::NAN).is_err());
        assert_eq!(check(f32::INFINITY, 65_519.0, 2.0), Ok(()));
        assert!(check(f32::INFINITY, 65_519.0, 0.5).is_err());
        assert!(check(65_504.0, 65_520.0, 0.0).is_err());
        assert!(check(f32::NAN, 1.0, 1.0).is_err());
        assert!(check(1.0, f64::NAN, 1.0).is_err());
        assert!(check(65_504.0, f64::INFINITY, 1.0).is_err());
    }

    #[test]
    fn a_nan_as_tolerance_fails() {
        assert!(within("x", &array![1.5_f32], &array![1.0], &array![f64::NAN]).is_err());
    }

    #[test]
    fn a_missing_element_fails_every_comparison() {
        let (actual, expected) = (array![1.0_f32], array![1.0_f32, 2.0]);
        let wide = expected.mapv(f64::from);
        assert!(equal("x", &actual, &expected).is_err());
        assert!(identical("x", &actual, &expected).is_err());
        assert!(within("x", &actual, &wide, &array![1.0, 1.0]).is_err());
        assert!(within("x", &expected, &wide, &array![1.0]).is_err());
        let (few, many) = (Array4::zeros([1, 1, 1, 1]), Array4::zeros([1, 1, 1, 2]));
        assert!(indices("x", &few, &many).is_err());
    }

    #[test]
    fn the_last_tolerated_difference_passes_and_the_next_fails() {
        let one = array![1.0];
        assert_eq!(within("x", &array![1.5_f32], &one, &array![0.5]), Ok(()));
        assert!(within("x", &array![1.500_000_1_f32], &one, &array![0.5]).is_err());
        assert_eq!(equal("x", &array![0.0_f32], &array![-0.0_f32]), Ok(()));
        assert!(identical("x", &array![0.0_f32], &array![-0.0_f32]).is_err());
    }
}
