//! Operations that read an input at other places, and their gradients.

pub(crate) mod bilinear;
pub(crate) mod blocks;
pub(crate) mod copy;
pub(crate) mod grad_input;
mod parts;
mod rows;

use crate::DType;
use crate::gpu::runtime::shader::Shader;
use grad_input::Shared;

/// One of every kind.
pub(crate) fn variants() -> Vec<Shader> {
    let mut variants = blocks::variants();
    for dtype in [DType::F32, DType::F16] {
        variants.extend([false, true].map(|filled| copy::shader(filled, dtype)));
        variants.push(bilinear::shader(dtype));
    }
    for shared in Shared::ALL {
        variants.extend([false, true].map(|weighted| grad_input::shader(shared, weighted)));
    }
    variants
}
