//! Batch normalisation and softmax.

pub(crate) mod batch_norm2d;
