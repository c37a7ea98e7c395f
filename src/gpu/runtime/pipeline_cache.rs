//! The pipelines of one device, and the backend's cache for them.

use std::sync::Arc;

use crate::gpu::runtime::background::in_background;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::pipeline::Pipeline;
use crate::gpu::runtime::shader::Shader;
use crate::{Error, PipelineCache, Result};

const OPERATION: &str = "pipeline_cache";

impl Context {
    /// The pipeline of a shader.
    pub(crate) fn pipeline(
        &self,
        operation: &'static str,
        shader: &Shader,
    ) -> Result<Arc<Pipeline>> {
        self.pipelines.get(&self.handle, || self.pipeline_cache(), operation, shader)
    }

    /// Compiles shaders ahead of their first use.
    pub(crate) fn warm_up(&self, operation: &'static str, shaders: &[Shader]) -> Result<()> {
        self.check_lost()?;
        shaders.iter().try_for_each(|shader| self.pipeline(operation, shader).map(drop))
    }

    /// As [`warm_up`](Self::warm_up), without blocking: begins now, the future waits.
    pub(crate) fn begin_warm_up(
        self: &Arc<Self>,
        operation: &'static str,
        shaders: Vec<Shader>,
    ) -> impl Future<Output = Result<()>> + use<> {
        let context = self.clone();
        let compiled = in_background(operation, move || {
            context.warm_up(operation, &shaders)?;
            Ok(context.handle.late_reports())
        });
        let context = self.clone();
        async move { context.check_late(compiled.await?).await }
    }

    /// Whose cache this device can take; none where the backend has no cache.
    fn pipeline_cache_maker(&self) -> Option<String> {
        if !self.device().features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let info = self.device().adapter_info();
        let key = wgpu::util::pipeline_cache_key(&info)?;
        let version = concat!("filtro ", env!("CARGO_PKG_VERSION"));
        Some([version, &info.name, &info.driver, &info.driver_info, &key].join(", "))
    }

    /// The cache that pipelines are compiled with.
    pub(crate) fn pipeline_cache(&self) -> Option<&wgpu::PipelineCache> {
        let empty = || {
            self.pipeline_cache_maker()?;
            self.create_pipeline_cache(None)
                .inspect_err(|error| log::warn!("no pipeline cache: {error}"))
                .ok()
        };
        self.pipeline_cache.get_or_init(empty).as_ref()
    }

    pub(crate) fn save_pipeline_cache(&self) -> Option<PipelineCache> {
        let data = self.pipeline_cache()?.get_data()?;
        Some(PipelineCache::new(self.pipeline_cache_maker()?, data))
    }

    pub(crate) fn load_pipeline_cache(&self, saved: &PipelineCache) -> Result<()> {
        let error = |message| Err(Error::PipelineCache { message });
        let Some(here) = self.pipeline_cache_maker() else {
            return error("the device's backend has none, or the device lacks its feature".into());
        };
        if saved.made_by() != here {
            return error(format!("it was made by {}, but this is {here}", saved.made_by()));
        }
        let cache = self.create_pipeline_cache(Some(saved))?;
        if self.pipeline_cache.set(Some(cache)).is_err() {
            return error("it must be loaded before the device compiles its first shader".into());
        }
        Ok(())
    }

    fn create_pipeline_cache(&self, saved: Option<&PipelineCache>) -> Result<wgpu::PipelineCache> {
        let descriptor = wgpu::PipelineCacheDescriptor {
            label: Some("filtro"),
            data: saved.map(PipelineCache::data),
            fallback: true,
        };
        self.guarded(OPERATION, None, || {
            #[allow(
                unsafe_code,
                reason = "the data is none, or what `PipelineCache` holds: that of a device in \
                          this process, or bytes for which the caller of `from_bytes` vouched and \
                          whose checksum was right"
            )]
            // SAFETY: the data must come from `get_data`. A `PipelineCache` is made of that, or by
            // `from_bytes`, whose own contract this is: a checksum finds damage, but could not find
            // bytes that someone made up together with their checksum. That the data is for this
            // adapter and driver was compared above; wgpu and the driver compare it again.
            unsafe {
                self.device().create_pipeline_cache(&descriptor)
            }
        })
    }
}
