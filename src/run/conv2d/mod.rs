//! Convolution.

pub(crate) mod gradients;
