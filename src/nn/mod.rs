//! Training.

mod conv2d;
mod dataset;
mod layer;
mod linear;
mod loss;
mod optimizer;
mod parameter;
mod pool;
mod rng;
mod sequential;
mod summary;
#[cfg(feature = "safetensors")]
mod weights;

pub use conv2d::Conv2d;
pub use dataset::{Batch, Batches, Dataset};
pub use layer::Layer;
pub use linear::{Flatten, Linear};
pub(crate) use loss::CrossEntropyProblem;
pub use loss::{Loss, cross_entropy, mse, predictions};
pub use optimizer::{Adam, Sgd};
pub(crate) use optimizer::{AdamStep, SgdStep};
pub use parameter::Parameter;
pub use pool::{Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d};
pub use rng::Rng;
pub use sequential::Sequential;
pub use summary::{Summary, SummaryRow};
