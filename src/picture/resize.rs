//! Pictures at another size.

use ndarray::Array4;
use rayon::prelude::*;

use super::Error;

/// The pictures at another `[height, width]`: bilinear, and over the whole of what a pixel of the
/// result covers where that is smaller, as Pillow and torchvision with `antialias`. Nothing is
/// clipped: the numbers may be any.
///
/// # Errors
///
/// [`Error::Size`] for a size that is zero or beyond u32, [`Error::OutOfMemory`] for one that there
/// is no memory for.
///
/// # Examples
///
/// ```
/// use ndarray::Array4;
///
/// let picture = Array4::<f32>::zeros((1, 3, 300, 451));
/// assert_eq!(filtro::picture::resize(&picture, [224, 224])?.dim(), (1, 3, 224, 224));
/// # Ok::<(), filtro::picture::Error>(())
/// ```
pub fn resize(picture: &Array4<f32>, size: [usize; 2]) -> Result<Array4<f32>, Error> {
    let (batch, channels, height, width) = picture.dim();
    check("the picture", [height, width])?;
    check("the new size", size)?;
    let [new_height, new_width] = size;
    let planes = batch * channels;
    let mut result = zeros([planes, new_height, new_width])?;
    if planes > 0 {
        let [down, across] = [Taps::new(height, new_height)?, Taps::new(width, new_width)?];
        let standard = picture.as_standard_layout();
        let source = standard.as_slice().unwrap_or_default();
        let mut narrow = zeros([planes, height, new_width])?;
        let rows = narrow.par_chunks_exact_mut(new_width).zip(source.par_chunks_exact(width));
        rows.for_each(|(into, from)| across.row(into, from));
        let planes = result.par_chunks_exact_mut(new_width * new_height);
        planes.zip(narrow.par_chunks_exact(new_width * height)).for_each(|(into, from)| {
            for (into, taps) in into.chunks_exact_mut(new_width).zip(down.windows()) {
                taps.rows(into, from);
            }
        });
    }
    Array4::from_shape_vec((batch, channels, new_height, new_width), result)
        .map_err(|_| out_of_memory([planes, new_height, new_width]))
}

/// What every number of one axis of the result is made of.
struct Taps {
    /// Where each number's taps begin in the source, and how many they are.
    windows: Vec<(usize, usize)>,
    /// All weights one after another, those of a number adding up to one.
    weights: Vec<f64>,
}

/// The taps of one number.
struct Window<'a> {
    first: usize,
    weights: &'a [f64],
}

impl Taps {
    /// A triangle that reaches one number of the source to both sides, or of the result where that
    /// is coarser.
    fn new(source: usize, result: usize) -> Result<Self, Error> {
        #[allow(clippy::cast_precision_loss, reason = "both are below 2^32")]
        let (len, scale) = (source as f64, source as f64 / result as f64);
        let reach = scale.max(1.0);
        let mut taps = Self { windows: Vec::new(), weights: Vec::new() };
        let refused = |_| out_of_memory([1, 1, result]);
        taps.windows.try_reserve_exact(result).map_err(refused)?;
        for at in 0..result {
            #[allow(clippy::cast_precision_loss, reason = "below 2^32")]
            let center = (at as f64 + 0.5) * scale;
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 or more and at most the length of the source"
            )]
            let [first, end] = [(center - reach + 0.5).max(0.0), (center + reach + 0.5).min(len)]
                .map(|edge| edge as usize);
            let begin = taps.weights.len();
            taps.weights.try_reserve(end.saturating_sub(first)).map_err(refused)?;
            for from in first..end {
                #[allow(clippy::cast_precision_loss, reason = "below 2^32")]
                let distance = (from as f64 - center + 0.5).abs() / reach;
                taps.weights.push((1.0 - distance).max(0.0));
            }
            let weights = &mut taps.weights[begin..];
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= sum);
            taps.windows.push((first, weights.len()));
        }
        Ok(taps)
    }

    fn windows(&self) -> impl Iterator<Item = Window<'_>> {
        let mut rest = &self.weights[..];
        self.windows.iter().map(move |&(first, count)| {
            let (weights, after) = rest.split_at(count);
            rest = after;
            Window { first, weights }
        })
    }

    /// A row of the result from a row of the source.
    fn row(&self, into: &mut [f32], from: &[f32]) {
        for (value, Window { first, weights }) in into.iter_mut().zip(self.windows()) {
            let taps = weights.iter().zip(&from[first..]);
            *value = narrow(taps.map(|(weight, &value)| weight * f64::from(value)).sum());
        }
    }
}

impl Window<'_> {
    /// A row of the result from rows of the source.
    fn rows(&self, into: &mut [f32], from: &[f32]) {
        let width = into.len();
        for (x, value) in into.iter_mut().enumerate() {
            let column = from[self.first * width + x..].iter().step_by(width);
            let taps = self.weights.iter().zip(column);
            *value = narrow(taps.map(|(weight, &value)| weight * f64::from(value)).sum());
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "to the nearest is what is meant")]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn zeros(size: [usize; 3]) -> Result<Vec<f32>, Error> {
    let len = size.into_iter().try_fold(1_usize, usize::checked_mul);
    len.and_then(|len| bytemuck::try_zeroed_vec(len).ok()).ok_or_else(|| out_of_memory(size))
}

fn out_of_memory(size: [usize; 3]) -> Error {
    let bytes = size.into_iter().fold(4, |bytes: u64, size| bytes.saturating_mul(size as u64));
    Error::OutOfMemory { path: "resize".into(), bytes }
}

fn check(what: &'static str, size: [usize; 2]) -> Result<(), Error> {
    let [height, width] = size;
    if size.iter().all(|&size| size > 0 && u32::try_from(size).is_ok()) {
        return Ok(());
    }
    Err(Error::Size { what, height, width })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, s};

    #[test]
    fn a_size_that_cannot_be_is_an_error_and_no_panic() {
        assert!(resize(&Array4::zeros((1, 3, 0, 4)), [2, 2]).is_err());
        for size in [[2, 0], [usize::MAX, 2], [1 << 31, 1 << 31]] {
            assert!(resize(&Array4::zeros((1, 3, 4, 4)), size).is_err(), "{size:?}");
        }
        let empty = resize(&Array4::zeros((0, 3, 4, 4)), [2, 2]);
        assert_eq!(empty.map(|empty| empty.dim()).ok(), Some((0, 3, 2, 2)));
    }

    #[test]
    fn resizing_keeps_a_flat_picture_and_the_mean_of_a_halved_one() {
        let flat = Array4::from_elem((2, 3, 6, 8), 0.25);
        let half = resize(&flat, [3, 4]).unwrap_or_default();
        assert!(half.dim() == (2, 3, 3, 4) && half.iter().all(|value| (value - 0.25).abs() < 1e-6));
    }

    #[test]
    fn numbers_beyond_0_to_1_are_those_of_pillow() {
        let map = array![[2.0, 2.0, -1.0, -1.0], [2.0, 2.0, -1.0, -1.0]];
        let picture = map.into_shape_with_order((1, 1, 2, 4)).unwrap_or_default();
        // Image.fromarray(map).resize((2, 2), Image.BILINEAR), in mode F.
        let expected = array![[1.571_428_5, -0.571_428_6], [1.571_428_5, -0.571_428_6]];
        let resized = resize(&picture, [2, 2]).unwrap_or_default();
        let difference = &resized.slice(s![0, 0, .., ..]) - &expected;
        assert!(difference.iter().all(|value: &f32| value.abs() < 1e-6), "{resized}");
    }
}
