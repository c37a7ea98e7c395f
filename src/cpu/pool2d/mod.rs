//! Poolings and their gradients.

pub(crate) mod adaptive;
pub(crate) mod average;
pub(crate) mod gradients;
pub(crate) mod max;
pub(crate) mod row;
pub(crate) mod slide;
