//! The forward passes of poolings.

use std::sync::Arc;

use crate::device::Backend;
use crate::memory::{NoMemory, zeros};
use crate::ops::MaxPooling;
use crate::ops::pool2d::Pool2dProblem;
use crate::run::pool2d::plan::plan;
use crate::storage::Storage;
use crate::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Indices, MaxPool2d, Result, Shape, Tensor,
    cpu, gpu,
};

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
    let storage = Storage::on_cpu(found);
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
    let plan = plan(device, context, &problem, algorithm)?;
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
