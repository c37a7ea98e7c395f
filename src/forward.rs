//! Running operations: from options and tensors to a backend.

use std::sync::Arc;

use crate::device::Backend;
use crate::gpu::GpuBuffer;
use crate::gpu::Operands;
use crate::memory::{NoMemory, zeros};
use crate::ops::MaxPooling;
use crate::ops::pool2d::Pool2dProblem;
use crate::tensor::Storage;
use crate::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, DType, Device, Indices,
    MaxPool2d, Result, Shape, Tensor, cpu, gpu,
};

impl Tensor {
    pub(crate) fn on_gpu(device: &Device, shape: Shape, buffer: GpuBuffer) -> Self {
        let dtype = buffer.dtype;
        Self { shape, storage: Storage::Gpu(Arc::new(buffer)), dtype, device: device.clone() }
    }

    /// A tensor of f32 on the CPU that `fill` writes every element of, if there is one.
    pub(crate) fn on_cpu(
        operation: &'static str,
        device: &Device,
        shape: Shape,
        fill: impl FnOnce(&mut [f32]) -> std::result::Result<(), NoMemory>,
    ) -> Result<Self> {
        Self::on_cpu_as(DType::F32, operation, device, shape, fill)
    }

    /// As [`on_cpu`](Self::on_cpu), with every element rounded to a type.
    pub(crate) fn on_cpu_as(
        dtype: DType,
        operation: &'static str,
        device: &Device,
        shape: Shape,
        fill: impl FnOnce(&mut [f32]) -> std::result::Result<(), NoMemory>,
    ) -> Result<Self> {
        let len = shape.checked_len(operation)?;
        let fill = |elements: &mut [f32]| if len == 0 { Ok(()) } else { fill(elements) };
        let elements = zeros(len).and_then(|mut elements| fill(&mut elements).map(|()| elements));
        let mut elements = elements.map_err(|missing| missing.during(operation))?;
        dtype.round(&mut elements);
        Ok(Self { shape, storage: Storage::Cpu(Arc::new(elements)), dtype, device: device.clone() })
    }
}

impl Tensor {
    /// Zeros; of f16 only where there are none.
    pub(crate) fn zeros(
        operation: &'static str,
        device: &Device,
        shape: Shape,
        dtype: DType,
    ) -> Result<Self> {
        match device.backend() {
            Backend::Cpu => Self::on_cpu_as(dtype, operation, device, shape, |_| Ok(())),
            Backend::Gpu(context) => {
                let zeros = zeros::<f32>(shape.checked_len(operation)?);
                let zeros = zeros.map_err(|missing| missing.during(operation))?;
                let mut buffer = context.upload(operation, &zeros)?;
                buffer.dtype = dtype;
                Ok(Self::on_gpu(device, shape, buffer))
            }
        }
    }

    /// The buffer of a tensor of f32.
    pub(crate) fn gpu_buffer(&self, operation: &'static str) -> Result<&Arc<GpuBuffer>> {
        self.check_f32(operation, "a tensor")?;
        self.buffer_of_any_type(operation)
    }

    /// The elements of a tensor of f32.
    pub(crate) fn cpu_elements(&self, operation: &'static str) -> Result<&[f32]> {
        self.check_f32(operation, "a tensor")?;
        self.elements_of_any_type(operation)
    }
}

impl Indices {
    /// Those of an output without elements.
    fn none(output: &Tensor, pooling: MaxPooling) -> Result<Self> {
        let (shape, device) = (output.shape(), output.device().clone());
        let storage = match device.backend() {
            Backend::Cpu => Storage::Cpu(Arc::default()),
            Backend::Gpu(context) => Storage::Gpu(Arc::new(context.upload::<u32>("upload", &[])?)),
        };
        Ok(Self { shape, pooling, storage, device })
    }

    pub(crate) fn gpu_buffer(&self, operation: &'static str) -> Result<&Arc<GpuBuffer>> {
        self.buffer_of_any_type(operation)
    }

    pub(crate) fn cpu_elements(&self, operation: &'static str) -> Result<&[u32]> {
        self.elements_of_any_type(operation)
    }
}

macro_rules! elements {
    ($name:ident, $element:ty) => {
        impl $name {
            pub(crate) fn buffer_of_any_type(
                &self,
                operation: &'static str,
            ) -> Result<&Arc<GpuBuffer>> {
                match &self.storage {
                    Storage::Gpu(buffer) => Ok(buffer),
                    Storage::Cpu(_) => Err(self.device.not_here(operation, "a tensor")),
                }
            }

            pub(crate) fn elements_of_any_type(
                &self,
                operation: &'static str,
            ) -> Result<&[$element]> {
                match &self.storage {
                    Storage::Cpu(elements) => Ok(elements),
                    Storage::Gpu(_) => Err(self.device.not_here(operation, "a tensor")),
                }
            }
        }
    };
}

