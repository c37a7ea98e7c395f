//! Buffers: what a layer keeps beside its parameters.

use super::Parameter;

/// What a layer keeps beside its parameters: forward passes change it, files hold it, and no
/// optimizer sees it. [`BatchNorm2d`](super::BatchNorm2d) has buffers.
///
/// Source: `torch.nn.Module.register_buffer`.
#[derive(Debug, Clone)]
pub enum Buffer {
    /// Values, such as a running mean; a tensor of float32 in a file.
    Values(Parameter),
    /// A number, such as that of the batches so far; a scalar of int64 in a file, and one that a
    /// file may lack, as PyTorch lets it.
    Count(i64),
}

impl Buffer {
    /// The values, if it has any.
    #[must_use]
    pub const fn values(&self) -> Option<&Parameter> {
        match self {
            Self::Values(values) => Some(values),
            Self::Count(_) => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub const fn count(&self) -> Option<i64> {
        match self {
            Self::Values(_) => None,
            Self::Count(count) => Some(*count),
        }
    }
}
