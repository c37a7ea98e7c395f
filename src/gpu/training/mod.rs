//! Losses and steps of optimizers.

pub(crate) mod loss;
pub(crate) mod optimizer;