elements!(Tensor, f32);
elements!(Indices, u32);

impl Conv2d {
    /// Convolves `input` with `weight` and adds `bias`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) and
    /// [`NoOutput`](crate::Error::NoOutput) for options that do not fit each other or the input,
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for tensors that do not fit,
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for a weight or bias of another type than the
    /// input, [`DifferentDevice`](crate::Error::DifferentDevice),
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for
    /// sizes that cannot be.
    ///
    /// # Examples
    ///
    /// A vertical edge, found by the Sobel filter:
    ///
    /// ```
    /// use filtro::{Conv2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let image = device.upload(&array![[[[0., 0., 1., 1.], [0., 0., 1., 1.], [0., 0., 1., 1.]]]])?;
    /// let sobel_x = device.upload(&array![[[[-1., 0., 1.], [-2., 0., 2.], [-1., 0., 1.]]]])?;
    /// let edges = Conv2d::new(1, 1, [3, 3]).forward(&image, &sobel_x, None)?;
    /// assert_eq!(edges.download()?, array![[[[4., 4.]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn forward(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        const OPERATION: &str = "conv2d";
        let device = input.device();
        for (argument, tensor) in [("weight", Some(weight)), ("bias", bias)] {
            if let Some(tensor) = tensor {
                device.check(OPERATION, argument, tensor)?;
                tensor.check_dtype_of(OPERATION, argument, input)?;
            }
        }
        let dtype = input.dtype();
        let problem = self.problem_with(input.shape(), weight.shape(), bias.map(Tensor::shape))?;
        let shape = problem.output_shape();
        match device.backend() {
            Backend::Cpu => {
                let input = input.elements_of_any_type(OPERATION)?;
                let weight = weight.elements_of_any_type(OPERATION)?;
                let bias = bias.map(|bias| bias.elements_of_any_type(OPERATION)).transpose()?;
                Tensor::on_cpu_as(dtype, OPERATION, device, shape, |output| {
                    cpu::conv2d(&problem, input, weight, bias, output)
                })
            }
            Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(OPERATION, device, shape, dtype),
            Backend::Gpu(context) => {
                let operands = Operands { bias: bias.is_some(), dtype };
                let plan = context.plan_conv2d(&problem, operands, self.algorithm)?;
                let input = input.buffer_of_any_type(OPERATION)?;
                let weight = weight.buffer_of_any_type(OPERATION)?;
                let bias = bias.map(|bias| bias.buffer_of_any_type(OPERATION)).transpose()?;
                let bias = bias.map(Arc::as_ref);
                let output = gpu::conv2d(context, &problem, &plan, input, weight, bias)?;
                Ok(Tensor::on_gpu(device, shape, output))
            }
        }
    }
}

type MaxOutput = (Tensor, Option<Indices>);

fn max_on_cpu(
    operation: &'static str,
    input: &Tensor,
    shape: Shape,
    pooling: Option<MaxPooling>,
    run: impl FnOnce(&mut [f32], Option<&mut [u32]>) -> std::result::Result<(), NoMemory>,
) -> Result<MaxOutput> {
    let with_indices = pooling.is_some();
    let found = zeros(if with_indices { shape.len() } else { 0 });
    let mut found = found.map_err(|missing| missing.during(operation))?;
    let (device, dtype) = (input.device(), input.dtype());
    let output = Tensor::on_cpu_as(dtype, operation, device, shape, |output| {
        run(output, with_indices.then_some(found.as_mut_slice()))
    })?;
    let storage = Storage::Cpu(Arc::new(found));
    let indices =
        pooling.map(|pooling| Indices { shape, pooling, storage, device: device.clone() });
    Ok((output, indices))
}

fn pool_on_gpu(
    context: &Arc<gpu::Context>,
    problem: &Pool2dProblem,
    algorithm: Option<crate::Algorithm>,
    pooling: Option<MaxPooling>,
    input: &Tensor,
) -> Result<MaxOutput> {
    let device = input.device();
    let problem = Pool2dProblem { dtype: input.dtype(), ..*problem };
    if problem.output.is_empty() {
        let output = Tensor::zeros(problem.operation, device, problem.output, problem.dtype)?;
        let indices = pooling.map(|pooling| Indices::none(&output, pooling)).transpose()?;
        return Ok((output, indices));
    }
    let plan = context.plan_pool2d(&problem, algorithm)?;
    let buffer = input.buffer_of_any_type(problem.operation)?;
    let (output, indices) = gpu::pool2d(context, &problem, &plan, buffer)?;
    let shape = problem.output;
    let indices = indices.zip(pooling).map(|(buffer, pooling)| Indices {
        shape,
        pooling,
        storage: Storage::Gpu(Arc::new(buffer)),
        device: device.clone(),
    });
    Ok((Tensor::on_gpu(device, shape, output), indices))
}

