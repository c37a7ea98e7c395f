//! Pictures to arrays, and feature maps to pictures.
//!
//! [`load`] and [`decode`] give what the layers take: NCHW, f32, RGB in 0 to 1. [`paint`] makes a
//! picture of a feature map, and a [`ContactSheet`] one of many.
//!
//! # Examples
//!
//! ```
//! use filtro::picture::{self, Scale};
//! use ndarray::{Array4, s};
//!
//! let gradient = Array4::from_shape_fn((1, 3, 4, 6), |(_, _, _, x)| x as f32 / 5.0);
//! let grey = picture::grey(&gradient);
//! assert_eq!(grey.dim(), (1, 1, 4, 6));
//!
//! let map = grey.slice(s![0, 0, .., ..]);
//! let png = picture::encode_png(&picture::paint(map, &Scale::of(map)))?;
//! assert_eq!(picture::decode(&png)?.dim(), (1, 3, 4, 6));
//! # Ok::<(), picture::Error>(())
//! ```

mod colour;
mod kernel;
mod sheet;
mod text;

use std::collections::BTreeMap;
use std::io::{BufRead, Cursor, Seek};
use std::path::Path;

use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageReader, Luma, Pixel, imageops};
use ndarray::{Array4, s};

pub use colour::{ColourMap, Scale, paint};
pub use image::RgbImage;
pub use kernel::kernel_tile;
pub use sheet::{ContactSheet, Tile};

/// What went wrong with a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },

    /// The bytes are no picture of a format that is known here, or a broken one.
    #[error("{path}: not a picture that can be read: {source}")]
    Decode {
        /// The file, or `bytes`.
        path: String,
        /// The decoder's words.
        source: image::ImageError,
    },

    /// The picture cannot be made.
    #[error("the picture cannot be encoded: {0}")]
    Encode(image::ImageError),

    /// A picture of this size cannot be.
    #[error("{what} is {height} x {width}, but both must be 1 to {}", u32::MAX)]
    Size {
        /// What has this size.
        what: &'static str,
        /// The number of rows.
        height: usize,
        /// The number of columns.
        width: usize,
    },
}

/// A picture from a file: `[1, 3, height, width]`, RGB in 0 to 1. PNG, JPEG, GIF, BMP, WebP, TIFF.
///
/// A camera's note of how it was held is followed; transparent pixels lie on white.
///
/// # Errors
///
/// [`Error::Read`] and [`Error::Decode`].
///
/// # Examples
///
/// ```no_run
/// let picture = filtro::picture::load("photo.jpg")?;
/// # Ok::<(), filtro::picture::Error>(())
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<Array4<f32>, Error> {
    let path = path.as_ref();
    let name = || path.display().to_string();
    let bytes = std::fs::read(path).map_err(|source| Error::Read { path: name(), source })?;
    from_reader(Cursor::new(bytes)).map_err(|source| Error::Decode { path: name(), source })
}

/// A picture from the bytes of a file: as [`load`].
///
/// # Errors
///
/// [`Error::Decode`].
///
/// # Examples
///
/// ```
/// assert!(filtro::picture::decode(b"not a picture").is_err());
/// ```
pub fn decode(bytes: &[u8]) -> Result<Array4<f32>, Error> {
    from_reader(Cursor::new(bytes)).map_err(|source| Error::Decode { path: "bytes".into(), source })
}

fn from_reader(reader: impl BufRead + Seek) -> Result<Array4<f32>, image::ImageError> {
    let mut decoder = ImageReader::new(reader).with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    let pixels = picture.into_rgba32f();
    let size = [1, 3, pixels.height() as usize, pixels.width() as usize];
    let mut array = Array4::zeros(size);
    for (x, y, pixel) in pixels.enumerate_pixels() {
        let [red, green, blue, alpha] = pixel.0;
        for (channel, value) in [red, green, blue].into_iter().enumerate() {
            array[[0, channel, y as usize, x as usize]] = value * alpha + (1.0 - alpha);
        }
    }
    Ok(array)
}

/// The brightness of RGB pictures, as one channel: 0.299 red + 0.587 green + 0.114 blue, the
/// weights of ITU-R BT.601 that torchvision and Pillow use. Pictures of another number of channels
/// are averaged.
///
/// # Examples
///
/// ```
/// use ndarray::Array4;
///
/// let white = Array4::<f32>::ones((2, 3, 4, 5));
/// assert_eq!(filtro::picture::grey(&white).dim(), (2, 1, 4, 5));
/// ```
#[must_use]
pub fn grey(picture: &Array4<f32>) -> Array4<f32> {
    let (batch, channels, height, width) = picture.dim();
    let mut grey = Array4::zeros((batch, 1, height, width));
    let weights = match channels {
        3 => vec![0.299, 0.587, 0.114],
        #[allow(clippy::cast_precision_loss, reason = "a number of channels is small")]
        _ => vec![1.0 / channels as f32; channels],
    };
    for (channel, weight) in weights.into_iter().enumerate() {
        grey.scaled_add(weight, &picture.slice(s![.., channel..=channel, .., ..]));
    }
    grey
}

