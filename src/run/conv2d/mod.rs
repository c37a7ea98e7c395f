//! Convolution.

mod forward;
pub(crate) mod gradients;
mod plan;
