//! Bind groups that are used again while a pipeline sees the same memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::gpu::runtime::kept::Kept;

/// What tells a pipeline, a buffer or a texture from all others of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u64);

impl Id {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// All that a bind group depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) pipeline: Id,
    /// The textures, and the buffers with the first byte and the number of bytes that are shown.
    pub(crate) parts: Vec<(Id, u64, u64)>,
}

/// So many are kept of those used last.
const KEPT: usize = 1024;

/// The bind groups of one device, which hold the memory that they show: those of recorded work
/// that comes again and again.
#[derive(Debug)]
pub(crate) struct BindGroups(Mutex<Kept<Key, wgpu::BindGroup>>);

impl Default for BindGroups {
    fn default() -> Self {
        Self(Mutex::new(Kept::new(KEPT)))
    }
}

impl BindGroups {
    fn kept(&self) -> MutexGuard<'_, Kept<Key, wgpu::BindGroup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, key: &Key) -> Option<wgpu::BindGroup> {
        self.kept().get(key)
    }

    pub(crate) fn keep(&self, key: Key, bind_group: wgpu::BindGroup) {
        self.kept().insert(key, bind_group);
    }

    /// Lets go of all that show a buffer.
    pub(crate) fn forget(&self, buffer: Id) {
        self.kept().retain(|key| key.parts.iter().all(|&(id, ..)| id != buffer));
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        self.kept().clear();
    }
}
