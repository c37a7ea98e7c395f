//! What devices there are, and which to open.

use std::fmt;
use std::str::FromStr;

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceKind {
    /// A hardware GPU.
    Gpu,
    /// A program on the CPU that takes shaders, such as lavapipe, SwiftShader or WARP.
    Software,
    /// This crate's own multi-threaded CPU path.
    Cpu,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gpu => "GPU",
            Self::Software => "software adapter",
            Self::Cpu => "CPU",
        })
    }
}

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// The adapter's name.
    pub name: String,
    /// The driver and its version.
    pub driver: String,
    /// The API that wgpu reaches it through, such as `vulkan`; `rayon` for the CPU.
    pub backend: String,
    /// What it is.
    pub kind: DeviceKind,
}

impl fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {}", self.name, self.kind, self.backend)?;
        if !self.driver.is_empty() {
            write!(f, ", {}", self.driver)?;
        }
        f.write_str(")")
    }
}

impl DeviceInfo {
    /// Whether a choice of this name means this adapter.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name.to_lowercase().contains(&name.to_lowercase()) || self.is_of_backend(name)
    }

    /// Whether a choice of this name means this backend.
    pub(crate) fn is_of_backend(&self, name: &str) -> bool {
        self.backend.eq_ignore_ascii_case(name)
    }
}

/// Which device to open.
///
/// # Examples
///
/// ```
/// use filtro::DeviceChoice;
///
/// assert_eq!("software".parse(), Ok(DeviceChoice::Software));
/// assert_eq!("GeForce".parse(), Ok(DeviceChoice::Named("GeForce".into())));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DeviceChoice {
    /// A hardware GPU if there is one, else the CPU; never a software adapter.
    #[default]
    Auto,
    /// A hardware GPU.
    Gpu,
    /// A software adapter.
    Software,
    /// The CPU.
    Cpu,
    /// The first adapter whose name contains these words, or whose backend is this one, in upper
    /// or lower case; a GPU comes before a software adapter.
    Named(String),
}

impl FromStr for DeviceChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.trim().to_ascii_lowercase().as_str() {
            "" | "auto" => Self::Auto,
            "gpu" => Self::Gpu,
            "software" => Self::Software,
            "cpu" => Self::Cpu,
            _ => Self::Named(text.trim().into()),
        })
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Gpu => "gpu",
            Self::Software => "software",
            Self::Cpu => "cpu",
            Self::Named(name) => name,
        })
    }
}

impl DeviceChoice {
    /// What the environment variable `FILTRO_DEVICE` asks for; [`Auto`](Self::Auto) without it.
    #[must_use]
    pub fn from_env() -> Self {
        let text = std::env::var("FILTRO_DEVICE").unwrap_or_default();
        text.parse().unwrap_or_default()
    }
}

/// What is asked of a device beside which one it is. All is off by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct DeviceOptions {
    /// Whether convolutions of f16 are done by cooperative matrices (tensor cores) where a GPU has
    /// them.
    pub cooperative_matrices: bool,
}

impl DeviceOptions {
    /// Everything off.
    #[must_use]
    pub const fn new() -> Self {
        Self { cooperative_matrices: false }
    }

    /// Whether convolutions of [f16](crate::DType::F16) are done by cooperative matrices, which are
    /// tensor cores on NVIDIA's GPUs, as
    /// [`Algorithm::Cooperative`](crate::Algorithm::Cooperative).
    ///
    /// They are an experimental feature of wgpu, and served on adapters that list matrices of
    /// 16 x 16 x 16 elements of f16 with sums of f32 and have subgroups of 32; elsewhere this changes
    /// nothing. [`Limits::cooperative_matrices`](crate::Limits::cooperative_matrices) tells whether a
    /// device has them, a plan whether a convolution is done by them. A [tuning](crate::tuning), which is
    /// measured in f32, does not choose for these.
    ///
    /// # Rounding
    ///
    /// The products of two numbers of f16 are exact. How an adapter adds them up in f32 is its own:
    /// several at a time, cut off and not rounded, and each sum of `n` products without a break. So the
    /// `e` of [`DType`](crate::DType) is larger,
    ///
    /// ```text
    /// e = (64 + 3 * n) * 2^-24 * (the sum of the products' absolute values)
    /// ```
    ///
    /// whatever the data. Whole numbers whose sums stay below 2^24 are exact.
    #[must_use]
    pub const fn cooperative_matrices(self, cooperative_matrices: bool) -> Self {
        Self { cooperative_matrices }
    }
}
