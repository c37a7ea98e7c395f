//! Operations on tensors: what a call checks, and the way to a backend.

mod activation;
mod arithmetic;
mod cat;
mod choose;
pub(crate) mod conv2d;
mod conv_transpose2d;
mod convert;
mod normalization;
mod pairwise;
mod pipeline_cache;
mod pool2d;
mod prelu;
mod resample;
mod texture;
mod timing;
mod warm_up;

pub use normalization::{BatchNormGradients, BatchStatistics};
pub use timing::Timed;
