//! Losses and their gradients on the GPU.

use std::sync::Arc;

use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::TREE;
use crate::ops::training::CrossEntropyProblem;
use crate::{Error, Result};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;
/// Elements that a workgroup sums.
const SUMMED: usize = 1024;
/// The iterations of an invocation for them.
const SUM_ITERATIONS: usize = SUMMED / WORKGROUP + TREE;
/// Classes from which on a workgroup shares those of a position.
const MANY_CLASSES: usize = 512;
/// Classes of an invocation that are added up without a break.
const BLOCK: usize = 64;

params!(CrossEntropyParams {
    grid_width: u32,
    positions: u32,
    classes: u32,
    plane: u32,
    scale: f32,
});
params!(SquaredErrorParams { grid_width: u32, count: u32, gradient_scale: f32 });
params!(SumParams { grid_width: u32, count: u32, scale: f32 });

static CROSS_ENTROPY: Template = template!("training", "cross_entropy", &[], CrossEntropyParams);
static SQUARED_ERROR: Template = template!("training", "squared_error", &[], SquaredErrorParams);
static SUM: Template = template!("training", "sum", &[], SumParams);

/// The shader of the cross-entropy; a workgroup may share the classes of a position.
pub(crate) fn cross_entropy_shader(shared: bool) -> Shader {
    Shader {
        template: &CROSS_ENTROPY,
        values: vec![("shared", shared.into())],
        reads: 2,
        uniforms: 0,
        textures: &[],
        writes: 2,
    }
}

/// The shader of the squared error.
pub(crate) fn squared_error_shader() -> Shader {
    Shader {
        template: &SQUARED_ERROR,
        values: Vec::new(),
        reads: 2,
        uniforms: 0,
        textures: &[],
        writes: 2,
    }
}

/// The shader of a sum.
pub(crate) fn sum_shader() -> Shader {
    Shader { template: &SUM, values: Vec::new(), reads: 1, uniforms: 0, textures: &[], writes: 1 }
}

/// One binding holds so many elements.
fn check_binding(context: &Context, operation: &'static str, elements: usize) -> Result<u32> {
    let most = context.limits().max_binding_elements();
    if elements > most {
        return Err(Error::DeviceLimit {
            operation,
            quantity: "the bytes of the input".into(),
            needed: 4 * elements as u64,
            allowed: 4 * most as u64,
        });
    }
    size(operation, "the elements of the input", elements)
}

/// Records the mean cross-entropy and its gradient.
pub(crate) fn cross_entropy(
    context: &Arc<Context>,
    problem: &CrossEntropyProblem,
    logits: &GpuBuffer,
    labels: &GpuBuffer,
) -> Result<(GpuBuffer, GpuBuffer)> {
    const OPERATION: &str = CrossEntropyProblem::OPERATION;
    let (positions, len) = (problem.positions(), problem.len());
    check_binding(context, OPERATION, len)?;
    let losses = context.allocate(OPERATION, positions as u64 * 4, Reuse::Recorded)?;
    let gradient = context.allocate(OPERATION, len as u64 * 4, Reuse::Recorded)?;
    let shared = problem.classes >= MANY_CLASSES;
    let (workgroups, classes) = if shared {
        (positions, problem.classes.div_ceil(WORKGROUP))
    } else {
        (positions.div_ceil(WORKGROUP), problem.classes)
    };
    // Three loops over the classes, one of them in blocks, and two trees.
    let iterations = 3 * classes + classes.div_ceil(BLOCK) + 2 * TREE;
    let grid = Grid::new(OPERATION, workgroups, iterations, context.limits())?;
    let scale = reciprocal(positions);
    let params = CrossEntropyParams {
        grid_width: grid.width,
        positions: size(OPERATION, "the number of labels", positions)?,
        classes: size(OPERATION, "the number of classes", problem.classes)?,
        plane: size(OPERATION, "the cells of one image", problem.plane)?,
        scale,
    };
    let bindings = [
        Binding::whole(logits, len),
        Binding::whole(labels, positions),
        Binding::whole(&losses, positions),
        Binding::whole(&gradient, len),
    ];
    context.record(OPERATION, &cross_entropy_shader(shared), &params, &bindings, grid)?;
    Ok((sum(context, OPERATION, losses, positions, scale)?, gradient))
}

/// Records the mean squared error of `len` elements and its gradient.
pub(crate) fn mse(
    context: &Arc<Context>,
    operation: &'static str,
    input: &GpuBuffer,
    expected: &GpuBuffer,
    len: usize,
) -> Result<(GpuBuffer, GpuBuffer)> {
    let count = check_binding(context, operation, len)?;
    let squares = context.allocate(operation, len as u64 * 4, Reuse::Recorded)?;
    let gradient = context.allocate(operation, len as u64 * 4, Reuse::Recorded)?;
    let grid = Grid::new(operation, len.div_ceil(WORKGROUP), NO_LOOP, context.limits())?;
    let scale = reciprocal(len);
    let params = SquaredErrorParams { grid_width: grid.width, count, gradient_scale: 2.0 * scale };
    let bindings = [input, expected, &squares, &gradient].map(|it| Binding::whole(it, len));
    context.record(operation, &squared_error_shader(), &params, &bindings, grid)?;
    Ok((sum(context, operation, squares, len, scale)?, gradient))
}

#[allow(clippy::cast_possible_truncation, reason = "a scale is as exact as f32 is")]
fn reciprocal(count: usize) -> f32 {
    (1.0 / count as f64) as f32
}

/// Records the sum of `len` elements, at least one, times a scale.
fn sum(
    context: &Arc<Context>,
    operation: &'static str,
    elements: GpuBuffer,
    len: usize,
    scale: f32,
) -> Result<GpuBuffer> {
    let (mut elements, mut len, mut scale) = (elements, len, scale);
    loop {
        let blocks = len.div_ceil(SUMMED);
        let sums = context.allocate(operation, blocks as u64 * 4, Reuse::Recorded)?;
        let grid = Grid::new(operation, blocks, SUM_ITERATIONS, context.limits())?;
        let count = size(operation, "the elements of a sum", len)?;
        let params = SumParams { grid_width: grid.width, count, scale };
        let bindings = [Binding::whole(&elements, len), Binding::whole(&sums, blocks)];
        context.record(operation, &sum_shader(), &params, &bindings, grid)?;
        if blocks == 1 {
            return Ok(sums);
        }
        (elements, len, scale) = (sums, blocks, 1.0);
    }
}
