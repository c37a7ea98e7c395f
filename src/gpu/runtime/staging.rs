//! Buffers that results are read through.

use std::sync::{Mutex, PoisonError};

/// Buffers that results are read through where the host does not reach the tensors' memory.
#[derive(Debug, Default)]
pub(crate) struct Staging(Mutex<Vec<wgpu::Buffer>>);

/// Idle staging buffers that are kept.
const KEPT_STAGING_BUFFERS: usize = 4;

impl Staging {
    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<wgpu::Buffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A kept buffer of at least `size` bytes and not far more.
    pub(crate) fn take(&self, size: u64) -> Option<wgpu::Buffer> {
        let mut kept = self.kept();
        let fits = |kept: &wgpu::Buffer| kept.size() >= size && kept.size() / 4 <= size;
        kept.iter().position(fits).map(|index| kept.swap_remove(index))
    }

    /// Lets go of all.
    pub(crate) fn trim(&self) {
        self.kept().clear();
    }

    /// Keeps a buffer, if there are not too many.
    pub(crate) fn keep(&self, buffer: wgpu::Buffer) {
        let mut kept = self.kept();
        if kept.len() < KEPT_STAGING_BUFFERS {
            kept.push(buffer);
        }
    }
}
