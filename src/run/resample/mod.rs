//! Interpolation, padding and pixel shuffle.

mod interpolate;
mod pad;
mod pixel_shuffle;

use crate::device::Backend;
use crate::ops::{CopyMap, Resampling, check_grad_output};
use crate::{DType, Result, Shape, Tensor, cpu, gpu};

/// Copies elements to other places.
fn copy(map: &CopyMap, input: &Tensor) -> Result<Tensor> {
    let (operation, [from, shape]) = (map.operation(), map.shapes());
    let (device, dtype) = (input.device(), input.dtype());
    match device.backend() {
        Backend::Cpu => {
            let elements = input.elements_of_any_type(operation)?;
            Tensor::on_cpu_as(dtype, operation, device, shape, |output| {
                cpu::copy_places(map, elements, output)
            })
        }
        Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(operation, device, shape, dtype),
        Backend::Gpu(context) => {
            gpu::check_buffers(operation, &[from, shape], dtype, context.limits())?;
            let copied = (*map, dtype);
            let plans = &device.plans().copies;
            let plan = plans.get(copied, || gpu::CopyPlan::new(context, &copied))?;
            let output =
                gpu::copy_places(context, map, &plan, input.buffer_of_any_type(operation)?)?;
            Ok(Tensor::on_gpu(device, shape, output))
        }
    }
}

/// The forward pass of what reads along each axis by itself.
fn resample(problem: &Resampling, input: &Tensor) -> Result<Tensor> {
    if problem.copies() {
        return copy(&CopyMap::Resampling(*problem), input);
    }
    let (operation, shape) = (problem.operation, problem.output_shape());
    let (device, dtype) = (input.device(), input.dtype());
    match device.backend() {
        Backend::Cpu => {
            let elements = input.elements_of_any_type(operation)?;
            Tensor::on_cpu_as(dtype, operation, device, shape, |output| {
                cpu::bilinear(problem, elements, output)
            })
        }
        Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(operation, device, shape, dtype),
        Backend::Gpu(context) => {
            gpu::check_buffers(operation, &[problem.input, shape], dtype, context.limits())?;
            let plan = || gpu::BilinearPlan::new(context, problem, dtype);
            let plan = device.plans().bilinear.get((*problem, dtype), plan)?;
            let input = input.buffer_of_any_type(operation)?;
            let output = gpu::bilinear(context, problem, &plan, input)?;
            Ok(Tensor::on_gpu(device, shape, output))
        }
    }
}

/// The gradient of its input.
fn grad_input(problem: &Resampling, grad_output: &Tensor) -> Result<Tensor> {
    let (operation, shape, output) = (problem.operation, problem.input, problem.output_shape());
    check(operation, grad_output, output)?;
    let device = grad_output.device();
    match device.backend() {
        Backend::Cpu => {
            let grad_output = grad_output.cpu_elements(operation)?;
            Tensor::on_cpu(operation, device, shape, |grad_input| {
                cpu::resampling_grad_input(problem, grad_output, grad_input)
            })
        }
        Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(operation, device, shape, DType::F32),
        Backend::Gpu(context) => {
            gpu::check_buffers(operation, &[shape, output], DType::F32, context.limits())?;
            let plan = || gpu::ResamplingGradPlan::new(context, problem);
            let plan = device.plans().resampling_gradients.get(*problem, plan)?;
            let grad_output = grad_output.gpu_buffer(operation)?;
            let buffer = gpu::resampling_grad_input(context, problem, &plan, grad_output)?;
            Ok(Tensor::on_gpu(device, shape, buffer))
        }
    }
}

/// That a gradient is of f32, and of the shape of the output.
fn check(operation: &'static str, grad_output: &Tensor, output: Shape) -> Result<()> {
    grad_output.check_f32(operation, "grad_output")?;
    check_grad_output(operation, grad_output.shape(), output)
}
