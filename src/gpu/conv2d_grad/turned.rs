//! The weight of the convolution that gives the gradient of an input.

use std::sync::Arc;

use super::super::buffer::GpuBuffer;
use super::super::context::Context;
use super::super::grid::Grid;
use super::super::params::{params, size};
use super::super::record::Binding;
use super::super::shader::Shader;
use super::{OPERATION, allocate};
use crate::Result;
use crate::ops::Conv2dProblem;

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(Params {
    grid_width: u32,
    count: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    taps: u32,
});

/// The shader.
pub(crate) fn shader() -> Shader {
    Shader {
        template: "conv2d_turned_weight",
        values: vec![("f16", false.into())],
        reads: 1,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// Records the turned weight of a convolution whose weight fits one binding.
pub(super) fn record(
    context: &Arc<Context>,
    problem: &Conv2dProblem,
    weight: &GpuBuffer,
) -> Result<GpuBuffer> {
    let count = problem.weight_shape().len();
    let turned = allocate(context, count)?;
    let grid = Grid::new(OPERATION, count.div_ceil(WORKGROUP), context.limits())?;
    let taps = problem.vertical.kernel_size * problem.horizontal.kernel_size;
    let params = Params {
        grid_width: grid.width,
        count: size(OPERATION, "the number of weights", count)?,
        group_in_channels: size(OPERATION, "in_channels", problem.group_in_channels())?,
        group_out_channels: size(OPERATION, "out_channels", problem.group_out_channels())?,
        taps: size(OPERATION, "kernel_size", taps)?,
    };
    let bindings = [Binding::whole(weight, count), Binding::whole(&turned, count)];
    context.record(OPERATION, &shader(), &params, &bindings, grid)?;
    Ok(turned)
}
