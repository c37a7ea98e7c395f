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
    [
        apply::variants(),
        channels::variants(),
        gradients::variants(),
        moments::variants(),
        softmax::variants(),
    ]
    .concat()
}

/// What plans pick for telling problems: evaluation, training and its gradients, of a tensor of this
/// shape with weight and bias.
#[cfg(test)]
pub(crate) fn batch_norm2d_shaders(shape: crate::Shape) -> [Vec<Shader>; 3] {
    let width = blocks::load_width(shape.height * shape.width);
    let affine = channels::Affine { weight: Some(()), bias: Some(()) };
    let applied = apply::shader(apply::Form::Normalized, width, crate::DType::F32);
    [
        vec![applied, channels::factors_shader(&affine)],
        vec![moments::shader(width), moments::merge_shader(&affine)],
        vec![
            gradients::input_shader(width),
            gradients::sums_shader(width),
            gradients::merge_shader(),
        ],
    ]
}
