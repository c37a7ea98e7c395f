//! Conv2d on the GPU: which algorithm, and its dispatches.

mod depthwise;
pub(crate) mod general;
mod general_sums;
pub(crate) mod grad_bias;
pub(crate) mod grad_input;
pub(crate) mod grad_input_phases;
pub(crate) mod grad_input_sums;
pub(crate) mod grad_input_turned;
pub(crate) mod grad_weight;
pub(crate) mod grad_weight_tiled;
#[cfg(test)]
pub(crate) mod gradient_tests;
pub(crate) mod gradients;
pub(crate) mod halo;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod tiled;
pub(crate) mod variants;

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::record::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::software::conv2d_texel;
use crate::gpu::software::conv2d_texel::TexelPlan;
pub(crate) use crate::gpu::tile::pack::Packed;
use crate::gpu::tile::tile::TilePlan;
use crate::gpu::{strip, tile};
use crate::ops::Conv2dProblem;
use crate::{Activation, Algorithm, DType, Error, Limits, Result};

pub(crate) const OPERATION: &str = "conv2d";

/// Taps of the smallest depthwise kernels whose inputs come faster from textures than from uniform
/// windows.
const MANY_TAPS: usize = 49;

/// What an algorithm serves, said of a problem that it does not.
pub(crate) type Rule = &'static str;

/// What a convolution has beside its input, and the type of the elements of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Operands {
    pub(crate) bias: bool,
    pub(crate) dtype: DType,
}

impl From<bool> for Operands {
    /// Tensors of f32, and whether a bias is among them.
    fn from(bias: bool) -> Self {
        Self { bias, dtype: DType::F32 }
    }
}

/// The buffers of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffers<'a> {
    pub(crate) input: &'a GpuBuffer,
    pub(crate) weight: &'a GpuBuffer,
    pub(crate) bias: Option<&'a GpuBuffer>,
    pub(crate) output: &'a GpuBuffer,
}

/// How a convolution is done on a device with certain limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Conv2dPlan {
    General(general::Plan),
    Depthwise(Box<strip::Plan>),
    Tiled(TilePlan),
    Halo(TilePlan),
    Texel(TexelPlan),
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
        let Some(algorithm) = pinned else { return Self::cascade(problem, operands, limits) };
        let strips = matches!(algorithm, Algorithm::Strip | Algorithm::Windows);
        if strips && let Some(plan) = depthwise::plan(problem, operands, pinned, limits)? {
            return Ok(Self::Depthwise(Box::new(plan)));
        }
        let plan = match algorithm {
            Algorithm::General => return Self::general(problem, operands, limits),
            Algorithm::Tiled => tiled::plan(problem, operands, limits).map(Self::Tiled),
            Algorithm::Halo => halo::plan(problem, operands, limits).map(Self::Halo),
            Algorithm::Texel => conv2d_texel::plan(problem, operands, limits).map(Self::Texel),
            algorithm => return Err(strip::unsupported(OPERATION, algorithm)),
        };
        plan.map_err(|rule| Error::Unsupported {
            operation: OPERATION,
            algorithm: algorithm.to_string(),
            rule: rule.into(),
        })
    }

    /// The first of these that serves the problem on a device with these limits.
    fn cascade(problem: &Conv2dProblem, operands: Operands, limits: &Limits) -> Result<Self> {
        let mut depthwise = depthwise::plan(problem, operands, None, limits)?;
        let [height, width] = [&problem.vertical, &problem.horizontal].map(|axis| axis.kernel_size);
        let is_small = height.saturating_mul(width) < MANY_TAPS;
        if let Some(plan) = depthwise.take_if(|plan| {
            plan.algorithm() == Algorithm::Windows && is_small || !conv2d_texel::is_worth_it(limits)
        }) {
            return Ok(Self::Depthwise(Box::new(plan)));
        }
        if conv2d_texel::is_worth_it(limits)
            && let Ok(plan) = conv2d_texel::plan(problem, operands, limits)
        {
            return Ok(Self::Texel(plan));
        }
        if let Some(plan) = depthwise {
            return Ok(Self::Depthwise(Box::new(plan)));
        }
        if halo::is_worth_it(problem, limits)
            && let Ok(plan) = halo::plan(problem, operands, limits)
        {
            return Ok(Self::Halo(plan));
        }
        if let Ok(plan) = tiled::plan(problem, operands, limits) {
            return Ok(Self::Tiled(plan));
        }
        Self::general(problem, operands, limits)
    }

    fn general(problem: &Conv2dProblem, operands: Operands, limits: &Limits) -> Result<Self> {
        Ok(Self::General(general::plan(problem, operands, limits)?))
    }

    /// The algorithm that was picked.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::General(_) => Algorithm::General,
            Self::Depthwise(plan) => plan.algorithm(),
            Self::Tiled(_) => Algorithm::Tiled,
            Self::Halo(_) => Algorithm::Halo,
            Self::Texel(_) => Algorithm::Texel,
        }
    }

    /// The number of dispatches, without the packing of the weight that is done once.
    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::General(plan) => plan.dispatches(),
            Self::Depthwise(plan) => plan.dispatches(),
            Self::Tiled(plan) | Self::Halo(plan) => {
                plan.parts.len() + plan.repair.as_ref().map_or(0, general::Plan::dispatches)
            }
            Self::Texel(plan) => plan.dispatches(),
        }
    }

    /// The shaders that the plan needs.
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        match self {
            Self::General(plan) => plan.shaders(),
            Self::Depthwise(plan) => vec![plan.shader().clone()],
            Self::Tiled(plan) | Self::Halo(plan) => {
                let shaders = [plan.shader.clone(), tile::pack::shader(plan.dtype)];
                let repair = plan.repair.iter().flat_map(general::Plan::shaders);
                shaders.into_iter().chain(repair).collect()
            }
            Self::Texel(plan) => {
                let shaders = [plan.shader.clone(), tile::pack::shader(DType::F32)];
                let repair = plan.repair.iter().flat_map(general::Plan::shaders);
                shaders.into_iter().chain(plan.pad_shader.clone()).chain(repair).collect()
            }
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
    let into_output = |record: &dyn Fn(Buffers<'_>) -> Result<()>| {
        let len = problem.output_shape().len();
        let output = context.allocate_elements(OPERATION, len, input.dtype)?;
        record(Buffers { input, weight, bias, output: &output })?;
        Ok(output)
    };
    match plan {
        Conv2dPlan::General(plan) => plan.record(context, problem, input, weight, bias),
        Conv2dPlan::Depthwise(plan) => into_output(&|Buffers { input, weight, bias, output }| {
            let (weight, found, indices) = (Some(weight), None, None);
            plan.record(context, strip::Buffers { input, weight, bias, found, output, indices })
        }),
        Conv2dPlan::Tiled(plan) | Conv2dPlan::Halo(plan) => {
            into_output(&|buffers| plan.record(context, problem, buffers))
        }
        Conv2dPlan::Texel(plan) => into_output(&|buffers| plan.record(context, problem, buffers)),
    }
}

/// The name of an activation in shader variants.
pub(crate) fn activation_name(activation: Option<Activation>) -> &'static str {
    activation.map_or("none", Activation::name)
}

/// The number that an activation takes beside the element.
pub(crate) fn activation_parameter(activation: Option<Activation>) -> f32 {
    activation.map_or(0.0, Activation::parameter)
}

/// The binding of a bias.
pub(crate) fn bias_binding<'a>(problem: &Conv2dProblem, bias: &'a GpuBuffer) -> Binding<'a> {
    Binding::whole(bias, problem.out_channels)
}
