//! Operations on two tensors that broadcast, and sums of what was broadcast.

use crate::device::Backend;
use crate::ops::Pairwise;
use crate::ops::reduction::{Reduction, Term};
use crate::{DType, Result, Tensor, cpu, gpu};

/// A function of the elements of two tensors, and of a gradient of the output if it is one of that;
/// all were checked.
pub(crate) fn pairwise(
    problem: &Pairwise,
    [input, other]: [&Tensor; 2],
    gradient: Option<&Tensor>,
) -> Result<Tensor> {
    let (operation, shape) = (problem.operation, problem.output);
    let (device, dtype) = (input.device(), input.dtype());
    match device.backend() {
        Backend::Cpu => {
            let input = input.elements_of_any_type(operation)?;
            let other = other.elements_of_any_type(operation)?;
            let gradient = gradient.map(|it| it.cpu_elements(operation)).transpose()?;
            Tensor::on_cpu_as(dtype, operation, device, shape, |output| {
                cpu::pairwise(problem, [input, other], gradient, output)
            })
        }
        Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(operation, device, shape, dtype),
        Backend::Gpu(context) => {
            gpu::check_buffers(operation, &[shape], dtype, context.limits())?;
            let input = input.buffer_of_any_type(operation)?;
            let other = other.buffer_of_any_type(operation)?;
            let gradient = gradient.map(|it| it.gpu_buffer(operation)).transpose()?;
            let gradient = gradient.map(AsRef::as_ref);
            let output = gpu::pairwise(context, problem, [input, other], gradient)?;
            Ok(Tensor::on_gpu(device, shape, output))
        }
    }
}

/// The gradient of a tensor that broadcast; all were checked.
pub(crate) fn reduce(
    problem: &Reduction,
    grad_output: &Tensor,
    factor: Option<&Tensor>,
) -> Result<Tensor> {
    let (operation, shape) = (problem.operation, problem.target);
    let device = grad_output.device();
    if problem.is_each() && problem.term == Term::Gradient && !problem.negated {
        return Ok(grad_output.clone());
    }
    match device.backend() {
        Backend::Cpu => {
            let grad_output = grad_output.cpu_elements(operation)?;
            let factor = factor.map(|it| it.cpu_elements(operation)).transpose()?;
            Tensor::on_cpu(operation, device, shape, |gradient| {
                cpu::reduce(problem, grad_output, factor, gradient)
            })
        }
        Backend::Gpu(_) if problem.output.is_empty() || shape.is_empty() => {
            Tensor::zeros(operation, device, shape, DType::F32)
        }
        Backend::Gpu(context) => {
            let grad_output = grad_output.gpu_buffer(operation)?;
            let factor = factor.map(|it| it.gpu_buffer(operation)).transpose()?;
            let factor = factor.map(AsRef::as_ref);
            let gradient = gpu::reduce(context, problem, grad_output, factor)?;
            Ok(Tensor::on_gpu(device, shape, gradient))
        }
    }
}
