//! The context of one device: what all its tensors share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::gpu::runtime::buffer::Pool;
use crate::gpu::runtime::lost::Lost;
use crate::gpu::runtime::pipeline::Pipelines;
use crate::gpu::runtime::record::Pending;
use crate::gpu::runtime::texture::TexturePool;
use crate::gpu::runtime::transfer::Staging;
use crate::tuning::Tuning;
use crate::{Error, Limits, Result};

/// A wgpu device, its queue, and what was made on it.
#[derive(Debug)]
pub(crate) struct Context {
    device: wgpu::Device,
    queue: wgpu::Queue,
    limits: Limits,
    pub(crate) tuning: RwLock<Option<Arc<Tuning>>>,
    tensor_usages: wgpu::BufferUsages,
    pool: Pool,
    textures: TexturePool,
    pub(crate) pipelines: Pipelines,
    /// Where drivers keep what they compiled; none where the backend has no such thing. Made
    /// with the first pipeline unless it was loaded before.
    pub(crate) pipeline_cache: OnceLock<Option<wgpu::PipelineCache>>,
    pub(crate) pending: Mutex<Pending>,
    pub(crate) staging: Staging,
    /// Held while a list of recorded work is submitted, so that lists keep their order, and while
    /// a buffer that submitted work could use is mapped.
    pub(crate) gate: Mutex<()>,
    recorded_lists: AtomicU64,
    submitted_lists: AtomicU64,
    lost: Lost,
    #[cfg(target_arch = "wasm32")]
    scopes: Mutex<Vec<(&'static str, Option<u64>, ScopeFuture)>>,
}

#[cfg(target_arch = "wasm32")]
type ScopeFuture = std::pin::Pin<Box<dyn Future<Output = Option<wgpu::Error>>>>;

impl Context {
    /// The features that make something faster where an adapter has them.
    pub(crate) fn wanted_features(adapter: &wgpu::Adapter) -> wgpu::Features {
        let mut wanted = wgpu::Features::SUBGROUP
            | wgpu::Features::SHADER_F16
            | wgpu::Features::TIMESTAMP_QUERY
            | wgpu::Features::PIPELINE_CACHE;
        let shares_memory = matches!(adapter.get_info().device_type, wgpu::DeviceType::Cpu);
        if shares_memory {
            wanted |= wgpu::Features::MAPPABLE_PRIMARY_BUFFERS;
        }
        wanted & adapter.features()
    }

    /// A context around an open device. `own` is whether this crate opened it and may set its
    /// callbacks.
    pub(crate) fn new(device: wgpu::Device, queue: wgpu::Queue, own: bool) -> Arc<Self> {
        let (limits, features, info) = (device.limits(), device.features(), device.adapter_info());
        let lost = Lost::new(&device, own);
        let mut tensor_usages = wgpu::BufferUsages::STORAGE
            | wgpu::BufferUsages::COPY_SRC
            | wgpu::BufferUsages::COPY_DST;
        if features.contains(wgpu::Features::MAPPABLE_PRIMARY_BUFFERS)
            && info.device_type == wgpu::DeviceType::Cpu
        {
            tensor_usages |= wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::MAP_WRITE;
        }
        let software = info.device_type == wgpu::DeviceType::Cpu;
        if software {
            tensor_usages |= wgpu::BufferUsages::UNIFORM;
        }
        let limits = Limits {
            max_binding_bytes: limits.max_storage_buffer_binding_size,
            max_buffer_bytes: limits.max_buffer_size,
            binding_alignment: limits.min_storage_buffer_offset_alignment,
            max_uniform_bytes: limits.max_uniform_buffer_binding_size,
            max_uniform_buffers: limits
                .max_uniform_buffers_per_shader_stage
                .min(limits.max_dynamic_uniform_buffers_per_pipeline_layout),
            uniform_alignment: limits.min_uniform_buffer_offset_alignment,
            max_texture_size: limits.max_texture_dimension_2d,
            max_workgroups: limits.max_compute_workgroups_per_dimension,
            max_workgroup_invocations: limits.max_compute_invocations_per_workgroup,
            max_workgroup_memory: limits.max_compute_workgroup_storage_size,
            subgroup_sizes: features
                .contains(wgpu::Features::SUBGROUP)
                .then_some((info.subgroup_min_size, info.subgroup_max_size)),
            shader_f16: features.contains(wgpu::Features::SHADER_F16),
            software,
        };
        Arc::new(Self {
            device,
            queue,
            limits,
            tuning: RwLock::default(),
            tensor_usages,
            pool: Pool::default(),
            textures: TexturePool::default(),
            pipelines: Pipelines::default(),
            pipeline_cache: OnceLock::new(),
            pending: Mutex::default(),
            staging: Staging::default(),
            gate: Mutex::new(()),
            recorded_lists: AtomicU64::new(0),
            submitted_lists: AtomicU64::new(0),
            lost,
            #[cfg(target_arch = "wasm32")]
            scopes: Mutex::default(),
        })
    }

