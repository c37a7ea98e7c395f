//! Arrays in files, and through stdin and stdout.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use ndarray::{Array, Array1, Array4, ArrayD, Axis, Dimension, Ix1, Ix4};

use crate::failure::Failure;
use crate::{npy_file, npy_write, output, stdout};

type Result<T, E = Failure> = std::result::Result<T, E>;

pub(crate) fn is_std(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A weight; a matrix is one filter of one channel.
pub(crate) fn read_weight(path: &Path) -> Result<Array4<f32>> {
    let mut weight = read(path, "a weight has", &[4, 2])?;
    if weight.ndim() == 2 {
        weight = weight.insert_axis(Axis(0)).insert_axis(Axis(0));
    }
    weight.into_dimensionality::<Ix4>().map_err(Failure::input)
}

/// A number for each channel.
pub(crate) fn read_channels(path: &Path, what: &str) -> Result<Array1<f32>> {
    read(path, what, &[1])?.into_dimensionality::<Ix1>().map_err(Failure::input)
}

pub(crate) fn read_bias(path: &Path) -> Result<Array1<f32>> {
    read_channels(path, "a bias has")
}

/// An array with one of these numbers of axes, as float32.
pub(crate) fn read(path: &Path, what: &str, ranks: &[usize]) -> Result<ArrayD<f32>> {
    let name = if is_std(path) { "stdin".into() } else { path.display().to_string() };
    let failed = |error: &dyn std::fmt::Display| Failure::input(format!("{name}: {error}"));
    let bytes = if is_std(path) {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|error| failed(&error))?;
    let npy_file::NpyFile { array, rounded_from } =
        npy_file::parse(&bytes).map_err(|error| failed(&error))?;
    if !ranks.contains(&array.ndim()) {
        let ranks: Vec<_> = ranks.iter().map(usize::to_string).collect();
        let (shape, ranks) = (array.shape(), ranks.join(" or "));
        return Err(failed(&format!("has {} axes, {shape:?}, but {what} {ranks}", array.ndim())));
    }
    if let Some(dtype) = rounded_from {
        log::warn!("{name}: holds {dtype}, rounded to the nearest float32");
    }
    Ok(array)
}

pub(crate) fn write<T: npy_write::Number, D: Dimension>(
    out: &mut dyn Write,
    path: &Path,
    array: Array<T, D>,
) -> Result<()> {
    let bytes = npy_write::bytes(&array);
    if !is_std(path) {
        return output::write(path, &bytes);
    }
    if stdout::was_closed() {
        return Err(Failure::Work("stdout is closed, but --out - writes to it".into()));
    }
    // `out` takes escape sequences out of what goes to a file.
    out.flush()?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&bytes).and_then(|()| stdout.flush()).map_err(|error| {
        Failure::Work(format!("stdout: the array was not written to its end: {error}"))
    })
}
