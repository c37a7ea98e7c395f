//! The average of whole planes, which uniform windows show.

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::params;
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::software::uniform_windows;
use crate::ops::pool2d::{Pool2dProblem, WholePlanes};
use crate::{DType, Limits, Result};

/// Invocations of a workgroup.
const WORKGROUP: u32 = 64;

/// Cells of a uniform window that are added up without a break, so that the rounding error stays
/// within the stated bound for all that a window holds; the shader has the same number.
const WINDOW_BLOCK: u32 = 72;

params!(Params {
    planes: u32,
    window_planes: u32,
    first_window: u32,
    window_limit: u32,
    plane_cells: u32,
    divisor: f32,
});

static GLOBAL_WINDOWS: Template = template!("software", "avg_pool2d_global_windows", &[], Params);

/// What is dispatched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    operation: &'static str,
    shader: Shader,
    params: Params,
    grid: Grid,
    windows: u32,
    dispatches: u32,
}

impl Plan {
    /// `None` where windows do not serve the problem.
    pub(crate) fn new(problem: &Pool2dProblem, limits: &Limits) -> Result<Option<Self>> {
        if !uniform_windows::available(limits) || problem.dtype != DType::F32 {
            return Ok(None);
        }
        let Some(WholePlanes { planes, cells, divisor }) = problem.whole_planes() else {
            return Ok(None);
        };
        let window_planes = uniform_windows::blocks(cells);
        let elements = planes * cells;
        if window_planes == 0 || elements as usize > limits.max_elements(problem.dtype) {
            return Ok(None);
        }
        let most = uniform_windows::most(limits, 0);
        let dispatches = planes.div_ceil(window_planes).div_ceil(most);
        let windows = planes.div_ceil(window_planes).div_ceil(dispatches);
        let window_planes = planes.div_ceil(windows * dispatches);
        let params = Params {
            planes,
            window_planes,
            first_window: 0,
            window_limit: uniform_windows::limit(elements),
            plane_cells: cells,
            divisor,
        };
        let operation = problem.operation;
        let iterations = (cells + cells.div_ceil(WINDOW_BLOCK)) as usize;
        let workgroups = window_planes.div_ceil(WORKGROUP) as usize;
        let grid = Grid::new(operation, workgroups, iterations, limits)?;
        let shader = shader(windows, uniform_windows::elements(elements) / 4);
        Ok(Some(Self { operation, shader, params, grid, windows, dispatches }))
    }

    pub(crate) fn shader(&self) -> &Shader {
        &self.shader
    }

    pub(crate) fn dispatches(&self) -> usize {
        self.dispatches as usize
    }

    pub(crate) fn record(
        &self,
        context: &Context,
        input: &GpuBuffer,
        output: &GpuBuffer,
    ) -> Result<()> {
        let Params { planes, plane_cells, window_planes, .. } = self.params;
        let elements = planes * plane_cells;
        let window = Binding::whole(input, uniform_windows::elements(elements) as usize);
        let output = Binding::whole(output, planes as usize);
        let bindings: Vec<_> =
            std::iter::repeat_n(window, self.windows as usize).chain([output]).collect();
        let start = |window| uniform_windows::start(window * window_planes * plane_cells, elements);
        let dispatches = (0..self.dispatches).map(|dispatch| {
            let first_window = dispatch * self.windows;
            let starts = (first_window..first_window + self.windows).map(start);
            (Params { first_window, ..self.params }, starts)
        });
        context.record_all(self.operation, &self.shader, &bindings, self.grid, dispatches)
    }
}

fn shader(windows: u32, window_vectors: u32) -> Shader {
    Shader {
        template: &GLOBAL_WINDOWS,
        values: vec![("windows", windows.into()), ("window_vectors", window_vectors.into())],
        uniforms: windows,
        reads: 0,
        textures: &[],
        writes: 1,
    }
}
