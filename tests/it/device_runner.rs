//! The cases on devices: the adapter with every algorithm, and the CPU.

use filtro::{Activation, Algorithm, DType, Device, Result, Shape};
use ndarray::{Array1, Array4};

use crate::computes::{Backwards, ConvGradients, Forwards};
use crate::options::{AvgPooling, Convolution, MaxPooling, Pooling};
use crate::recorder::Recorder;
use crate::runner::{GradientRunner, Runner};
use crate::tested::{has_f16, has_matrices, tested};

/// Downloads what is recorded.
#[derive(Debug)]
struct DeviceRunner(Recorder);

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
        vec![Box::new(DeviceRunner(Recorder::new(Device::cpu(), None, dtype)))];
    if dtype == DType::F16 && !has_f16() {
        return runners;
    }
    let algorithms =
        Algorithm::ALL.iter().copied().filter(|&pin| serves(pin, operation) && has(pin, dtype));
    for algorithm in [None].into_iter().chain(algorithms.map(Some)) {
        runners.push(Box::new(DeviceRunner(Recorder::new(tested().clone(), algorithm, dtype))));
    }
    let device = tested().clone();
    runners.push(Box::new(DeviceRunner(Recorder {
        device,
        algorithm: None,
        dtype,
        is_lent: true,
    })));
    runners
}

/// As [`device_runners`], backward: of the algorithms, gradients know the general one and, of a
/// weight, the product of matrices.
pub fn device_gradient_runners() -> Vec<Box<dyn GradientRunner>> {
    let dtype = DType::F32;
    let runner =
        |device, algorithm| Box::new(DeviceRunner(Recorder::new(device, algorithm, dtype)));
    let device = tested().clone();
    vec![
        runner(Device::cpu(), None),
        runner(device.clone(), None),
        runner(device.clone(), Some(Algorithm::General)),
        runner(device.clone(), Some(Algorithm::Gemm)),
        Box::new(DeviceRunner(Recorder { device, algorithm: None, dtype, is_lent: true })),
    ]
}

impl Runner for DeviceRunner {
    fn name(&self) -> String {
        self.0.name()
    }

    fn is_partial(&self) -> bool {
        !matches!(self.0.algorithm, None | Some(Algorithm::General))
    }

    fn is_for_software_alone(&self) -> bool {
        self.0.algorithm == Some(Algorithm::Windows)
    }

    fn lacks_matrices(&self) -> bool {
        self.0.algorithm == Some(Algorithm::Cooperative) && !has_matrices()
    }

    fn uses_matrices(&self) -> bool {
        self.0.dtype == DType::F16
            && matches!(self.0.algorithm, None | Some(Algorithm::Cooperative))
            && self.0.device.limits().is_some_and(|limits| limits.cooperative_matrices)
    }
}

impl Forwards for DeviceRunner {
    fn convolve(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>> {
        self.0.convolve(options, input, weight, bias)?.download()
    }

    fn pool(&self, options: &dyn Pooling, input: &Array4<f32>) -> Result<Array4<f32>> {
        self.0.pool(options, input)?.download()
    }

    fn pool_with_indices(
        &self,
        options: &dyn MaxPooling,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)> {
        let (output, indices) = self.0.pool_with_indices(options, input)?;
        Ok((output.download()?, indices.download()?))
    }

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<Array4<f32>> {
        self.0.activation(function, input)?.download()
    }
}

impl GradientRunner for DeviceRunner {
    fn name(&self) -> String {
        self.0.name()
    }
}

impl Backwards for DeviceRunner {
    fn convolve_backward(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients> {
        let (grad_input, grad_weight, grad_bias) =
            self.0.convolve_backward(options, input, weight, grad_output)?;
        let grad_bias = Array1::from_iter(grad_bias.download()?);
        Ok((grad_input.download()?, grad_weight.download()?, grad_bias))
    }

    fn maximum_backward(
        &self,
        options: &dyn MaxPooling,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        self.0.maximum_backward(options, input, indices, grad_output)?.download()
    }

    fn average_backward(
        &self,
        options: &dyn AvgPooling,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        self.0.average_backward(options, input, grad_output)?.download()
    }

    fn activation_backward(
        &self,
        function: Activation,
        input: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        self.0.activation_backward(function, input, grad_output)?.download()
    }
}
