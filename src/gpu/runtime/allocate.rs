//! Buffers and textures for recorded work and for uploads, from the pools if they have one.

use std::sync::atomic::Ordering;

use crate::gpu::runtime::bind_groups::Id;
use crate::gpu::runtime::buffer::{GpuBuffer, bucket};
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::list::{List, Uses};
use crate::gpu::runtime::pool::Kind;
use crate::gpu::runtime::short_lived::largest_fit;
use crate::gpu::runtime::texture::{self, GpuTexture, TEXTURE_WIDTH, TexelFormat};
use crate::{DType, Error, Result};

/// What a buffer is handed out for, which decides whether recorded work may still use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// For recorded work, which comes after all that was recorded before.
    Recorded,
    /// For writes from the host, which come before all that is recorded and not submitted.
    HostWrite,
}

impl Context {
    fn reuse(
        &self,
        operation: &'static str,
        size: u64,
        reuse: Reuse,
    ) -> Result<Option<((wgpu::Buffer, Id), Uses)>> {
        let pool = &self.buffers.pool;
        let take = || match reuse {
            Reuse::Recorded => {
                let sizes = size..=size.saturating_mul(u64::from(largest_fit()));
                let found = pool.take_fitting(&sizes, List::comes_first);
                found.map(|(_, buffer, uses)| (buffer, uses))
            }
            Reuse::HostWrite => pool.take(size, List::is_over),
        };
        let free = take();
        if free.is_none() && reuse == Reuse::HostWrite && pool.has(size) {
            // Submitting frees a buffer for the host; otherwise a loop of uploads would grow.
            self.flush_unasked(operation)?;
            return Ok(take());
        }
        Ok(free)
    }

    /// A buffer of `len` elements for recorded work.
    pub(crate) fn allocate_elements(
        &self,
        operation: &'static str,
        len: usize,
        dtype: DType,
    ) -> Result<GpuBuffer> {
        let bytes = len as u64 * dtype.bytes() as u64;
        let mut buffer = self.allocate(operation, bytes, Reuse::Recorded)?;
        buffer.dtype = dtype;
        Ok(buffer)
    }

    /// A buffer of at least `bytes`.
    pub(crate) fn allocate(
        &self,
        operation: &'static str,
        bytes: u64,
        reuse: Reuse,
    ) -> Result<GpuBuffer> {
        let limit = self.limits().max_buffer_bytes;
        if bytes > limit {
            let quantity = "the size of one buffer in bytes".into();
            return Err(Error::DeviceLimit { operation, quantity, needed: bytes, allowed: limit });
        }
        let size = bucket(bytes).min(limit);
        let (buffer, uses) = match self.reuse(operation, size, reuse)? {
            Some(free) => free,
            None => {
                let buffer = self.create(operation, bytes, |device| {
                    device.create_buffer(&wgpu::BufferDescriptor {
                        label: Some("tensor"),
                        size,
                        usage: self.handle.tensor_usages,
                        mapped_at_creation: false,
                    })
                })?;
                self.buffers.pool.add(size);
                ((buffer, Id::new()), Uses::default())
            }
        };
        Ok(GpuBuffer::of(buffer, uses, self.buffers.clone()))
    }

    /// A texture of at least so many texels.
    pub(crate) fn texture(
        &self,
        operation: &'static str,
        format: TexelFormat,
        texels: u32,
    ) -> Result<GpuTexture> {
        let rows = texture::rows(texels);
        let fitting = (format, rows)..=(format, rows.saturating_mul(largest_fit()));
        let (kind, texture, uses) = match self.textures.take_fitting(&fitting, List::comes_first) {
            Some(free) => free,
            None => {
                let kind = (format, rows);
                let texture = self.create(operation, kind.bytes(), |device| {
                    let texture = device.create_texture(&wgpu::TextureDescriptor {
                        label: Some("texels"),
                        size: wgpu::Extent3d {
                            width: TEXTURE_WIDTH,
                            height: kind.1,
                            depth_or_array_layers: 1,
                        },
                        mip_level_count: 1,
                        sample_count: 1,
                        dimension: wgpu::TextureDimension::D2,
                        format: format.wgpu(),
                        usage: wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::COPY_DST,
                        view_formats: &[],
                    });
                    let view = texture.create_view(&Default::default());
                    (texture, view, Id::new())
                })?;
                self.textures.add(kind);
                (kind, texture, Uses::default())
            }
        };
        Ok(GpuTexture::of(texture, kind, uses, self.textures.clone()))
    }

    /// What takes so many bytes, if need be after the pools have let go of theirs.
    pub(crate) fn create<T>(
        &self,
        operation: &'static str,
        bytes: u64,
        create: impl Fn(&wgpu::Device) -> T,
    ) -> Result<T> {
        self.allocations.fetch_add(1, Ordering::Relaxed);
        let create = || self.guarded(operation, Some(bytes), || create(self.device()));
        match create() {
            Err(Error::OutOfMemory { .. }) => {
                self.trim();
                create()
            }
            created => created,
        }
    }
}
