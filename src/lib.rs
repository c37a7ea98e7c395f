//! filtro

mod algorithm;
mod cpu;
mod device;
mod error;
pub mod filters;
mod forward;
mod gpu;
mod limits;
mod ops;
mod padding;
#[cfg(feature = "image")]
pub mod picture;
mod plan;
pub mod reference;
mod shape;
mod tensor;
mod window;

pub use algorithm::Algorithm;
pub use device::{Device, DeviceChoice, DeviceInfo, DeviceKind, MemoryUse, Timed};
pub use error::{Error, Result};
pub use limits::Limits;
pub use ops::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d,
    MaxPool2d, ReceptiveField,
};
pub use padding::{Padding, PaddingMode};
pub use plan::Plan;
pub use shape::Shape;
pub use tensor::{Indices, Tensor};
