//! The sum of the parts of a gradient.

use std::sync::Arc;

use super::super::buffer::GpuBuffer;
use super::super::context::Context;
use super::super::conv2d::general::{TREE, WORKGROUP};
use super::super::grid::Grid;
use super::super::params::{params, size};
use super::super::record::Binding;
use super::super::shader::Shader;
use super::{OPERATION, allocate};
use crate::Result;

/// Parts of one element, for which an invocation has a loop.
pub(super) const MOST_PARTS: usize = 1 << 14;
/// Parts, or outputs, that an invocation adds up without a break.
const BLOCK: usize = 64;

/// The iterations of an invocation whose workgroup adds up so many outputs.
pub(super) fn iterations_of_workgroup(outputs: usize) -> usize {
    let lane = outputs.div_ceil(WORKGROUP);
    lane + lane.div_ceil(BLOCK) + TREE
}

/// The most roundings of one output among so many that a workgroup adds up.
#[cfg(test)]
pub(super) fn roundings_of_workgroup(outputs: usize) -> usize {
    let lane = outputs.div_ceil(WORKGROUP);
    lane.min(BLOCK) + lane.div_ceil(BLOCK) + TREE
}

/// The most roundings of one part.
#[cfg(test)]
pub(super) fn roundings(parts: usize) -> usize {
    if parts == 1 { 0 } else { parts.min(BLOCK) + parts.div_ceil(BLOCK) }
}

params!(Params { grid_width: u32, count: u32, parts: u32, element_stride: u32, part_stride: u32 });

/// How the parts of `count` elements lie in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) count: usize,
    pub(super) parts: usize,
    pub(super) element_stride: usize,
    pub(super) part_stride: usize,
}

/// The shader.
pub(crate) fn shader() -> Shader {
    Shader {
        template: "conv2d_grad_sum",
        values: vec![("f16", false.into())],
        reads: 1,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// Records the sums of parts that lie one after another; one part is its sum.
pub(super) fn of_parts(
    context: &Arc<Context>,
    count: usize,
    parts: usize,
    partial: GpuBuffer,
) -> Result<GpuBuffer> {
    if parts == 1 {
        return Ok(partial);
    }
    let gradient = allocate(context, count)?;
    let parts = Parts { count, parts, element_stride: 1, part_stride: count };
    record(context, &parts, &partial, &gradient)?;
    Ok(gradient)
}

/// Records the sums of parts that fit one binding.
pub(super) fn record(
    context: &Context,
    parts: &Parts,
    partial: &GpuBuffer,
    gradient: &GpuBuffer,
) -> Result<()> {
    let iterations = parts.parts + parts.parts.div_ceil(BLOCK);
    let grid = Grid::new(OPERATION, parts.count.div_ceil(WORKGROUP), iterations, context.limits())?;
    let number = |value| size(OPERATION, "the elements of a gradient's parts", value);
    let params = Params {
        grid_width: grid.width,
        count: number(parts.count)?,
        parts: number(parts.parts)?,
        element_stride: number(parts.element_stride)?,
        part_stride: number(parts.part_stride)?,
    };
    let partial = Binding::whole(partial, parts.count * parts.parts);
    let bindings = [partial, Binding::whole(gradient, parts.count)];
    context.record(OPERATION, &shader(), &params, &bindings, grid)
}
