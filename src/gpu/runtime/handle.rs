//! An open device, and what failed on it.

use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(target_arch = "wasm32")]
use std::sync::{Mutex, PoisonError};

use crate::gpu::runtime::lost::Lost;
use crate::{Error, Limits, Result};

/// A wgpu device and its queue.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    pub(crate) limits: Limits,
    pub(crate) tensor_usages: wgpu::BufferUsages,
    /// Whether the caller's own work may use tensors.
    is_shared: AtomicBool,
    lost: Lost,
    #[cfg(target_arch = "wasm32")]
    scopes: Mutex<LateReports>,
}

/// Reports of errors that were not there when their calls returned: in a browser, nowhere else.
#[derive(Default)]
pub(crate) struct LateReports(
    #[cfg(target_arch = "wasm32")] Vec<(&'static str, Option<u64>, ScopeFuture)>,
);

#[cfg(target_arch = "wasm32")]
type ScopeFuture = std::pin::Pin<Box<dyn Future<Output = Option<wgpu::Error>> + Send>>;

impl std::fmt::Debug for LateReports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LateReports").finish_non_exhaustive()
    }
}

impl Handle {
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

    /// `own` is whether this crate opened the device and may set its callbacks.
    pub(crate) fn new(device: wgpu::Device, queue: wgpu::Queue, own: bool) -> Self {
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
        Self {
            device,
            queue,
            limits,
            tensor_usages,
            is_shared: AtomicBool::new(false),
            lost,
            #[cfg(target_arch = "wasm32")]
            scopes: Mutex::default(),
        }
    }

    /// Whether the host reaches the tensors' memory without a copy.
    pub(crate) fn maps_tensors(&self) -> bool {
        self.tensor_usages.contains(wgpu::BufferUsages::MAP_READ)
            && !self.is_shared.load(Ordering::Acquire)
    }

    /// From now on work of the caller may use tensors, which must then not be mapped.
    pub(crate) fn share(&self) {
        self.is_shared.store(true, Ordering::Release);
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
    /// report comes later, with the next [`late_reports`](Self::late_reports).
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
            self.scopes.lock().unwrap_or_else(PoisonError::into_inner).0.push((
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

    /// The reports of all calls up to now that nobody has asked for.
    pub(crate) fn late_reports(&self) -> LateReports {
        #[cfg(target_arch = "wasm32")]
        return std::mem::take(&mut *self.scopes.lock().unwrap_or_else(PoisonError::into_inner));
        #[cfg(not(target_arch = "wasm32"))]
        LateReports()
    }

    /// The first error of these reports, once they are there.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        allow(clippy::unused_async, reason = "a browser waits")
    )]
    pub(crate) async fn check_late(&self, late: LateReports) -> Result<()> {
        #[cfg(not(target_arch = "wasm32"))]
        let LateReports() = late;
        #[cfg(target_arch = "wasm32")]
        for (operation, bytes, report) in late.0 {
            if let Some(error) = report.await {
                return Err(self.error(operation, bytes, &error));
            }
        }
        Ok(())
    }
}
