//! Gradients of Conv2d on the GPU, and with them ConvTranspose2d.

use std::sync::Arc;

use crate::gpu::conv2d::{
    Conv2dPlan, conv2d, grad_input, grad_input_phases, grad_input_turned, grad_weight,
    grad_weight_gemm, grad_weight_tiled,
};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
#[cfg(test)]
use crate::gpu::runtime::shader::Shader;
use crate::gpu::software;
use crate::gpu::tile::operands::OPERATION;
use crate::ops::Conv2dProblem;
use crate::{Algorithm, DType, Limits, Result};

/// How the gradient of an input is done on a device with certain limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum InputPlan {
    /// By a convolution of grad_output with the turned weight.
    Turned(Box<(Conv2dProblem, Conv2dPlan)>),
    Phases(grad_input_phases::Plan),
    General(Vec<grad_input::Step>),
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
            if let Some(plan) = grad_input_phases::plan(problem, bias, limits)? {
                return Ok(Self::Phases(plan));
            }
        }
        Ok(Self::General(grad_input::plan(problem, bias, limits)?))
    }

    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::Turned(turned) => {
                turned.1.shaders().into_iter().chain([grad_input_turned::shader()]).collect()
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
    plan: &InputPlan,
    weight: &GpuBuffer,
    bias: Option<&GpuBuffer>,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    match plan {
        InputPlan::Turned(turned) => {
            let (turned, plan) = &**turned;
            let weight = grad_input_turned::of(context, problem, None, weight)?;
            conv2d(context, turned, plan, grad_output, &weight, bias)
        }
        InputPlan::Phases(plan) => plan.record(context, problem, weight, bias, grad_output),
        InputPlan::General(steps) => {
            let grad_input =
                context.allocate_elements(OPERATION, problem.input_shape().len(), DType::F32)?;
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
    /// With a dispatch that computes again what is NaN, where there may be such.
    Software(Box<(software::GradWeightPlan, Option<grad_weight::Step>)>),
    /// With such a dispatch too.
    Gemm(Box<(grad_weight_gemm::Plan, Option<grad_weight::Step>)>),
    Tiled(grad_weight_tiled::Plan),
    General(Vec<grad_weight::Step>),
}

impl WeightPlan {
    /// The first of these that serves the problem, whose batch is not empty, or that which is
    /// pinned.
    pub(crate) fn new(
        problem: &Conv2dProblem,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Self> {
        if pinned == Some(Algorithm::Gemm)
            && let Some(plan) = Self::gemm(problem, limits)?
        {
            return Ok(plan);
        }
        if pinned != Some(Algorithm::General) {
            let mut repair = None;
            let plan = software::conv2d_grad_weight(problem, limits, || {
                repair = grad_weight::repair(problem, limits)?;
                Ok(repair.is_some())
            })?;
            if let Some(plan) = plan {
                let repair = repair.filter(|_| plan.needs_repair());
                return Ok(Self::Software(Box::new((plan, repair))));
            }
            if grad_weight_gemm::is_worth_it(problem, limits)
                && let Some(plan) = Self::gemm(problem, limits)?
            {
                return Ok(plan);
            }
            if let Some(plan) = grad_weight_tiled::plan(problem, limits)? {
                return Ok(Self::Tiled(plan));
            }
        }
        Ok(Self::General(grad_weight::plan(problem, limits)?))
    }

    fn gemm(problem: &Conv2dProblem, limits: &Limits) -> Result<Option<Self>> {
        let Some(plan) = grad_weight_gemm::plan(problem, limits)? else { return Ok(None) };
        let repair = if plan.needs_repair { grad_weight::repair(problem, limits)? } else { None };
        let is_whole = !plan.needs_repair || repair.is_some();
        Ok(is_whole.then(|| Self::Gemm(Box::new((plan, repair)))))
    }

    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::Software(plan) => {
                let repair = plan.1.iter().map(|step| step.shader.clone());
                plan.0.shaders().into_iter().chain(repair).collect()
            }
            Self::Gemm(plan) => {
                let repair = plan.1.iter().map(|step| step.shader.clone());
                plan.0.shaders().into_iter().chain(repair).collect()
            }
            Self::Tiled(plan) => plan.shaders(),
            Self::General(steps) => steps.iter().map(|step| step.shader.clone()).collect(),
        }
    }
}

/// Records the gradient of a convolution's weight.
pub(crate) fn conv2d_grad_weight(
    context: &Arc<Context>,
    problem: &Conv2dProblem,
    plan: &WeightPlan,
    input: &GpuBuffer,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    match plan {
        WeightPlan::Software(plan) => {
            let (plan, repair) = &**plan;
            let grad_weight = plan.record(context, problem, input, grad_output)?;
            if let Some(repair) = repair {
                repair.record(context, [input, grad_output], &grad_weight)?;
            }
            Ok(grad_weight)
        }
        WeightPlan::Gemm(plan) => {
            let (plan, repair) = &**plan;
            let grad_weight = plan.record(context, problem, input, grad_output)?;
            if let Some(repair) = repair {
                repair.record(context, [input, grad_output], &grad_weight)?;
            }
            Ok(grad_weight)
        }
        WeightPlan::Tiled(plan) => plan.record(context, problem, input, grad_output),
        WeightPlan::General(steps) => {
            let weights = problem.weight_shape().len();
            let grad_weight = context.allocate_elements(OPERATION, weights, DType::F32)?;
            for step in steps {
                step.record(context, [input, grad_output], &grad_weight)?;
            }
            Ok(grad_weight)
        }
    }
}
