//! Pooling on the GPU: which algorithm, and its dispatches.

pub(crate) mod general;
pub(crate) mod grad;

use std::sync::Arc;

use super::buffer::{GpuBuffer, Reuse};
use super::context::Context;
use super::shader::Shader;
use crate::ops::{AdaptivePool2dProblem, AvgPool2dProblem, MaxPool2dProblem};
use crate::window::Axis;
use crate::{Algorithm, Error, Limits, Result, Shape};

/// A pooling of any kind, as its shaders see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pool2dProblem {
    pub(crate) operation: &'static str,
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) window: Window,
    pub(crate) reduction: Reduction,
}

/// How the windows lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Window {
    Fixed { vertical: Axis, horizontal: Axis },
    Adaptive,
}

/// What becomes of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reduction {
    Max { indices: bool },
    Average(Divisor),
}

/// What the sum of a window is divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Divisor {
    Padded,
    Inside,
    Override(f32),
}

impl Pool2dProblem {
    pub(crate) fn max(problem: &MaxPool2dProblem, indices: bool) -> Self {
        Self {
            operation: "max_pool2d",
            input: problem.input_shape(),
            output: problem.output_shape(),
            window: Window::Fixed { vertical: problem.vertical, horizontal: problem.horizontal },
            reduction: Reduction::Max { indices },
        }
    }

    pub(crate) fn average(problem: &AvgPool2dProblem) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "PyTorch divides floats by it as well")]
        let divisor = match problem.divisor_override {
            Some(divisor) => Divisor::Override(divisor as f32),
            None if problem.count_include_pad => Divisor::Padded,
            None => Divisor::Inside,
        };
        Self {
            operation: "avg_pool2d",
            input: problem.input_shape(),
            output: problem.output_shape(),
            window: Window::Fixed { vertical: problem.vertical, horizontal: problem.horizontal },
            reduction: Reduction::Average(divisor),
        }
    }

    pub(crate) fn adaptive_max(problem: &AdaptivePool2dProblem, indices: bool) -> Self {
        Self {
            operation: "adaptive_max_pool2d",
            input: problem.input,
            output: problem.output_shape(),
            window: Window::Adaptive,
            reduction: Reduction::Max { indices },
        }
    }

    pub(crate) fn adaptive_average(problem: &AdaptivePool2dProblem) -> Self {
        Self {
            operation: "adaptive_avg_pool2d",
            input: problem.input,
            output: problem.output_shape(),
            window: Window::Adaptive,
            reduction: Reduction::Average(Divisor::Inside),
        }
    }
}

/// How a pooling is done on a device with these limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pool2dPlan {
    General(Vec<general::Step>),
}

impl Pool2dPlan {
    /// The plan for a problem: the first algorithm of the cascade that serves it, or the pinned
    /// one.
    pub(crate) fn new(
        problem: &Pool2dProblem,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Self> {
        match pinned {
            None | Some(Algorithm::General) => Ok(Self::General(general::plan(problem, limits)?)),
            Some(algorithm) => Err(Error::Unsupported {
                operation: problem.operation,
                algorithm: algorithm.to_string(),
                rule: "does not serve this problem on this device".into(),
            }),
        }
    }

    /// The algorithm that was picked.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::General(_) => Algorithm::General,
        }
    }

    /// The number of dispatches.
    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::General(steps) => steps.len(),
        }
    }

    /// The shaders that the plan needs.
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::General(steps) => steps.iter().take(1).map(|step| step.shader.clone()).collect(),
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
    let bytes = problem.output.len() as u64 * 4;
    let output = context.allocate(problem.operation, bytes, Reuse::Recorded)?;
    let indices = match problem.reduction {
        Reduction::Max { indices: true } => {
            Some(context.allocate(problem.operation, bytes, Reuse::Recorded)?)
        }
        _ => None,
    };
    match plan {
        Pool2dPlan::General(steps) => {
            for step in steps {
                step.record(context, problem, input, &output, indices.as_ref())?;
            }
        }
    }
    Ok((output, indices))
}
