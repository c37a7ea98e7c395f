//! Batch normalisation and softmax on tensors.

mod batch_norm2d;
mod training;

pub use training::BatchStatistics;
