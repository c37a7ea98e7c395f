//! Operations on every element alone, of one tensor or of two, and the sums of what was broadcast.

pub(crate) mod activation;
pub(crate) mod copy;
pub(crate) mod pairwise;
pub(crate) mod reduction;
