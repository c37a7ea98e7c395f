//! A filter's weights as a picture.

use image::{RgbImage, imageops};
use ndarray::ArrayView2;

use super::colour::{Scale, paint};
use super::sheet::{FRAME, INK, fill};
use super::text::{Text, Weight};

/// A picture of a filter's weights: a coloured cell for each, with its number.
///
/// # Examples
///
/// ```
/// use filtro::{filters, picture};
///
/// let image = picture::kernel_tile(filters::SOBEL_X.kernel().view(), 120);
/// assert_eq!(image.dimensions(), (120, 120));
/// ```
#[must_use]
pub fn kernel_tile(kernel: ArrayView2<'_, f32>, width: u32) -> RgbImage {
    let count = |size| u32::try_from(size).unwrap_or(u32::MAX).max(1);
    let (rows, columns) = (count(kernel.nrows()), count(kernel.ncols()));
    let cell = (width.min(4096) / columns).max(1);
    let size = [cell.saturating_mul(columns), cell.saturating_mul(rows)];
    let largest = kernel.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    let mut scale = Scale::signed(kernel);
    // A little paler than the maps, so that the numbers can be read.
    scale.high = if largest > 0.0 { largest * 1.6 } else { 1.0 };
    scale.low = -scale.high;
    let mut image =
        imageops::resize(&paint(kernel, &scale), size[0], size[1], imageops::FilterType::Nearest);
    for line in 1..columns {
        fill(&mut image, [line * cell, 0], [1, size[1]], FRAME);
    }
    for line in 1..rows {
        fill(&mut image, [0, line * cell], [size[0], 1], FRAME);
    }
    #[allow(clippy::cast_precision_loss, reason = "cells of a small picture")]
    let cell = cell as f32;
    // As large as the widest number allows.
    let largest = (cell * 0.5).min(22.0);
    let widest = kernel
        .iter()
        .map(|weight| Text::new(Weight::Regular, largest, INK).width(&short(*weight)))
        .fold(1.0, f32::max);
    let text = Text::new(Weight::Regular, largest.min(largest * cell * 0.84 / widest), INK);
    if text.height() < 8.0 {
        return image;
    }
    for ((row, column), weight) in kernel.indexed_iter() {
        let word = short(*weight);
        #[allow(clippy::cast_precision_loss, reason = "cells of a small picture")]
        let (x, y) = (column as f32 * cell, row as f32 * cell);
        let (right, down) = ((cell - text.width(&word)) / 2.0, (cell - text.height()) / 2.0);
        text.draw(&mut image, &word, [x + right, y + down]);
    }
    image
}

/// A weight in few characters: whole numbers as such, sixteenths and ninths as fractions.
fn short(weight: f32) -> String {
    for divisor in [1.0_f32, 16.0, 9.0] {
        let parts = weight * divisor;
        if (parts - parts.round()).abs() < 1e-4 && parts.abs() < 100.0 {
            let whole = format!("{}", parts.round() + 0.0).replace('-', "−");
            return if divisor == 1.0 { whole } else { format!("{whole}/{divisor}") };
        }
    }
    format!("{weight:.2}").replace('-', "−")
}
