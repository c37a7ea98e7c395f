//! The cases on devices: the software adapter with every algorithm, and the CPU.

use std::sync::LazyLock;

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d,
    ConvTranspose2d, Device, MaxPool2d, Result, Shape,
};
use ndarray::{Array1, Array4};

use crate::runner::{GradientRunner, Runner};

/// The software adapter, opened once. Tests run on it and on nothing else, so that they mean the
/// same on every machine; without one they fail.
pub fn software() -> &'static Device {
    static DEVICE: LazyLock<Device> = LazyLock::new(|| {
        let device = Device::software().expect("tests need a software adapter, such as lavapipe");
        println!("tests run on {device}");
        device
    });
    &DEVICE
}

/// The software adapter with bindings so small that tensors are split; plans are the same on any
/// adapter.
pub fn with_bindings_of(bytes: u64) -> Device {
    let instance = wgpu::Instance::default();
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    let adapter = adapters
        .into_iter()
        .find(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu)
        .expect("a software adapter");
    let required_limits =
        wgpu::Limits { max_storage_buffer_binding_size: bytes, ..Default::default() };
    let descriptor = wgpu::DeviceDescriptor { required_limits, ..Default::default() };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    Device::from_wgpu(device, queue)
}

/// A device, with the algorithm that the plan picks or a pinned one.
#[derive(Debug)]
pub struct DeviceRunner {
    pub device: Device,
    pub algorithm: Option<Algorithm>,
}

/// Whether an algorithm serves some problems of an operation.
fn serves(algorithm: Algorithm, operation: &str) -> bool {
    match algorithm {
        _ if matches!(operation, "conv_transpose2d" | "activation") => false,
        Algorithm::Global => matches!(operation, "avg_pool2d" | "adaptive_avg_pool2d"),
        Algorithm::Strip | Algorithm::Windows => !operation.starts_with("adaptive"),
        Algorithm::General => true,
        _ => operation == "conv2d",
    }
}

/// The CPU, the software adapter as planned, and every algorithm of the operation pinned.
pub fn device_runners(operation: &str) -> Vec<Box<dyn Runner>> {
    let mut runners: Vec<Box<dyn Runner>> =
        vec![Box::new(DeviceRunner { device: Device::cpu(), algorithm: None })];
    let algorithms = Algorithm::ALL.iter().copied().filter(|&pin| serves(pin, operation));
    for algorithm in [None].into_iter().chain(algorithms.map(Some)) {
        runners.push(Box::new(DeviceRunner { device: software().clone(), algorithm }));
    }
    runners
}

/// As [`device_runners`], backward: of the algorithms, gradients know the general one.
pub fn device_gradient_runners() -> Vec<Box<dyn GradientRunner>> {
    let runner = |device, algorithm| Box::new(DeviceRunner { device, algorithm });
    vec![
        runner(Device::cpu(), None),
        runner(software().clone(), None),
        runner(software().clone(), Some(Algorithm::General)),
    ]
}

impl DeviceRunner {
    /// Leaves NaN in the memory that the device will hand out for the output, so that an element
    /// that is not written shows.
    pub fn poison(&self, shape: Shape) -> Result<()> {
        let poison = Array4::from_elem(shape.dims(), f32::NAN);
        drop((self.device.upload(&poison)?, self.device.upload(&poison)?));
        Ok(())
    }
}

impl Runner for DeviceRunner {
    fn name(&self) -> String {
        let algorithm = self.algorithm.map_or("planned".into(), |algorithm| algorithm.to_string());
        format!("{}, {algorithm}", self.device.info().kind)
    }

    fn is_partial(&self) -> bool {
        !matches!(self.algorithm, None | Some(Algorithm::General))
    }

    fn conv2d(
        &self,
        options: &Conv2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        let weight = self.device.upload(weight)?;
        let bias = bias.map(|bias| self.device.upload(bias)).transpose()?;
        let options = options.clone().algorithm(self.algorithm);
        self.poison(options.output_shape(input.shape())?)?;
        options.forward(&input, &weight, bias.as_ref())?.download()
    }

    fn conv_transpose2d(
        &self,
        options: &ConvTranspose2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        let weight = self.device.upload(weight)?;
        let bias = bias.map(|bias| self.device.upload(bias)).transpose()?;
        self.poison(options.output_shape(input.shape())?)?;
        options.forward(&input, &weight, bias.as_ref())?.download()
    }

    fn max_pool2d(&self, options: &MaxPool2d, input: &Array4<f32>) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        let options = options.clone().algorithm(self.algorithm);
        self.poison(options.output_shape(input.shape())?)?;
        options.forward(&input)?.download()
    }

    fn max_pool2d_with_indices(
        &self,
        options: &MaxPool2d,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)> {
        let input = self.device.upload(input)?;
        let options = options.clone().algorithm(self.algorithm);
        self.poison(options.output_shape(input.shape())?)?;
        let (output, indices) = options.forward_with_indices(&input)?;
        Ok((output.download()?, indices.download()?))
    }

    fn avg_pool2d(&self, options: &AvgPool2d, input: &Array4<f32>) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        let options = options.clone().algorithm(self.algorithm);
        self.poison(options.output_shape(input.shape())?)?;
        options.forward(&input)?.download()
    }

    fn adaptive_avg_pool2d(
        &self,
        options: &AdaptiveAvgPool2d,
        input: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        let options = options.clone().algorithm(self.algorithm);
        self.poison(options.output_shape(input.shape())?)?;
        options.forward(&input)?.download()
    }

    fn adaptive_max_pool2d(
        &self,
        options: &AdaptiveMaxPool2d,
        input: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        let options = options.clone().algorithm(self.algorithm);
        self.poison(options.output_shape(input.shape())?)?;
        options.forward(&input)?.download()
    }

    fn adaptive_max_pool2d_with_indices(
        &self,
        options: &AdaptiveMaxPool2d,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)> {
        let input = self.device.upload(input)?;
        let options = options.clone().algorithm(self.algorithm);
        self.poison(options.output_shape(input.shape())?)?;
        let (output, indices) = options.forward_with_indices(&input)?;
        Ok((output.download()?, indices.download()?))
    }

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        self.poison(input.shape())?;
        function.forward(&input)?.download()
    }
}
