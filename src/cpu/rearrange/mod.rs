//! Operations that copy elements to other places, or add up those of other places.

pub(crate) mod bilinear;
pub(crate) mod copy;
pub(crate) mod grad_input;
pub(crate) mod select;
