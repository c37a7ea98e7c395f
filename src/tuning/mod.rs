//! Measured choices: which [`Algorithm`] is the fastest for a problem on one adapter.
//!
//! Without a tuning a plan depends on the problem and the device's limits alone. A [`Tuning`] holds
//! what was measured instead: [`Tuning::tune`] times every algorithm that serves a problem,
//! [`Device::set_tuning`] makes the forward passes on a device use the fastest. An algorithm that
//! an operation pins still wins, a problem without an entry is planned as ever, and so is one whose
//! entry names an algorithm that does not serve it.
//!
//! A problem is the operation, its options and the shape of its input. The bias and the activation
//! of a convolution and the indices of a max pooling do not belong to it: they are one step per
//! output, whatever the algorithm. Gradients are planned without a tuning.
//!
//! # The file
//!
//! Plain text, one problem a line after a header; lines that start with `#` are comments.
//!
//! ```text
//! filtro-tuning 1
//! version 0.1.0
//! adapter NVIDIA GeForce RTX 3080
//! driver NVIDIA 550.90.07
//! backend vulkan
//! max_pool2d input=1x64x112x112 output=56x56 kernel_size=3x3 stride=2x2 padding=1x1x1x1 dilation=1x1 algorithm=strip
//! ```
//!
//! `padding` is that of the top, the bottom, the left and the right side. A tuning of another
//! adapter, driver or version of this crate is an error, for what was fast there may be slow here.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//!
//! use filtro::tuning::Tuning;
//! use filtro::{Conv2d, Device};
//!
//! # fn main() -> filtro::Result<()> {
//! # let Ok(device) = Device::software() else { return Ok(()) };
//! # let _ = r#"
//! let device = Device::gpu()?;
//! # "#;
//! let conv = Conv2d::new(4, 8, [3, 3]).padding([1, 1]);
//! let mut tuning = Tuning::new(&device)?;
//! let tuned = tuning.tune(&device, conv.clone(), [1, 4, 16, 16], Duration::from_millis(5))?;
//! println!("{} instead of {}", tuned.chosen, tuned.planned);
//!
//! let tuning: Tuning = tuning.to_string().parse()?; // or `write` and `read`
//! device.set_tuning(tuning)?;
//! let plan = conv.plan_on([1, 4, 16, 16], &device)?;
//! assert_eq!(plan.map(|plan| plan.algorithm()), Some(tuned.chosen));
//! # Ok(())
//! # }
//! ```

mod file;
#[cfg(not(target_arch = "wasm32"))]
mod measure;
#[cfg_attr(
    target_arch = "wasm32",
    allow(dead_code, reason = "a browser follows a tuning and measures nothing")
)]
mod operation;
#[cfg(test)]
mod tests;

#[cfg(not(target_arch = "wasm32"))]
use std::path::Path;

#[cfg(not(target_arch = "wasm32"))]
pub use measure::Tuned;
pub use operation::Operation;

use crate::choice::Choices;
use crate::device::Backend;
use crate::{Algorithm, Device, Error, Result, Shape};

/// Measured choices of one adapter; see the [module](self).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tuning {
    made_by: Maker,
    entries: Choices,
}

/// What a tuning holds for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Maker {
    version: String,
    adapter: String,
    driver: String,
    backend: String,
}

impl std::fmt::Display for Maker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { version, adapter, driver, backend } = self;
        write!(f, "filtro {version} on {adapter} ({backend}")?;
        if !driver.is_empty() {
            write!(f, ", {driver}")?;
        }
        f.write_str(")")
    }
}

impl Maker {
    fn of(device: &Device) -> Self {
        let info = device.info();
        // One line each, as the file has them.
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            adapter: line(&info.name),
            driver: line(&info.driver),
            backend: line(&info.backend),
        }
    }
}

impl Tuning {
    /// A tuning for this device, without entries.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for the CPU, which has no algorithms to choose from.
    pub fn new(device: &Device) -> Result<Self> {
        if matches!(device.backend(), Backend::Cpu) {
            let rule =
                "must be a GPU or a software adapter: the CPU has no algorithms to choose from";
            return Err(Error::argument("tuning", "the device", device, rule));
        }
        Ok(Self { made_by: Maker::of(device), entries: Choices::default() })
    }

    /// The algorithm for a problem, where there is an entry.
    ///
    /// # Errors
    ///
    /// Every misuse that the operation's `forward` reports.
    pub fn get(
        &self,
        operation: impl Into<Operation>,
        input: impl Into<Shape>,
    ) -> Result<Option<Algorithm>> {
        Ok(self.entries.get(&operation.into().key(input.into())?))
    }

    /// Enters the algorithm for a problem; whether it serves it is seen when it is planned.
    ///
    /// # Errors
    ///
    /// Every misuse that the operation's `forward` reports.
    pub fn set(
        &mut self,
        operation: impl Into<Operation>,
        input: impl Into<Shape>,
        algorithm: Algorithm,
    ) -> Result<()> {
        self.entries.0.insert(operation.into().key(input.into())?, algorithm);
        Ok(())
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.0.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.0.is_empty()
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::TuningFile`] where it cannot be read, [`Error::TuningLine`] where a line is wrong.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        std::fs::read_to_string(path).map_err(|error| file_error(path, "read", &error))?.parse()
    }

    /// Writes a file.
    ///
    /// # Errors
    ///
    /// [`Error::TuningFile`] where it cannot be written.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        std::fs::write(path, self.to_string()).map_err(|error| file_error(path, "written", &error))
    }

    /// The error for a device that this tuning was not made on.
    fn check(&self, device: &Device) -> Result<()> {
        let here = Maker::of(device);
        if self.made_by == here && !matches!(device.backend(), Backend::Cpu) {
            return Ok(());
        }
        Err(Error::TuningMismatch { made_by: self.made_by.to_string(), here: here.to_string() })
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn file_error(path: &Path, what: &str, error: &std::io::Error) -> Error {
    Error::TuningFile {
        file: path.display().to_string(),
        message: format!("it cannot be {what}: {error}"),
    }
}

impl Device {
    /// Makes the forward passes on this device use a [tuning](crate::tuning), or with `None` none
    /// again. All clones of the device use it.
    ///
    /// # Errors
    ///
    /// [`Error::TuningMismatch`] if the tuning was made on another adapter, with another driver or
    /// by another version of this crate.
    pub fn set_tuning(&self, tuning: impl Into<Option<Tuning>>) -> Result<()> {
        let tuning = tuning.into();
        if let Some(tuning) = &tuning {
            tuning.check(self)?;
        }
        self.set_choices(tuning.map(|tuning| tuning.entries));
        Ok(())
    }
}
