//! Devices: where tensors live and operations run.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::choice::Choices;
use crate::gpu::Context;
#[cfg(not(target_arch = "wasm32"))]
use crate::gpu::in_background;
use crate::gpu::plans::{Plans, Wish};
use crate::kept::Kept;
use crate::{
    Algorithm, DeviceChoice, DeviceInfo, DeviceKind, DeviceOptions, Error, Limits, Result,
};

/// Where tensors live and operations run: a GPU, a software adapter, or the CPU.
///
/// Cheap to clone; clones are the same device. Devices can live side by side and be used from
/// several threads.
///
/// On a GPU, operations are recorded and submitted together: by a download, by
/// [`flush`](Self::flush), or after a thousand dispatches; or put into an encoder of yours, by
/// [`encode`](Self::encode). A variant of a shader is compiled when it
/// is first used; the 256 that were used last are kept. The memory of dropped tensors is reused.
///
/// # Examples
///
/// ```
/// use filtro::{Device, DeviceKind};
///
/// let device = Device::cpu();
/// assert_eq!(device.info().kind, DeviceKind::Cpu);
/// println!("running on {device}");
/// ```
#[derive(Clone)]
pub struct Device(Arc<Inner>);

struct Inner {
    info: DeviceInfo,
    backend: Backend,
    /// Those of a tuning.
    choices: RwLock<Option<Arc<Choices>>>,
    /// How many tunings there were.
    tunings: AtomicU64,
    plans: Plans,
    /// Of tensors on the host.
    kept: Arc<Kept<f32>>,
}

/// What does the work.
#[derive(Debug)]
pub(crate) enum Backend {
    Cpu,
    Gpu(Arc<Context>),
}

/// Memory that a device's tensors take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// Bytes in buffers and textures of tensors that live and of tensors that were dropped, and of what
    /// operations keep with them. Recording takes 64 KiB more for every 256 dispatches that wait, also in
    /// an encoder of yours, and downloads pass through buffers of their size.
    pub allocated: u64,
    /// How many buffers and textures the device has made so far, none of which a steady loop needs.
    pub allocations: u64,
}

