//! The average of whole planes: several invocations per plane, or windows on software adapters.

use super::{Divisor, Pool2dProblem, Reduction, Window};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::params;
use crate::gpu::runtime::record::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::software::uniform_windows;
use crate::{DType, Limits, Result};

/// Invocations of a workgroup.
const WORKGROUP: u32 = 64;

/// Cells of the largest planes that one workgroup each is enough for.
const MOST_CELLS: u32 = 1 << 16;

/// Cells of a uniform window that are added up without a break, so that the rounding error stays
/// within the stated bound for all that a window holds; the shader has the same number.
const WINDOW_BLOCK: u32 = 72;

params!(Params { grid_width: u32, planes: u32, plane_vectors: u32, divisor: f32 });

params!(WindowParams {
    planes: u32,
    window_planes: u32,
    first_window: u32,
    window_limit: u32,
    plane_cells: u32,
    divisor: f32,
});

/// What is dispatched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    operation: &'static str,
    planes: u32,
    cells: u32,
    shader: Shader,
    grid: Grid,
    source: Source,
}

#[derive(Debug, Clone, PartialEq)]
enum Source {
    Storage(Params),
    Windows { params: WindowParams, windows: u32, dispatches: u32 },
}

/// Planes, their cells and the divisor of a problem that is an average of whole planes.
fn sizes(problem: &Pool2dProblem) -> Option<(u32, u32, f32)> {
    let Window::Fixed { vertical, horizontal } = problem.fixed()? else { return None };
    let whole = [vertical, horizontal].iter().all(|axis| {
        let padding = axis.pad_begin + axis.pad_end;
        axis.output_size == 1 && axis.kernel_size == axis.input_size && padding == 0
    });
    let planes = u32::try_from(problem.input.batch.checked_mul(problem.input.channels)?).ok()?;
    let cells = vertical.input_size.checked_mul(horizontal.input_size)?;
    let cells = u32::try_from(cells).ok().filter(|_| whole && planes > 0)?;
    if cells > MOST_CELLS {
        return None;
    }
    let elements = planes.checked_mul(cells)?;
    i32::try_from(elements).ok()?;
    let divisor = match problem.reduction {
        Reduction::Max { .. } => return None,
        Reduction::Average(Divisor::Override(divisor)) => divisor,
        Reduction::Average(Divisor::Padded | Divisor::Inside) => cells as f32,
    };
    Some((planes, cells, divisor))
}

impl Plan {
    /// `None` where the problem is another, or does not fit a dispatch.
    pub(crate) fn new(problem: &Pool2dProblem, limits: &Limits) -> Result<Option<Self>> {
        let Some((planes, cells, divisor)) = sizes(problem) else { return Ok(None) };
        if (planes * cells) as usize > limits.max_elements(problem.dtype) {
            return Ok(None);
        }
        let operation = problem.operation;
        let window_planes = uniform_windows::blocks(cells);
        if uniform_windows::available(limits) && window_planes > 0 && problem.dtype == DType::F32 {
            let most = uniform_windows::most(limits, 0);
            let dispatches = planes.div_ceil(window_planes).div_ceil(most);
            let windows = planes.div_ceil(window_planes).div_ceil(dispatches);
            let window_planes = planes.div_ceil(windows * dispatches);
            let elements = uniform_windows::elements(planes * cells);
            let window_limit = uniform_windows::limit(planes * cells);
            let params = WindowParams {
                planes,
                window_planes,
                first_window: 0,
                window_limit,
                plane_cells: cells,
                divisor,
            };
            let iterations = (cells + cells.div_ceil(WINDOW_BLOCK)) as usize;
            let workgroups = window_planes.div_ceil(WORKGROUP) as usize;
            let grid = Grid::new(operation, workgroups, iterations, limits)?;
            let shader = windows_shader(windows, elements / 4);
            let source = Source::Windows { params, windows, dispatches };
            return Ok(Some(Self { operation, planes, cells, shader, grid, source }));
        }
        let width = [4, 2].into_iter().find(|&width| cells.is_multiple_of(width)).unwrap_or(1);
        let vectors = cells / width;
        let lanes = (vectors / 4).next_power_of_two().clamp(8, WORKGROUP);
        let unroll = if vectors >= 4 * lanes { 4 } else { 1 };
        let turns = vectors.div_ceil(lanes * unroll) + unroll;
        let workgroups = planes.div_ceil(WORKGROUP / lanes);
        let grid = Grid::new(operation, workgroups as usize, turns as usize, limits)?;
        let params = Params { grid_width: grid.width, planes, plane_vectors: vectors, divisor };
        let shader = storage_shader(lanes, width, unroll, problem.dtype);
        let source = Source::Storage(params);
        Ok(Some(Self { operation, planes, cells, shader, grid, source }))
    }

    pub(crate) fn shader(&self) -> &Shader {
        &self.shader
    }

    pub(crate) fn dispatches(&self) -> usize {
        match self.source {
            Source::Storage(_) => 1,
            Source::Windows { dispatches, .. } => dispatches as usize,
        }
    }

    pub(crate) fn record(
        &self,
        context: &Context,
        input: &GpuBuffer,
        output: &GpuBuffer,
    ) -> Result<()> {
        let elements = self.planes * self.cells;
        let output = Binding::whole(output, self.planes as usize);
        match self.source {
            Source::Storage(params) => {
                let bindings = [Binding::whole(input, elements as usize), output];
                context.record(self.operation, &self.shader, &params, &bindings, self.grid)
            }
            Source::Windows { params, windows, dispatches } => {
                let window = Binding::whole(input, uniform_windows::elements(elements) as usize);
                let bindings: Vec<_> =
                    std::iter::repeat_n(window, windows as usize).chain([output]).collect();
                let start = |window| {
                    uniform_windows::start(window * params.window_planes * self.cells, elements)
                };
                let dispatches = (0..dispatches).map(|dispatch| {
                    let first_window = dispatch * windows;
                    let starts = (first_window..first_window + windows).map(start);
                    (WindowParams { first_window, ..params }, starts)
                });
                context.record_all(self.operation, &self.shader, &bindings, self.grid, dispatches)
            }
        }
    }
}

/// The shader that reads storage: `lanes` invocations per plane with `unroll` loads each at once.
fn storage_shader(lanes: u32, load_width: u32, unroll: u32, dtype: DType) -> Shader {
    Shader {
        template: "avg_pool2d_global",
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

fn windows_shader(windows: u32, window_vectors: u32) -> Shader {
    Shader {
        template: "avg_pool2d_global_windows",
        values: vec![("windows", windows.into()), ("window_vectors", window_vectors.into())],
        uniforms: windows,
        reads: 0,
        textures: &[],
        writes: 1,
    }
}
