//! Operations that read an input at other places, and their gradients.

pub(crate) mod bilinear;
pub(crate) mod copy;
pub(crate) mod grad_input;
