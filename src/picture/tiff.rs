//! TIFFs of floating point brightness, such as heights and depths, and what of TIFFs is not read.

use std::io::{BufRead, Seek};

use image::error::{DecodingError, ImageFormatHint, UnsupportedError, UnsupportedErrorKind};
use image::metadata::Orientation;
use image::{ImageError, ImageFormat};
use ndarray::Array4;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{SampleFormat, Tag};

use super::Error;
use super::decode::{Decoded, rewind, within};

/// The picture of a TIFF of floating point grey; none for a TIFF that `image` reads.
pub(super) fn grey(
    reader: &mut (impl BufRead + Seek),
    path: &str,
    most: usize,
) -> Result<Option<Array4<f32>>, Error> {
    let broken = |error: tiff::TiffError| Error::Decode {
        path: path.into(),
        source: ImageError::Decoding(DecodingError::new(HINT, error)),
    };
    rewind(reader, path)?;
    let mut decoder = Decoder::new(reader).map_err(broken)?;
    let (width, height) = decoder.dimensions().map_err(broken)?;
    let size = within([height, width], path, most)?;
    let colours = decoder.colortype().map_err(broken)?;
    let formats = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(broken)?;
    let first = formats.as_ref().and_then(|formats| formats.first()).copied();
    let kind = SampleFormat::from_u16_exhaustive(first.unwrap_or(1));
    use ColorType::{CMYK, Gray, GrayA, RGB, RGBA};
    match (kind, colours) {
        (SampleFormat::Uint, Gray(1 | 8 | 16) | GrayA(8 | 16) | CMYK(8 | 16)) => return Ok(None),
        (SampleFormat::Uint, RGB(8 | 16) | RGBA(8 | 16)) => return Ok(None),
        (SampleFormat::IEEEFP, RGB(32) | RGBA(32)) => return Ok(None),
        (SampleFormat::IEEEFP, Gray(16 | 32 | 64)) => {}
        _ => {
            let what = UnsupportedErrorKind::GenericFeature(format!(
                "{colours:?} of {kind:?}; read are grey, RGB and CMYK of 8 or 16 bits, and \
                 floating point grey and RGB"
            ));
            let source = UnsupportedError::from_format_and_kind(HINT, what);
            return Err(Error::Decode {
                path: path.into(),
                source: ImageError::Unsupported(source),
            });
        }
    }
    let orientation = decoder.find_tag(Tag::Orientation).map_err(broken)?;
    let orientation = orientation
        .and_then(|tag| u8::try_from(tag.into_u16().ok()?).ok())
        .and_then(Orientation::from_exif);
    let mut limits = Limits::default();
    // 8 bytes are the most that a number takes; what is added is for tables.
    limits.decoding_buffer_size = size[0].saturating_mul(size[1]).saturating_mul(8);
    limits.intermediate_buffer_size = limits.decoding_buffer_size.saturating_add(64 << 20);
    let mut decoder = decoder.with_limits(limits);
    let samples: Vec<f32> = match decoder.read_image().map_err(broken)? {
        DecodingResult::F32(samples) => samples,
        DecodingResult::F16(samples) => samples.into_iter().map(f32::from).collect(),
        #[allow(clippy::cast_possible_truncation, reason = "to the nearest is what is meant")]
        DecodingResult::F64(samples) => samples.into_iter().map(|sample| sample as f32).collect(),
        _ => Vec::new(),
    };
    if samples.len() != size[0].saturating_mul(size[1]) {
        let words = "it does not hold a number for every pixel";
        let source = ImageError::Decoding(DecodingError::new(HINT, words));
        return Err(Error::Decode { path: path.into(), source });
    }
    let picture = Decoded { path, channels: 1, size };
    picture.turned(samples, orientation.unwrap_or(Orientation::NoTransforms)).map(Some)
}

const HINT: ImageFormatHint = ImageFormatHint::Exact(ImageFormat::Tiff);
