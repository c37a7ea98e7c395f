#![doc = "filtro"]

mod cpu;
mod error;
mod ops;
mod padding;
pub mod reference;
mod shape;
mod window;

pub use error::{Error, Result};
pub use ops::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d,
    MaxPool2d, ReceptiveField,
};
pub use padding::{Padding, PaddingMode};
pub use shape::Shape;
