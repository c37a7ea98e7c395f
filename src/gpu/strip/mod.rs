//! Strips: an invocation computes a tile of outputs whose taps are unrolled. Depthwise convolution
//! and pooling share all but the arithmetic.

pub(crate) mod problem;
pub(crate) mod samples;
mod storage;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod variant;

pub(crate) use self::problem::{Index, Kind, Problem};
use self::problem::{MAX_KERNEL, MAX_LINE, MAX_QUOTIENT, MAX_TAPS};
pub(crate) use self::variant::Params;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::record::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::software::strip_windows;
use crate::{Algorithm, Error, Limits, Result};

/// Invocations of a workgroup.
pub(crate) const WORKGROUP: u32 = 64;

/// What a strip reads beside its input, and where its results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffers<'a> {
    pub(crate) input: &'a GpuBuffer,
    pub(crate) weight: Option<&'a GpuBuffer>,
    pub(crate) bias: Option<&'a GpuBuffer>,
    /// The indices of the input, which is itself an output of a max pooling.
    pub(crate) found: Option<&'a GpuBuffer>,
    pub(crate) output: &'a GpuBuffer,
    pub(crate) indices: Option<&'a GpuBuffer>,
}

impl<'a> Buffers<'a> {
    pub(crate) fn operands(
        &self,
        problem: &Problem,
    ) -> impl Iterator<Item = Binding<'a>> + use<'a> {
        let weights = problem.weight_elements() as usize;
        let channels = (problem.in_channels * problem.multiplier()) as usize;
        let weight = self.weight.map(|weight| Binding::whole(weight, weights));
        let bias = self.bias.map(|bias| Binding::whole(bias, channels));
        weight.into_iter().chain(bias)
    }

    pub(crate) fn found(&self, problem: &Problem) -> Option<Binding<'a>> {
        self.found.map(|found| Binding::whole(found, problem.input_elements() as usize))
    }

    pub(crate) fn results(&self, problem: &Problem) -> impl Iterator<Item = Binding<'a>> + use<'a> {
        let len = problem.output_elements() as usize;
        [Some(self.output), self.indices]
            .into_iter()
            .flatten()
            .map(move |buffer| Binding::whole(buffer, len))
    }
}

/// How a strip is done on a device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plan {
    Storage(storage::Plan),
    Windows(strip_windows::Plan),
}

impl Plan {
    /// The faster plan that serves the problem, or the pinned one; `None` where none does.
    pub(crate) fn new(
        problem: &Problem,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Option<Self>> {
        let wanted = |algorithm| pinned.is_none_or(|pinned| pinned == algorithm);
        if wanted(Algorithm::Windows)
            && let Some(plan) = strip_windows::Plan::new(problem, limits)?
        {
            return Ok(Some(Self::Windows(plan)));
        }
        if wanted(Algorithm::Strip)
            && let Some(plan) = storage::Plan::new(problem, limits)?
        {
            return Ok(Some(Self::Storage(plan)));
        }
        Ok(None)
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Storage(_) => Algorithm::Strip,
            Self::Windows(_) => Algorithm::Windows,
        }
    }

    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::Storage(_) => 1,
            Self::Windows(plan) => plan.dispatches(),
        }
    }

    pub(crate) fn shader(&self) -> &Shader {
        match self {
            Self::Storage(plan) => plan.shader(),
            Self::Windows(plan) => plan.shader(),
        }
    }

    pub(crate) fn record(&self, context: &Context, buffers: Buffers<'_>) -> Result<()> {
        match self {
            Self::Storage(plan) => plan.record(context, buffers),
            Self::Windows(plan) => plan.record(context, buffers),
        }
    }
}

/// That a pinned algorithm does not serve a problem.
pub(crate) fn unsupported(operation: &'static str, algorithm: Algorithm) -> Error {
    let strips = format!(
        "depthwise convolutions and poolings with kernels of at most {MAX_KERNEL} along an axis \
         and {MAX_TAPS} taps, or of one row or column of at most {MAX_LINE}, with fewer than {MAX_QUOTIENT} planes and outputs of a plane"
    );
    let rule = match algorithm {
        Algorithm::Strip => format!("serves {strips}, where every tensor fits one binding"),
        Algorithm::Windows => format!(
            "serves {strips}, of f32, on software adapters, where the weight and a few rows of the input \
             fit one uniform binding"
        ),
        Algorithm::Global => {
            "serves averages whose one window is a whole unpadded plane of at most 65536 cells"
                .into()
        }
        Algorithm::Separable => "serves poolings with windows of several rows and columns".into(),
        Algorithm::Tiled | Algorithm::Halo | Algorithm::Texel => "serves convolutions".into(),
        Algorithm::General => "serves everything".into(),
    };
    Error::Unsupported { operation, algorithm: algorithm.to_string(), rule }
}
