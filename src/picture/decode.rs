//! Pictures from bytes to arrays, within bounds.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::error::{DecodingError, ImageFormatHint, UnsupportedErrorKind};
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageError, ImageFormat, ImageReader};
use ndarray::Array4;

use super::Error;

/// The most pixels of a picture that [`load`](super::load) and [`decode`] read: 2^28, which take 3 GiB.
pub const MAX_PIXELS: usize = 1 << 28;

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Gif,
    ImageFormat::Bmp,
    ImageFormat::WebP,
    ImageFormat::Tiff,
];

/// In how many parts a decoded picture is taken over.
const PARTS: usize = 32;

/// A picture from the bytes of a file: as [`load`](super::load).
///
/// # Errors
///
/// As [`load`](super::load), but for [`Error::Read`].
///
/// # Examples
///
/// ```
/// assert!(filtro::picture::decode(b"not a picture").is_err());
/// ```
pub fn decode(bytes: &[u8]) -> Result<Array4<f32>, Error> {
    decode_within(bytes, MAX_PIXELS)
}

/// As [`decode`], for a picture of at most so many pixels.
///
/// # Errors
///
/// As [`decode`].
///
/// # Examples
///
/// ```
/// use filtro::picture::{self, RgbImage};
///
/// let png = picture::encode_png(&RgbImage::new(30, 20))?;
/// assert!(picture::decode_within(&png, 600).is_ok());
/// assert!(picture::decode_within(&png, 599).is_err());
/// # Ok::<(), picture::Error>(())
/// ```
pub fn decode_within(bytes: &[u8], max_pixels: usize) -> Result<Array4<f32>, Error> {
    read(Cursor::new(bytes), "bytes", max_pixels)
}

/// As [`read_trusting`], where a decoder of another crate that panics makes an error.
pub(super) fn read(
    reader: impl BufRead + Seek,
    path: &str,
    most: usize,
) -> Result<Array4<f32>, Error> {
    catch_unwind(AssertUnwindSafe(|| read_trusting(reader, path, most)))
        .unwrap_or_else(|_| Err(damaged(path, ImageFormatHint::Unknown, "the decoder gave up")))
}

fn damaged(path: &str, format: ImageFormatHint, words: &str) -> Error {
    let source = ImageError::Decoding(DecodingError::new(format, words));
    Error::Decode { path: path.into(), source }
}

fn read_trusting(
    mut reader: impl BufRead + Seek,
    path: &str,
    most: usize,
) -> Result<Array4<f32>, Error> {
    let failed = |source: io::Error| Error::Read { path: path.into(), source };
    let broken = |source| Error::Decode { path: path.into(), source };
    let format = format(&mut reader).map_err(failed)?;
    reader.rewind().map_err(failed)?;
    let format = format.map_err(|found| Error::Format { path: path.into(), found })?;
    if format == ImageFormat::Jpeg {
        if !has_end(&mut reader).map_err(failed)? {
            return Err(Error::Truncated { path: path.into() });
        }
        reader.rewind().map_err(failed)?;
    }
    if format == ImageFormat::Png && !has_whole_palette(&mut reader).map_err(failed)? {
        let words = "its palette holds a part of a colour";
        return Err(damaged(path, ImageFormatHint::Exact(format), words));
    }
    if format == ImageFormat::Tiff
        && let Some(array) = super::tiff::grey(&mut reader, path, most)?
    {
        return Ok(array);
    }
    reader.rewind().map_err(failed)?;
    let mut limited = ImageReader::with_format(reader, format);
    limited.limits(bounds(most));
    let mut decoder = limited.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let size = within([height, width], path, most)?;
    decoder.set_limits(bounds(size[0].saturating_mul(size[1]))).map_err(broken)?;
    let orientation = decoder.orientation().map_err(broken)?;
    let colours = decoder.color_type();
    let picture = Decoded { path, channels: usize::from(colours.channel_count()), size };
    match colours {
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {
            picture.array::<u8>(decoder, orientation)
        }
        ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => {
            picture.array::<u16>(decoder, orientation)
        }
        ColorType::Rgb32F | ColorType::Rgba32F => picture.array::<f32>(decoder, orientation),
        other => Err(broken(ImageError::Unsupported(
            image::error::UnsupportedError::from_format_and_kind(
                ImageFormatHint::Exact(format),
                UnsupportedErrorKind::Color(other.into()),
            ),
        ))),
    }
}

