//! The algorithms that GPU operations choose from.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// How an operation is done on a GPU. Each is a template in `shaders/`.
///
/// Plans pick one from the problem and the device's limits alone, or as the device's
/// [tuning](crate::tuning) says; an operation's `algorithm` option pins one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// One output per invocation, straight from the definition; serves every option. Where a
    /// pooling's windows have many taps, one per workgroup.
    General,
    /// A tile of outputs per invocation in registers, inputs and weights from storage buffers.
    Tiled,
    /// As [`Tiled`](Self::Tiled), with the inputs of a workgroup shared in workgroup memory.
    Halo,
    /// A product of matrices whose tiles of weights and gathered inputs go through workgroup memory
    /// (implicit GEMM); of the gradients that of a weight.
    Gemm,
    /// As [`Gemm`](Self::Gemm), of tensors of f16 by cooperative matrices (tensor cores), on a device
    /// that was opened with [them](crate::DeviceOptions::cooperative_matrices), with the bound of
    /// rounding that stands there.
    Cooperative,
    /// A tile of outputs in registers, inputs and weights from textures: for software adapters,
    /// whose texel loads are much faster than their buffer loads.
    Texel,
    /// A tile of outputs per invocation with the taps unrolled: depthwise convolution and pooling.
    Strip,
    /// As [`Strip`](Self::Strip), with the input in uniform buffers: for software adapters, whose
    /// uniform loads are much faster than their storage loads.
    Windows,
    /// Several invocations per plane: averages of whole planes.
    Global,
    /// Rows first, then columns, so that a window costs its height plus its width: poolings.
    Separable,
}

impl Algorithm {
    /// All algorithms.
    pub const ALL: &[Self] = &[
        Self::General,
        Self::Tiled,
        Self::Halo,
        Self::Gemm,
        Self::Cooperative,
        Self::Texel,
        Self::Strip,
        Self::Windows,
        Self::Global,
        Self::Separable,
    ];

    /// The name on the command line and in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Tiled => "tiled",
            Self::Halo => "halo",
            Self::Gemm => "gemm",
            Self::Cooperative => "cooperative",
            Self::Texel => "texel",
            Self::Strip => "strip",
            Self::Windows => "windows",
            Self::Global => "global",
            Self::Separable => "separable",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|algorithm| algorithm.name()).collect();
            Error::argument(
                "algorithm",
                "the name",
                text,
                format!("there are {}", names.join(", ")),
            )
        })
    }
}
