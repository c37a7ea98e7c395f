//! The cases on devices: the adapter with every algorithm, and the CPU.

use filtro::{Activation, Algorithm, DType, Device, Result, Shape, Tensor};
use ndarray::{Array, Array1, Array4, Dimension};

use crate::options::{Convolution, MaxPooling, Pooling};
use crate::runner::{GradientRunner, Runner};
use crate::tested::{has_f16, has_matrices, lend, tested};

/// A device, with the algorithm that the plan picks or a pinned one.
#[derive(Debug)]
pub struct DeviceRunner {
    pub device: Device,
    pub algorithm: Option<Algorithm>,
    /// What the tensors of the forward pass are of.
    pub dtype: DType,
    /// Whether the operands lie in buffers of the caller, which end where they end.
    pub is_lent: bool,
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
    match algorithm {
        Algorithm::Cooperative => dtype == DType::F16,
        Algorithm::Texel | Algorithm::Windows => dtype == DType::F32,
        _ => true,
    }
}

/// The CPU, the adapter as planned, and every algorithm of the operation pinned.
pub fn device_runners(operation: &str, dtype: DType) -> Vec<Box<dyn Runner>> {
    let mut runners: Vec<Box<dyn Runner>> =
        vec![Box::new(DeviceRunner::new(Device::cpu(), None, dtype))];
    if dtype == DType::F16 && !has_f16() {
        return runners;
    }
    let algorithms =
        Algorithm::ALL.iter().copied().filter(|&pin| serves(pin, operation) && has(pin, dtype));
    for algorithm in [None].into_iter().chain(algorithms.map(Some)) {
        runners.push(Box::new(DeviceRunner::new(tested().clone(), algorithm, dtype)));
    }
    let device = tested().clone();
    runners.push(Box::new(DeviceRunner { device, algorithm: None, dtype, is_lent: true }));
    runners
}

/// As [`device_runners`], backward: of the algorithms, gradients know the general one and, of a
/// weight, the product of matrices.
pub fn device_gradient_runners() -> Vec<Box<dyn GradientRunner>> {
    let dtype = DType::F32;
    let runner = |device, algorithm| Box::new(DeviceRunner::new(device, algorithm, dtype));
    let device = tested().clone();
    vec![
        runner(Device::cpu(), None),
        runner(device.clone(), None),
        runner(device.clone(), Some(Algorithm::General)),
        runner(device.clone(), Some(Algorithm::Gemm)),
        Box::new(DeviceRunner { device, algorithm: None, dtype, is_lent: true }),
    ]
}

impl DeviceRunner {
    pub fn new(device: Device, algorithm: Option<Algorithm>, dtype: DType) -> Self {
        Self { device, algorithm, dtype, is_lent: false }
    }

    fn upload<D: Dimension>(&self, array: &Array<f32, D>) -> Result<Tensor> {
        self.tensor(array, self.dtype)
    }

    pub fn tensor<D: Dimension>(&self, array: &Array<f32, D>, dtype: DType) -> Result<Tensor> {
        let tensor = self.device.upload(array)?;
        if !self.is_lent || array.is_empty() {
            return tensor.to_dtype(dtype);
        }
        let elements = array.iter();
        let (buffer, offset) = match dtype {
            DType::F16 => lend(
                &self.device,
                &elements
                    .map(|&element| half::f16::from_f32(element).to_bits())
                    .collect::<Vec<_>>(),
            ),
            _ => lend(&self.device, &elements.copied().collect::<Vec<_>>()),
        };
        Tensor::from_wgpu_buffer(&self.device, &buffer, offset, tensor.shape(), dtype)
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
        let lent = if self.is_lent { ", lent" } else { "" };
        format!("{}, {algorithm}, {}{lent}", self.device.info().kind, self.dtype)
    }

    fn is_partial(&self) -> bool {
        !matches!(self.algorithm, None | Some(Algorithm::General))
    }

    fn is_for_software_alone(&self) -> bool {
        self.algorithm == Some(Algorithm::Windows)
    }

    fn lacks_matrices(&self) -> bool {
        self.algorithm == Some(Algorithm::Cooperative) && !has_matrices()
    }

    fn uses_matrices(&self) -> bool {
        self.dtype == DType::F16
            && matches!(self.algorithm, None | Some(Algorithm::Cooperative))
            && self.device.limits().is_some_and(|limits| limits.cooperative_matrices)
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
