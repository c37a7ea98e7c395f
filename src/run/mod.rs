//! Operations on tensors: from options and tensors to a backend.

mod activation;
pub(crate) mod conv2d;
mod conv_transpose2d;
mod pool2d;