impl Device {
    /// The device that `FILTRO_DEVICE` asks for: `gpu`, `software`, `cpu`, a part of an
    /// adapter's name, or a backend such as `vulkan`. Without it, a hardware GPU if there is one, else the CPU.
    ///
    /// # Errors
    ///
    /// [`Error::NoAdapter`] if what is asked for is not there, [`Error::DeviceRequest`] if its
    /// driver refuses.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn new() -> Result<Self> {
        Self::open(&DeviceChoice::from_env())
    }

    /// The device of this choice.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn open(choice: &DeviceChoice) -> Result<Self> {
        Self::open_with(choice, DeviceOptions::new())
    }

    /// The device of this choice, with what is off by default. Where an adapter lacks what is asked
    /// for, the device is opened without; [`limits`](Self::limits) tells.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, DeviceChoice, DeviceOptions};
    ///
    /// let options = DeviceOptions::new().cooperative_matrices(true);
    /// let device = Device::open_with(&DeviceChoice::Auto, options)?;
    /// let has_them = device.limits().is_some_and(|limits| limits.cooperative_matrices);
    /// println!("tensor cores: {has_them}");
    /// # Ok::<(), filtro::Error>(())
    /// ```
    #[cfg(not(target_arch = "wasm32"))]
    pub fn open_with(choice: &DeviceChoice, options: DeviceOptions) -> Result<Self> {
        pollster::block_on(Self::find(choice, options))
    }

    /// A software adapter, such as lavapipe.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn software() -> Result<Self> {
        Self::open(&DeviceChoice::Software)
    }

    /// A hardware GPU.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    #[cfg(not(target_arch = "wasm32"))]
    pub fn gpu() -> Result<Self> {
        Self::open(&DeviceChoice::Gpu)
    }

    /// The CPU, which is always there.
    #[must_use]
    pub fn cpu() -> Self {
        let threads = rayon::current_num_threads();
        let info = DeviceInfo {
            name: format!("{} threads", threads),
            driver: String::new(),
            backend: "rayon".into(),
            kind: DeviceKind::Cpu,
        };
        Self::of(info, Backend::Cpu)
    }

    /// As [`open`](Self::open), without blocking, and in a browser too. Drivers are loaded and the
    /// device is opened on a thread of its own, from this call on; the future only waits. A browser
    /// begins when the future is polled.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, DeviceChoice};
    ///
    /// # fn main() -> filtro::Result<()> {
    /// # pollster::block_on(async {
    /// let device = Device::open_async(&DeviceChoice::from_env()).await?; // as `Device::new`
    /// println!("running on {device}");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    pub fn open_async(choice: &DeviceChoice) -> impl Future<Output = Result<Self>> + use<> {
        Self::open_with_async(choice, DeviceOptions::new())
    }

    /// As [`open_with`](Self::open_with), without blocking, as [`open_async`](Self::open_async) does.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn open_with_async(
        choice: &DeviceChoice,
        options: DeviceOptions,
    ) -> impl Future<Output = Result<Self>> + use<> {
        let choice = choice.clone();
        #[cfg(not(target_arch = "wasm32"))]
        return in_background("open", move || Self::open_with(&choice, options));
        #[cfg(target_arch = "wasm32")]
        async move {
            Self::find(&choice, options).await
        }
    }

    async fn find(choice: &DeviceChoice, options: DeviceOptions) -> Result<Self> {
        let cpu = Self::cpu();
        if matches!(choice, DeviceChoice::Named(name) if cpu.info().is_of_backend(name))
            || *choice == DeviceChoice::Cpu
        {
            return Ok(cpu);
        }
        let adapters = adapters().await;
        let wanted = |info: &DeviceInfo| match choice {
            DeviceChoice::Auto | DeviceChoice::Gpu => info.kind == DeviceKind::Gpu,
            DeviceChoice::Software => info.kind == DeviceKind::Software,
            DeviceChoice::Named(name) => info.is_named(name),
            DeviceChoice::Cpu => false,
        };
        // A discrete GPU comes before an integrated one.
        let rank = |adapter: &wgpu::Adapter| match adapter.get_info().device_type {
            wgpu::DeviceType::DiscreteGpu => 0,
            wgpu::DeviceType::IntegratedGpu => 1,
            wgpu::DeviceType::VirtualGpu => 2,
            _ => 3,
        };
        let best = adapters
            .iter()
            .filter(|adapter| wanted(&describe(&adapter.get_info())))
            .min_by_key(|adapter| rank(adapter));
        match (best, choice) {
            (Some(adapter), _) => Self::from_adapter(adapter, options).await,
            (None, DeviceChoice::Auto) => Ok(Self::cpu()),
            (None, _) => {
                let names: Vec<_> = adapters
                    .iter()
                    .map(|adapter| describe(&adapter.get_info()).to_string())
                    .collect();
                Err(Error::NoAdapter {
                    requested: format!("device {choice}"),
                    found: if names.is_empty() { "none".into() } else { names.join("; ") },
                })
            }
        }
    }

    async fn from_adapter(adapter: &wgpu::Adapter, options: DeviceOptions) -> Result<Self> {
        let mut descriptor = wgpu::DeviceDescriptor {
            label: Some("filtro"),
            required_features: Context::wanted_features(adapter),
            required_limits: adapter.limits(),
            ..Default::default()
        };
        let matrices = options.cooperative_matrices && Context::has_matrices(adapter);
        if matrices {
            descriptor.required_features |= Context::MATRIX_FEATURES;
            #[allow(
                unsafe_code,
                reason = "wgpu asks for a word that its experimental features may have bugs: the \
                          caller opted in; only this crate's own shaders use them here, in one \
                          form that was checked against the definition on hardware, with an \
                          adapter that lists it"
            )]
            // SAFETY: see the reason above.
            let features = unsafe { wgpu::ExperimentalFeatures::enabled() };
            descriptor.experimental_features = features;
        }
        let (device, queue) = adapter.request_device(&descriptor).await.map_err(|error| {
            Error::DeviceRequest { adapter: adapter.get_info().name, message: error.to_string() }
        })?;
        Ok(Self::with_context(Context::new(device, queue, true, matrices)))
    }

    /// A device around the caller's own wgpu device and its queue, as [`interop`](crate::interop)
    /// tells. The queue must be that device's. Each call makes another device, with tensors of its
    /// own. Features that make operations faster are used where the device was opened with them:
    /// `SUBGROUP`, `SHADER_F16`, `TIMESTAMP_QUERY`, `PIPELINE_CACHE`.
    #[must_use]
    pub fn from_wgpu(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        Self::with_context(Context::new(device, queue, false, false))
    }

    /// As [`from_wgpu`](Self::from_wgpu), with what is off by default, where the device was opened
    /// with the features of it, and its adapter, which must be the one given, serves it.
    ///
    /// Cooperative matrices are `EXPERIMENTAL_COOPERATIVE_MATRIX` and `SHADER_F16`.
    #[must_use]
    pub fn from_wgpu_with(
        adapter: &wgpu::Adapter,
        device: wgpu::Device,
        queue: wgpu::Queue,
        options: DeviceOptions,
    ) -> Self {
        let matrices = options.cooperative_matrices && Context::has_matrices(adapter);
        Self::with_context(Context::new(device, queue, false, matrices))
    }

    fn with_context(context: Arc<Context>) -> Self {
        let info = describe(&context.device().adapter_info());
        Self::of(info, Backend::Gpu(context))
    }

    /// The devices that can be opened on this machine, the CPU last.
    #[cfg(not(target_arch = "wasm32"))]
    #[must_use]
    pub fn available() -> Vec<DeviceInfo> {
        pollster::block_on(Self::list())
    }

    /// As [`available`](Self::available), without blocking, and in a browser too. Drivers are
    /// loaded on a thread of its own, from this call on; the future only waits. A browser tells one
    /// adapter, the one it prefers, and begins when the future is polled.
    pub fn available_async() -> impl Future<Output = Vec<DeviceInfo>> + use<> {
        #[cfg(not(target_arch = "wasm32"))]
        {
            let found = in_background("available", || Ok(Self::available()));
            async move { found.await.unwrap_or_else(|_| vec![Self::cpu().info().clone()]) }
        }
        #[cfg(target_arch = "wasm32")]
        Self::list()
    }

    async fn list() -> Vec<DeviceInfo> {
        let mut found: Vec<_> =
            adapters().await.iter().map(|adapter| describe(&adapter.get_info())).collect();
        found.push(Self::cpu().info().clone());
        found
    }

    /// What the device says of itself.
    #[must_use]
    pub fn info(&self) -> &DeviceInfo {
        &self.0.info
    }

    /// The limits that plans depend on; `None` for the CPU, which has none.
    #[must_use]
    pub fn limits(&self) -> Option<&Limits> {
        match self.backend() {
            Backend::Cpu => None,
            Backend::Gpu(context) => Some(context.limits()),
        }
    }

    /// The memory that the device's tensors take. On the CPU that is the host's allocator's business,
    /// and only what dropped tensors left counts here, 64 MiB at most.
    #[must_use]
    pub fn memory_use(&self) -> MemoryUse {
        let (allocated, allocations) = match self.backend() {
            Backend::Cpu => (self.kept().bytes() as u64, 0),
            Backend::Gpu(context) => (context.allocated(), context.allocations()),
        };
        MemoryUse { allocated, allocations }
    }

    /// Lets go of the memory of dropped tensors, and of what recording and downloads keep for the next
    /// time.
    pub fn trim(&self) {
        match self.backend() {
            Backend::Cpu => self.kept().trim(),
            Backend::Gpu(context) => context.trim(),
        }
    }

    /// How many times a variant of a shader was compiled on this device.
    #[must_use]
    pub fn compiled_shaders(&self) -> usize {
        match self.backend() {
            Backend::Cpu => 0,
            Backend::Gpu(context) => context.compiled_pipelines(),
        }
    }

    /// How many times this crate submitted work or uploads on this device, that is, without what it put
    /// into encoders of yours.
    #[must_use]
    pub fn submits(&self) -> u64 {
        match self.backend() {
            Backend::Cpu => 0,
            Backend::Gpu(context) => context.submits(),
        }
    }

    /// Submits what was recorded, without waiting for it.
    ///
    /// # Errors
    ///
    /// What the device reports: [`Error::Gpu`], [`Error::OutOfMemory`], [`Error::DeviceLost`]; after
    /// [`encode`](Self::encode), [`Error::NotSubmitted`] and [`Error::LostWork`].
    pub fn flush(&self) -> Result<()> {
        match self.backend() {
            Backend::Cpu => Ok(()),
            Backend::Gpu(context) => context.flush("flush"),
        }
    }

    fn of(info: DeviceInfo, backend: Backend) -> Self {
        let (choices, tunings) = (RwLock::default(), AtomicU64::new(0));
        let (plans, kept) = (Plans::default(), Arc::default());
        Self(Arc::new(Inner { info, backend, choices, tunings, plans, kept }))
    }

    /// The host's memory that dropped tensors left.
    pub(crate) fn kept(&self) -> &Arc<Kept<f32>> {
        &self.0.kept
    }

    pub(crate) fn choices(&self) -> Option<Arc<Choices>> {
        self.0.choices.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_choices(&self, choices: Option<Choices>) {
        let mut own = self.0.choices.write().unwrap_or_else(PoisonError::into_inner);
        // While the lock is held: a plan by an earlier tuning never passes for one by this.
        self.0.tunings.fetch_add(1, Ordering::AcqRel);
        *own = choices.map(Arc::new);
    }

    /// What a plan is made for beside the problem. It is to be asked for before the tuning is.
    pub(crate) fn wish(&self, pinned: Option<Algorithm>) -> Wish {
        Wish { pinned, tuning: self.0.tunings.load(Ordering::Acquire) }
    }

    /// The plans that were made on this device.
    pub(crate) fn plans(&self) -> &Plans {
        &self.0.plans
    }

    pub(crate) fn backend(&self) -> &Backend {
        &self.0.backend
    }

    /// Whether this is the very device that a tensor lives on. All CPU devices are one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self.backend(), other.backend()) {
            (Backend::Cpu, Backend::Cpu) => true,
            (Backend::Gpu(context), Backend::Gpu(other)) => Arc::ptr_eq(context, other),
            _ => false,
        }
    }

    /// The error for an argument whose device is another than the input's.
    pub(crate) fn check_device(
        &self,
        operation: &'static str,
        argument: &'static str,
        device: &Self,
    ) -> Result<()> {
        if self.is(device) {
            return Ok(());
        }
        let (expected, mut actual) = (self.to_string(), device.to_string());
        if actual == expected {
            actual.push_str(", which was opened or wrapped another time");
        }
        Err(Error::DifferentDevice { operation, argument, expected, actual })
    }

    pub(crate) fn not_here(&self, operation: &'static str, argument: &'static str) -> Error {
        let (expected, actual) = (self.to_string(), "a GPU".into());
        Error::DifferentDevice { operation, argument, expected, actual }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info().fmt(f)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Device").field(self.info()).finish()
    }
}

fn describe(info: &wgpu::AdapterInfo) -> DeviceInfo {
    DeviceInfo {
        // Browsers may tell none.
        name: if info.name.is_empty() { "unnamed".into() } else { info.name.clone() },
        driver: [info.driver.as_str(), info.driver_info.as_str()].join(" ").trim().into(),
        backend: info.backend.to_str().into(),
        kind: match info.device_type {
            wgpu::DeviceType::Cpu => DeviceKind::Software,
            _ => DeviceKind::Gpu,
        },
    }
}

#[cfg(not(target_arch = "wasm32"))]
async fn adapters() -> Vec<wgpu::Adapter> {
    wgpu::Instance::default().enumerate_adapters(wgpu::Backends::PRIMARY).await
}

#[cfg(target_arch = "wasm32")]
async fn adapters() -> Vec<wgpu::Adapter> {
    // An instance panics where no GPU can be, such as in a service worker.
    if !wgpu::util::is_browser_webgpu_supported().await {
        return Vec::new();
    }
    let adapter = wgpu::Instance::default().request_adapter(&Default::default()).await;
    adapter.into_iter().collect()
}
