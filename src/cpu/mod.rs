//! The fast CPU path: the operations and their gradients on plain slices.
//!
//! Inputs were validated by `ops`; every element of an output is written. Work is split over threads
//! ([`kit::threads`]), and inner loops are compiled for the best instruction set that the machine has
//! (pulp's dispatch).
//!
//! A dense convolution ([`conv2d`]) copies the padded rows that a block of outputs reads so that the
//! inputs of neighbouring outputs are neighbours for every tap ([`kit::planes`]), and multiplies them
//! where they lie with the packed weight ([`kit::packed`]), in registers ([`kit::tile`]). One of 1x1
//! needs no copy ([`conv2d::pointwise`]), one over a whole input, as a dense layer is, neither copy nor
//! packed weight ([`conv2d::dot`]), and few filters per group no packed weight ([`conv2d::direct`]).
//! Depthwise convolutions of small kernels ([`conv2d::depthwise`]) compute some rows of outputs at once
//! from padded rows ([`conv2d::depthwise_rows`]), or where rows are narrow a plane per lane
//! ([`conv2d::depthwise_lanes`]); together with one of 1x1 before them they never see its whole output
//! ([`conv2d::pair`]). Poolings slide down padded rows ([`pool2d::slide`]).

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod ceiling;
mod conv2d;
mod elementwise;
mod kit;
mod normalization;
mod pool2d;
mod rearrange;
#[cfg(test)]
pub(crate) mod tests;
mod texture;
mod training;

pub(crate) use crate::cpu::conv2d::gradients::{conv2d_grad_input, conv2d_grad_weight};
pub(crate) use crate::cpu::conv2d::pair::Pair;
pub(crate) use crate::cpu::conv2d::problem::Convolution;
pub(crate) use crate::cpu::elementwise::activation::{activation, activation_grad_input};
pub(crate) use crate::cpu::elementwise::copy::copy;
pub(crate) use crate::cpu::elementwise::pairwise::pairwise;
pub(crate) use crate::cpu::elementwise::reduction::reduce;
pub(crate) use crate::cpu::kit::packed::KeptWeight;
pub(crate) use crate::cpu::normalization::batch_norm2d::{
    Factors, batch_norm2d_apply, batch_norm2d_moments, write_factors,
};
pub(crate) use crate::cpu::normalization::gradients::{
    GradFactors, batch_norm2d_grad_input, batch_norm2d_grad_sums,
};
pub(crate) use crate::cpu::normalization::softmax::{softmax, softmax_grad_input};
pub(crate) use crate::cpu::pool2d::adaptive::{adaptive_avg_pool2d, adaptive_max_pool2d};
pub(crate) use crate::cpu::pool2d::average::avg_pool2d;
pub(crate) use crate::cpu::pool2d::gradients::{
    adaptive_avg_pool2d_grad_input, avg_pool2d_grad_input, max_pool2d_grad_input,
};
pub(crate) use crate::cpu::pool2d::max::max_pool2d;
pub(crate) use crate::cpu::rearrange::cat::{cat, slice};
pub(crate) use crate::cpu::rearrange::resample::bilinear::bilinear;
pub(crate) use crate::cpu::rearrange::resample::copy::copy_places;
pub(crate) use crate::cpu::rearrange::resample::grad_input::resampling_grad_input;
pub(crate) use crate::cpu::rearrange::select::select;
pub(crate) use crate::cpu::texture::{read_texels, write_texels};
pub(crate) use crate::cpu::training::loss::{cross_entropy, mse, narrow};
pub(crate) use crate::cpu::training::optimizer::{adam, sgd, sgd_with_momentum};
#[cfg(test)]
pub(crate) use conv2d::conv2d;
pub(crate) use conv2d::conv2d_with_kept;
