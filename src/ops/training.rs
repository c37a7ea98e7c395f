//! Losses and steps of optimizers: what is known of them without tensors.

/// A cross-entropy whose sizes fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CrossEntropyProblem {
    pub(crate) batch: usize,
    pub(crate) classes: usize,
    /// `height * width`.
    pub(crate) plane: usize,
}

impl CrossEntropyProblem {
    pub(crate) const OPERATION: &str = "cross_entropy";

    /// The number of labels.
    pub(crate) const fn positions(&self) -> usize {
        self.batch * self.plane
    }

    /// The number of logits.
    pub(crate) const fn len(&self) -> usize {
        self.positions() * self.classes
    }
}

/// What one step of [`Sgd`](crate::nn::Sgd) does to every element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SgdStep {
    pub(crate) learning_rate: f32,
    pub(crate) momentum: f32,
    pub(crate) weight_decay: f32,
    pub(crate) nesterov: bool,
}

impl SgdStep {
    pub(crate) const OPERATION: &str = "sgd";
}

/// What one step of [`Adam`](crate::nn::Adam) does to every element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AdamStep {
    pub(crate) weight_decay: f32,
    pub(crate) one_minus_beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) one_minus_beta2: f32,
    /// `learning_rate / (1 - beta1^steps)`.
    pub(crate) step_size: f32,
    /// `sqrt(1 - beta2^steps)`.
    pub(crate) root_correction: f32,
    pub(crate) epsilon: f32,
}

impl AdamStep {
    pub(crate) const OPERATION: &str = "adam";
}
