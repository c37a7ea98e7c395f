//! All that touches wgpu: context, buffers, pipelines, grids, shader composition, and one dispatch
//! file per operation.

mod activation;
mod buffer;
pub(crate) mod ceiling;
#[cfg(test)]
mod composed;
mod context;
mod conv2d;
mod conv2d_grad;
mod convert;
#[cfg(test)]
mod first_word;
mod fits;
mod grid;
#[cfg(test)]
mod ir;
#[cfg(test)]
mod lints;
mod loss;
mod lost;
mod needs;
mod optimizer;
mod params;
mod pipeline;
mod pipeline_cache;
mod pool2d;
mod recent;
mod record;
mod select;
mod shader;
mod split;
mod strip;
#[cfg(test)]
mod tests;
mod texture;
mod timing;
mod transfer;
mod tuned;
pub(crate) mod variants;
mod windows;

pub(crate) use activation::{activation, activation_grad_input};
pub(crate) use buffer::GpuBuffer;
pub(crate) use context::Context;
pub(crate) use conv2d::{Conv2dPlan, Operands, conv2d};
pub(crate) use conv2d_grad::{conv2d_grad_bias, conv2d_grad_input, conv2d_grad_weight};
pub(crate) use convert::convert;
pub(crate) use fits::check_buffers;
pub(crate) use loss::{cross_entropy, mse};
pub(crate) use optimizer::{adam, sgd};
pub(crate) use pool2d::grad::pool2d_grad_input;
pub(crate) use pool2d::{Divisor, Pool2dPlan, Pool2dProblem, Window, pool2d};
pub(crate) use select::select;
