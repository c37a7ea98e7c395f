//! Operations that copy elements to other places.

pub(crate) mod select;
