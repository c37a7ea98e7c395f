//! Batch normalisation and softmax.

pub(crate) mod apply;
pub(crate) mod blocks;
pub(crate) mod channels;
pub(crate) mod moments;

use crate::gpu::runtime::shader::Shader;

/// The shaders of this room in all variants.
pub(crate) fn variants() -> Vec<Shader> {
    [apply::variants(), channels::variants(), moments::variants()].concat()
}
