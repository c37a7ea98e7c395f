//! ToTexture: options, validation and sizes.

use super::from_texture::check_values;
use super::texels::{Alpha, TexelValues, TexelsMut};
use super::{Level, Line, Stored, Surface, lines, to_half, to_unorm8};
use crate::ops::setters::setters;
use crate::{Error, Result, Shape};

const OPERATION: &str = "to_texture";

/// An image of a tensor written into a texture, on the device.
///
/// ```text
/// texture[top + y, left + x].c = stored(scale[c] * input[image, channels[c], y, x] + bias[c])
/// ```
///
/// A format of 8 bits stores the nearest of `v / 255`, ties to even: below 0 and NaN become 0, above
/// 1 becomes 1. Formats of floats store what there is, `f16` the nearest, ties to even, and infinity
/// beyond its largest. **By default nothing is put on the curve of sRGB, in an `Srgb` format
/// either**: the tensor's numbers are taken for those that are to be stored. With
/// [`TexelValues::Linear`] they are light.
///
/// Formats: those of [`FromTexture`](crate::FromTexture).
///
/// # Shapes
///
/// Input `[batch, channels, height, width]`, of which one image is written.
///
/// # Examples
///
/// ```
/// use filtro::{Device, TexelsMut, ToTexture, wgpu};
/// use ndarray::array;
///
/// let features = Device::cpu().upload(&array![[[[-1.0, 0.0, 0.5, 7.0]]]])?;
/// let to_texture = ToTexture::new().scale([0.5]).bias([0.5]); // of -1..1
/// # let draw = |texture: &wgpu::Texture| -> filtro::Result<()> {
/// to_texture.write(&features, texture)?; // recorded, nothing waits
/// # Ok(())
/// # };
///
/// // The same into the host's memory: one channel is grey, and opaque.
/// let mut bytes = [0; 16];
/// let mut texels = TexelsMut::new(&mut bytes, wgpu::TextureFormat::Rgba8Unorm, [1, 4]);
/// to_texture.write_texels(&features, &mut texels)?;
/// assert_eq!(bytes, [0, 0, 0, 255, 128, 128, 128, 255, 191, 191, 191, 255, 255, 255, 255, 255]);
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ToTexture {
    /// Which channels of the tensor are written: three to red, green and blue, four to alpha as
    /// well, or one to all three colours, and to red where the format has no other. None for the
    /// first channels of a tensor that has one, three or four.
    pub channels: Vec<usize>,
    /// What the elements are multiplied by: one number for all written channels or one for each;
    /// none for 1.
    pub scale: Vec<f32>,
    /// What is added then: one number for all written channels or one for each; none for 0.
    pub bias: Vec<f32>,
    /// Which numbers the elements are; those to be stored by default.
    pub values: TexelValues,
    /// What becomes of alpha where no channel goes there; 1 by default.
    pub alpha: Alpha,
    /// Which image of the batch is written; 0 by default.
    pub image: usize,
    /// `[top, left]` of where it is written to, in texels of the level; `[0, 0]` by default.
    pub origin: [usize; 2],
    /// The level of the texture; 0, the largest, by default.
    pub mip_level: u32,
    /// The layer of the texture; 0 by default.
    pub layer: u32,
}

