//! Buffers: those of dropped tensors go back to their device's pool.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::DType;
use crate::gpu::runtime::derived::Derived;
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

/// The buffers of one device that no tensor holds, and the lists of recorded work that may use
/// them.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// By their size.
    pub(crate) pool: Pool<u64, wgpu::Buffer>,
    recorded_lists: AtomicU64,
    submitted_lists: AtomicU64,
}

/// A buffer that goes back to its device's pool when dropped.
#[derive(Debug)]
pub(crate) struct GpuBuffer {
    buffer: wgpu::Buffer,
    home: Arc<Buffers>,
    /// What its elements are; those that are no floats have four bytes as well.
    pub(crate) dtype: DType,
    /// Its elements in other orders.
    pub(crate) derived: Derived<GpuBuffer>,
    pub(crate) derived_textures: Derived<GpuTexture>,
}

impl GpuBuffer {
    /// A buffer that goes to this pool in the end; of f32, as long as nobody says otherwise.
    pub(crate) fn of(buffer: wgpu::Buffer, home: Arc<Buffers>) -> Self {
        let (derived, derived_textures) = (Derived::default(), Derived::default());
        Self { buffer, home, dtype: DType::F32, derived, derived_textures }
    }

    /// The wgpu buffer.
    pub(crate) fn raw(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}

impl Drop for GpuBuffer {
    fn drop(&mut self) {
        let (size, list) = (self.buffer.size(), self.home.recording_list());
        self.home.pool.put(size, self.buffer.clone(), list);
    }
}

impl Buffers {
    /// The number of the list that is being recorded.
    pub(crate) fn recording_list(&self) -> u64 {
        self.recorded_lists.load(Ordering::Acquire)
    }

    /// How many lists were submitted: lists below this number are on the queue.
    pub(crate) fn submitted_lists(&self) -> u64 {
        self.submitted_lists.load(Ordering::Acquire)
    }

    /// The list that was recorded is closed; the next one begins.
    pub(crate) fn close_list(&self) {
        self.recorded_lists.fetch_add(1, Ordering::AcqRel);
    }

    /// The list that was closed is on the queue.
    pub(crate) fn list_submitted(&self) {
        self.submitted_lists.fetch_add(1, Ordering::AcqRel);
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
