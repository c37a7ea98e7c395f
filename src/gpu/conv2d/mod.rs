//! Conv2d on the GPU: which algorithm, and its dispatches.

mod depthwise;
pub(crate) mod general;

use std::sync::Arc;

use super::buffer::{GpuBuffer, Reuse};
use super::context::Context;
use super::record::Binding;
use super::strip::{self, Buffers};
use crate::ops::Conv2dProblem;
use crate::{Activation, Algorithm, Limits, Result};

pub(super) const OPERATION: &str = "conv2d";

/// How a convolution is done on a device with these limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Conv2dPlan {
    General(Vec<general::Step>),
    Depthwise(Box<strip::Plan>),
}

impl Conv2dPlan {
    /// The plan for a problem: the first algorithm of the cascade that serves it, or the pinned
    /// one.
    pub(crate) fn new(
        problem: &Conv2dProblem,
        bias: bool,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Self> {
        if let Some(plan) = depthwise::plan(problem, bias, pinned, limits)? {
            return Ok(Self::Depthwise(Box::new(plan)));
        }
        match pinned {
            None | Some(Algorithm::General) => {
                Ok(Self::General(general::plan(problem, bias, limits)?))
            }
            Some(algorithm) => Err(strip::unsupported(OPERATION, algorithm)),
        }
    }

    /// The algorithm that was picked.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::General(_) => Algorithm::General,
            Self::Depthwise(plan) => plan.algorithm(),
        }
    }

    /// The number of dispatches.
    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::General(steps) => steps.len(),
            Self::Depthwise(plan) => plan.dispatches(),
        }
    }

    /// The shaders that the plan needs.
    pub(crate) fn shaders(&self) -> Vec<super::shader::Shader> {
        match self {
            Self::General(steps) => steps.iter().take(1).map(|step| step.shader.clone()).collect(),
            Self::Depthwise(plan) => vec![plan.shader().clone()],
        }
    }
}

/// Records a convolution; gives the buffer of its output.
pub(crate) fn conv2d(
    context: &Arc<Context>,
    problem: &Conv2dProblem,
    plan: &Conv2dPlan,
    input: &GpuBuffer,
    weight: &GpuBuffer,
    bias: Option<&GpuBuffer>,
) -> Result<GpuBuffer> {
    let len = problem.output_shape().len();
    let output = context.allocate(OPERATION, len as u64 * 4, Reuse::Recorded)?;
    match plan {
        Conv2dPlan::General(steps) => {
            for step in steps {
                step.record(context, problem, input, weight, bias, &output)?;
            }
        }
        Conv2dPlan::Depthwise(plan) => {
            let (weight, output, indices) = (Some(weight), &output, None);
            plan.record(context, Buffers { input, weight, bias, output, indices })?;
        }
    }
    Ok(output)
}

/// The name of an activation in shader variants.
pub(super) fn activation_name(activation: Option<Activation>) -> &'static str {
    activation.map_or("none", Activation::name)
}

/// The number that an activation takes beside the element.
pub(super) fn activation_parameter(activation: Option<Activation>) -> f32 {
    activation.map_or(0.0, Activation::parameter)
}

/// The binding of a bias.
pub(super) fn bias_binding<'a>(problem: &Conv2dProblem, bias: &'a GpuBuffer) -> Binding<'a> {
    Binding::whole(bias, problem.out_channels)
}
