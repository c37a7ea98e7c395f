//! Gradients of batch normalisation.

use std::sync::Arc;

use crate::gpu::normalization::apply::{self, parts};
use crate::gpu::normalization::blocks::{self, Blocks, MergeParams, PARTS, load_width, of_width};
use crate::gpu::normalization::channels::{FACTORS, check_channels};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::ops::BatchNorm2dProblem;
use crate::{BatchNorm2d, DType, Result};

const OPERATION: &str = BatchNorm2d::OPERATION;

/// Numbers of a block: the sum of the gradient, and of its products.
const SUMS: usize = 2;

static OF_BLOCKS: Template =
    template!("normalization", "batch_norm2d_grad_sums", &[PARTS], blocks::Params);
static MERGE: Template =
    template!("normalization", "batch_norm2d_grad_merge", &[PARTS], MergeParams);
static GRAD_INPUT: Template =
    template!("normalization", "batch_norm2d_grad_input", &[PARTS], apply::Params);

pub(super) fn sums_shader(load_width: u32) -> Shader {
    of_width(&OF_BLOCKS, load_width, 3)
}

pub(super) fn merge_shader() -> Shader {
    Shader { template: &MERGE, values: Vec::new(), uniforms: 0, textures: &[], reads: 3, writes: 3 }
}

pub(super) fn input_shader(load_width: u32) -> Shader {
    of_width(&GRAD_INPUT, load_width, 3)
}

pub(super) fn variants() -> Vec<Shader> {
    let of_widths = [1, 4].map(|width| [sums_shader(width), input_shader(width)]);
    of_widths.into_iter().flatten().chain([merge_shader()]).collect()
}

/// Gradients of the parameters on a GPU.
#[derive(Debug)]
pub(crate) struct ParameterGradients {
    pub(crate) weight: GpuBuffer,
    pub(crate) bias: GpuBuffer,
    /// What the gradient of the input takes, where the statistics are those of the input.
    pub(crate) factors: GpuBuffer,
}

/// Records the gradients of weight and bias for an input that is not empty, its output's gradient,
/// the variance and the factors of the forward pass.
pub(crate) fn batch_norm2d_grad_parameters(
    context: &Arc<Context>,
    problem: &BatchNorm2dProblem,
    [input, grad_output]: [&GpuBuffer; 2],
    [var, factors]: [&GpuBuffer; 2],
) -> Result<ParameterGradients> {
    let limits = context.limits();
    let channels = problem.shape.channels;
    check_channels(channels, limits)?;
    let blocks = Blocks::new(problem.shape, SUMS, limits)?;
    let allocate = |len| context.allocate_elements(OPERATION, len, DType::F32);
    let [weight, bias] = [allocate(channels)?, allocate(channels)?];
    let grad_factors = allocate(channels * FACTORS)?;
    let partial_len = blocks.partial_len(SUMS);
    let partial = allocate(partial_len)?;
    let shader = sums_shader(blocks.load_width);
    let factors = Binding::whole(factors, channels * FACTORS);
    for group in &blocks.groups {
        for step in &group.steps {
            let of_step = |buffer| Binding::range(limits, buffer, step.elements.clone());
            let ((input, base), (grad_output, _)) = (of_step(input), of_step(grad_output));
            let params = step.params_from(base, blocks.load_width);
            let partial = Binding::whole(&partial, partial_len);
            let bindings = [input, grad_output, factors, partial];
            context.record(OPERATION, &shader, &params, &bindings, step.grid)?;
        }
        let (params, grid) = blocks.merge(group, problem, 1, limits)?;
        let bindings = [
            Binding::whole(&partial, partial_len),
            Binding::whole(var, channels),
            factors,
            Binding::whole(&weight, channels),
            Binding::whole(&bias, channels),
            Binding::whole(&grad_factors, channels * FACTORS),
        ];
        context.record(OPERATION, &merge_shader(), &params, &bindings, grid)?;
    }
    Ok(ParameterGradients { weight, bias, factors: grad_factors })
}

/// Records the gradient of the input, with the factors that those of the parameters came with.
pub(crate) fn batch_norm2d_grad_input(
    context: &Arc<Context>,
    problem: &BatchNorm2dProblem,
    [input, grad_output]: [&GpuBuffer; 2],
    factors: &GpuBuffer,
) -> Result<GpuBuffer> {
    let (shape, limits) = (problem.shape, context.limits());
    let grad_input = context.allocate_elements(OPERATION, shape.len(), DType::F32)?;
    let shader = input_shader(load_width(problem.plane()));
    for (part, params, grid) in parts(shape, DType::F32, limits)? {
        let of_part = |buffer| Binding::range(limits, buffer, part.clone()).0;
        let factors = Binding::whole(factors, shape.channels * FACTORS);
        let bindings = [of_part(input), of_part(grad_output), factors, of_part(&grad_input)];
        context.record(OPERATION, &shader, &params, &bindings, grid)?;
    }
    Ok(grad_input)
}