/// Two tensors of a pooling that was asked for both.
fn both((output, indices): MaxOutput, operation: &'static str) -> Result<(Tensor, Indices)> {
    let device = output.device().clone();
    indices.map(|indices| (output, indices)).ok_or_else(|| device.not_here(operation, "indices"))
}

macro_rules! max_forward {
    ($name:ident, $operation:literal, $cpu:path, $gpu:path) => {
        impl $name {
            /// The largest element of every window of `input`.
            ///
            /// # Errors
            ///
            /// [`Error::InvalidArgument`](crate::Error::InvalidArgument),
            /// [`NoOutput`](crate::Error::NoOutput) and
            /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for options that do not fit the
            /// input, [`Overflow`](crate::Error::Overflow) and
            /// [`DeviceLimit`](crate::Error::DeviceLimit) for sizes that cannot be.
            pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
                Ok(self.run(input, false)?.0)
            }

            /// As [`forward`](Self::forward), with the index of every element in its plane.
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward).
            pub fn forward_with_indices(&self, input: &Tensor) -> Result<(Tensor, Indices)> {
                both(self.run(input, true)?, $operation)
            }

            fn run(&self, input: &Tensor, with_indices: bool) -> Result<MaxOutput> {
                let problem = self.problem(input.shape())?;
                let device = input.device();
                let pooling = with_indices.then(|| MaxPooling::from(&problem));
                match device.backend() {
                    Backend::Cpu => {
                        let elements = input.elements_of_any_type($operation)?;
                        let shape = problem.output_shape();
                        max_on_cpu($operation, input, shape, pooling, |output, indices| {
                            $cpu(&problem, elements, output, indices)
                        })
                    }
                    Backend::Gpu(context) => {
                        let problem = $gpu(&problem, with_indices);
                        pool_on_gpu(context, &problem, self.algorithm, pooling, input)
                    }
                }
            }
        }
    };
}

max_forward!(MaxPool2d, "max_pool2d", cpu::max_pool2d, Pool2dProblem::max);
max_forward!(
    AdaptiveMaxPool2d,
    "adaptive_max_pool2d",
    cpu::adaptive_max_pool2d,
    Pool2dProblem::adaptive_max
);

macro_rules! avg_forward {
    ($name:ident, $operation:literal, $cpu:path, $gpu:path) => {
        impl $name {
            /// The mean of every window of `input`.
            ///
            /// # Errors
            ///
            /// [`Error::InvalidArgument`](crate::Error::InvalidArgument),
            /// [`NoOutput`](crate::Error::NoOutput) and
            /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for options that do not fit the
            /// input, [`Overflow`](crate::Error::Overflow) and
            /// [`DeviceLimit`](crate::Error::DeviceLimit) for sizes that cannot be.
            pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
                let problem = self.problem(input.shape())?;
                let device = input.device();
                match device.backend() {
                    Backend::Cpu => {
                        let elements = input.elements_of_any_type($operation)?;
                        let (shape, dtype) = (problem.output_shape(), input.dtype());
                        Tensor::on_cpu_as(dtype, $operation, device, shape, |output| {
                            $cpu(&problem, elements, output)
                        })
                    }
                    Backend::Gpu(context) => {
                        let problem = $gpu(&problem);
                        Ok(pool_on_gpu(context, &problem, self.algorithm, None, input)?.0)
                    }
                }
            }
        }
    };
}

avg_forward!(AvgPool2d, "avg_pool2d", cpu::avg_pool2d, Pool2dProblem::average);
avg_forward!(
    AdaptiveAvgPool2d,
    "adaptive_avg_pool2d",
    cpu::adaptive_avg_pool2d,
    Pool2dProblem::adaptive_average
);

impl Activation {
    /// Applies the function to every element.
    ///
    /// # Errors
    ///
    /// What the device reports: out of memory, lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Activation, Device};
    /// use ndarray::array;
    ///
    /// let x = Device::cpu().upload(&array![[[[-1.0, 0.5]]]])?;
    /// assert_eq!(Activation::Relu.forward(&x)?.download()?, array![[[[0.0, 0.5]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn forward(self, input: &Tensor) -> Result<Tensor> {
        const OPERATION: &str = "activation";
        let (device, shape) = (input.device(), input.shape());
        match device.backend() {
            Backend::Cpu => {
                let elements = input.elements_of_any_type(OPERATION)?;
                Tensor::on_cpu_as(input.dtype(), OPERATION, device, shape, |output| {
                    cpu::activation(self, elements, output)
                })
            }
            Backend::Gpu(context) => {
                let buffer = input.buffer_of_any_type(OPERATION)?;
                let output = gpu::activation(context, self, buffer, shape.len())?;
                Ok(Tensor::on_gpu(device, shape, output))
            }
        }
    }
}
