//! Batch normalisation and softmax on tensors.

mod batch_norm2d;
mod fold;
mod gradients;
mod softmax;
mod training;

pub use gradients::BatchNormGradients;
pub use training::BatchStatistics;
