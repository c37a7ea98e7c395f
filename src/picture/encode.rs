//! PNG files of pictures.

use std::collections::BTreeMap;

use image::{Pixel, RgbImage};

use super::Error;

/// The bytes of a PNG file.
///
/// # Errors
///
/// [`Error::Encode`], for an image without a pixel.
///
/// # Examples
///
/// ```
/// use filtro::picture::{RgbImage, encode_png};
///
/// assert!(encode_png(&RgbImage::new(3, 2))?.starts_with(b"\x89PNG"));
/// assert!(encode_png(&RgbImage::new(0, 2)).is_err());
/// # Ok::<(), filtro::picture::Error>(())
/// ```
pub fn encode_png(image: &RgbImage) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    finish(encoder, image.as_raw())?;
    Ok(bytes)
}

/// The bytes of a PNG file of at most 256 colours: [`encode_png`] for a picture that is looked at
/// and not computed with, at a third of the size.
///
/// # Errors
///
/// [`Error::Encode`], for an image without a pixel.
///
/// # Examples
///
/// ```
/// use filtro::picture::{RgbImage, decode, encode_small_png};
///
/// let png = encode_small_png(&RgbImage::new(30, 20))?;
/// assert_eq!(decode(&png)?.dim(), (1, 3, 20, 30));
/// # Ok::<(), filtro::picture::Error>(())
/// ```
pub fn encode_small_png(image: &RgbImage) -> Result<Vec<u8>, Error> {
    let mut counts = BTreeMap::<[u8; 4], u32>::new();
    for pixel in image.pixels() {
        *counts.entry(pixel.to_rgba().0).or_default() += 1;
    }
    // The quantiser learns rare colours less than common ones, but not in proportion, or a
    // photograph would lose its colours to the maps around it.
    let samples: Vec<u8> = counts
        .iter()
        .flat_map(|(colour, count)| std::iter::repeat_n(colour, count.isqrt() as usize))
        .flatten()
        .copied()
        .collect();
    let colours = color_quant::NeuQuant::new(1, 256, &samples);
    let nearest: BTreeMap<_, _> = counts
        .into_keys()
        .map(|colour| (colour, u8::try_from(colours.index_of(&colour)).unwrap_or(u8::MAX)))
        .collect();
    let index = |pixel: &image::Rgb<u8>| nearest.get(&pixel.to_rgba().0).copied().unwrap_or(0);
    let indices: Vec<u8> = image.pixels().map(index).collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width(), image.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(colours.color_map_rgb());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    finish(encoder, &indices)?;
    Ok(bytes)
}

fn finish(encoder: png::Encoder<'_, &mut Vec<u8>>, data: &[u8]) -> Result<(), Error> {
    let write = || {
        let mut writer = encoder.write_header()?;
        writer.write_image_data(data)?;
        writer.finish()
    };
    write().map_err(|error: png::EncodingError| {
        let format = image::error::ImageFormatHint::Exact(image::ImageFormat::Png);
        Error::Encode(image::ImageError::Encoding(image::error::EncodingError::new(format, error)))
    })
}
