//! Pooling on the GPU: which algorithm, and its dispatches.

pub(crate) mod general;
pub(crate) mod global;
pub(crate) mod gradients;
pub(crate) mod separable;
#[cfg(test)]
mod tests;
pub(crate) mod variants;

use std::sync::Arc;

use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::strip::buffers::Buffers;
use crate::gpu::{software, strip};
use crate::ops::pool2d::{Index, Pool2dProblem, Reduction};
use crate::{Algorithm, Limits, Result};

/// How a pooling is done on a device with these limits.
#[allow(clippy::large_enum_variant, reason = "a plan lives for one call")]
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pool2dPlan {
    General(Vec<general::Step>),
    Strip(Box<strip::storage::Plan>),
    Global(Box<global::Plan>),
    Separable(Box<separable::Plan<Self>>),
    Software(software::Pool2dPlan),
}

impl Pool2dPlan {
    /// The plan for a problem: the first algorithm of the cascade that serves it, or the pinned
    /// one.
    pub(crate) fn new(
        problem: &Pool2dProblem,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Self> {
        let wanted = |algorithm| pinned.is_none_or(|pinned| pinned == algorithm);
        if wanted(Algorithm::Global) {
            if let Some(plan) = software::global_pool2d(problem, limits)? {
                return Ok(Self::Software(plan));
            }
            if let Some(plan) = global::Plan::new(problem, limits)? {
                return Ok(Self::Global(Box::new(plan)));
            }
        }
        let is_separable = match pinned {
            None => separable::is_worth_it(problem, limits),
            pinned => pinned == Some(Algorithm::Separable),
        };
        let part = |problem: &Pool2dProblem| Self::new(problem, None, limits);
        if is_separable && let Some(plan) = separable::Plan::new(problem, limits, part)? {
            return Ok(Self::Separable(Box::new(plan)));
        }
        if wanted(Algorithm::Windows)
            && let Some(plan) = software::pool2d(problem, limits)?
        {
            return Ok(Self::Software(plan));
        }
        if wanted(Algorithm::Strip)
            && let Some(problem) = strip::problem::Problem::of_pool2d(problem)
            && let Some(plan) = strip::storage::Plan::new(&problem, limits)?
        {
            return Ok(Self::Strip(Box::new(plan)));
        }
        match pinned {
            None | Some(Algorithm::General) => Ok(Self::General(general::plan(problem, limits)?)),
            Some(algorithm) => Err(strip::unsupported(problem.operation, algorithm)),
        }
    }

    /// The algorithm that was picked.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::General(_) => Algorithm::General,
            Self::Strip(_) => Algorithm::Strip,
            Self::Global(_) => Algorithm::Global,
            Self::Separable(_) => Algorithm::Separable,
            Self::Software(plan) => plan.algorithm(),
        }
    }

    /// The number of dispatches.
    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::General(steps) => steps.len(),
            Self::Strip(_) | Self::Global(_) => 1,
            Self::Separable(plan) => plan.parts().map(Self::dispatches).into_iter().sum(),
            Self::Software(plan) => plan.dispatches(),
        }
    }

    /// The shaders that the plan needs.
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::General(steps) => steps.iter().take(1).map(|step| step.shader.clone()).collect(),
            Self::Strip(plan) => vec![plan.shader().clone()],
            Self::Global(plan) => vec![plan.shader().clone()],
            Self::Separable(plan) => plan.parts().into_iter().flat_map(Self::shaders).collect(),
            Self::Software(plan) => vec![plan.shader().clone()],
        }
    }
}

/// Records a pooling; gives the buffers of its output and of its indices.
pub(crate) fn pool2d(
    context: &Arc<Context>,
    problem: &Pool2dProblem,
    plan: &Pool2dPlan,
    input: &GpuBuffer,
) -> Result<(GpuBuffer, Option<GpuBuffer>)> {
    run(context, problem, plan, input, None)
}

/// As [`pool2d`], with the indices that the input has as an output.
fn run(
    context: &Arc<Context>,
    problem: &Pool2dProblem,
    plan: &Pool2dPlan,
    input: &GpuBuffer,
    found: Option<&GpuBuffer>,
) -> Result<(GpuBuffer, Option<GpuBuffer>)> {
    let operation = problem.operation;
    let into_output = |record: &dyn Fn(Buffers<'_>) -> Result<()>| {
        let len = problem.output.len();
        let output = context.allocate_elements(operation, len, problem.dtype)?;
        let indices = match problem.reduction {
            Reduction::Max { index: Index::Own | Index::LookedUp } => {
                Some(context.allocate(operation, len as u64 * 4, Reuse::Recorded)?)
            }
            _ => None,
        };
        let results = (&output, indices.as_ref());
        record(Buffers {
            input,
            weight: None,
            bias: None,
            found,
            output: results.0,
            indices: results.1,
        })?;
        Ok((output, indices))
    };
    match plan {
        Pool2dPlan::General(steps) => into_output(&|buffers| {
            steps.iter().try_for_each(|step| step.record(context, problem, buffers))
        }),
        Pool2dPlan::Strip(plan) => into_output(&|buffers| plan.record(context, buffers)),
        Pool2dPlan::Global(plan) => {
            into_output(&|buffers| plan.record(context, buffers.input, buffers.output))
        }
        Pool2dPlan::Separable(plan) => plan.run(context, problem, input, run),
        Pool2dPlan::Software(plan) => into_output(&|buffers| plan.record(context, buffers)),
    }
}
