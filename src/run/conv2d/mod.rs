//! Convolution.

mod forward;
pub(crate) mod gradients;
pub(crate) mod pair;
mod plan;
