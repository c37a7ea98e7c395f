//! Pictures from files.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use ndarray::Array4;

use super::decode::read;
use super::{Error, MAX_PIXELS};

/// A picture from a file: `[1, 3, height, width]`, RGB in 0 to 1. PNG, JPEG, GIF, BMP, WebP, TIFF.
///
/// A camera's note of how it was held is followed; transparent pixels lie on white. Floating point
/// numbers of a TIFF stay as they are. Of a GIF and other animations it is the first picture.
///
/// # Errors
///
/// [`Error::Read`] for a file that cannot be read, [`Error::Format`] for another format,
/// [`Error::Decode`] and [`Error::Truncated`] for a broken picture, [`Error::TooManyPixels`] for
/// one of more than [`MAX_PIXELS`], [`Error::OutOfMemory`].
///
/// # Examples
///
/// ```no_run
/// let picture = filtro::picture::load("photo.jpg")?;
/// # Ok::<(), filtro::picture::Error>(())
/// ```
pub fn load(path: impl AsRef<Path>) -> Result<Array4<f32>, Error> {
    load_within(path, MAX_PIXELS)
}

/// As [`load`], for a picture of at most so many pixels.
///
/// Loading takes no more memory than the 12 bytes a pixel of the result and the file's own; what is
/// longer in the file takes what it is long there, 24 or 32 bytes in a TIFF of floating point
/// colours.
///
/// # Errors
///
/// As [`load`].
pub fn load_within(path: impl AsRef<Path>, max_pixels: usize) -> Result<Array4<f32>, Error> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let failed = |source| Error::Read { path: path.display().to_string(), source };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().is_ok_and(|there| there.is_file()) {
        return read(BufReader::new(file), &name, max_pixels);
    }
    // A pipe has no way back to its begin.
    let mut bytes = Vec::new();
    BufReader::new(file).read_to_end(&mut bytes).map_err(failed)?;
    read(Cursor::new(bytes), &name, max_pixels)
}
