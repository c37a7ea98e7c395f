//! The fast CPU path: the operations and their gradients on plain slices.
//!
//! Inputs were validated by `ops`; every element of an output is written. Work is split over
//! rayon's current pool, and inner loops are compiled for the best instruction set that the
//! machine has (pulp's dispatch).
//!
//! A dense convolution ([`conv2d`]) copies the padded rows that a block of outputs reads so that the
//! inputs of neighbouring outputs are neighbours for every tap ([`kit::planes`]), and multiplies them
//! where they lie with the packed weight ([`kit::packed`]), in registers ([`kit::tile`]). Few filters
//! per group, depthwise above all, need no packed weight ([`conv2d::direct`]).

pub(crate) mod ceiling;
mod conv2d;
mod elementwise;
mod kit;
mod pool2d;
mod rearrange;
#[cfg(test)]
pub(crate) mod tests;
mod texture;
mod training;

pub(crate) use crate::cpu::conv2d::gradients::{
    conv2d_grad_bias, conv2d_grad_input, conv2d_grad_weight,
};
pub(crate) use crate::cpu::elementwise::activation::{activation, activation_grad_input};
pub(crate) use crate::cpu::kit::packed::KeptWeight;
pub(crate) use crate::cpu::pool2d::adaptive::{adaptive_avg_pool2d, adaptive_max_pool2d};
pub(crate) use crate::cpu::pool2d::average::avg_pool2d;
pub(crate) use crate::cpu::pool2d::gradients::{
    adaptive_avg_pool2d_grad_input, avg_pool2d_grad_input, max_pool2d_grad_input,
};
pub(crate) use crate::cpu::pool2d::max::max_pool2d;
pub(crate) use crate::cpu::rearrange::select::select;
pub(crate) use crate::cpu::texture::{read_texels, write_texels};
pub(crate) use crate::cpu::training::loss::{cross_entropy, mse, narrow};
pub(crate) use crate::cpu::training::optimizer::{adam, sgd, sgd_with_momentum};
#[cfg(test)]
pub(crate) use conv2d::conv2d;
pub(crate) use conv2d::conv2d_with_kept;