/// The size of a picture, if it is not beyond the bound.
pub(super) fn within(size: [u32; 2], path: &str, most: usize) -> Result<[usize; 2], Error> {
    let [height, width] = size;
    let pixels = u64::from(height) * u64::from(width);
    let both = (usize::try_from(height), usize::try_from(width), usize::try_from(pixels));
    match both {
        (Ok(height), Ok(width), Ok(pixels)) if pixels <= most => Ok([height, width]),
        _ => Err(Error::TooManyPixels { path: path.into(), width, height, most }),
    }
}

/// What a decoder of so many pixels may allocate.
fn bounds(pixels: usize) -> image::Limits {
    let mut limits = image::Limits::no_limits();
    // 16 bytes are the most that a pixel takes; what is added is for tables and metadata.
    limits.max_alloc = Some((pixels as u64).saturating_mul(16).saturating_add(64 << 20));
    limits
}

/// The format of a picture, or else what the file is, if that is known.
fn format(reader: &mut impl Read) -> io::Result<Result<ImageFormat, Option<&'static str>>> {
    let mut begin = Vec::new();
    reader.take(64).read_to_end(&mut begin)?;
    if let Ok(format) = image::guess_format(&begin)
        && FORMATS.contains(&format)
    {
        return Ok(Ok(format));
    }
    let brand = begin.get(8..12).filter(|_| begin.get(4..8) == Some(b"ftyp"));
    Ok(Err(match brand {
        Some(b"avif" | b"avis") => Some("AVIF"),
        Some(b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1") => {
            Some("HEIC")
        }
        _ if begin.starts_with(b"\0\0\0\x0cJXL ") || begin.starts_with(&[0xff, 0x0a]) => {
            Some("JPEG XL")
        }
        _ if begin.starts_with(b"\0\0\0\x0cjP  ") => Some("JPEG 2000"),
        _ if begin.starts_with(b"%PDF") => Some("PDF"),
        _ => None,
    }))
}

/// Whether a JPEG has its end: decoders make up what is missing from a truncated one. What stands
/// behind the end, a second picture or a film, is nobody's concern.
fn has_end(reader: &mut impl BufRead) -> io::Result<bool> {
    let mut next = || -> io::Result<bool> {
        loop {
            reader.skip_until(0xff)?;
            let mut code = [0xff];
            while code[0] == 0xff {
                reader.read_exact(&mut code)?;
            }
            match code[0] {
                0xd9 => return Ok(true),
                // A byte of the picture's data, and markers without a segment.
                0x00 | 0x01 | 0xd0..=0xd8 => {}
                _ => {
                    let mut len = [0; 2];
                    reader.read_exact(&mut len)?;
                    let len = u64::from(u16::from_be_bytes(len)).saturating_sub(2);
                    io::copy(&mut reader.take(len), &mut io::sink())?;
                }
            }
        }
    };
    match next() {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        answer => answer,
    }
}

/// Whether the palette of a PNG, if it has one, is a whole number of colours: the decoder takes
/// that for granted. What else is wrong with the chunks before the pixels it finds itself.
fn has_whole_palette(reader: &mut (impl BufRead + Seek)) -> io::Result<bool> {
    reader.seek(SeekFrom::Start(8))?;
    let mut header = [0; 8];
    loop {
        match reader.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(true),
            read => read?,
        }
        let [a, b, c, d, ref kind @ ..] = header;
        let len = u32::from_be_bytes([a, b, c, d]);
        match kind {
            b"PLTE" if !len.is_multiple_of(3) => return Ok(false),
            b"IDAT" | b"IEND" => return Ok(true),
            // The chunk's data and its checksum.
            _ => reader.seek_relative(i64::from(len) + 4)?,
        }
    }
}

/// A number of a picture.
pub(super) trait Sample: bytemuck::Pod {
    /// 0 is black, 1 is full.
    fn value(self) -> f32;
}

impl Sample for u8 {
    fn value(self) -> f32 {
        f32::from(self) / f32::from(Self::MAX)
    }
}

impl Sample for u16 {
    fn value(self) -> f32 {
        f32::from(self) / f32::from(Self::MAX)
    }
}

impl Sample for f32 {
    fn value(self) -> f32 {
        self
    }
}

/// What is known of a picture before its pixels are.
pub(super) struct Decoded<'a> {
    pub(super) path: &'a str,
    pub(super) channels: usize,
    pub(super) size: [usize; 2],
}

