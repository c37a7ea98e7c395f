//! What serves software adapters alone: reads through uniform windows and textures, which they
//! take faster than loads from storage buffers.
//!
//! The planner enters by [`conv2d`], [`conv2d_grad_weight`], [`global_pool2d`] and [`pool2d`], which
//! give nothing on other adapters; only a pinned `texel` runs there too.

pub(crate) mod conv2d_texel;
pub(crate) mod global_windows;
pub(crate) mod grad_weight_filters;
pub(crate) mod grad_weight_texel;
pub(crate) mod padded_image;
pub(crate) mod strip_windows;
#[cfg(test)]
mod tests;
pub(crate) mod uniform_windows;
mod weight_parts;

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::strip;
use crate::gpu::strip::problem::Problem;
use crate::gpu::tile::operands::{Buffers, OPERATION, Operands};
use crate::ops::Conv2dProblem;
use crate::ops::pool2d::Pool2dProblem;
use crate::{Algorithm, Error, Limits, Result};
use conv2d_texel::TexelPlan;
use weight_parts::WeightParts;

/// Taps of the smallest depthwise kernels whose inputs come faster from textures than from uniform
/// windows.
const MANY_TAPS: usize = 49;

/// A convolution.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Conv2dPlan {
    Windows(Box<strip_windows::Plan>),
    Texel(Box<TexelPlan>),
}

/// The plan of a convolution, or of the pinned algorithm if it is one of these. `repairs` tells
/// whether what is NaN over zero padding can be computed again by another dispatch.
pub(crate) fn conv2d(
    problem: &Conv2dProblem,
    operands: Operands,
    pinned: Option<Algorithm>,
    limits: &Limits,
    mut repairs: impl FnMut() -> bool,
) -> Result<Option<Conv2dPlan>> {
    let mut texel = || conv2d_texel::plan(problem, operands, limits, &mut repairs);
    let windows = || match Problem::of_conv2d(problem, operands) {
        Some(problem) => strip_windows::Plan::new(&problem, limits),
        None => Ok(None),
    };
    match pinned {
        Some(Algorithm::Texel) => {
            return texel().map(|plan| Some(Conv2dPlan::Texel(Box::new(plan)))).map_err(|rule| {
                let (algorithm, rule) = (Algorithm::Texel.to_string(), rule.into());
                Error::Unsupported { operation: OPERATION, algorithm, rule }
            });
        }
        Some(Algorithm::Windows) => {
            return match windows()? {
                Some(plan) => Ok(Some(Conv2dPlan::Windows(Box::new(plan)))),
                None => Err(strip::unsupported(OPERATION, Algorithm::Windows)),
            };
        }
        None if limits.software => {}
        _ => return Ok(None),
    }
    let [height, width] = [&problem.vertical, &problem.horizontal].map(|axis| axis.kernel_size);
    let is_small = height.saturating_mul(width) < MANY_TAPS;
    let windows = windows()?.map(|plan| Conv2dPlan::Windows(Box::new(plan)));
    if windows.is_some() && is_small {
        return Ok(windows);
    }
    Ok(texel().ok().map(|plan| Conv2dPlan::Texel(Box::new(plan))).or(windows))
}

impl Conv2dPlan {
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Windows(_) => Algorithm::Windows,
            Self::Texel(_) => Algorithm::Texel,
        }
    }

    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::Windows(plan) => plan.dispatches(),
            Self::Texel(plan) => plan.dispatches(),
        }
    }

    /// Whether another dispatch has to compute again what is NaN.
    pub(crate) fn needs_repair(&self) -> bool {
        matches!(self, Self::Texel(plan) if plan.needs_repair)
    }

    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::Windows(plan) => vec![plan.shader().clone()],
            Self::Texel(plan) => plan.shaders(),
        }
    }

    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        buffers: Buffers<'_>,
    ) -> Result<()> {
        match self {
            Self::Windows(plan) => plan.record(context, buffers.into()),
            Self::Texel(plan) => plan.record(context, problem, buffers),
        }
    }
}

