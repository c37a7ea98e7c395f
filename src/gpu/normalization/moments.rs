//! Mean and variance of the channels of a batch.

use std::sync::Arc;

use crate::gpu::normalization::blocks::{self, Blocks, MergeParams, PARTS, of_width};
use crate::gpu::normalization::channels::{Affine, FACTORS, check_channels};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::ops::BatchNorm2dProblem;
use crate::{BatchNorm2d, DType, Result};

const OPERATION: &str = BatchNorm2d::OPERATION;

/// Numbers of a block: a value, how far the mean is from it, the squares, how many.
const MOMENTS: usize = 4;

static OF_BLOCKS: Template =
    template!("normalization", "batch_norm2d_moments", &[PARTS], blocks::Params);
static MERGE: Template = template!("normalization", "batch_norm2d_merge", &[PARTS], MergeParams);

pub(super) fn shader(load_width: u32) -> Shader {
    of_width(&OF_BLOCKS, load_width, 1)
}

pub(super) fn merge_shader<T>(affine: &Affine<T>) -> Shader {
    Shader {
        template: &MERGE,
        values: affine.values().to_vec(),
        uniforms: 0,
        textures: &[],
        reads: 1 + affine.count(),
        writes: 3,
    }
}

pub(super) fn variants() -> Vec<Shader> {
    let merges = Affine::all().map(|affine| merge_shader(&affine));
    [1, 4].map(shader).into_iter().chain(merges).collect()
}

/// The statistics of a batch on a GPU.
#[derive(Debug)]
pub(crate) struct Moments {
    pub(crate) mean: GpuBuffer,
    /// The biased variance.
    pub(crate) var: GpuBuffer,
    /// What `batch_norm2d_apply` takes.
    pub(crate) factors: GpuBuffer,
}

/// Records mean and variance of every channel of a tensor that is not empty, and the factors that
/// normalise it.
pub(crate) fn batch_norm2d_moments(
    context: &Arc<Context>,
    problem: &BatchNorm2dProblem,
    input: &GpuBuffer,
    affine: Affine<&GpuBuffer>,
) -> Result<Moments> {
    let limits = context.limits();
    let channels = problem.shape.channels;
    check_channels(channels, limits)?;
    let blocks = Blocks::new(problem.shape, MOMENTS, limits)?;
    let allocate = |len| context.allocate_elements(OPERATION, len, DType::F32);
    let [mean, var] = [allocate(channels)?, allocate(channels)?];
    let factors = allocate(channels * FACTORS)?;
    let partial_len = blocks.partial_len(MOMENTS);
    let partial = allocate(partial_len)?;
    for group in &blocks.groups {
        for step in &group.steps {
            let (binding, base) = Binding::range(limits, input, step.elements.clone());
            let params = step.params_from(base, blocks.load_width);
            let bindings = [binding, Binding::whole(&partial, partial_len)];
            context.record(OPERATION, &shader(blocks.load_width), &params, &bindings, step.grid)?;
        }
        let (params, grid) = blocks.merge(group, problem, 2, limits)?;
        let bindings: Vec<_> = [Binding::whole(&partial, partial_len)]
            .into_iter()
            .chain(affine.bindings(channels))
            .chain([&mean, &var].map(|buffer| Binding::whole(buffer, channels)))
            .chain([Binding::whole(&factors, channels * FACTORS)])
            .collect();
        context.record(OPERATION, &merge_shader(&affine), &params, &bindings, grid)?;
    }
    Ok(Moments { mean, var, factors })
}
