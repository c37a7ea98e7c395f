//! Pooling on the GPU: which algorithm, and its dispatches.

pub(crate) mod general;
pub(crate) mod global;
pub(crate) mod gradients;
mod separable;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::strip::{self, Buffers, Index};
use crate::gpu::runtime::buffer::{GpuBuffer, Reuse};
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::shader::Shader;
use crate::ops::{AdaptivePool2dProblem, AvgPool2dProblem, MaxPool2dProblem};
use crate::window::Axis;
use crate::{Algorithm, DType, Limits, PaddingMode, Result, Shape};

/// A pooling of any kind, as its shaders see it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pool2dProblem {
    pub(crate) operation: &'static str,
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) window: Window,
    pub(crate) reduction: Reduction,
    /// Of the input and the output.
    pub(crate) dtype: DType,
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
    Max { index: Index },
    Average(Divisor),
}

/// What the sum of a window is divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Divisor {
    Padded,
    Inside,
    Override(f32),
}

impl Divisor {
    /// The name in shader variants and tunings.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Padded => "padded",
            Self::Inside => "inside",
            Self::Override(_) => "override",
        }
    }
}

impl Pool2dProblem {
    pub(crate) fn max(problem: &MaxPool2dProblem, indices: bool) -> Self {
        let index = if indices { Index::Own } else { Index::None };
        Self {
            operation: "max_pool2d",
            input: problem.input_shape(),
            output: problem.output_shape(),
            window: Window::Fixed { vertical: problem.vertical, horizontal: problem.horizontal },
            reduction: Reduction::Max { index },
            dtype: DType::F32,
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
            dtype: DType::F32,
        }
    }

    pub(crate) fn adaptive_max(problem: &AdaptivePool2dProblem, indices: bool) -> Self {
        let index = if indices { Index::Own } else { Index::None };
        Self {
            operation: "adaptive_max_pool2d",
            input: problem.input,
            output: problem.output_shape(),
            window: Window::Adaptive,
            reduction: Reduction::Max { index },
            dtype: DType::F32,
        }
    }

    pub(crate) fn adaptive_average(problem: &AdaptivePool2dProblem) -> Self {
        Self {
            operation: "adaptive_avg_pool2d",
            input: problem.input,
            output: problem.output_shape(),
            window: Window::Adaptive,
            reduction: Reduction::Average(Divisor::Inside),
            dtype: DType::F32,
        }
    }

    /// What an average divides by; none of a maximum.
    pub(crate) fn divisor(&self) -> Option<Divisor> {
        match self.reduction {
            Reduction::Max { .. } => None,
            Reduction::Average(divisor) => Some(divisor),
        }
    }

    /// The most taps of a window inside the input, as `[height, width]`.
    fn taps(&self) -> [usize; 2] {
        match self.window {
            Window::Fixed { vertical, horizontal } => {
                [vertical, horizontal].map(|axis| axis.kernel_size.min(axis.input_size))
            }
            Window::Adaptive => [
                AdaptivePool2dProblem::longest_window(self.input.height, self.output.height),
                AdaptivePool2dProblem::longest_window(self.input.width, self.output.width),
            ],
        }
    }

    /// The windows as fixed ones, which adaptive windows are where the output divides the input.
    fn fixed(&self) -> Option<Window> {
        match self.window {
            Window::Fixed { .. } => Some(self.window),
            Window::Adaptive => Some(Window::Fixed {
                vertical: fixed_axis(self.input.height, self.output.height)?,
                horizontal: fixed_axis(self.input.width, self.output.width)?,
            }),
        }
    }

    /// The pooling as strips see it, where they can.
    fn strip(&self) -> Option<strip::Problem> {
        let Window::Fixed { vertical, horizontal } = self.fixed()? else { return None };
        let kind = match self.reduction {
            Reduction::Max { index } => strip::Kind::Max { index },
            Reduction::Average(divisor) => strip::Kind::Average {
                padding_counts: divisor == Divisor::Padded,
                divisor: match divisor {
                    Divisor::Override(divisor) => Some(divisor),
                    Divisor::Padded | Divisor::Inside => None,
                },
            },
        };
        let Shape { batch, channels, .. } = self.input;
        let axes = [&vertical, &horizontal];
        let planes = [batch, channels];
        let problem = strip::Problem::new(self.operation, kind, PaddingMode::Zeros, planes, axes)?;
        Some(problem.of(self.dtype))
    }
}

fn fixed_axis(input_size: usize, output_size: usize) -> Option<Axis> {
    let kernel_size = input_size / output_size;
    input_size.is_multiple_of(output_size).then_some(Axis {
        input_size,
        output_size,
        kernel_size,
        stride: kernel_size,
        pad_begin: 0,
        pad_end: 0,
        dilation: 1,
    })
}

/// How a pooling is done on a device with these limits.
#[allow(clippy::large_enum_variant, reason = "a plan lives for one call")]
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pool2dPlan {
    General(Vec<general::Step>),
    Strip(Box<strip::Plan>),
    Global(Box<global::Plan>),
    Separable(Box<separable::Plan>),
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
        if wanted(Algorithm::Global)
            && let Some(plan) = global::Plan::new(problem, limits)?
        {
            return Ok(Self::Global(Box::new(plan)));
        }
        let is_separable = match pinned {
            None => separable::is_worth_it(problem, limits),
            pinned => pinned == Some(Algorithm::Separable),
        };
        if is_separable && let Some(plan) = separable::Plan::new(problem, limits)? {
            return Ok(Self::Separable(Box::new(plan)));
        }
        if let Some(problem) = problem.strip()
            && let Some(plan) = strip::Plan::new(&problem, pinned, limits)?
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
            Self::Strip(plan) => plan.algorithm(),
            Self::Global(_) => Algorithm::Global,
            Self::Separable(_) => Algorithm::Separable,
        }
    }

    /// The number of dispatches.
    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::General(steps) => steps.len(),
            Self::Strip(plan) => plan.dispatches(),
            Self::Global(plan) => plan.dispatches(),
            Self::Separable(plan) => plan.dispatches(),
        }
    }

    /// The shaders that the plan needs.
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::General(steps) => steps.iter().take(1).map(|step| step.shader.clone()).collect(),
            Self::Strip(plan) => vec![plan.shader().clone()],
            Self::Global(plan) => vec![plan.shader().clone()],
            Self::Separable(plan) => plan.shaders(),
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
        Pool2dPlan::Separable(plan) => plan.run(context, problem, input),
    }
}