/// The gradient of a weight.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum GradWeightPlan {
    Filters(grad_weight_filters::Plan),
    Texel(WeightParts<grad_weight_texel::Params>),
}

/// The plan of the gradient of a weight whose batch is not empty. `repairs` tells whether what is
/// NaN over zeros that are not in the problem can be computed again by another dispatch.
pub(crate) fn conv2d_grad_weight(
    problem: &Conv2dProblem,
    limits: &Limits,
    mut repairs: impl FnMut() -> Result<bool>,
) -> Result<Option<GradWeightPlan>> {
    if !limits.software {
        return Ok(None);
    }
    if let Some(plan) = grad_weight_filters::plan(problem, limits)?
        && (!plan.needs_repair || repairs()?)
    {
        return Ok(Some(GradWeightPlan::Filters(plan)));
    }
    match grad_weight_texel::plan(problem, limits)? {
        Some(plan) if repairs()? => Ok(Some(GradWeightPlan::Texel(plan))),
        _ => Ok(None),
    }
}

impl GradWeightPlan {
    /// Whether another dispatch has to compute again what is NaN.
    pub(crate) fn needs_repair(&self) -> bool {
        match self {
            Self::Filters(plan) => plan.needs_repair,
            Self::Texel(_) => true,
        }
    }

    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::Filters(plan) => plan.parts.shaders(),
            Self::Texel(plan) => plan.shaders(),
        }
    }

    /// Records the dispatches; gives the buffer of the gradient.
    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        input: &GpuBuffer,
        grad_output: &GpuBuffer,
    ) -> Result<GpuBuffer> {
        match self {
            Self::Filters(plan) => plan.parts.record(context, problem, input, grad_output),
            Self::Texel(plan) => plan.record(context, problem, input, grad_output),
        }
    }
}

/// The shaders of every such plan that there is for a problem.
pub(crate) fn conv2d_grad_weight_shaders(
    problem: &Conv2dProblem,
    limits: &Limits,
) -> Result<Vec<Shader>> {
    let filters = grad_weight_filters::plan(problem, limits)?;
    let texel = grad_weight_texel::plan(problem, limits)?;
    let filters = filters.into_iter().flat_map(|plan| plan.parts.shaders());
    Ok(filters.chain(texel.into_iter().flat_map(|plan| plan.shaders())).collect())
}

/// A pooling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pool2dPlan {
    Windows(Box<strip_windows::Plan>),
    Global(Box<global_windows::Plan>),
}

/// The plan of the average of whole planes.
pub(crate) fn global_pool2d(
    problem: &Pool2dProblem,
    limits: &Limits,
) -> Result<Option<Pool2dPlan>> {
    let plan = global_windows::Plan::new(problem, limits)?;
    Ok(plan.map(|plan| Pool2dPlan::Global(Box::new(plan))))
}

/// The plan of a pooling through windows.
pub(crate) fn pool2d(problem: &Pool2dProblem, limits: &Limits) -> Result<Option<Pool2dPlan>> {
    if !uniform_windows::available(limits) {
        return Ok(None);
    }
    let Some(problem) = Problem::of_pool2d(problem) else { return Ok(None) };
    let plan = strip_windows::Plan::new(&problem, limits)?;
    Ok(plan.map(|plan| Pool2dPlan::Windows(Box::new(plan))))
}

impl Pool2dPlan {
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Windows(_) => Algorithm::Windows,
            Self::Global(_) => Algorithm::Global,
        }
    }

    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::Windows(plan) => plan.dispatches(),
            Self::Global(plan) => plan.dispatches(),
        }
    }

    pub(crate) fn shader(&self) -> &Shader {
        match self {
            Self::Windows(plan) => plan.shader(),
            Self::Global(plan) => plan.shader(),
        }
    }

    pub(crate) fn record(
        &self,
        context: &Context,
        buffers: strip::buffers::Buffers<'_>,
    ) -> Result<()> {
        match self {
            Self::Windows(plan) => plan.record(context, buffers),
            Self::Global(plan) => plan.record(context, buffers.input, buffers.output),
        }
    }
}
