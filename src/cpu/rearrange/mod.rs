//! Operations that copy elements to other places.

pub(crate) mod cat;
pub(crate) mod resample;
pub(crate) mod select;
