//! What the operations are built of: instruction sets, blocks of work, padded rows, panels and
//! how sums are rounded.

pub(crate) mod blocks;
pub(crate) mod layout;
pub(crate) mod padded;
pub(crate) mod panel;
pub(crate) mod rounding;
pub(crate) mod simd;
pub(crate) mod sum;