impl Decoded<'_> {
    fn array<T: Sample>(
        self,
        decoder: impl ImageDecoder,
        orientation: Orientation,
    ) -> Result<Array4<f32>, Error> {
        let mut samples: Vec<T> = self.zeros(self.channels)?;
        decoder
            .read_image(bytemuck::cast_slice_mut(&mut samples))
            .map_err(|source| Error::Decode { path: self.path.into(), source })?;
        self.turned(samples, orientation)
    }

    /// `[1, 3, height, width]` of rows of pixels, as the picture is to be held.
    pub(super) fn turned<T: Sample>(
        self,
        samples: Vec<T>,
        orientation: Orientation,
    ) -> Result<Array4<f32>, Error> {
        let (turned, samples) = self.turn(samples, orientation)?;
        turned.planes(samples)
    }

    /// Memory for so many numbers a pixel, which the system gives when it is written to.
    fn zeros<T: Sample>(&self, channels: usize) -> Result<Vec<T>, Error> {
        let [height, width] = self.size;
        let len = height.checked_mul(width).and_then(|pixels| pixels.checked_mul(channels));
        len.and_then(|len| bytemuck::try_zeroed_vec(len).ok()).ok_or_else(|| {
            let pixels = (height as u64).saturating_mul(width as u64);
            let bytes = pixels.saturating_mul((channels * size_of::<T>()) as u64);
            Error::OutOfMemory { path: self.path.into(), bytes }
        })
    }

    /// The picture as it is to be held.
    fn turn<T: Sample>(
        self,
        samples: Vec<T>,
        orientation: Orientation,
    ) -> Result<(Self, Vec<T>), Error> {
        use Orientation::*;
        if orientation == NoTransforms {
            return Ok((self, samples));
        }
        let sides = matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
        let [height, width] = self.size;
        let size = if sides { [width, height] } else { [height, width] };
        let turned = Decoded { size, ..self };
        let mut result: Vec<T> = turned.zeros(self.channels)?;
        for (at, pixel) in result.chunks_exact_mut(self.channels).enumerate() {
            let (y, x) = (at / size[1], at % size[1]);
            let (y, x) = match orientation {
                NoTransforms => (y, x),
                Rotate90 => (height - 1 - x, y),
                Rotate180 => (height - 1 - y, width - 1 - x),
                Rotate270 => (x, width - 1 - y),
                FlipHorizontal => (y, width - 1 - x),
                FlipVertical => (height - 1 - y, x),
                Rotate90FlipH => (x, y),
                Rotate270FlipH => (height - 1 - x, width - 1 - y),
            };
            let from = (y * width + x) * self.channels;
            pixel.copy_from_slice(&samples[from..from + self.channels]);
        }
        Ok((turned, result))
    }

    fn planes<T: Sample>(&self, mut samples: Vec<T>) -> Result<Array4<f32>, Error> {
        let [height, width] = self.size;
        let mut array: Vec<f32> = self.zeros(3)?;
        let (red, rest) = array.split_at_mut(height * width);
        let (green, blue) = rest.split_at_mut(height * width);
        // What is taken over is given back, so that the two never take all their memory at once.
        let rows = height.div_ceil(PARTS).max(1);
        for first in (0..height).step_by(rows).rev() {
            let (begin, end) = (first * width, (first + rows).min(height) * width);
            let pixels = samples[begin * self.channels..].chunks_exact(self.channels);
            let planes = red[begin..end].iter_mut().zip(&mut green[begin..end]);
            for ((pixel, (red, green)), blue) in pixels.zip(planes).zip(&mut blue[begin..end]) {
                let (colour, alpha) = match *pixel {
                    [grey] => ([grey; 3], 1.0),
                    [grey, alpha] => ([grey; 3], alpha.value()),
                    [red, green, blue, alpha] => ([red, green, blue], alpha.value()),
                    [red, green, blue, ..] => ([red, green, blue], 1.0),
                    [] => continue,
                };
                let [r, g, b] = colour.map(|part| part.value() * alpha + (1.0 - alpha));
                (*red, *green, *blue) = (r, g, b);
            }
            samples.truncate(begin * self.channels);
            samples.shrink_to_fit();
        }
        Array4::from_shape_vec((1, 3, height, width), array)
            .map_err(|_| Error::OutOfMemory { path: self.path.into(), bytes: u64::MAX })
    }
}

/// To the begin of a file, for another reader.
pub(super) fn rewind(reader: &mut impl Seek, path: &str) -> Result<(), Error> {
    reader
        .seek(SeekFrom::Start(0))
        .map(|_| ())
        .map_err(|source| Error::Read { path: path.into(), source })
}
