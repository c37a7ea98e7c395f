//! The operations: options, validation and sizes; knows no backend.

mod activation;
mod adaptive_pool2d;
mod arithmetic;
mod avg_pool2d;
mod batch_norm2d;
pub(crate) mod broadcast;
pub(crate) mod cat;
mod channels;
mod conv2d;
pub(crate) mod conv2d_phases;
mod conv_transpose2d;
mod gradients;
mod max_pool2d;
mod max_pooling;
pub(crate) mod pool2d;
mod pool_windows;
pub(crate) mod prelu;
mod receptive_field;
pub(crate) mod reduction;
mod resample;
pub(crate) mod setters;
mod softmax;
mod texture;
pub(crate) mod training;

pub use activation::Activation;
pub use adaptive_pool2d::{AdaptiveAvgPool2d, AdaptiveMaxPool2d};
pub use arithmetic::{Arithmetic, Operator};
pub use avg_pool2d::AvgPool2d;
pub use batch_norm2d::BatchNorm2d;
pub use cat::Cat;
pub use conv_transpose2d::ConvTranspose2d;
pub use conv2d::Conv2d;
pub use max_pool2d::MaxPool2d;
pub use prelu::PRelu;
pub use receptive_field::ReceptiveField;
pub use resample::{Interpolate, InterpolateTarget, InterpolationMode, Pad, PixelShuffle};
pub use softmax::Softmax;
pub use texture::{Alpha, FromTexture, TexelChannel, TexelValues, Texels, TexelsMut, ToTexture};

pub(crate) use crate::ops::conv2d_phases::{Phase, Phases};
pub(crate) use adaptive_pool2d::AdaptivePool2dProblem;
pub(crate) use arithmetic::{Function, Operand, Pairwise};
pub(crate) use avg_pool2d::AvgPool2dProblem;
pub(crate) use batch_norm2d::BatchNorm2dProblem;
pub(crate) use conv2d::Conv2dProblem;
pub(crate) use gradients::check_grad_output;
pub(crate) use max_pooling::MaxPooling;
pub(crate) use pool_windows::PoolWindows;
pub(crate) use resample::{AxisMap, Copied, CopyMap, NOWHERE, Readers, Resampling, Tap};
pub(crate) use texture::{
    Line, Reading, Stored, Texel, Writing, WrittenAlpha, from_half, to_half, to_unorm8,
};
