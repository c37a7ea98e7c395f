//! The operations on a GPU, a room for each kind.
//!
//! `conv2d` and `pool2d` choose an algorithm and hold those for any adapter. They stand on `software`
//! (what software adapters alone are given, asked first and at one door), `strip` and `tile` (the
//! shaders that share most of their text), and all on `runtime`, which names no operation.

#[cfg_attr(
    target_arch = "wasm32",
    allow(dead_code, reason = "a browser lists the shaders and measures nothing")
)]
pub(crate) mod ceiling;
#[cfg(test)]
mod composed;
mod conv2d;
mod elementwise;
#[cfg(test)]
mod first_word;
#[cfg(test)]
mod ir;
#[cfg(test)]
mod lints;
mod normalization;
pub(crate) mod plans;
mod pool2d;
mod rearrange;
pub(crate) mod runtime;
mod software;
mod strip;
#[cfg(test)]
mod tests;
mod texture;
mod tile;
mod training;
pub(crate) mod variants;

pub(crate) use crate::gpu::conv2d::gradients::{
    InputPlan, WeightPlan, conv2d_grad_input, conv2d_grad_weight,
};
pub(crate) use crate::gpu::elementwise::activation::{activation, activation_grad_input};
pub(crate) use crate::gpu::elementwise::convert::convert;
pub(crate) use crate::gpu::elementwise::pairwise::pairwise;
pub(crate) use crate::gpu::elementwise::reduction::reduce;
pub(crate) use crate::gpu::normalization::apply::{Form, batch_norm2d_apply};
pub(crate) use crate::gpu::normalization::channels::{
    Affine, batch_norm2d_factors, batch_norm2d_update,
};
pub(crate) use crate::gpu::normalization::gradients::{
    batch_norm2d_grad_input, batch_norm2d_grad_parameters,
};
pub(crate) use crate::gpu::normalization::moments::batch_norm2d_moments;
pub(crate) use crate::gpu::normalization::softmax::{softmax, softmax_grad_input};
pub(crate) use crate::gpu::pool2d::gradients::pool2d_grad_input;
pub(crate) use crate::gpu::rearrange::copy::{cat, slice};
pub(crate) use crate::gpu::rearrange::resample::bilinear::{BilinearPlan, bilinear};
pub(crate) use crate::gpu::rearrange::resample::copy::{CopyPlan, copy_places};
pub(crate) use crate::gpu::rearrange::resample::grad_input::{
    ResamplingGradPlan, resampling_grad_input,
};
pub(crate) use crate::gpu::rearrange::select::select;
pub(crate) use crate::gpu::runtime::background::in_background;
pub(crate) use crate::gpu::runtime::buffer::GpuBuffer;
pub(crate) use crate::gpu::runtime::context::Context;
pub(crate) use crate::gpu::runtime::fits::check_buffers;
pub(crate) use crate::gpu::runtime::short_lived::short_lived;
pub(crate) use crate::gpu::runtime::timing::{Instant, TimedRun};
pub(crate) use crate::gpu::texture::read::read_texture;
pub(crate) use crate::gpu::texture::write::write_texture;
pub(crate) use crate::gpu::tile::operands::Operands;
pub(crate) use crate::gpu::training::loss::{cross_entropy, mse};
pub(crate) use crate::gpu::training::optimizer::{adam, sgd};
pub(crate) use conv2d::{Conv2dPlan, conv2d};
pub(crate) use pool2d::{Pool2dPlan, pool2d};
