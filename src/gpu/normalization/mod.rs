//! Batch normalisation and softmax.

pub(crate) mod apply;
pub(crate) mod blocks;
pub(crate) mod channels;
pub(crate) mod gradients;
pub(crate) mod moments;
pub(crate) mod softmax;

use crate::gpu::runtime::shader::Shader;

/// The shaders of this room in all variants.
pub(crate) fn variants() -> Vec<Shader> {
    [apply::variants(), channels::variants(), gradients::variants(), moments::variants(), softmax::variants()].concat()
}
