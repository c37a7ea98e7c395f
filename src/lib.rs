//! Convolution and pooling layers on any GPU, with PyTorch's options and numbers.
//!
//! A [`Tensor`] is a rank 4 array of `f32`, or of `f16` ([`DType`]), in NCHW order on a [`Device`]:
//! a GPU that wgpu reaches, a software adapter, or the CPU. Operations are small values with the names and defaults of
//! `torch.nn`: [`Conv2d`], [`MaxPool2d`], [`AvgPool2d`], [`AdaptiveAvgPool2d`],
//! [`AdaptiveMaxPool2d`], [`ConvTranspose2d`], and what stands between them: [`Activation`],
//! [`PRelu`], [`Softmax`], [`BatchNorm2d`], [`Arithmetic`], [`Cat`], [`Interpolate`],
//! [`PixelShuffle`], [`Pad`]. Each runs forward and gives its gradients.
//!
//! ```
//! use filtro::{Conv2d, Device, MaxPool2d, PaddingMode};
//! use ndarray::{Array1, Array4};
//!
//! # fn main() -> filtro::Result<()> {
//! let image = Array4::<f32>::zeros((1, 3, 64, 48));
//! # let device = Device::cpu();
//! # let _ = r#"
//! let device = Device::new()?; // a hardware GPU, else the CPU; never a software adapter unasked
//! # "#;
//! let x = device.upload(&image)?;
//! let weight = device.upload(&Array4::<f32>::ones((8, 3, 7, 7)))?;
//! let bias = device.upload(&Array1::<f32>::zeros(8))?;
//! let conv = Conv2d::new(3, 8, [7, 7]) // in_channels, out_channels, kernel_size
//!     .stride([2, 2])
//!     .padding([3, 3])
//!     .padding_mode(PaddingMode::Reflect);
//! let y = conv.forward(&x, &weight, Some(&bias))?; // stays on the device
//! let y = MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1]).forward(&y)?;
//! let features: Array4<f32> = y.download()?;
//! assert_eq!(features.dim(), (1, 8, 16, 12));
//! # Ok(())
//! # }
//! ```
//!
//! # Why convolutions
//!
//! A dense layer from an image of 224 x 224 x 3 to 1 024 neurons has 154 million weights. A
//! convolution uses one small filter at every position instead: few weights, shared, and a shifted
//! image gives a shifted result. [`Conv2d::weights`] and [`Conv2d::dense_weights`] compare the two,
//! [`ReceptiveField`] tells how far a chain of layers sees. The filters are trainable values:
//! [`nn`] trains them.
//!
//! # The life of one call
//!
//! [`Conv2d::forward`] resolves its options for the input's shape, checks everything, and gives a
//! typed [`Error`] or a plan: which [`Algorithm`], which shader variant, which parameters and grid.
//! Plans depend on the problem and the device's [`Limits`] alone, unless the device has a
//! [`tuning`]; [`Conv2d::plan`] shows one
//! without a GPU. On a GPU the dispatches of the plan are recorded, and submitted together with
//! all others by the next download or [`Device::flush`]. Nothing waits before a download.
//!
//! # Where things are
//!
//! - [`mod@reference`]: every operation as plain loops in `f64`; what the tests trust, and the place to
//!   read what an operation means.
//! - [`nn`]: layers that own their parameters, losses, optimizers.
//! - [`tuning`]: measured choices of algorithms in place of planned ones, for those who ask.
//! - [`interop`]: in an application with a GPU of its own: its buffers, textures and encoders.
//! - [`filters`]: the classic filters, from Sobel to emboss.
//! - `shaders/`: the WGSL, one file per algorithm.
//!
//! Imports in `src` run downwards alone, and a test keeps it so: `run` (a call on tensors: what it
//! checks, which backend) stands on the tensors and their device, these on `gpu` and `cpu`, all on
//! `ops` (options, sizes, no backend). In `gpu` the operations stand on `software` (what serves
//! software adapters alone, entered at one door), `strip`, `tile`, and these on `runtime`, which
//! names no operation. Forward, gradients and plan of an operation lie side by side in each room.
//!
//! # In a browser
//!
//! The crate builds for `wasm32-unknown-unknown`, on WebGPU and on the CPU, which is one thread there.
//! Nothing may block in a browser, so what blocks is absent: each of [`Device::new`], [`Tensor::download`]
//! and the like has an `_async` form, which is there everywhere. What reads and writes files is absent
//! too and has a form for bytes or text beside it, and so is what measures: [`ceiling`] and
//! [`tuning::Tuning::tune`]. All operations are there.
//!
//! A browser reports later than calls return: an error of the GPU, which natively is that of the call
//! that failed, comes with the next download, [`Device::synchronize_async`] or other future. Of several
//! that wait it is the one that began first. The page of `examples/explorer` runs the crate there.
//!
//! # Features
//!
//! - `cli` (default): the command `filtro`, which is not for browsers; it adds nothing to the library.
//! - `image`: pictures to tensors and feature maps to pictures.
//! - `safetensors`: parameters to and from files that PyTorch reads and writes.

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
compile_error!("filtro has no threads on wasm32: build it without the target feature `atomics`");

mod algorithm;
#[cfg(not(target_arch = "wasm32"))]
pub mod ceiling;
mod choice;
mod cpu;
mod device;
mod device_info;
mod dtype;
mod error;
pub mod filters;
mod gpu;
pub mod interop;
mod kept;
mod limits;
mod memory;
pub mod nn;
mod numbers;
mod ops;
mod padding;
#[cfg(feature = "image")]
pub mod picture;
mod pipeline_cache;
mod plan;
pub mod reference;
#[cfg(test)]
mod rooms;
mod run;
pub mod shaders;
mod shape;
mod storage;
mod tensor;
pub mod tuning;
mod upload;
mod window;

pub use algorithm::Algorithm;
pub use device::{Device, MemoryUse};
pub use device_info::{DeviceChoice, DeviceInfo, DeviceKind, DeviceOptions};
pub use dtype::DType;
pub use error::{Error, Result};
pub use limits::Limits;
pub use numbers::Numbers;
pub use ops::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Alpha, Arithmetic, AvgPool2d, BatchNorm2d,
    Cat, Conv2d, ConvTranspose2d, FromTexture, Interpolate, InterpolateTarget, InterpolationMode,
    MaxPool2d, Operator, PRelu, Pad, PixelShuffle, ReceptiveField, Softmax, TexelChannel,
    TexelValues, Texels, TexelsMut, ToTexture,
};
pub use padding::{Padding, PaddingMode};
pub use pipeline_cache::PipelineCache;
pub use plan::Plan;
pub use run::{BatchNormGradients, BatchStatistics, Timed};
pub use shape::Shape;
pub use tensor::{Indices, Tensor};
pub use wgpu;
