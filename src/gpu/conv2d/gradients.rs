//! Gradients of Conv2d on the GPU, and with them ConvTranspose2d.

use std::sync::Arc;

use crate::gpu::conv2d::{
    Conv2dPlan, conv2d, grad_bias, grad_input, grad_input_phases, grad_input_turned, grad_weight,
    grad_weight_tiled,
};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::software;
use crate::gpu::tile::operands::OPERATION;
use crate::ops::Conv2dProblem;
use crate::{Algorithm, DType, Result, Shape};

/// Records the gradient of a convolution's input; with `bias`, one value per input channel, that is
/// a transposed convolution.
pub(crate) fn conv2d_grad_input(
    context: &Arc<Context>,
    problem: &Conv2dProblem,
    pinned: Option<Algorithm>,
    weight: &GpuBuffer,
    bias: Option<&GpuBuffer>,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    let limits = context.limits();
    let weights = problem.weight_shape().len();
    if let Some(turned) = problem.input_gradient()
        && pinned != Some(Algorithm::General)
        && weights <= limits.max_binding_elements()
    {
        let plan = Conv2dPlan::new(&turned, bias.is_some(), None, limits)?;
        let weight = grad_input_turned::of(context, problem, None, weight)?;
        return conv2d(context, &turned, &plan, grad_output, &weight, bias);
    }
    if pinned != Some(Algorithm::General)
        && let Some(plan) = grad_input_phases::plan(problem, bias.is_some(), limits)?
    {
        return plan.record(context, problem, weight, bias, grad_output);
    }
    let steps = grad_input::plan(problem, bias.is_some(), limits)?;
    let grad_input =
        context.allocate_elements(OPERATION, problem.input_shape().len(), DType::F32)?;
    for step in steps {
        step.record(context, problem, weight, bias, grad_output, &grad_input)?;
    }
    Ok(grad_input)
}

/// Records the gradient of a convolution's weight.
pub(crate) fn conv2d_grad_weight(
    context: &Arc<Context>,
    problem: &Conv2dProblem,
    pinned: Option<Algorithm>,
    input: &GpuBuffer,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    let weights = problem.weight_shape().len();
    if problem.batch == 0 {
        return context.upload(OPERATION, &vec![0.0_f32; weights]);
    }
    let limits = context.limits();
    if pinned != Some(Algorithm::General) {
        let mut repair = None;
        let plan = software::conv2d_grad_weight(problem, limits, || {
            repair = grad_weight::repair(problem, limits)?;
            Ok(repair.is_some())
        })?;
        if let Some(plan) = plan {
            let grad_weight = plan.record(context, problem, input, grad_output)?;
            if let Some(repair) = repair.filter(|_| plan.needs_repair()) {
                repair.record(context, [input, grad_output], &grad_weight)?;
            }
            return Ok(grad_weight);
        }
        if let Some(plan) = grad_weight_tiled::plan(problem, limits)? {
            return plan.record(context, problem, input, grad_output);
        }
    }
    let steps = grad_weight::plan(problem, limits)?;
    let grad_weight = context.allocate_elements(OPERATION, weights, DType::F32)?;
    for step in steps {
        step.record(context, [input, grad_output], &grad_weight)?;
    }
    Ok(grad_weight)
}

/// Records the gradient of a bias from that of the output of this shape.
pub(crate) fn conv2d_grad_bias(
    context: &Arc<Context>,
    shape: Shape,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    if shape.is_empty() {
        return context.upload(OPERATION, &vec![0.0_f32; shape.channels]);
    }
    let plan = grad_bias::plan(shape, context.limits())?;
    plan.record(context, grad_output)
}
