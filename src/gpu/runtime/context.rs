//! The context of one device: what all its tensors share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::gpu::runtime::buffer::Buffers;
use crate::gpu::runtime::encode::Encoders;
use crate::gpu::runtime::handle::Handle;
use crate::gpu::runtime::pipeline::Pipelines;
use crate::gpu::runtime::poller::Poller;
use crate::gpu::runtime::recording::Pending;
use crate::gpu::runtime::staging::Staging;
use crate::gpu::runtime::texture::TexturePool;
use crate::{Error, Limits, Result};

/// A wgpu device, its queue, and what was made on it.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) handle: Handle,
    pub(crate) buffers: Arc<Buffers>,
    pub(crate) textures: Arc<TexturePool>,
    pub(crate) pipelines: Pipelines,
    /// Where drivers keep what they compiled; none where the backend has no such thing. Made
    /// with the first pipeline unless it was loaded before.
    pub(crate) pipeline_cache: OnceLock<Option<wgpu::PipelineCache>>,
    pub(crate) pending: Mutex<Pending>,
    pub(crate) encoders: Encoders,
    /// What a caller's buffer is tried with.
    pub(crate) lent_layout: OnceLock<wgpu::BindGroupLayout>,
    /// A list that is over, for its memory.
    pub(crate) room: Mutex<Option<Pending>>,
    /// How many buffers and textures were made.
    pub(crate) allocations: AtomicU64,
    submits: AtomicU64,
    /// Bytes that were written to the queue since the last submit.
    written: AtomicU64,
    pub(crate) staging: Staging,
    pub(crate) poller: Poller,
    /// Held while a list of recorded work is submitted, so that lists keep their order, and while
    /// a buffer that submitted work could use is mapped.
    gate: Mutex<()>,
}

impl Context {
    /// The features that make something faster where an adapter has them.
    pub(crate) fn wanted_features(adapter: &wgpu::Adapter) -> wgpu::Features {
        Handle::wanted_features(adapter)
    }

    /// What cooperative matrices need of a device.
    pub(crate) const MATRIX_FEATURES: wgpu::Features = Handle::MATRIX_FEATURES;

    /// Whether an adapter has the cooperative matrices that shaders are written for.
    pub(crate) fn has_matrices(adapter: &wgpu::Adapter) -> bool {
        Handle::has_matrices(adapter)
    }

    /// A context around an open device. `own` is whether this crate opened it and may set its
    /// callbacks, `matrices` whether its adapter has cooperative matrices and the caller asks for
    /// them.
    pub(crate) fn new(
        device: wgpu::Device,
        queue: wgpu::Queue,
        own: bool,
        matrices: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            handle: Handle::new(device, queue, own, matrices),
            buffers: Arc::default(),
            textures: Arc::default(),
            pipelines: Pipelines::default(),
            pipeline_cache: OnceLock::new(),
            pending: Mutex::default(),
            encoders: Encoders::default(),
            lent_layout: OnceLock::new(),
            room: Mutex::default(),
            allocations: AtomicU64::new(0),
            submits: AtomicU64::new(0),
            written: AtomicU64::new(0),
            staging: Staging::default(),
            poller: Poller::default(),
            gate: Mutex::new(()),
        })
    }

    pub(crate) fn device(&self) -> &wgpu::Device {
        &self.handle.device
    }

    pub(crate) fn queue(&self) -> &wgpu::Queue {
        &self.handle.queue
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.handle.limits
    }

    /// Bytes in all buffers and textures of tensors, in use and kept.
    pub(crate) fn allocated(&self) -> u64 {
        self.buffers.pool.allocated() + self.textures.allocated()
    }

    /// How many buffers and textures were made on this device.
    pub(crate) fn allocations(&self) -> u64 {
        self.allocations.load(Ordering::Relaxed)
    }

    /// How many times work was submitted.
    pub(crate) fn submits(&self) -> u64 {
        self.submits.load(Ordering::Relaxed)
    }

    pub(crate) fn submit(&self, commands: Option<wgpu::CommandBuffer>) -> wgpu::SubmissionIndex {
        self.submits.fetch_add(1, Ordering::Relaxed);
        self.written.store(0, Ordering::Relaxed);
        self.queue().submit(commands)
    }

    /// So many bytes are written to the queue; gives how many were since the last submit.
    pub(crate) fn writes(&self, bytes: u64) -> u64 {
        self.written.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    /// Lets go of all buffers and textures that nothing holds.
    pub(crate) fn trim(&self) {
        self.buffers.bind_groups.clear();
        self.buffers.pool.trim();
        self.textures.trim();
        self.encoders.trim();
        self.staging.trim();
        // Whoever records may have run out of memory.
        if let Ok(mut pending) = self.pending.try_lock()
            && pending.is_empty()
        {
            pending.chunks.clear();
        }
    }

    /// Uses nothing again that was made up to now: of what failed nobody can tell what it left.
    pub(crate) fn distrust(&self) {
        self.buffers.pool.distrust();
        self.textures.distrust();
        self.pipelines.clear();
        self.trim();
    }

    /// How many pipelines were compiled on this device.
    pub(crate) fn compiled_pipelines(&self) -> usize {
        self.pipelines.compiled()
    }

    /// An error if the device is lost.
    pub(crate) fn check_lost(&self) -> Result<()> {
        self.handle.check_lost()
    }

    /// The error for what wgpu says of a failure: that the device is lost, if it is.
    pub(crate) fn failure(&self, operation: &'static str, message: impl ToString) -> Error {
        self.handle.failure(operation, message)
    }

    /// Runs calls into wgpu and turns what wgpu reports of them into an error.
    pub(crate) fn guarded<T>(
        &self,
        operation: &'static str,
        bytes: Option<u64>,
        calls: impl FnOnce() -> T,
    ) -> Result<T> {
        self.handle.guarded(operation, bytes, calls)
    }

    pub(crate) fn gate(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