/// The pictures at another `[height, width]`: bilinear, and over the whole of what a pixel of the
/// result covers where that is smaller, as Pillow and torchvision with `antialias`.
///
/// # Errors
///
/// [`Error::Size`] for a size that is zero or beyond u32.
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
    let [in_height, in_width] = pixels("the picture", [height, width])?;
    let [out_height, out_width] = pixels("the new size", size)?;
    let mut resized = Array4::zeros((batch, channels, size[0], size[1]));
    for n in 0..batch {
        for channel in 0..channels {
            let plane = picture.slice(s![n, channel, .., ..]);
            let plane = ImageBuffer::<Luma<f32>, _>::from_fn(in_width, in_height, |x, y| {
                Luma([plane[[y as usize, x as usize]]])
            });
            let filter = imageops::FilterType::Triangle;
            let plane = imageops::resize(&plane, out_width, out_height, filter);
            for (x, y, pixel) in plane.enumerate_pixels() {
                resized[[n, channel, y as usize, x as usize]] = pixel.0[0];
            }
        }
    }
    Ok(resized)
}

/// An image of a picture: channels 0 to 2 of the first as RGB, or one channel as grey; 0 is black,
/// 1 is full, what is beyond is clipped.
///
/// # Examples
///
/// ```
/// use ndarray::Array4;
///
/// let image = filtro::picture::to_image(&Array4::ones((1, 3, 4, 5)));
/// assert_eq!((image.dimensions(), image.get_pixel(0, 0).0), ((5, 4), [255; 3]));
/// ```
#[must_use]
pub fn to_image(picture: &Array4<f32>) -> RgbImage {
    let (batch, channels, height, width) = picture.dim();
    if batch == 0 || channels == 0 {
        return RgbImage::new(0, 0);
    }
    let [height, width] = [height, width].map(|size| u32::try_from(size).unwrap_or(u32::MAX));
    RgbImage::from_fn(width, height, |x, y| {
        let value = |channel| picture[[0, channel, y as usize, x as usize]];
        let of = |channel| colour::byte(value(if channels < 3 { 0 } else { channel }));
        image::Rgb([of(0), of(1), of(2)])
    })
}

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
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};

    let mut best: Option<Vec<u8>> = None;
    // Photos compress best with a filter, maps of few colours without.
    for filter in [FilterType::Adaptive, FilterType::NoFilter] {
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, filter);
        image.write_with_encoder(encoder).map_err(Error::Encode)?;
        if best.as_ref().is_none_or(|best| bytes.len() < best.len()) {
            best = Some(bytes);
        }
    }
    Ok(best.unwrap_or_default())
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
    let failed = |error: png::EncodingError| {
        let format = image::error::ImageFormatHint::Exact(image::ImageFormat::Png);
        Error::Encode(image::ImageError::Encoding(image::error::EncodingError::new(format, error)))
    };
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
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&indices).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

fn pixels(what: &'static str, size: [usize; 2]) -> Result<[u32; 2], Error> {
    let [height, width] = size;
    match size.map(u32::try_from) {
        [Ok(rows), Ok(columns)] if rows > 0 && columns > 0 => Ok([rows, columns]),
        _ => Err(Error::Size { what, height, width }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_pixel_is_an_error_and_no_panic() {
        for [width, height] in [[0, 0], [0, 3], [3, 0]] {
            let image = RgbImage::new(width, height);
            assert!(encode_png(&image).is_err());
            assert!(encode_small_png(&image).is_err());
        }
        assert!(resize(&Array4::zeros((1, 3, 0, 4)), [2, 2]).is_err());
        assert!(resize(&Array4::zeros((1, 3, 4, 4)), [2, 0]).is_err());
        assert_eq!(
            resize(&Array4::zeros((0, 3, 4, 4)), [2, 2]).map(|empty| empty.dim()).ok(),
            Some((0, 3, 2, 2))
        );
    }

    #[test]
    fn resizing_keeps_a_flat_picture_and_the_mean_of_a_halved_one() {
        let flat = Array4::from_elem((2, 3, 6, 8), 0.25);
        let half = resize(&flat, [3, 4]).unwrap_or_default();
        assert!(half.dim() == (2, 3, 3, 4) && half.iter().all(|value| (value - 0.25).abs() < 1e-6));
    }

    #[test]
    fn transparent_pixels_lie_on_white_and_sixteen_bits_are_read() {
        let pixels = image::RgbaImage::from_pixel(2, 1, image::Rgba([255, 0, 0, 0]));
        let mut bytes = Cursor::new(Vec::new());
        assert!(pixels.write_to(&mut bytes, image::ImageFormat::Png).is_ok());
        assert_eq!(decode(bytes.get_ref()).ok(), Some(Array4::ones((1, 3, 1, 2))));

        let deep = ImageBuffer::from_pixel(1, 1, Luma([32_768_u16]));
        let mut bytes = Cursor::new(Vec::new());
        assert!(deep.write_to(&mut bytes, image::ImageFormat::Png).is_ok());
        let value = decode(bytes.get_ref()).map_or(f32::NAN, |array| array[[0, 1, 0, 0]]);
        assert!((value - 0.500_008).abs() < 1e-5, "{value}");
    }
}
