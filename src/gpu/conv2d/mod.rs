//! Conv2d on the GPU: which algorithm, and its dispatches.

pub(crate) mod bands;
pub(crate) mod cooperative;
#[cfg(test)]
mod cooperative_tests;
pub(crate) mod gemm;
pub(crate) mod general;
pub(crate) mod general_sums;
pub(crate) mod grad_input;
pub(crate) mod grad_input_phases;
pub(crate) mod grad_input_sums;
pub(crate) mod grad_input_turned;
pub(crate) mod grad_weight;
pub(crate) mod grad_weight_gemm;
pub(crate) mod grad_weight_sum;
pub(crate) mod grad_weight_tiled;
#[cfg(test)]
pub(crate) mod gradient_tests;
pub(crate) mod gradients;
pub(crate) mod halo;
pub(crate) mod parts;
pub(crate) mod sizes;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod tiled;
pub(crate) mod variants;

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::tile::operands::{Buffers, OPERATION, Operands, Rule};
use crate::gpu::tile::plan::{REPAIR_RULE, TilePlan};
use crate::gpu::{software, strip};
use crate::ops::Conv2dProblem;
use crate::{Algorithm, Error, Limits, Result};

/// How a convolution is done on a device with certain limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Conv2dPlan {
    method: Method,
    /// Computes again what is NaN since zeros of the padding were multiplied.
    repair: Option<general::Plan>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Method {
    General(general::Plan),
    Strip(Box<strip::storage::Plan>),
    Tiled(TilePlan),
    Halo(TilePlan),
    Gemm(TilePlan),
    Cooperative(TilePlan),
    Bands(bands::Plan),
    Software(software::Conv2dPlan),
}

impl From<Method> for Conv2dPlan {
    fn from(method: Method) -> Self {
        Self { method, repair: None }
    }
}

impl Conv2dPlan {
    /// The plan for a problem: the first algorithm of the cascade that serves it, or the pinned
    /// one.
    pub(crate) fn new(
        problem: &Conv2dProblem,
        operands: impl Into<Operands>,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Self> {
        let operands = operands.into();
        let wanted = |algorithm| pinned.is_none_or(|pinned| pinned == algorithm);
        let general = || Ok(Method::General(general::plan(problem, operands, limits)?).into());
        if pinned.is_none() && problem.reads_few() {
            return general();
        }
        let of_band = |band: &Conv2dProblem| {
            let plan = Self::new(band, operands, pinned, limits).ok();
            plan.filter(|plan| plan.algorithm() != Algorithm::General)
        };
        if pinned != Some(Algorithm::General)
            && let Some(plan) = bands::plan(problem, operands.dtype, limits, of_band)
        {
            return Ok(Method::Bands(plan).into());
        }
        if let Some(plan) = Self::software(problem, operands, pinned, limits)? {
            return Ok(plan);
        }
        if wanted(Algorithm::Strip)
            && let Some(strip) = strip::problem::Problem::of_conv2d(problem, operands)
            && let Some(plan) = strip::storage::Plan::new(&strip, limits)?
        {
            return Ok(Method::Strip(Box::new(plan)).into());
        }
        let dense = |plan: Result<TilePlan, Rule>, method: fn(TilePlan) -> Method| {
            let plan = plan?;
            let needs_repair = plan.needs_repair;
            let repair = needs_repair.then(|| general::repair(problem, operands, limits)).flatten();
            if needs_repair && repair.is_none() {
                return Err(REPAIR_RULE);
            }
            Ok(Self { method: method(plan), repair })
        };
        let halo = || dense(halo::plan(problem, operands, limits), Method::Halo);
        let tiled = || dense(tiled::plan(problem, operands, limits), Method::Tiled);
        let gemm = || dense(gemm::plan(problem, operands, limits), Method::Gemm);
        let cooperative =
            || dense(cooperative::plan(problem, operands, limits), Method::Cooperative);
        let unsupported = |rule: Rule| {
            let algorithm = pinned.map_or_else(String::new, |pinned| pinned.to_string());
            Error::Unsupported { operation: OPERATION, algorithm, rule: rule.into() }
        };
        match pinned {
            Some(Algorithm::Halo) => return halo().map_err(unsupported),
            Some(Algorithm::Gemm) => return gemm().map_err(unsupported),
            Some(Algorithm::Cooperative) => return cooperative().map_err(unsupported),
            Some(Algorithm::Tiled) => return tiled().map_err(unsupported),
            None => {
                if cooperative::is_worth_it(problem)
                    && let Ok(plan) = cooperative()
                {
                    return Ok(plan);
                }
                if gemm::is_worth_it(problem, limits)
                    && let Ok(plan) = gemm()
                {
                    return Ok(plan);
                }
                if halo::is_worth_it(problem, limits)
                    && let Ok(plan) = halo()
                {
                    return Ok(plan);
                }
                if let Ok(plan) = tiled() {
                    return Ok(plan);
                }
            }
            Some(Algorithm::General) => {}
            Some(algorithm) => return Err(strip::unsupported(OPERATION, algorithm)),
        }
        general()
    }

    fn software(
        problem: &Conv2dProblem,
        operands: Operands,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Option<Self>> {
        let mut repair = None;
        let plan = software::conv2d(problem, operands, pinned, limits, || {
            repair = general::repair(problem, operands, limits);
            repair.is_some()
        })?;
        Ok(plan.map(|plan| {
            let repair = repair.filter(|_| plan.needs_repair());
            Self { method: Method::Software(plan), repair }
        }))
    }

    /// The algorithm that was picked.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match &self.method {
            Method::General(_) => Algorithm::General,
            Method::Strip(_) => Algorithm::Strip,
            Method::Tiled(_) => Algorithm::Tiled,
            Method::Halo(_) => Algorithm::Halo,
            Method::Gemm(_) => Algorithm::Gemm,
            Method::Cooperative(_) => Algorithm::Cooperative,
            Method::Bands(plan) => plan.algorithm(),
            Method::Software(plan) => plan.algorithm(),
        }
    }

