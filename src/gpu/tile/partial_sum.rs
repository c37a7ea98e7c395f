//! The sum of the parts of a gradient.

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::{TREE, WORKGROUP};
use crate::gpu::tile::operands::OPERATION;
use crate::{DType, Result};

/// Parts of one element, for which an invocation has a loop.
pub(crate) const MOST_PARTS: usize = 1 << 14;
/// Parts, or outputs, that an invocation adds up without a break.
const BLOCK: usize = 64;

/// The iterations of an invocation whose workgroup adds up so many outputs.
pub(crate) fn iterations_of_workgroup(outputs: usize) -> usize {
    let lane = outputs.div_ceil(WORKGROUP);
    lane + lane.div_ceil(BLOCK) + TREE
}

/// The most roundings of one output among so many that a workgroup adds up.
#[cfg(test)]
pub(crate) fn roundings_of_workgroup(outputs: usize) -> usize {
    let lane = outputs.div_ceil(WORKGROUP);
    lane.min(BLOCK) + lane.div_ceil(BLOCK) + TREE
}

/// The most roundings of one part.
#[cfg(test)]
pub(crate) fn roundings(parts: usize) -> usize {
    if parts == 1 { 0 } else { parts.min(BLOCK) + parts.div_ceil(BLOCK) }
}

params!(Params { grid_width: u32, count: u32, parts: u32 });

static SUM: Template = template!("conv2d", "conv2d_grad_sum", &[], Params);

/// The shader.
pub(crate) fn shader() -> Shader {
    Shader {
        template: &SUM,
        values: vec![("f16", false.into())],
        reads: 1,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// Records the sums of parts that lie one after another, `count` elements each, in one binding; one
/// part is its sum.
pub(crate) fn of_parts(
    context: &Arc<Context>,
    count: usize,
    parts: usize,
    partial: GpuBuffer,
) -> Result<GpuBuffer> {
    if parts == 1 {
        return Ok(partial);
    }
    let gradient = context.allocate_elements(OPERATION, count, DType::F32)?;
    let iterations = parts + parts.div_ceil(BLOCK);
    let grid = Grid::new(OPERATION, count.div_ceil(WORKGROUP), iterations, context.limits())?;
    let number = |value| size(OPERATION, "the elements of a gradient's parts", value);
    let params = Params { grid_width: grid.width, count: number(count)?, parts: number(parts)? };
    let bindings = [Binding::whole(&partial, count * parts), Binding::whole(&gradient, count)];
    context.record(OPERATION, &shader(), &params, &bindings, grid)?;
    Ok(gradient)
}
