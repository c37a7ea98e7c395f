//! What options name: components, curves, alpha, and texels in the host's memory.

use wgpu::TextureFormat;

/// A component of a texel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TexelChannel {
    /// Red, the one component of formats such as `R8Unorm`.
    Red,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// How much a texel covers; a number like the others, but never on the curve of sRGB.
    Alpha,
}

impl TexelChannel {
    pub(crate) const fn component(self) -> usize {
        self as usize
    }
}

/// Which numbers stand for what is stored in a texel.
///
/// Pictures mostly store red, green and blue on the curve of sRGB, whatever the format's name says:
/// of the light of half of the white, 0.5, they store 188 of 255. A format with `Srgb` in its name
/// has the same bytes as the one without; it makes samplers and render passes decode and encode the
/// curve. Here the name makes no difference: these options alone say whether the curve is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TexelValues {
    /// The numbers as they are stored: a byte `v` is `v / 255`, as `torchvision`'s `ToTensor` has
    /// it, and so what networks were trained on, of an `Srgb` format as well.
    #[default]
    Stored,
    /// The light that red, green and blue stand for on the curve of sRGB; alpha stays as it is.
    /// Reading decodes the curve, writing encodes it, also in a format without `Srgb` in its
    /// name. Of formats of 8 bits alone.
    ///
    /// ```text
    /// light = stored / 12.92                        where stored <= 0.04045
    ///         ((stored + 0.055) / 1.055)^2.4        elsewhere
    /// ```
    ///
    /// On a GPU a decoded number is within `2^-17` of its magnitude, and an encoded one may become
    /// the other neighbour of a byte where it lies within 0.01 of the middle of two.
    Linear,
}

/// What becomes of the alpha of a texel that is written, where the format has one and no channel of
/// the tensor goes there.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Alpha {
    /// It stays as it was.
    Kept,
    /// It becomes this number, as it is: without scale and bias.
    Set(f32),
}

impl Default for Alpha {
    /// Opaque.
    fn default() -> Self {
        Self::Set(1.0)
    }
}

/// Texels in the host's memory, to be read: one level of a texture without gaps between its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Texels<'a> {
    /// The rows from the top, each from the left.
    pub bytes: &'a [u8],
    /// How a texel is stored.
    pub format: TextureFormat,
    /// `[height, width]` in texels.
    pub size: [usize; 2],
}

impl<'a> Texels<'a> {
    /// The texels in these bytes, which are `[height, width]`.
    #[must_use]
    pub const fn new(bytes: &'a [u8], format: TextureFormat, size: [usize; 2]) -> Self {
        Self { bytes, format, size }
    }
}

/// Texels in the host's memory, to be written, as [`Texels`].
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TexelsMut<'a> {
    /// The rows from the top, each from the left.
    pub bytes: &'a mut [u8],
    /// How a texel is stored.
    pub format: TextureFormat,
    /// `[height, width]` in texels.
    pub size: [usize; 2],
}

impl<'a> TexelsMut<'a> {
    /// The texels in these bytes, which are `[height, width]`.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8], format: TextureFormat, size: [usize; 2]) -> Self {
        Self { bytes, format, size }
    }
}
