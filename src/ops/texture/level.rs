//! One level and layer of a texture, and what can be wrong with it.

use wgpu::{TextureDimension, TextureFormat, TextureUsages};

use super::format::Texel;
use crate::{Error, Result};

/// What a texture says of itself, or texels in the host's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Surface {
    pub(crate) format: TextureFormat,
    /// `[height, width]` of the largest level.
    pub(crate) size: [usize; 2],
    pub(crate) levels: u32,
    pub(crate) layers: u32,
    pub(crate) dimension: TextureDimension,
    pub(crate) samples: u32,
    pub(crate) usage: TextureUsages,
}

/// One level of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) texel: Texel,
    /// `[height, width]` in texels.
    pub(crate) size: [usize; 2],
    pub(crate) mip_level: u32,
    pub(crate) layer: u32,
}

impl From<&wgpu::Texture> for Surface {
    fn from(texture: &wgpu::Texture) -> Self {
        Self {
            format: texture.format(),
            size: [texture.height() as usize, texture.width() as usize],
            levels: texture.mip_level_count(),
            layers: texture.depth_or_array_layers(),
            dimension: texture.dimension(),
            samples: texture.sample_count(),
            usage: texture.usage(),
        }
    }
}

impl Surface {
    /// Texels in the host's memory.
    pub(crate) fn texels(
        operation: &'static str,
        bytes: usize,
        format: TextureFormat,
        size: [usize; 2],
    ) -> Result<Self> {
        let surface = Self {
            format,
            size,
            levels: 1,
            layers: 1,
            dimension: TextureDimension::D2,
            samples: 1,
            usage: TextureUsages::all(),
        };
        let [height, width] = size;
        let texel_bytes = Texel::of(operation, format)?.bytes();
        let expected = height.checked_mul(width).and_then(|texels| texels.checked_mul(texel_bytes));
        match expected {
            None => Err(Error::overflow(operation, format!("the bytes of {size:?} texels"))),
            Some(expected) if expected != bytes => {
                let rule = format!("{size:?} texels of {format:?} have {expected} bytes");
                Err(Error::argument(operation, "the number of bytes", bytes, rule))
            }
            Some(_) => Ok(surface),
        }
    }

    /// That the texture was made for a usage.
    pub(crate) fn check_usage(
        &self,
        operation: &'static str,
        needed: TextureUsages,
        why: &str,
    ) -> Result<()> {
        if self.usage.contains(needed) {
            return Ok(());
        }
        let rule = format!("must have {}{why}", names(needed));
        Err(Error::argument(operation, "the texture's usage", names(self.usage), rule))
    }

    /// A level of a layer, if it is there and holds what is served.
    pub(crate) fn level(
        &self,
        operation: &'static str,
        mip_level: u32,
        layer: u32,
    ) -> Result<Level> {
        let wrong = |argument, value: String, rule: String| {
            Err(Error::argument(operation, argument, value, rule))
        };
        if self.dimension != TextureDimension::D2 {
            let value = format!("{:?}", self.dimension);
            return wrong("the texture's dimension", value, "must be D2".into());
        }
        if self.samples != 1 {
            let rule = "must be 1; resolve the texture first".into();
            return wrong("the texture's sample_count", self.samples.to_string(), rule);
        }
        let texel = Texel::of(operation, self.format)?;
        if mip_level >= self.levels {
            let rule = format!("the number of levels is {}", self.levels);
            return wrong("mip_level", mip_level.to_string(), rule);
        }
        if layer >= self.layers {
            let rule = format!("the number of layers is {}", self.layers);
            return wrong("layer", layer.to_string(), rule);
        }
        let size = self.size.map(|size| match size.checked_shr(mip_level) {
            Some(0) | None if size > 0 => 1,
            smaller => smaller.unwrap_or(0),
        });
        Ok(Level { texel, size, mip_level, layer })
    }
}

/// The names of usages.
fn names(usage: TextureUsages) -> String {
    let names: Vec<_> = usage.iter_names().map(|(name, _)| name).collect();
    names.join(" | ")
}

impl Level {
    /// That a rectangle has texels and lies in the level.
    pub(crate) fn check_inside(
        &self,
        operation: &'static str,
        argument: &'static str,
        origin: [usize; 2],
        size: [usize; 2],
    ) -> Result<()> {
        let inside = |axis: usize| {
            let end = origin[axis].checked_add(size[axis]);
            size[axis] > 0 && end.is_some_and(|end| end <= self.size[axis])
        };
        if inside(0) && inside(1) {
            return Ok(());
        }
        let value = format!("{size:?} texels from {origin:?} on");
        let rule =
            format!("must be at least one texel and lie in the level's {:?} texels", self.size);
        Err(Error::argument(operation, argument, value, rule))
    }
}
