//! Buffers: those of dropped tensors go back to their device's pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::DType;
use crate::gpu::runtime::bind_groups::{BindGroups, Id};
use crate::gpu::runtime::derived::Derived;
use crate::gpu::runtime::list::Uses;
use crate::gpu::runtime::pool::{Kind, Pool};
use crate::gpu::runtime::texture::GpuTexture;

/// Sizes are rounded up to one of eight steps per power of two, so that buffers of tensors that
/// differ a little serve one another.
pub(crate) fn bucket(bytes: u64) -> u64 {
    let bytes = bytes.max(256);
    let step = (bytes.next_power_of_two() / 16).max(256);
    bytes.next_multiple_of(step)
}

impl Kind for u64 {
    fn bytes(self) -> u64 {
        self
    }
}

/// The buffers of one device that no tensor holds, and the bind groups that show buffers.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// By their size.
    pub(crate) pool: Pool<u64, (wgpu::Buffer, Id)>,
    pub(crate) bind_groups: BindGroups,
}

/// The memory of a tensor. That of the pool goes back there when dropped; a caller's stays the
/// caller's.
#[derive(Debug)]
pub(crate) struct GpuBuffer {
    buffer: wgpu::Buffer,
    id: Id,
    /// The byte that the elements begin at, a multiple of the alignment of bindings.
    first: u64,
    /// Bytes from there on that are its own.
    bytes: u64,
    home: Arc<Buffers>,
    /// Whether it comes from the pool.
    is_own: bool,
    /// Whether it became a caller's, and is none of the pool's any more.
    is_given_away: AtomicBool,
    pub(crate) uses: Uses,
    /// What its elements are; those that are no floats have four bytes as well.
    pub(crate) dtype: DType,
    /// Its elements in other orders.
    pub(crate) derived: Derived<GpuBuffer>,
    pub(crate) derived_textures: Derived<GpuTexture>,
}

impl GpuBuffer {
    /// A buffer that goes to this pool in the end, and that these may use until then; of f32, as
    /// long as nobody says otherwise.
    pub(crate) fn of((buffer, id): (wgpu::Buffer, Id), uses: Uses, home: Arc<Buffers>) -> Self {
        Self {
            first: 0,
            bytes: buffer.size(),
            buffer,
            id,
            home,
            is_own: true,
            is_given_away: AtomicBool::new(false),
            uses,
            dtype: DType::F32,
            derived: Derived::default(),
            derived_textures: Derived::default(),
        }
    }

    /// So many bytes of a caller's buffer.
    pub(crate) fn of_caller(
        buffer: wgpu::Buffer,
        [first, bytes]: [u64; 2],
        dtype: DType,
        home: Arc<Buffers>,
    ) -> Self {
        let mut of_caller = Self::of((buffer, Id::new()), Uses::default(), home);
        of_caller.is_own = false;
        (of_caller.first, of_caller.bytes, of_caller.dtype) = (first, bytes, dtype);
        of_caller
    }

    /// The wgpu buffer.
    pub(crate) fn raw(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// The byte of the wgpu buffer that the elements begin at.
    pub(crate) fn first_byte(&self) -> u64 {
        self.first
    }

    /// The bytes from there on that are its own.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it comes from the pool, with its usages and its room behind the elements.
    pub(crate) fn is_own(&self) -> bool {
        self.is_own
    }

    /// The memory becomes a caller's, for good.
    pub(crate) fn give_away(&self) {
        if self.is_own && !self.is_given_away.swap(true, Ordering::AcqRel) {
            self.home.pool.forget(self.buffer.size());
        }
    }
}

impl AsRef<Uses> for GpuBuffer {
    fn as_ref(&self) -> &Uses {
        &self.uses
    }
}

impl Drop for GpuBuffer {
    fn drop(&mut self) {
        if self.is_own && !self.is_given_away.load(Ordering::Acquire) {
            let item = (self.buffer.clone(), self.id);
            if self.home.pool.put(self.buffer.size(), self.id, item, self.uses.left()) {
                return;
            }
        }
        self.home.bind_groups.forget(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::bucket;

    #[test]
    fn a_bucket_is_at_least_the_size_and_at_most_an_eighth_more() {
        for bytes in (1..5_000_000).step_by(997) {
            let size = bucket(bytes);
            assert!(size >= bytes && size.is_multiple_of(256));
            assert!(size <= bytes + (bytes / 8).max(256), "{bytes} {size}");
        }
    }
}
