//! Tunings from files.

use std::path::Path;

use filtro::Error;
use filtro::tuning::Tuning;

use crate::failure::Failure;

/// A tuning from a file; a failure names it.
pub(crate) fn load(path: &Path) -> Result<Tuning, Failure> {
    Tuning::read(path).map_err(|error| in_file(path, error))
}

/// The failure of what a file holds, with its name.
pub(crate) fn in_file(path: &Path, error: Error) -> Failure {
    match error {
        Error::TuningLine { .. } | Error::TuningMismatch { .. } => {
            Failure::input(format!("{}: {error}", path.display()))
        }
        error => error.into(),
    }
}
