//! All that touches wgpu: context, buffers, pipelines, grids, shader composition, and one dispatch
//! file per operation.

mod activation;
mod buffer;
mod context;
mod conv2d;
mod grid;
mod params;
mod pipeline;
mod pool2d;
mod record;
mod shader;
mod split;
#[cfg(test)]
mod tests;
mod texture;
mod timing;
mod transfer;

pub(crate) use activation::activation;
pub(crate) use buffer::GpuBuffer;
pub(crate) use context::Context;
pub(crate) use conv2d::{Conv2dPlan, conv2d};
pub(crate) use pool2d::{Pool2dPlan, Pool2dProblem, pool2d};
