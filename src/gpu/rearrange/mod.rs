//! Operations that copy elements to other places.

pub(crate) mod copy;
pub(crate) mod resample;
pub(crate) mod select;
