//! The formats of textures, as far as they are served.

use wgpu::TextureFormat;

use crate::{Error, Result};

/// What a component of a texel is stored as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    /// A byte, of 255ths.
    Unorm8,
    F16,
    F32,
}

/// How a texel is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Texel {
    pub(crate) stored: Stored,
    /// One, which is red, or four.
    pub(crate) components: usize,
    /// Whether a shader's load decodes the curve of sRGB.
    pub(crate) srgb: bool,
    /// Whether blue comes first, and red third.
    pub(crate) bgra: bool,
}

/// The formats that are served.
const FORMATS: [(TextureFormat, Texel); 9] = {
    const fn texel(stored: Stored, components: usize) -> Texel {
        Texel { stored, components, srgb: false, bgra: false }
    }
    const BYTES: Texel = texel(Stored::Unorm8, 4);
    [
        (TextureFormat::Rgba8Unorm, BYTES),
        (TextureFormat::Rgba8UnormSrgb, Texel { srgb: true, ..BYTES }),
        (TextureFormat::Bgra8Unorm, Texel { bgra: true, ..BYTES }),
        (TextureFormat::Bgra8UnormSrgb, Texel { srgb: true, bgra: true, ..BYTES }),
        (TextureFormat::R8Unorm, texel(Stored::Unorm8, 1)),
        (TextureFormat::Rgba16Float, texel(Stored::F16, 4)),
        (TextureFormat::R16Float, texel(Stored::F16, 1)),
        (TextureFormat::R32Float, texel(Stored::F32, 1)),
        (TextureFormat::Rgba32Float, texel(Stored::F32, 4)),
    ]
};

impl Texel {
    /// The texels of a format, or an error that lists those that are served.
    pub(crate) fn of(operation: &'static str, format: TextureFormat) -> Result<Self> {
        if let Some((_, texel)) = FORMATS.iter().find(|(served, _)| *served == format) {
            return Ok(*texel);
        }
        let served = FORMATS.map(|(served, _)| format!("{served:?}")).join(", ");
        let rule = format!("must be one of {served}");
        Err(Error::argument(operation, "the texture's format", format!("{format:?}"), rule))
    }

    /// Bytes of a component.
    pub(crate) const fn component_bytes(self) -> usize {
        match self.stored {
            Stored::Unorm8 => 1,
            Stored::F16 => 2,
            Stored::F32 => 4,
        }
    }

    /// Bytes of a texel.
    pub(crate) const fn bytes(self) -> usize {
        self.components * self.component_bytes()
    }

    /// Which of a texel's components in memory is this one of red, green, blue and alpha.
    pub(crate) const fn place(self, component: usize) -> usize {
        match component {
            0 | 2 if self.bgra => 2 - component,
            _ => component,
        }
    }
}
