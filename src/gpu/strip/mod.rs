//! Strips: an invocation computes a tile of outputs whose taps are unrolled. Depthwise convolution
//! and pooling share all but the arithmetic.

pub(crate) mod buffers;
pub(crate) mod problem;
pub(crate) mod samples;
pub(crate) mod storage;
#[cfg(test)]
mod tests;
pub(crate) mod variant;

use crate::gpu::strip::problem::{MAX_KERNEL, MAX_LINE, MAX_QUOTIENT, MAX_TAPS};
use crate::{Algorithm, Error};

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
        Algorithm::Tiled
        | Algorithm::Halo
        | Algorithm::Gemm
        | Algorithm::Cooperative
        | Algorithm::Texel => "serves convolutions".into(),
        Algorithm::General => "serves everything".into(),
    };
    Error::Unsupported { operation, algorithm: algorithm.to_string(), rule }
}