impl ToTexture {
    /// The first image of a tensor of one, three or four channels, as it is to be stored, opaque.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets which channels of the tensor are written: one, three or four of them.
        channels: into Vec<usize>,
        /// Sets what the elements are multiplied by: `[0.5]` for all channels, or one for each.
        scale: into Vec<f32>,
        /// Sets what is added then: `[0.5]` to all channels, or one for each.
        bias: into Vec<f32>,
        /// Sets which numbers the elements are.
        values: TexelValues,
        /// Sets what becomes of alpha where no channel goes there.
        alpha: Alpha,
        /// Sets which image of the batch is written.
        image: usize,
        /// Sets the `[top, left]` of where it is written to, in texels of the level.
        origin: [usize; 2],
        /// Sets the level of the texture.
        mip_level: u32,
        /// Sets the layer of the texture.
        layer: u32,
    }

    pub(crate) fn of_texture(&self, input: Shape, texture: &wgpu::Texture) -> Result<Writing> {
        let surface = Surface::from(texture);
        surface.check_usage(OPERATION, wgpu::TextureUsages::COPY_DST, "")?;
        let writing = self.writing(input, &surface)?;
        if writing.alpha == WrittenAlpha::Kept {
            let binding = wgpu::TextureUsages::TEXTURE_BINDING;
            surface.check_usage(OPERATION, binding, " as well, since alpha is kept")?;
        }
        Ok(writing)
    }

    pub(crate) fn of_texels(&self, input: Shape, texels: &TexelsMut<'_>) -> Result<Writing> {
        let (bytes, format) = (texels.bytes.len(), texels.format);
        self.writing(input, &Surface::texels(OPERATION, bytes, format, texels.size)?)
    }

    fn writing(&self, input: Shape, surface: &Surface) -> Result<Writing> {
        let level = surface.level(OPERATION, self.mip_level, self.layer)?;
        let texel = level.texel;
        check_values(OPERATION, self.values, texel.stored, surface)?;
        if input.is_empty() {
            return Err(Error::shape(OPERATION, "the tensor", input, "must have elements"));
        }
        input.checked_len(OPERATION)?;
        let channels = self.written(input, texel.components, surface.format)?;
        if self.image >= input.batch {
            let rule = format!("the number of images is {}", input.batch);
            return Err(Error::argument(OPERATION, "image", self.image, rule));
        }
        let size = [input.height, input.width];
        level.check_inside(OPERATION, "what is written", self.origin, size)?;
        let alpha = match (texel.components, channels.len(), self.alpha) {
            (1, ..) => WrittenAlpha::None,
            (_, 4, _) => WrittenAlpha::Channel,
            (_, _, Alpha::Kept) => WrittenAlpha::Kept,
            (_, _, Alpha::Set(value)) => WrittenAlpha::Set(match texel.stored {
                Stored::Unorm8 => to_unorm8(value),
                Stored::F16 => to_half(value),
                Stored::F32 => value.to_bits(),
            }),
        };
        Ok(Writing {
            level,
            values: self.values,
            lines: lines(OPERATION, &channels, &self.scale, &self.bias)?,
            is_scaled: !(self.scale.is_empty() && self.bias.is_empty()),
            alpha,
            input,
            image: self.image,
            origin: self.origin,
        })
    }

    /// The channels of the tensor that are written.
    fn written(
        &self,
        input: Shape,
        components: usize,
        format: wgpu::TextureFormat,
    ) -> Result<Vec<usize>> {
        let channels = match self.channels.as_slice() {
            [] if matches!(input.channels, 1 | 3 | 4) => (0..input.channels).collect(),
            [] => {
                let rule = "must name one, three or four of the tensor's channels, which are not as \
                            many themselves";
                let value = format!("empty for {} channels", input.channels);
                return Err(Error::argument(OPERATION, "channels", value, rule));
            }
            channels => channels.to_vec(),
        };
        let value = format!("{channels:?}");
        if channels.iter().any(|&channel| channel >= input.channels) {
            let rule = format!("the number of channels is {}", input.channels);
            return Err(Error::argument(OPERATION, "channels", value, rule));
        }
        match (components, channels.len()) {
            (_, 1) | (4, 3 | 4) => Ok(channels),
            (1, _) => {
                let rule = format!("must be one channel, since the format is {format:?}");
                Err(Error::argument(OPERATION, "channels", value, rule))
            }
            _ => {
                let rule = "must be one, three or four channels";
                Err(Error::argument(OPERATION, "channels", value, rule))
            }
        }
    }
}

/// What is written to alpha.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WrittenAlpha {
    /// The format has none.
    None,
    /// What was there.
    Kept,
    /// These bits.
    Set(u32),
    /// The fourth channel.
    Channel,
}

/// What is written into a texture, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Writing {
    pub(crate) level: Level,
    pub(crate) values: TexelValues,
    /// Of channels of the tensor: one for all colours, or one for each component.
    pub(crate) lines: Vec<Line>,
    /// Whether there is a scale or a bias.
    pub(crate) is_scaled: bool,
    pub(crate) alpha: WrittenAlpha,
    pub(crate) input: Shape,
    pub(crate) image: usize,
    /// `[top, left]` in the level.
    pub(crate) origin: [usize; 2],
}

impl Writing {
    /// The first element of a row of a channel.
    pub(crate) fn row(&self, channel: usize, y: usize) -> usize {
        let Shape { channels, height, width, .. } = self.input;
        ((self.image * channels + channel) * height + y) * width
    }
}
