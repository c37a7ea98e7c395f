//! Dense tiles: what the shaders share in which an invocation computes a tile of outputs and
//! channels, and the gradients of weights with them.

pub(crate) mod operands;
pub(crate) mod pack;
pub(crate) mod partial_sum;
pub(crate) mod plan;
pub(crate) mod rounding;
pub(crate) mod shape;
pub(crate) mod sizes;
pub(crate) mod sums;
