//! Textures to tensors and tensors to textures: options, validation and sizes.

mod format;
mod from_texture;
mod level;
mod stored;
mod texels;
mod to_texture;

pub use from_texture::FromTexture;
pub use texels::{Alpha, TexelChannel, TexelValues, Texels, TexelsMut};
pub use to_texture::ToTexture;

pub(crate) use format::{Stored, Texel};
pub(crate) use from_texture::Reading;
pub(crate) use level::{Level, Surface};
pub(crate) use stored::{from_half, to_half, to_unorm8};
pub(crate) use to_texture::{Writing, WrittenAlpha};

use crate::{Error, Result};

/// A channel, and the line that its numbers go through: `scale * value + bias`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// The component of a texel, or the channel of a tensor.
    pub(crate) channel: usize,
    pub(crate) scale: f32,
    pub(crate) bias: f32,
}

/// The lines of so many channels, given no number, one for all, or one for each.
fn lines(
    operation: &'static str,
    channels: &[usize],
    scale: &[f32],
    bias: &[f32],
) -> Result<Vec<Line>> {
    let of = |argument, given: &[f32], default: f32| match *given {
        [] => Ok(vec![default; channels.len()]),
        [number] => Ok(vec![number; channels.len()]),
        _ if given.len() == channels.len() => Ok(given.to_vec()),
        _ => {
            let (value, count) = (format!("{} numbers", given.len()), channels.len());
            let rule = format!("must be one for all channels, or one for each of the {count}");
            Err(Error::argument(operation, argument, value, rule))
        }
    };
    // Adding -0 changes nothing, and no sign of a zero.
    let scale = of("scale", scale, 1.0)?;
    let bias = of("bias", bias, -0.0)?;
    let lines = channels.iter().zip(scale).zip(bias);
    Ok(lines.map(|((&channel, scale), bias)| Line { channel, scale, bias }).collect())
}