    /// The number of dispatches, without the packing of the weight that is done once.
    pub(crate) fn dispatches(&self) -> usize {
        let dispatches = match &self.method {
            Method::General(plan) => plan.dispatches(),
            Method::Strip(_) => 1,
            Method::Tiled(plan)
            | Method::Halo(plan)
            | Method::Gemm(plan)
            | Method::Cooperative(plan) => plan.parts.len(),
            Method::Bands(plan) => plan.dispatches(),
            Method::Software(plan) => plan.dispatches(),
        };
        dispatches + self.repair.as_ref().map_or(0, general::Plan::dispatches)
    }

    /// The shaders that the plan needs.
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        let mut shaders = match &self.method {
            Method::General(plan) => plan.shaders(),
            Method::Strip(plan) => vec![plan.shader().clone()],
            Method::Tiled(plan)
            | Method::Halo(plan)
            | Method::Gemm(plan)
            | Method::Cooperative(plan) => plan.shaders().into(),
            Method::Bands(plan) => plan.shaders(),
            Method::Software(plan) => plan.shaders(),
        };
        shaders.extend(self.repair.iter().flat_map(general::Plan::shaders));
        shaders
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
    if let Method::General(plan) = &plan.method {
        return plan.record(context, problem, input, weight, bias);
    }
    let len = problem.output_shape().len();
    let output = context.allocate_elements(OPERATION, len, input.dtype)?;
    let buffers = Buffers { input, weight, bias, output: &output };
    match &plan.method {
        Method::General(plan) => plan.record_into(context, problem, buffers),
        Method::Strip(plan) => plan.record(context, buffers.into()),
        Method::Tiled(plan)
        | Method::Halo(plan)
        | Method::Gemm(plan)
        | Method::Cooperative(plan) => plan.record(context, problem, buffers),
        Method::Bands(plan) => plan.record(context, problem, buffers),
        Method::Software(plan) => plan.record(context, problem, buffers),
    }?;
    if let Some(repair) = &plan.repair {
        repair.record_into(context, problem, buffers)?;
    }
    Ok(output)
}
