//! What the page asks of filtro: its layers, what they say of a shape, and where every number comes from.

#![allow(
    missing_docs,
    reason = "parameters have PyTorch's names, and nothing depends on this crate"
)]

pub mod axis;
pub mod check;
pub mod explain;
pub mod kernel;
pub mod layer;
#[cfg(target_arch = "wasm32")]
pub mod page;
