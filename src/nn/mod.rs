//! Training.

mod loss;
mod optimizer;
mod parameter;
mod rng;

pub(crate) use loss::CrossEntropyProblem;
pub use loss::{Loss, cross_entropy, mse, predictions};
pub use optimizer::{Adam, Sgd};
pub(crate) use optimizer::{AdamStep, SgdStep};
pub use parameter::Parameter;
pub use rng::Rng;
