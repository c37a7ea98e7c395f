//! filtro

mod algorithm;
mod backward;
mod cpu;
mod device;
mod error;
mod forward;
mod gpu;
mod limits;
pub mod nn;
mod numbers;
mod ops;
mod padding;
mod plan;
pub mod reference;
mod shape;
mod tensor;
mod window;

pub use algorithm::Algorithm;
pub use device::{Device, DeviceChoice, DeviceInfo, DeviceKind, MemoryUse, Timed};
pub use error::{Error, Result};
pub use limits::Limits;
pub use numbers::Numbers;
pub use ops::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d,
    MaxPool2d, ReceptiveField,
};
pub use padding::{Padding, PaddingMode};
pub use plan::Plan;
pub use shape::Shape;
pub use tensor::{Indices, Tensor};
