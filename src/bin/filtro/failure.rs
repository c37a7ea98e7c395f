//! How a command ends when it does not end well.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// Why a command stops.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A file or an option is wrong: exit code 2.
    Input(String),
    /// A device fails or a check finds a difference: exit code 1.
    Work(String),
    /// Nobody reads the results any more: no failure.
    ClosedPipe,
}

impl Failure {
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self::Input(message.to_string())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Work(_) => ExitCode::from(1),
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(message) | Self::Work(message) => f.write_str(message),
            Self::ClosedPipe => f.write_str("stdout is closed"),
        }
    }
}

impl From<filtro::Error> for Failure {
    fn from(error: filtro::Error) -> Self {
        use filtro::Error;
        match error {
            Error::Gpu { .. }
            | Error::OutOfMemory { .. }
            | Error::DeviceLost { .. }
            | Error::DeviceRequest { .. }
            | Error::WrongResult { .. } => Self::Work(error.to_string()),
            _ => Self::Input(error.to_string()),
        }
    }
}

impl From<filtro::picture::Error> for Failure {
    fn from(error: filtro::picture::Error) -> Self {
        Self::Input(error.to_string())
    }
}

impl From<io::Error> for Failure {
    /// Of stdout; what fails with a file names it.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Work(format!("stdout: {error}")),
        }
    }
}
