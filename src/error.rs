//! The one error type: what was asked, of which argument, and the rule it broke.

use crate::{DType, Shape};

/// What went wrong.
///
/// Every message names the operation, the argument, its value and the rule with its numbers.
/// Misuse is found before any work is recorded; nothing in this crate panics on bad input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option or argument has a value that the operation does not take.
    #[error("{operation}: {argument} is {value}, but {rule}")]
    InvalidArgument {
        /// The operation, such as `conv2d`.
        operation: &'static str,
        /// The option or argument, such as `stride`.
        argument: &'static str,
        /// The value that was given.
        value: String,
        /// The rule that it breaks.
        rule: String,
    },

    /// A tensor has a shape that does not fit the operation or the other tensors.
    #[error("{operation}: {argument} has shape {actual}, but {rule}")]
    ShapeMismatch {
        /// The operation, such as `conv2d`.
        operation: &'static str,
        /// The tensor, such as `weight`.
        argument: &'static str,
        /// The shape that it has.
        actual: Shape,
        /// What the shape must be, and why.
        rule: String,
    },

    /// An array that should become a tensor has a number of axes that has no NCHW reading.
    #[error(
        "{operation}: {argument} has {rank} axes, but a tensor is made of 4 (batch, channels, height, width), 3 (channels, height, width) or 1 (channels)"
    )]
    Rank {
        /// The operation, such as `upload`.
        operation: &'static str,
        /// The argument.
        argument: &'static str,
        /// Its number of axes.
        rank: usize,
    },

    /// The window does not fit the padded input once, so that there is no output.
    #[error(
        "{operation}: no window fits along the {axis}: kernel_size {kernel_size} with dilation {dilation} spans {span}, but the input of {input_size} padded by {pad_begin} and {pad_end} has {padded_size}"
    )]
    NoOutput {
        /// The operation, such as `conv2d`.
        operation: &'static str,
        /// `height` or `width`.
        axis: &'static str,
        /// The input's size along the axis.
        input_size: usize,
        /// The padding before it.
        pad_begin: usize,
        /// The padding after it.
        pad_end: usize,
        /// The input's size with its padding.
        padded_size: usize,
        /// The kernel's size along the axis.
        kernel_size: usize,
        /// The distance between its taps.
        dilation: usize,
        /// What the dilated kernel spans: `dilation * (kernel_size - 1) + 1`.
        span: usize,
    },

    /// A size or a product of sizes exceeds what this machine can count.
    #[error("{operation}: {quantity} exceeds {limit}")]
    Overflow {
        /// The operation.
        operation: &'static str,
        /// What was computed, with its factors.
        quantity: String,
        /// The largest value that can be represented.
        limit: usize,
    },

    /// A tensor has elements of a type that does not fit the operation or the other tensors.
    #[error("{operation}: the elements of {argument} are {actual}, but {rule}")]
    DTypeMismatch {
        /// The operation, such as `conv2d`.
        operation: &'static str,
        /// The tensor, such as `weight`.
        argument: &'static str,
        /// The type that its elements have.
        actual: DType,
        /// What the type must be, and why.
        rule: String,
    },

    /// A device cannot hold elements of a type.
    #[error("{operation}: the device {device} has no shaders with {dtype}")]
    UnsupportedDType {
        /// The operation, such as `to_dtype`.
        operation: &'static str,
        /// The type that was asked for.
        dtype: DType,
        /// The device.
        device: String,
    },

    /// The tensors of one operation live on different devices.
    #[error(
        "{operation}: {argument} is on the device {actual}, but the other tensors are on another device, {expected}"
    )]
    DifferentDevice {
        /// The operation.
        operation: &'static str,
        /// The tensor that is elsewhere.
        argument: &'static str,
        /// The device of the other tensors.
        expected: String,
        /// The device of the argument.
        actual: String,
    },

    /// The device cannot do what is asked, and the work cannot be split to fit.
    #[error("{operation}: {quantity} is {needed}, but the device allows {allowed}")]
    DeviceLimit {
        /// The operation.
        operation: &'static str,
        /// What is limited.
        quantity: String,
        /// What the operation needs.
        needed: u64,
        /// What the device has.
        allowed: u64,
    },

    /// An algorithm was pinned that does not serve this problem on this device.
    #[error("{operation}: algorithm is {algorithm}, but it {rule}")]
    Unsupported {
        /// The operation.
        operation: &'static str,
        /// The pinned algorithm.
        algorithm: String,
        /// What the algorithm serves.
        rule: String,
    },

    /// A layer was asked for a backward pass that no forward pass came before.
    #[error("{layer}: backward needs a forward pass before it, one for each")]
    NoForward {
        /// The layer, such as `Conv2d`.
        layer: &'static str,
    },

    /// A file of parameters cannot be read or written.
    #[error("parameters: {file}: {message}")]
    ParameterFile {
        /// The file's path, or its format.
        file: String,
        /// What is wrong with it.
        message: String,
    },

    /// A file of parameters is of another network.
    #[error(
        "parameters: the file is of another network: {}",
        differences(missing, left_over, different)
    )]
    OtherParameters {
        /// The parameters and buffers that the network has and the file lacks.
        missing: Vec<String>,
        /// Those that the file has and the network lacks.
        left_over: Vec<String>,
        /// Those that have another type or other sizes, and which.
        different: Vec<String>,
    },

    /// A layer of a network reports an error.
    #[error("{layer}: {error}")]
    InLayer {
        /// The layer's name in the network, such as `layer1.0.conv1`.
        layer: String,
        /// What the layer reports.
        error: Box<Error>,
    },

    /// A file of a tuning cannot be read or written.
    #[error("tuning: {file}: {message}")]
    TuningFile {
        /// The file's path.
        file: String,
        /// What is wrong with it.
        message: String,
    },

    /// A saved pipeline cache is damaged, or not for this device.
    #[error("pipeline cache: {message}")]
    PipelineCache {
        /// What is wrong with it.
        message: String,
    },

    /// A line of a tuning is wrong.
    #[error("tuning: line {line} is `{text}`, but {rule}")]
    TuningLine {
        /// The line's number, from 1.
        line: usize,
        /// How the line starts.
        text: String,
        /// The rule that it breaks.
        rule: String,
    },

    /// A tuning is for another adapter, driver or version of this crate.
    #[error("tuning: it was made by {made_by}, but this is {here}; tune again")]
    TuningMismatch {
        /// What made it.
        made_by: String,
        /// What it should be used with.
        here: String,
    },

    /// An algorithm gives another result than the CPU.
    #[error(
        "{operation}: algorithm {algorithm} differs from the CPU by {difference}, beyond rounding"
    )]
    WrongResult {
        /// The operation.
        operation: &'static str,
        /// The algorithm.
        algorithm: String,
        /// The largest difference of an element.
        difference: String,
    },

    /// No adapter answers to what was asked for.
    #[error("no adapter for {requested}; found: {found}")]
    NoAdapter {
        /// What was asked for.
        requested: String,
        /// The adapters that are there.
        found: String,
    },

    /// The driver refused to open the adapter.
    #[error("the adapter {adapter} could not be opened: {message}")]
    DeviceRequest {
        /// The adapter's name.
        adapter: String,
        /// The driver's or wgpu's words.
        message: String,
    },

    /// The device, or the host, has no memory left for a buffer.
    #[error("{operation}: there is no memory{}", bytes.map_or(String::new(), |bytes| format!(" for a buffer of {bytes} bytes")))]
    OutOfMemory {
        /// The operation.
        operation: &'static str,
        /// The size that was asked for, where it is known.
        bytes: Option<u64>,
    },

    /// wgpu or the driver reports an error; the results of the recorded work are lost.
    #[error("{operation}: the GPU reports: {message}")]
    Gpu {
        /// The operation.
        operation: &'static str,
        /// wgpu's words.
        message: String,
    },

    /// What is asked, or something that was recorded and has to be submitted for it, needs work that
    /// was put into a command encoder by [`Device::encode`](crate::Device::encode), and that was not
    /// submitted yet.
    #[error(
        "{operation}: it comes after work in a command encoder that was not submitted; submit that first"
    )]
    NotSubmitted {
        /// The operation.
        operation: &'static str,
    },

    /// What is asked needs the result of work that was lost: its command encoder was dropped without
    /// a submit, or submitted before that of the work that it needs, or its own submit failed.
    #[error(
        "{operation}: it needs work that was lost, since its command encoder was dropped or submitted too early, or since its submit failed; record it again"
    )]
    LostWork {
        /// The operation.
        operation: &'static str,
    },

    /// The device was lost: unplugged, reset by its driver, or destroyed.
    #[error("the device {device} was lost: {reason}")]
    DeviceLost {
        /// The device's name.
        device: String,
        /// wgpu's words.
        reason: String,
    },
}

