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
mod decode;
mod encode;
mod kernel;
#[cfg(not(target_arch = "wasm32"))]
mod load;
mod resize;
mod sheet;
mod text;
mod tiff;

use ndarray::{Array4, s};

pub use colour::{ColourMap, Scale, paint};
pub use decode::{MAX_PIXELS, decode, decode_within};
pub use encode::{encode_png, encode_small_png};
pub use image::RgbImage;
pub use kernel::kernel_tile;
#[cfg(not(target_arch = "wasm32"))]
pub use load::{load, load_within};
pub use resize::resize;
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

    /// The bytes are no picture of a format that is known here.
    #[error(
        "{path}: not a picture that can be read{}; PNG, JPEG, GIF, BMP, WebP and TIFF can be",
        found.map(|found| format!(", but {found}")).unwrap_or_default()
    )]
    Format {
        /// The file, or `bytes`.
        path: String,
        /// What it is, if that is known.
        found: Option<&'static str>,
    },

    /// A JPEG whose end is missing.
    #[error("{path}: not a picture that can be read: the JPEG is truncated, its end is missing")]
    Truncated {
        /// The file, or `bytes`.
        path: String,
    },

    /// The picture has more pixels than the caller takes.
    #[error("{path}: the picture is {height} x {width}, but at most {most} pixels are read")]
    TooManyPixels {
        /// The file, or `bytes`.
        path: String,
        /// The number of columns.
        width: u32,
        /// The number of rows.
        height: u32,
        /// The most pixels.
        most: usize,
    },

    /// There is no memory for the picture.
    #[error("{path}: there are no {bytes} bytes of memory for the picture")]
    OutOfMemory {
        /// The file, or `bytes`, or what is made.
        path: String,
        /// What was asked for.
        bytes: u64,
    },

    /// The bytes are a broken picture, or of a kind that is not read.
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

#[cfg(test)]
mod tests;
