//! Poolings.

mod forward;
mod gradients;
mod indices;
mod plan;
