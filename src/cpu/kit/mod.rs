//! What the operations are built of: instruction sets, blocks of work, padded rows, register tiles and
//! how sums are rounded.

pub(crate) mod blocks;
pub(crate) mod layout;
pub(crate) mod packed;
pub(crate) mod padded;
pub(crate) mod planes;
pub(crate) mod rounding;
pub(crate) mod simd;
pub(crate) mod sum;
pub(crate) mod threads;
pub(crate) mod tile;
pub(crate) mod transpose;
