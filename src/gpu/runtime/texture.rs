//! Textures that are read as flat memory, pooled like buffers.

use std::sync::Arc;

use crate::Limits;
use crate::gpu::runtime::bind_groups::Id;
use crate::gpu::runtime::list::Uses;
use crate::gpu::runtime::pool::{Kind, Pool};

/// Texels of a row of every such texture.
pub(crate) const TEXTURE_WIDTH: u32 = 4096;

/// What a texel holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum TexelFormat {
    /// One float.
    One,
    /// Four floats.
    Four,
}

impl TexelFormat {
    pub(crate) const fn wgpu(self) -> wgpu::TextureFormat {
        match self {
            Self::One => wgpu::TextureFormat::R32Float,
            Self::Four => wgpu::TextureFormat::Rgba32Float,
        }
    }

    pub(crate) const fn floats(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Four => 4,
        }
    }
}

/// The rows of a texture of so many texels: one of eight steps per power of two, as for buffers.
///
/// None is a power of two: llvmpipe compiles shaders anew for those.
pub(crate) fn rows(texels: u32) -> u32 {
    let rows = texels.div_ceil(TEXTURE_WIDTH).max(3);
    let rows = rows.next_multiple_of((rows.next_power_of_two() / 16).max(1));
    rows + u32::from(rows.is_power_of_two())
}

/// Whether a texture can have so many texels.
pub(crate) fn fits(texels: u64, limits: &Limits) -> bool {
    u32::try_from(texels).is_ok_and(|texels| {
        texels.div_ceil(TEXTURE_WIDTH) < i32::MAX.unsigned_abs()
            && rows(texels) <= limits.max_texture_size
            && TEXTURE_WIDTH <= limits.max_texture_size
    })
}

/// What a texel holds, and how many rows there are.
pub(crate) type TextureKind = (TexelFormat, u32);

impl Kind for TextureKind {
    fn bytes(self) -> u64 {
        let (format, rows) = self;
        u64::from(rows) * u64::from(TEXTURE_WIDTH * format.floats() * 4)
    }
}

/// The textures of one device that nothing holds.
pub(crate) type TexturePool = Pool<TextureKind, (wgpu::Texture, wgpu::TextureView, Id)>;

/// A texture that goes back to its device's pool when dropped. Only recorded work writes and reads
/// it.
#[derive(Debug)]
pub(crate) struct GpuTexture {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    id: Id,
    kind: TextureKind,
    pub(crate) uses: Uses,
    home: Arc<TexturePool>,
}

impl GpuTexture {
    /// A texture that goes to this pool in the end, and that these may use until then.
    pub(crate) fn of(
        (texture, view, id): (wgpu::Texture, wgpu::TextureView, Id),
        kind: TextureKind,
        uses: Uses,
        home: Arc<TexturePool>,
    ) -> Self {
        Self { texture, view, id, kind, uses, home }
    }

    pub(crate) fn raw(&self) -> &wgpu::Texture {
        &self.texture
    }

    pub(crate) fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    pub(crate) fn format(&self) -> TexelFormat {
        self.kind.0
    }
}

impl AsRef<Uses> for GpuTexture {
    fn as_ref(&self) -> &Uses {
        &self.uses
    }
}

impl Drop for GpuTexture {
    fn drop(&mut self) {
        let item = (self.texture.clone(), self.view.clone(), self.id);
        self.home.put(self.kind, self.id, item, self.uses.left());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_texture_has_room_and_no_power_of_two_of_rows() {
        for texels in (1..60_000_000).step_by(4099) {
            let rows = rows(texels);
            assert!(!rows.is_power_of_two() && rows * TEXTURE_WIDTH >= texels);
            let needed = texels.div_ceil(TEXTURE_WIDTH);
            assert!(rows <= needed + (needed / 8).max(3), "{texels} {rows}");
        }
    }
}
