//! Which algorithm a problem is solved by, where it was measured: a table from problems to algorithms.

pub(crate) mod key;
