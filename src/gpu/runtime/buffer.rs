//! Buffers: those of dropped tensors are kept and handed out again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::DType;
use crate::gpu::runtime::derived::Derived;
use crate::gpu::runtime::texture::GpuTexture;

/// Sizes are rounded up to one of eight steps per power of two, so that buffers of tensors that
/// differ a little serve one another.
pub(crate) fn bucket(bytes: u64) -> u64 {
    let bytes = bytes.max(256);
    let step = (bytes.next_power_of_two() / 16).max(256);
    bytes.next_multiple_of(step)
}

/// The buffers of one device that no tensor holds, and how much memory all of them take.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    state: Mutex<PoolState>,
    recorded_lists: AtomicU64,
    submitted_lists: AtomicU64,
}

#[derive(Debug, Default)]
struct PoolState {
    free: HashMap<u64, Vec<Free>>,
    allocated: u64,
    free_bytes: u64,
}

/// A buffer that no tensor holds. Recorded work up to `list` may still use it.
#[derive(Debug)]
struct Free {
    buffer: wgpu::Buffer,
    list: u64,
}

/// A buffer that goes back to its device's pool when dropped.
#[derive(Debug)]
pub(crate) struct GpuBuffer {
    buffer: wgpu::Buffer,
    home: Arc<Pool>,
    /// What its elements are; those that are no floats have four bytes as well.
    pub(crate) dtype: DType,
    /// Its elements in other orders.
    pub(crate) derived: Derived<GpuBuffer>,
    pub(crate) derived_textures: Derived<GpuTexture>,
}

impl GpuBuffer {
    /// A buffer that goes to this pool in the end; of f32, as long as nobody says otherwise.
    pub(crate) fn of(buffer: wgpu::Buffer, home: Arc<Pool>) -> Self {
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
        self.home.put(self.buffer.clone());
    }
}

impl Pool {
    fn state(&self) -> std::sync::MutexGuard<'_, PoolState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

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

    fn put(&self, buffer: wgpu::Buffer) {
        let list = self.recording_list();
        let mut state = self.state();
        state.free_bytes += buffer.size();
        state.free.entry(buffer.size()).or_default().push(Free { buffer, list });
    }

    pub(crate) fn take(&self, size: u64, before_list: u64) -> Option<wgpu::Buffer> {
        let mut state = self.state();
        let free = state.free.get_mut(&size)?;
        let index = free.iter().rposition(|free| free.list < before_list)?;
        let buffer = free.swap_remove(index).buffer;
        state.free_bytes -= size;
        Some(buffer)
    }

    pub(crate) fn has(&self, size: u64) -> bool {
        self.state().free.get(&size).is_some_and(|free| !free.is_empty())
    }

    /// Bytes in all buffers of the device's tensors and of the pool.
    pub(crate) fn allocated(&self) -> u64 {
        self.state().allocated
    }

    /// Bytes were allocated for a buffer.
    pub(crate) fn add(&self, bytes: u64) {
        self.state().allocated += bytes;
    }

    /// Lets go of all buffers that no tensor holds.
    pub(crate) fn trim(&self) {
        let mut state = self.state();
        state.allocated -= state.free_bytes;
        state.free_bytes = 0;
        state.free.clear();
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
