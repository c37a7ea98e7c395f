//! The average of whole planes: several invocations per plane.

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::params;
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::ops::pool2d::{Pool2dProblem, WholePlanes};
use crate::{DType, Limits, Result};

/// Invocations of a workgroup.
const WORKGROUP: u32 = 64;

params!(Params { grid_width: u32, planes: u32, plane_vectors: u32, divisor: f32 });

static GLOBAL: Template = template!("pool2d", "avg_pool2d_global", &[], Params);

/// What is dispatched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    operation: &'static str,
    planes: u32,
    cells: u32,
    shader: Shader,
    grid: Grid,
    params: Params,
}

impl Plan {
    /// `None` where the problem is another, or does not fit a dispatch.
    pub(crate) fn new(problem: &Pool2dProblem, limits: &Limits) -> Result<Option<Self>> {
        let Some(WholePlanes { planes, cells, divisor }) = problem.whole_planes() else {
            return Ok(None);
        };
        if (planes * cells) as usize > limits.max_elements(problem.dtype) {
            return Ok(None);
        }
        let operation = problem.operation;
        let width = [4, 2].into_iter().find(|&width| cells.is_multiple_of(width)).unwrap_or(1);
        let vectors = cells / width;
        let lanes = (vectors / 4).next_power_of_two().clamp(8, WORKGROUP);
        let unroll = if vectors >= 4 * lanes { 4 } else { 1 };
        let turns = vectors.div_ceil(lanes * unroll) + unroll;
        let workgroups = planes.div_ceil(WORKGROUP / lanes);
        let grid = Grid::new(operation, workgroups as usize, turns as usize, limits)?;
        let params = Params { grid_width: grid.width, planes, plane_vectors: vectors, divisor };
        let shader = storage_shader(lanes, width, unroll, problem.dtype);
        Ok(Some(Self { operation, planes, cells, shader, grid, params }))
    }

    pub(crate) fn shader(&self) -> &Shader {
        &self.shader
    }

    pub(crate) fn record(
        &self,
        context: &Context,
        input: &GpuBuffer,
        output: &GpuBuffer,
    ) -> Result<()> {
        let input = Binding::whole(input, (self.planes * self.cells) as usize);
        let bindings = [input, Binding::whole(output, self.planes as usize)];
        context.record(self.operation, &self.shader, &self.params, &bindings, self.grid)
    }
}

/// The shader that reads storage: `lanes` invocations per plane with `unroll` loads each at once.
fn storage_shader(lanes: u32, load_width: u32, unroll: u32, dtype: DType) -> Shader {
    Shader {
        template: &GLOBAL,
        values: vec![
            ("lanes", lanes.into()),
            ("load_width", load_width.into()),
            ("unroll", unroll.into()),
            dtype.value(),
        ],
        uniforms: 0,
        reads: 1,
        textures: &[],
        writes: 1,
    }
}
