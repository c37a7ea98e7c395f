//! FromTexture: options, validation and sizes.

use super::texels::{TexelChannel, TexelValues, Texels};
use super::{Level, Line, Stored, Surface, lines};
use crate::ops::setters::setters;
use crate::{DType, Error, Result, Shape};

const OPERATION: &str = "from_texture";

/// A tensor of the texels of a texture, on the device.
///
/// ```text
/// output[0, c, y, x] = scale[c] * value(texture[top + y, left + x], channels[c]) + bias[c]
/// ```
///
/// with the value of a component as [`TexelValues`] says: as it is stored, so that a byte `v` is
/// `v / 255`, or as light on the curve of sRGB. **By default nothing is decoded, of an `Srgb` format
/// either**, since that is what pictures in a network's training are.
///
/// Formats: `Rgba8Unorm`, `Rgba8UnormSrgb`, `Bgra8Unorm`, `Bgra8UnormSrgb`, `R8Unorm`,
/// `Rgba16Float`, `R16Float`, `R32Float`, `Rgba32Float`. Red is red in all of them.
///
/// # Shapes
///
/// Output `[1, channels, height, width]` of the region.
///
/// # Examples
///
/// A picture as networks trained on ImageNet take it, `(v / 255 - mean) / deviation`, costs no more
/// than the picture alone:
///
/// ```
/// use filtro::{Device, FromTexture, Texels, wgpu};
///
/// let (mean, deviation) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);
/// let from_texture = FromTexture::new()
///     .scale(deviation.map(|deviation: f32| 1.0 / deviation))
///     .bias([0, 1, 2].map(|c| -mean[c] / deviation[c]));
/// # let draw = |device: &Device, texture: &wgpu::Texture| -> filtro::Result<()> {
/// let x = from_texture.read(device, texture)?; // recorded, nothing waits
/// # Ok(())
/// # };
///
/// // The same of texels in the host's memory.
/// let texels = Texels::new(&[255, 0, 51, 255], wgpu::TextureFormat::Rgba8Unorm, [1, 1]);
/// let x = from_texture.read_texels(&Device::cpu(), &texels)?;
/// assert_eq!(x.shape(), [1, 3, 1, 1].into());
/// let expected = [(1.0 - 0.485) / 0.229, -0.456 / 0.224, (0.2 - 0.406) / 0.225];
/// for (x, expected) in x.to_vec()?.into_iter().zip(expected) {
///     assert!((x - expected).abs() < 1e-6);
/// }
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct FromTexture {
    /// Which components become the channels of the tensor, in any order and repeated as one likes;
    /// none for red, green and blue, or for red where the format has no other.
    pub channels: Vec<TexelChannel>,
    /// What the values are multiplied by: one number for all channels or one for each; none for 1.
    pub scale: Vec<f32>,
    /// What is added then: one number for all channels or one for each; none for 0.
    pub bias: Vec<f32>,
    /// Which numbers stand for what is stored; those that are stored by default.
    pub values: TexelValues,
    /// `[[top, left], [height, width]]` of what is read, in texels of the level; all of it by
    /// default.
    pub region: Option<[[usize; 2]; 2]>,
    /// The level of the texture; 0, the largest, by default.
    pub mip_level: u32,
    /// The layer of the texture; 0 by default.
    pub layer: u32,
    /// What the elements of the tensor are stored as; f32 by default.
    pub dtype: DType,
}

impl FromTexture {
    /// Red, green and blue, or red where there is no other, of the whole texture, as stored.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Sets which components become the channels of the tensor, such as
        /// `[TexelChannel::Blue, TexelChannel::Green, TexelChannel::Red]`.
        channels: into Vec<TexelChannel>,
        /// Sets what the values are multiplied by: `[2.0]` for all channels, or one for each.
        scale: into Vec<f32>,
        /// Sets what is added then: `[-1.0]` to all channels, or one for each.
        bias: into Vec<f32>,
        /// Sets which numbers stand for what is stored.
        values: TexelValues,
        /// Sets the level of the texture.
        mip_level: u32,
        /// Sets the layer of the texture.
        layer: u32,
        /// Sets what the elements of the tensor are stored as.
        dtype: DType,
    }

    /// Sets what is read: `[top, left]` and `[height, width]`, in texels of the level.
    #[must_use]
    pub fn region(mut self, origin: [usize; 2], size: [usize; 2]) -> Self {
        self.region = Some([origin, size]);
        self
    }

    pub(crate) fn of_texture(&self, texture: &wgpu::Texture) -> Result<Reading> {
        let surface = Surface::from(texture);
        surface.check_usage(OPERATION, wgpu::TextureUsages::TEXTURE_BINDING, "")?;
        self.reading(&surface)
    }

    pub(crate) fn of_texels(&self, texels: &Texels<'_>) -> Result<Reading> {
        let Texels { bytes, format, size } = *texels;
        self.reading(&Surface::texels(OPERATION, bytes.len(), format, size)?)
    }

    fn reading(&self, surface: &Surface) -> Result<Reading> {
        let level = surface.level(OPERATION, self.mip_level, self.layer)?;
        let texel = level.texel;
        check_values(OPERATION, self.values, texel.stored, surface)?;
        let channels: &[TexelChannel] = match self.channels.as_slice() {
            [] if texel.components == 1 => &[TexelChannel::Red],
            [] => &[TexelChannel::Red, TexelChannel::Green, TexelChannel::Blue],
            channels => channels,
        };
        let components: Vec<_> = channels.iter().map(|channel| channel.component()).collect();
        if components.iter().any(|&component| component >= texel.components) {
            let rule = format!("must be Red alone, since the format is {:?}", surface.format);
            let value = format!("{channels:?}");
            return Err(Error::argument(OPERATION, "channels", value, rule));
        }
        let [origin, size] = self.region.unwrap_or([[0, 0], level.size]);
        level.check_inside(OPERATION, "region", origin, size)?;
        let reading = Reading {
            level,
            values: self.values,
            lines: lines(OPERATION, &components, &self.scale, &self.bias)?,
            is_scaled: !(self.scale.is_empty() && self.bias.is_empty()),
            origin,
            size,
            dtype: self.dtype,
        };
        reading.shape().checked_len(OPERATION)?;
        Ok(reading)
    }
}

/// That a format has the values that are asked for.
pub(super) fn check_values(
    operation: &'static str,
    values: TexelValues,
    stored: Stored,
    surface: &Surface,
) -> Result<()> {
    if values == TexelValues::Stored || stored == Stored::Unorm8 {
        return Ok(());
    }
    let rule = format!("must be Stored, since the format is {:?}, of floats", surface.format);
    Err(Error::argument(operation, "values", format!("{values:?}"), rule))
}

/// What is read of a texture, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub(crate) level: Level,
    pub(crate) values: TexelValues,
    /// Of components of a texel, one for each channel of the tensor.
    pub(crate) lines: Vec<Line>,
    /// Whether there is a scale or a bias.
    pub(crate) is_scaled: bool,
    /// `[top, left]` in the level.
    pub(crate) origin: [usize; 2],
    /// `[height, width]`.
    pub(crate) size: [usize; 2],
    pub(crate) dtype: DType,
}

impl Reading {
    pub(crate) fn shape(&self) -> Shape {
        let [height, width] = self.size;
        Shape::new(1, self.lines.len(), height, width)
    }
}
