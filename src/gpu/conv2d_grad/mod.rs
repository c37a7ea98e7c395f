//! Gradients of Conv2d on the GPU, and with them ConvTranspose2d.

pub(crate) mod bias;
mod image;
pub(crate) mod input;
mod input_sums;
pub(crate) mod phases;
pub(crate) mod sum;
#[cfg(test)]
mod tests;
pub(crate) mod turned;
pub(crate) mod weight;
pub(crate) mod weight_filters;
pub(crate) mod weight_texel;
pub(crate) mod weight_tiled;

use std::sync::Arc;

use super::buffer::{GpuBuffer, Reuse};
use super::context::Context;
use super::conv2d::{Conv2dPlan, conv2d};
#[cfg(test)]
use super::shader::Shader;
use crate::ops::Conv2dProblem;
use crate::{Algorithm, Limits, Result, Shape};

pub(super) const OPERATION: &str = "conv2d";

/// A buffer of so many elements for recorded work.
fn allocate(context: &Arc<Context>, elements: usize) -> Result<GpuBuffer> {
    context.allocate(OPERATION, elements as u64 * 4, Reuse::Recorded)
}

/// How the gradient of an input is done on a device with certain limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InputPlan {
    /// By a convolution of grad_output with the turned weight.
    Turned(Box<(Conv2dProblem, Conv2dPlan)>),
    Phases(phases::Plan),
    General(Vec<input::Step>),
}

impl InputPlan {
    /// The first of these that serves the problem, or the last if it is pinned.
    pub(crate) fn new(
        problem: &Conv2dProblem,
        bias: bool,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Self> {
        if pinned != Some(Algorithm::General) {
            if let Some(turned) = problem.input_gradient()
                && problem.weight_shape().len() <= limits.max_binding_elements()
            {
                let plan = Conv2dPlan::new(&turned, bias, None, limits)?;
                return Ok(Self::Turned(Box::new((turned, plan))));
            }
            if let Some(plan) = phases::plan(problem, bias, limits)? {
                return Ok(Self::Phases(plan));
            }
        }
        Ok(Self::General(input::plan(problem, bias, limits)?))
    }

    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(super) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::Turned(turned) => {
                turned.1.shaders().into_iter().chain([turned::shader()]).collect()
            }
            Self::Phases(plan) => plan.shaders(),
            Self::General(steps) => steps.iter().map(|step| step.shader.clone()).collect(),
        }
    }
}

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
    match InputPlan::new(problem, bias.is_some(), pinned, context.limits())? {
        InputPlan::Turned(turned) => {
            let (turned, plan) = *turned;
            let weight = turned::of(context, problem, None, weight)?;
            conv2d(context, &turned, &plan, grad_output, &weight, bias)
        }
        InputPlan::Phases(plan) => plan.record(context, problem, weight, bias, grad_output),
        InputPlan::General(steps) => {
            let grad_input = allocate(context, problem.input_shape().len())?;
            for step in steps {
                step.record(context, problem, weight, bias, grad_output, &grad_input)?;
            }
            Ok(grad_input)
        }
    }
}

/// How the gradient of a weight is done on a device with certain limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WeightPlan {
    Filters(weight_filters::Plan),
    Texel(weight_texel::Plan),
    Tiled(weight_tiled::Plan),
    General(Vec<weight::Step>),
}

impl WeightPlan {
    /// The first of these that serves the problem, whose batch is not empty, or the last if it is
    /// pinned.
    pub(crate) fn new(
        problem: &Conv2dProblem,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Self> {
        if pinned != Some(Algorithm::General) {
            if let Some(plan) = weight_filters::plan(problem, limits)? {
                return Ok(Self::Filters(plan));
            }
            if let Some(plan) = weight_texel::plan(problem, limits)? {
                return Ok(Self::Texel(plan));
            }
            if let Some(plan) = weight_tiled::plan(problem, limits)? {
                return Ok(Self::Tiled(plan));
            }
        }
        Ok(Self::General(weight::plan(problem, limits)?))
    }

    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(super) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::Filters(plan) => plan.shaders(),
            Self::Texel(plan) => plan.shaders(),
            Self::Tiled(plan) => plan.shaders(),
            Self::General(steps) => steps.iter().map(|step| step.shader.clone()).collect(),
        }
    }
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
    match WeightPlan::new(problem, pinned, context.limits())? {
        WeightPlan::Filters(plan) => plan.record(context, problem, input, grad_output),
        WeightPlan::Texel(plan) => plan.record(context, problem, input, grad_output),
        WeightPlan::Tiled(plan) => plan.record(context, problem, input, grad_output),
        WeightPlan::General(steps) => {
            let grad_weight = allocate(context, weights)?;
            for step in steps {
                step.record(context, [input, grad_output], &grad_weight)?;
            }
            Ok(grad_weight)
        }
    }
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
    let plan = bias::plan(shape, context.limits())?;
    plan.record(context, grad_output)
}
