//! Poolings.

pub(crate) mod gradients;
