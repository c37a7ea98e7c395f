//! Texels from a buffer into a texture of the caller's.

use crate::Result;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::foreign::not_here;
use crate::gpu::runtime::recording::Copy;

/// A rectangle of texels in a texture.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rectangle {
    pub(crate) mip_level: u32,
    pub(crate) layer: u32,
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// A copy of the first rows of a buffer into a rectangle of a texture.
#[derive(Debug)]
pub(crate) struct TexelsCopy {
    buffer: wgpu::Buffer,
    row_bytes: u32,
    texture: wgpu::Texture,
    rectangle: Rectangle,
}

impl TexelsCopy {
    pub(crate) fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        let Rectangle { mip_level, layer, left, top, width, height } = self.rectangle;
        encoder.copy_buffer_to_texture(
            wgpu::TexelCopyBufferInfo {
                buffer: &self.buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(self.row_bytes),
                    rows_per_image: None,
                },
            },
            wgpu::TexelCopyTextureInfo {
                texture: &self.texture,
                mip_level,
                origin: wgpu::Origin3d { x: left, y: top, z: layer },
                aspect: wgpu::TextureAspect::All,
            },
            wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        );
    }
}

impl Context {
    /// A view of one level of one layer of a caller's texture.
    pub(crate) fn view(
        &self,
        operation: &'static str,
        texture: &wgpu::Texture,
        [mip_level, layer]: [u32; 2],
    ) -> Result<wgpu::TextureView> {
        let view = self.guarded(operation, None, || {
            texture.create_view(&wgpu::TextureViewDescriptor {
                label: Some("texels"),
                dimension: Some(wgpu::TextureViewDimension::D2),
                usage: Some(wgpu::TextureUsages::TEXTURE_BINDING),
                base_mip_level: mip_level,
                mip_level_count: Some(1),
                base_array_layer: layer,
                array_layer_count: Some(1),
                ..Default::default()
            })
        });
        view.map_err(|error| not_here(error, operation, "the texture"))
    }

    /// That a caller's texture is this device's, not destroyed, and can be written: a copy that
    /// wgpu refuses spoils the list that it is in.
    pub(crate) fn check_writable(
        &self,
        operation: &'static str,
        texture: &wgpu::Texture,
    ) -> Result<()> {
        // The queue looks at once, and not only when a list is submitted, also where there is
        // nothing to write.
        let nothing = wgpu::Extent3d { width: 0, height: 0, depth_or_array_layers: 1 };
        let layout = wgpu::TexelCopyBufferLayout::default();
        let written = self.guarded(operation, None, || {
            self.queue().write_texture(texture.as_image_copy(), &[], layout, nothing);
        });
        written.map_err(|error| not_here(error, operation, "the texture"))
    }

    /// Records a copy of rows of `row_bytes`, a multiple of 256, into a rectangle of a texture.
    pub(crate) fn record_texels(
        &self,
        operation: &'static str,
        buffer: &GpuBuffer,
        texture: &wgpu::Texture,
        rectangle: Rectangle,
        row_bytes: u32,
    ) -> Result<()> {
        let mut pending = self.pending();
        pending.add_buffer(operation, buffer, false)?;
        pending.uses_callers = true;
        let before = pending.dispatches.len();
        let (buffer, texture) = (buffer.raw().clone(), texture.clone());
        let copy = TexelsCopy { buffer, row_bytes, texture, rectangle };
        pending.copies.push((before, Copy::Texels(copy)));
        Ok(())
    }
}
