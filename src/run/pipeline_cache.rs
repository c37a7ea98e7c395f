//! The pipeline caches of devices.

use crate::device::Backend;
use crate::{Device, Error, PipelineCache, Result, gpu};

impl Device {
    /// What the driver compiled on this device so far; `None` on the CPU, and where the backend has
    /// no pipeline cache or a [caller's own](Self::from_wgpu) device was opened without the feature.
    #[must_use]
    pub fn pipeline_cache(&self) -> Option<PipelineCache> {
        match self.backend() {
            Backend::Cpu => None,
            Backend::Gpu(context) => context.save_pipeline_cache(),
        }
    }

    /// As [`pipeline_cache`](Self::pipeline_cache), without blocking, and in a browser too, where it
    /// is always `None`. The driver writes its cache on a thread of its own, from this call on; the
    /// future only waits.
    pub fn pipeline_cache_async(&self) -> impl Future<Output = Option<PipelineCache>> + use<> {
        let saved = match self.backend() {
            Backend::Cpu => None,
            Backend::Gpu(context) => {
                let context = context.clone();
                let work = move || Ok(context.save_pipeline_cache());
                Some(gpu::in_background("pipeline_cache", work))
            }
        };
        async move { saved?.await.ok()? }
    }

    /// Has the driver take what it needs from a cache in place of compiling it. It waits for no work
    /// of the device, so that it needs no form that does not block.
    ///
    /// # Errors
    ///
    /// [`Error::PipelineCache`] for a cache of another adapter, driver or version of this crate, for
    /// a device without pipeline caches, and after the first shader was compiled. The device works
    /// as before.
    pub fn load_pipeline_cache(&self, cache: &PipelineCache) -> Result<()> {
        match self.backend() {
            Backend::Cpu => Err(Error::PipelineCache { message: "the CPU has none".into() }),
            Backend::Gpu(context) => context.load_pipeline_cache(cache),
        }
    }
}
