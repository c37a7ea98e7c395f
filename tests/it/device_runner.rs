//! The cases on devices: the software adapter with every algorithm, and the CPU.

use std::sync::Mutex;

use filtro::{Activation, Algorithm, DType, Device, Result, Shape, Tensor};
use ndarray::{Array, Array1, Array4, Dimension};

use crate::options::{Convolution, MaxPooling, Pooling};
use crate::runner::{GradientRunner, Runner};

/// The software adapter. Tests run on it and on nothing else, so that they mean the same on every
/// machine; without one they fail.
///
/// Each test has a device for itself: lavapipe compiles the shaders of a device one after the
/// other. A later test takes it over, with what was compiled and without the memory of tensors.
pub fn software() -> &'static Device {
    thread_local!(static TAKEN: Taken = Taken::new());
    TAKEN.with(|taken| taken.0)
}

/// The devices that no test has.
static FREE: Mutex<Vec<&'static Device>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Taken(&'static Device);

impl Taken {
    fn new() -> Self {
        if let Some(device) = FREE.lock().unwrap().pop() {
            device.trim();
            return Self(device);
        }
        let device = Device::software().expect("tests need a software adapter, such as lavapipe");
        println!("tests run on {device}");
        Self(Box::leak(Box::new(device)))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        FREE.lock().unwrap().push(self.0);
    }
}

/// wgpu's own device of the software adapter, as a caller would open it.
pub fn wgpu_device(descriptor: &wgpu::DeviceDescriptor<'_>) -> (wgpu::Device, wgpu::Queue) {
    let instance = wgpu::Instance::default();
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    let adapter = adapters
        .iter()
        .find(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu)
        .expect("a software adapter");
    pollster::block_on(adapter.request_device(descriptor)).unwrap()
}

/// The software adapter with bindings so small that tensors are split; plans are the same on any
/// adapter.
pub fn with_bindings_of(bytes: u64) -> Device {
    let required_limits =
        wgpu::Limits { max_storage_buffer_binding_size: bytes, ..Default::default() };
    let required_features = wgpu::Features::SHADER_F16;
    let (device, queue) = wgpu_device(&wgpu::DeviceDescriptor {
        required_limits,
        required_features,
        ..Default::default()
    });
    Device::from_wgpu(device, queue)
}

/// A device, with the algorithm that the plan picks or a pinned one.
#[derive(Debug)]
pub struct DeviceRunner {
    pub device: Device,
    pub algorithm: Option<Algorithm>,
    /// What the tensors of the forward pass are of.
    pub dtype: DType,
}

/// Whether an algorithm serves some problems of an operation.
fn serves(algorithm: Algorithm, operation: &str) -> bool {
    match algorithm {
        _ if matches!(operation, "conv_transpose2d" | "activation") => false,
        Algorithm::Global => matches!(operation, "avg_pool2d" | "adaptive_avg_pool2d"),
        Algorithm::Separable => operation.ends_with("pool2d"),
        Algorithm::Strip | Algorithm::Windows => !operation.starts_with("adaptive"),
        Algorithm::General => true,
        _ => operation == "conv2d",
    }
}

/// Whether an algorithm serves tensors of a type.
fn has(algorithm: Algorithm, dtype: DType) -> bool {
    dtype == DType::F32 || !matches!(algorithm, Algorithm::Texel | Algorithm::Windows)
}

/// The CPU, the software adapter as planned, and every algorithm of the operation pinned.
pub fn device_runners(operation: &str, dtype: DType) -> Vec<Box<dyn Runner>> {
    let mut runners: Vec<Box<dyn Runner>> =
        vec![Box::new(DeviceRunner { device: Device::cpu(), algorithm: None, dtype })];
    let algorithms =
        Algorithm::ALL.iter().copied().filter(|&pin| serves(pin, operation) && has(pin, dtype));
    for algorithm in [None].into_iter().chain(algorithms.map(Some)) {
        runners.push(Box::new(DeviceRunner { device: software().clone(), algorithm, dtype }));
    }
    runners
}

/// As [`device_runners`], backward: of the algorithms, gradients know the general one.
pub fn device_gradient_runners() -> Vec<Box<dyn GradientRunner>> {
    let dtype = DType::F32;
    let runner = |device, algorithm| Box::new(DeviceRunner { device, algorithm, dtype });
    vec![
        runner(Device::cpu(), None),
        runner(software().clone(), None),
        runner(software().clone(), Some(Algorithm::General)),
    ]
}

impl DeviceRunner {
    fn upload<D: Dimension>(&self, array: &Array<f32, D>) -> Result<Tensor> {
        self.device.upload(array)?.to_dtype(self.dtype)
    }

    /// Leaves NaN in the memory that the device will hand out for the output, so that an element
    /// that is not written shows.
    pub fn poison(&self, shape: Shape) -> Result<()> {
        // Both halves of these bits are NaN as well.
        let nan = f32::from_bits(0x7fff_7fff);
        let bytes = shape.dims().iter().product::<usize>() * self.dtype.bytes();
        let poison = Array4::from_elem([1, 1, 1, bytes.div_ceil(4)], nan);
        drop((self.device.upload(&poison)?, self.device.upload(&poison)?));
        Ok(())
    }
}

impl Runner for DeviceRunner {
    fn name(&self) -> String {
        let algorithm = self.algorithm.map_or("planned".into(), |algorithm| algorithm.to_string());
        format!("{}, {algorithm}, {}", self.device.info().kind, self.dtype)
    }

    fn is_partial(&self) -> bool {
        !matches!(self.algorithm, None | Some(Algorithm::General))
    }

    fn convolve(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>> {
        let input = self.upload(input)?;
        let weight = self.upload(weight)?;
        let bias = bias.map(|bias| self.upload(bias)).transpose()?;
        self.poison(options.output_shape(input.shape())?)?;
        options.pinned(self.algorithm).forward(&input, &weight, bias.as_ref())?.download()
    }

    fn pool(&self, options: &dyn Pooling, input: &Array4<f32>) -> Result<Array4<f32>> {
        let input = self.upload(input)?;
        self.poison(options.output_shape(input.shape())?)?;
        options.pinned(self.algorithm).forward(&input)?.download()
    }

    fn pool_with_indices(
        &self,
        options: &dyn MaxPooling,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)> {
        let input = self.upload(input)?;
        self.poison(options.output_shape(input.shape())?)?;
        let options = options.pinned_maximum(self.algorithm);
        let (output, indices) = options.forward_with_indices(&input)?;
        Ok((output.download()?, indices.download()?))
    }

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<Array4<f32>> {
        let input = self.upload(input)?;
        self.poison(input.shape())?;
        function.forward(&input)?.download()
    }
}
