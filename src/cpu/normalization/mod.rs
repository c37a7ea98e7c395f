//! Batch normalisation and softmax.

pub(crate) mod batch_norm2d;
pub(crate) mod gradients;
pub(crate) mod softmax;
