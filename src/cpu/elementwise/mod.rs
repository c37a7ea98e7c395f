//! Operations on every element alone.

pub(crate) mod activation;
