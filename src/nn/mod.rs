//! Training.

mod loss;
mod rng;

pub(crate) use loss::CrossEntropyProblem;
pub use loss::{Loss, cross_entropy, mse, predictions};
pub use rng::Rng;
