//! Where the elements of a tensor are, and the way to the host.

use std::ops::Deref;
use std::sync::Arc;

use crate::cpu::KeptWeight;
use crate::device::Backend;
use crate::gpu::GpuBuffer;
use crate::kept::Elements;
use crate::memory::copied;
use crate::{Device, Result};

/// Elements in the host's memory or in a GPU buffer.
#[derive(Debug)]
pub(crate) enum Storage<T> {
    Cpu(Arc<HostBuffer<T>>),
    Gpu(Arc<GpuBuffer>),
}

/// Elements in the host's memory, and what is kept with them.
#[derive(Debug, Default)]
pub(crate) struct HostBuffer<T> {
    elements: Elements<T>,
    /// For a tensor that is the weight of a convolution.
    pub(crate) kept_weight: KeptWeight,
}

impl<T> Deref for HostBuffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.elements
    }
}

impl<T> Storage<T> {
    /// Elements in the host's memory.
    pub(crate) fn on_cpu(elements: impl Into<Elements<T>>) -> Self {
        let (elements, kept_weight) = (elements.into(), KeptWeight::default());
        Self::Cpu(Arc::new(HostBuffer { elements, kept_weight }))
    }
}

impl<T> Clone for Storage<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Cpu(elements) => Self::Cpu(elements.clone()),
            Self::Gpu(buffer) => Self::Gpu(buffer.clone()),
        }
    }
}

impl<T: bytemuck::Pod> Storage<T> {
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn download(&self, device: &Device, len: usize) -> Result<Vec<T>> {
        match (self, device.backend()) {
            (Self::Gpu(buffer), Backend::Gpu(context)) => context.download("download", buffer, len),
            (Self::Cpu(elements), _) => {
                copied(elements).map_err(|missing| missing.during("download"))
            }
            (Self::Gpu(_), Backend::Cpu) => Err(device.not_here("download", "the tensor")),
        }
    }

    /// As [`download`](Self::download), without blocking: begins now, the future waits.
    pub(crate) fn begin_download(
        &self,
        device: &Device,
        len: usize,
    ) -> Result<impl Future<Output = Result<Vec<T>>> + use<T>> {
        let (host, device) = match (self, device.backend()) {
            (Self::Gpu(buffer), Backend::Gpu(context)) => {
                (None, Some(context.begin_download("download", buffer, len)?))
            }
            (Self::Cpu(elements), _) => (Some(elements.clone()), None),
            (Self::Gpu(_), Backend::Cpu) => return Err(device.not_here("download", "the tensor")),
        };
        Ok(async move {
            match device {
                Some(device) => device.await,
                None => copied(host.as_deref().map_or(&[], |elements| elements))
                    .map_err(|missing| missing.during("download")),
            }
        })
    }
}
