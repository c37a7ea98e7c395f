//! The weight of the convolution that gives the gradient of an input.

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::derived::Recipe;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::OPERATION;
use crate::ops::{Conv2dProblem, Phase};
use crate::{DType, Result};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(Params {
    grid_width: u32,
    count: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    kernel_height: u32,
    kernel_width: u32,
    rows: u32,
    columns: u32,
    last_y: u32,
    last_x: u32,
    tap_step_y: u32,
    tap_step_x: u32,
});

static TURNED: Template = template!("conv2d", "conv2d_turned_weight", &[], Params);

/// The shader.
pub(crate) fn shader() -> Shader {
    Shader {
        template: &TURNED,
        values: vec![("f16", false.into())],
        reads: 1,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// The turned weight of a convolution whose weight fits one binding, of a phase's taps alone if
/// given; kept with the weight or recorded now.
pub(crate) fn of(
    context: &Arc<Context>,
    problem: &Conv2dProblem,
    phases: Option<[&Phase; 2]>,
    weight: &GpuBuffer,
) -> Result<Arc<GpuBuffer>> {
    let axes = [&problem.vertical, &problem.horizontal];
    let number = |value| size(OPERATION, "kernel_size", value);
    let mut taps = [[0; 3]; 2];
    for (i, axis) in axes.into_iter().enumerate() {
        taps[i] = match phases {
            None => [axis.kernel_size, axis.kernel_size - 1, 1],
            Some(phases) => {
                let Phase { first_tap, tap_step, axis, .. } = *phases[i];
                [axis.kernel_size, first_tap + (axis.kernel_size - 1) * tap_step, tap_step]
            }
        };
    }
    let [[rows, last_y, tap_step_y], [columns, last_x, tap_step_x]] = taps;
    let weights = problem.weight_shape().len();
    let count = problem.out_channels * problem.group_in_channels() * rows * columns;
    let grid = Grid::new(OPERATION, count.div_ceil(WORKGROUP), NO_LOOP, context.limits())?;
    let params = Params {
        grid_width: grid.width,
        count: number(count)?,
        group_in_channels: size(OPERATION, "in_channels", problem.group_in_channels())?,
        group_out_channels: size(OPERATION, "out_channels", problem.group_out_channels())?,
        kernel_height: number(problem.vertical.kernel_size)?,
        kernel_width: number(problem.horizontal.kernel_size)?,
        rows: number(rows)?,
        columns: number(columns)?,
        last_y: number(last_y)?,
        last_x: number(last_x)?,
        tap_step_y: number(tap_step_y)?,
        tap_step_x: number(tap_step_x)?,
    };
    weight.derived.get(Recipe::of(TURNED.name, 1, &params), || {
        let turned = context.allocate_elements(OPERATION, count, DType::F32)?;
        let bindings = [Binding::whole(weight, weights), Binding::whole(&turned, count)];
        context.record(OPERATION, &shader(), &params, &bindings, grid)?;
        Ok(turned)
    })
}
