//! Buffers: those of dropped tensors are kept and handed out again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::derived::Derived;
use crate::gpu::runtime::texture::GpuTexture;
use crate::{DType, Error, Result};

/// Sizes are rounded up to one of eight steps per power of two, so that buffers of tensors that
/// differ a little serve one another.
fn bucket(bytes: u64) -> u64 {
    let bytes = bytes.max(256);
    let step = (bytes.next_power_of_two() / 16).max(256);
    bytes.next_multiple_of(step)
}

/// The buffers of one device that no tensor holds, and how much memory all of them take.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<PoolState>);

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
    context: Arc<Context>,
    /// What its elements are; those that are no floats have four bytes as well.
    pub(crate) dtype: DType,
    /// Its elements in other orders.
    pub(crate) derived: Derived<GpuBuffer>,
    pub(crate) derived_textures: Derived<GpuTexture>,
}

impl GpuBuffer {
    /// The wgpu buffer.
    pub(crate) fn raw(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}

impl Drop for GpuBuffer {
    fn drop(&mut self) {
        let list = self.context.recording_list();
        self.context.pool().put(self.buffer.clone(), list);
    }
}

impl Pool {
    fn state(&self) -> std::sync::MutexGuard<'_, PoolState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, buffer: wgpu::Buffer, list: u64) {
        let mut state = self.state();
        state.free_bytes += buffer.size();
        state.free.entry(buffer.size()).or_default().push(Free { buffer, list });
    }

    fn take(&self, size: u64, before_list: u64) -> Option<wgpu::Buffer> {
        let mut state = self.state();
        let free = state.free.get_mut(&size)?;
        let index = free.iter().rposition(|free| free.list < before_list)?;
        let buffer = free.swap_remove(index).buffer;
        state.free_bytes -= size;
        Some(buffer)
    }

    fn has(&self, size: u64) -> bool {
        self.state().free.get(&size).is_some_and(|free| !free.is_empty())
    }

    /// Bytes in all buffers of the device's tensors and of the pool.
    pub(crate) fn allocated(&self) -> u64 {
        self.state().allocated
    }

    /// Lets go of all buffers that no tensor holds.
    pub(crate) fn trim(&self) {
        let mut state = self.state();
        state.allocated -= state.free_bytes;
        state.free_bytes = 0;
        state.free.clear();
    }
}

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
    ) -> Result<Option<wgpu::Buffer>> {
        let first_waiting_list = match reuse {
            Reuse::Recorded => u64::MAX,
            Reuse::HostWrite if self.nothing_recorded() => u64::MAX,
            Reuse::HostWrite => self.submitted_lists(),
        };
        let free = self.pool().take(size, first_waiting_list);
        if free.is_none() && reuse == Reuse::HostWrite && self.pool().has(size) {
            // Submitting frees a buffer for the host; otherwise a loop of uploads would grow.
            self.flush(operation)?;
            return Ok(self.pool().take(size, self.submitted_lists()));
        }
        Ok(free)
    }

    /// A buffer of `len` elements for recorded work.
    pub(crate) fn allocate_elements(
        self: &Arc<Self>,
        operation: &'static str,
        len: usize,
        dtype: DType,
    ) -> Result<GpuBuffer> {
        let bytes = len as u64 * dtype.bytes() as u64;
        let mut buffer = self.allocate(operation, bytes, Reuse::Recorded)?;
        buffer.dtype = dtype;
        Ok(buffer)
    }

    /// A buffer of at least `bytes`, from the pool if it has one.
    pub(crate) fn allocate(
        self: &Arc<Self>,
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
        let wrap = |buffer| GpuBuffer {
            buffer,
            context: self.clone(),
            dtype: DType::F32,
            derived: Derived::default(),
            derived_textures: Derived::default(),
        };
        if let Some(buffer) = self.reuse(operation, size, reuse)? {
            return Ok(wrap(buffer));
        }
        let create = || {
            self.guarded(operation, Some(bytes), || {
                self.device().create_buffer(&wgpu::BufferDescriptor {
                    label: Some("tensor"),
                    size,
                    usage: self.tensor_usages(),
                    mapped_at_creation: false,
                })
            })
        };
        let buffer = match create() {
            Err(Error::OutOfMemory { .. }) => {
                self.trim();
                create()?
            }
            buffer => buffer?,
        };
        self.pool().state().allocated += size;
        Ok(wrap(buffer))
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