fn differences(missing: &[String], left_over: &[String], different: &[String]) -> String {
    let mut parts = Vec::new();
    for (what, names) in [("it lacks", missing), ("left over in it are", left_over)] {
        if !names.is_empty() {
            parts.push(format!("{what} {}", names.join(", ")));
        }
    }
    parts.extend_from_slice(different);
    parts.join("; ")
}

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn argument(
        operation: &'static str,
        argument: &'static str,
        value: impl std::fmt::Display,
        rule: impl Into<String>,
    ) -> Self {
        Self::InvalidArgument { operation, argument, value: value.to_string(), rule: rule.into() }
    }

    pub(crate) fn shape(
        operation: &'static str,
        argument: &'static str,
        actual: Shape,
        rule: impl Into<String>,
    ) -> Self {
        Self::ShapeMismatch { operation, argument, actual, rule: rule.into() }
    }

    /// A mistake found by a layer of this name, if it has one; what a device reports is nobody's
    /// mistake.
    pub(crate) fn at(self, name: &str) -> Self {
        match self {
            error if name.is_empty() => error,
            Self::InLayer { layer, error } => {
                Self::InLayer { layer: format!("{name}.{layer}"), error }
            }
            Self::InvalidArgument { .. }
            | Self::ShapeMismatch { .. }
            | Self::NoOutput { .. }
            | Self::Overflow { .. }
            | Self::DTypeMismatch { .. }
            | Self::DifferentDevice { .. }
            | Self::DeviceLimit { .. } => {
                Self::InLayer { layer: name.into(), error: Box::new(self) }
            }
            other => other,
        }
    }

    pub(crate) fn overflow(operation: &'static str, quantity: impl Into<String>) -> Self {
        Self::Overflow { operation, quantity: quantity.into(), limit: crate::shape::MAX_ELEMENTS }
    }
}
