//! The fast CPU path: the operations and their gradients on plain slices.
//!
//! Inputs were validated by `ops`; every element of an output is written. Work is split over
//! rayon's current pool, and inner loops are compiled for the best instruction set that the
//! machine has (pulp's dispatch).
//!
//! A dense convolution ([`conv2d`]) copies the padded rows that a block of outputs reads
//! ([`layout`]), packs them tap by tap into panels that stay in the first cache (implicit im2col)
//! and multiplies these with the weight in registers ([`panel`]). Few filters per group, depthwise
//! above all, read the padded rows without packing ([`conv2d_direct`]).

mod activation;
mod adaptive_pool2d;
mod avg_pool2d;
mod blocks;
pub(crate) mod ceiling;
mod conv2d;
mod conv2d_backward;
mod conv2d_direct;
mod conv2d_grad_chunk;
mod conv2d_grad_tile;
mod conv2d_grad_weight;
mod layout;
mod loss;
mod max_pool2d;
mod optimizer;
mod panel;
mod pool2d_backward;
mod rounding;
mod row;
mod select;
mod simd;
#[cfg(test)]
mod tests;

pub(crate) use activation::{activation, activation_grad_input};
pub(crate) use adaptive_pool2d::{adaptive_avg_pool2d, adaptive_max_pool2d};
pub(crate) use avg_pool2d::avg_pool2d;
pub(crate) use conv2d::conv2d;
pub(crate) use conv2d_backward::{conv2d_grad_bias, conv2d_grad_input, conv2d_grad_weight};
pub(crate) use loss::{cross_entropy, mse, narrow};
pub(crate) use max_pool2d::max_pool2d;
pub(crate) use optimizer::{adam, sgd, sgd_with_momentum};
pub(crate) use pool2d_backward::{
    adaptive_avg_pool2d_grad_input, avg_pool2d_grad_input, max_pool2d_grad_input,
};
pub(crate) use select::select;
