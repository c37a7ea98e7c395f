//! Operations on tensors: what a call checks, and the way to a backend.

mod activation;
mod choose;
mod conv2d;
mod conv_transpose2d;
mod convert;
mod pipeline_cache;
mod pool2d;
mod resample;
mod texture;
mod timing;
mod warm_up;

pub use timing::Timed;
