//! An open device, and what failed on it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::gpu::runtime::late::{Late, Of};
use crate::gpu::runtime::lost::Lost;
use crate::{Error, Limits, Result};

/// Bytes of workgroup memory of a software adapter in a browser, which fills it with zeros first: its
/// compiler writes out a store for every word, and takes a second for those of 16 KiB.
const MOST_FILLED: u32 = 4_096;

/// Invocations of a workgroup that every WebGPU adapter has.
const MOST_PLAIN: u32 = 256;

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
    pub(super) late: Late,
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

    /// What cooperative matrices need of a device.
    pub(crate) const MATRIX_FEATURES: wgpu::Features =
        wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX.union(wgpu::Features::SHADER_F16);

    /// Whether an adapter multiplies matrices of 16 x 16 elements of f16 with sums of f32.
    pub(crate) fn has_matrices(adapter: &wgpu::Adapter) -> bool {
        let is_served = |it: &wgpu::CooperativeMatrixProperties| {
            (it.m_size, it.n_size, it.k_size) == (16, 16, 16)
                && it.ab_type == wgpu::CooperativeScalarType::F16
                && it.cr_type == wgpu::CooperativeScalarType::F32
        };
        adapter.features().contains(Self::MATRIX_FEATURES)
            && adapter.cooperative_matrix_properties().iter().any(is_served)
    }

    /// `own` is whether this crate opened the device and may set its callbacks, `matrices` whether
    /// its adapter [has](Self::has_matrices) cooperative matrices and the caller asks for them.
    pub(crate) fn new(device: wgpu::Device, queue: wgpu::Queue, own: bool, matrices: bool) -> Self {
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
        let subgroup_sizes = features
            .contains(wgpu::Features::SUBGROUP)
            .then_some((info.subgroup_min_size, info.subgroup_max_size));
        // A browser does not always say what an adapter is. One that has neither subgroups nor large
        // workgroups, though it was asked for all that it has, is as likely to be in software.
        let is_plain = own
            && subgroup_sizes.is_none()
            && limits.max_compute_invocations_per_workgroup <= MOST_PLAIN;
        let is_filled = cfg!(target_arch = "wasm32") && (software || is_plain);
        let most_memory = if is_filled { MOST_FILLED } else { u32::MAX };
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
            max_workgroup_memory: limits.max_compute_workgroup_storage_size.min(most_memory),
            subgroup_sizes,
            shader_f16: features.contains(wgpu::Features::SHADER_F16),
            cooperative_matrices: matrices && features.contains(Self::MATRIX_FEATURES),
            software,
        };
        Self {
            device,
            queue,
            limits,
            tensor_usages,
            is_shared: AtomicBool::new(false),
            lost,
            late: Late::default(),
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

    /// The error for what wgpu reports of calls.
    pub(super) fn error(&self, &Of { operation, bytes, .. }: &Of, error: &wgpu::Error) -> Error {
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
        self.guarded_for(Of { operation, bytes, list: None }, calls)
    }

    /// As [`guarded`](Self::guarded), for what an error is to tell of the calls.
    pub(crate) fn guarded_for<T>(&self, of: Of, calls: impl FnOnce() -> T) -> Result<T> {
        let filters = [
            wgpu::ErrorFilter::Validation,
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Internal,
        ];
        let mut scopes = filters.map(|filter| Some(self.device.push_error_scope(filter)));
        let result = calls();
        let scopes = scopes.iter_mut().rev().filter_map(Option::take);
        self.reported(of, scopes.map(wgpu::ErrorScopeGuard::pop))?;
        // wgpu reports no error of a call on a lost device.
        self.check_lost().map(|()| result)
    }
}