    pub(crate) fn device(&self) -> &wgpu::Device {
        &self.device
    }

    pub(crate) fn queue(&self) -> &wgpu::Queue {
        &self.queue
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn textures(&self) -> &TexturePool {
        &self.textures
    }

    /// Bytes in all buffers and textures, in use and kept.
    pub(crate) fn allocated(&self) -> u64 {
        self.pool.allocated() + self.textures.allocated()
    }

    /// Lets go of all buffers and textures that nothing holds.
    pub(crate) fn trim(&self) {
        self.pool.trim();
        self.textures.trim();
    }

    pub(crate) fn tensor_usages(&self) -> wgpu::BufferUsages {
        self.tensor_usages
    }

    /// Whether the host reaches the tensors' memory without a copy.
    pub(crate) fn maps_tensors(&self) -> bool {
        self.tensor_usages.contains(wgpu::BufferUsages::MAP_READ)
    }

    /// How many pipelines were compiled on this device.
    pub(crate) fn compiled_pipelines(&self) -> usize {
        self.pipelines.compiled()
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

    /// An error if the device is lost.
    pub(crate) fn check_lost(&self) -> Result<()> {
        self.lost.check(&self.device)
    }

    /// The error for what wgpu says of a failure: that the device is lost, if it is.
    pub(crate) fn failure(&self, operation: &'static str, message: impl ToString) -> Error {
        let of_wgpu = || Error::Gpu { operation, message: message.to_string() };
        self.check_lost().err().unwrap_or_else(of_wgpu)
    }

    fn error(&self, operation: &'static str, bytes: Option<u64>, error: &wgpu::Error) -> Error {
        match error {
            wgpu::Error::OutOfMemory { .. } => {
                self.check_lost().err().unwrap_or(Error::OutOfMemory { operation, bytes })
            }
            error => self.failure(operation, error),
        }
    }

    /// Runs calls into wgpu and turns what wgpu reports of them into an error. In a browser the
    /// report comes later, with the next download.
    pub(crate) fn guarded<T>(
        &self,
        operation: &'static str,
        bytes: Option<u64>,
        calls: impl FnOnce() -> T,
    ) -> Result<T> {
        let filters = [
            wgpu::ErrorFilter::Validation,
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Internal,
        ];
        let mut scopes = filters.map(|filter| Some(self.device.push_error_scope(filter)));
        let result = calls();
        let mut failed = None;
        for scope in scopes.iter_mut().rev().filter_map(Option::take) {
            let report = scope.pop();
            #[cfg(not(target_arch = "wasm32"))]
            if let Some(error) = pollster::block_on(report) {
                failed.get_or_insert_with(|| self.error(operation, bytes, &error));
            }
            #[cfg(target_arch = "wasm32")]
            self.scopes.lock().unwrap_or_else(PoisonError::into_inner).push((
                operation,
                bytes,
                Box::pin(report),
            ));
        }
        match failed {
            // wgpu reports no error of a call on a lost device.
            None => self.check_lost().map(|()| result),
            Some(error) => Err(error),
        }
    }

    /// The reports that were not there when their calls returned.
    #[cfg(target_arch = "wasm32")]
    pub(crate) async fn late_reports(&self) -> Result<()> {
        let scopes =
            std::mem::take(&mut *self.scopes.lock().unwrap_or_else(PoisonError::into_inner));
        for (operation, bytes, report) in scopes {
            if let Some(error) = report.await {
                return Err(self.error(operation, bytes, &error));
            }
        }
        Ok(())
    }

    pub(crate) fn pending(&self) -> std::sync::MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
