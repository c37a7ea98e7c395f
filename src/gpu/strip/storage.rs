//! Strips that read the input as a storage buffer.

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::strip::buffers::Buffers;
use crate::gpu::strip::problem::WORKGROUP;
use crate::gpu::strip::problem::{Kind, Problem};
use crate::gpu::strip::variant::Params;
use crate::ops::pool2d::Index;
use crate::{DType, Limits, Result};

/// What is dispatched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    problem: Problem,
    shader: Shader,
    params: Params,
    grid: Grid,
}

impl Plan {
    /// `None` where the problem does not fit a dispatch.
    pub(crate) fn new(problem: &Problem, limits: &Limits) -> Result<Option<Self>> {
        let elements =
            [problem.input_elements(), problem.output_elements(), problem.weight_elements()];
        let exceeds = |len: u32, dtype| len as usize > limits.max_elements(dtype);
        let indices = match problem.index() {
            Index::None => 0,
            Index::Own => problem.output_elements(),
            Index::LookedUp => problem.output_elements().max(problem.input_elements()),
        };
        if elements.into_iter().any(|len| exceeds(len, problem.dtype))
            || exceeds(indices, DType::F32)
        {
            return Ok(None);
        }
        let tile = problem.tile(outputs(problem), [4, 4]);
        let [tiles_y, tiles_x] = problem.tiles(&tile);
        let tiles = tiles_y * tiles_x;
        // The weights of a workgroup that stays in one plane are uniform. Where that would leave
        // more than a fifth of the invocations idle, workgroups run on into the next plane.
        let plane_workgroups = matches!(problem.kind, Kind::Depthwise { .. })
            && tiles.next_multiple_of(WORKGROUP) <= tiles + tiles / 4;
        let (tiles, planes) = (tiles as usize, problem.planes() as usize);
        let workgroup = WORKGROUP as usize;
        let workgroups = if plane_workgroups {
            planes * tiles.div_ceil(workgroup)
        } else {
            (planes * tiles).div_ceil(workgroup)
        };
        let grid = Grid::new(problem.operation, workgroups, NO_LOOP, limits)?;
        let ragged_y = !problem.vertical.output_size.is_multiple_of(tile.rows);
        let source = [
            ("plane_workgroups", plane_workgroups.into()),
            ("ragged_y", ragged_y.into()),
            ("windows", 0.into()),
        ];
        let shader = problem.shader(&tile, &source, 0);
        let params = problem.params(&tile, grid.width);
        Ok(Some(Self { problem: *problem, shader, params, grid }))
    }

    pub(crate) fn shader(&self) -> &Shader {
        &self.shader
    }

    pub(crate) fn record(&self, context: &Context, buffers: Buffers<'_>) -> Result<()> {
        let problem = &self.problem;
        let input = Binding::whole(buffers.input, problem.input_elements() as usize);
        let bindings: Vec<_> = [input]
            .into_iter()
            .chain(buffers.operands(problem))
            .chain(buffers.found(problem))
            .chain(buffers.results(problem))
            .collect();
        context.record(problem.operation, &self.shader, &self.params, &bindings, self.grid)
    }
}

/// The outputs of an invocation, as `[height, width]`: a vector, and where windows overlap more rows,
/// which share loads, while that leaves invocations enough to fill a GPU.
fn outputs(problem: &Problem) -> [u32; 2] {
    const ENOUGH: u64 = 1 << 16;
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let vectors = u64::from(problem.planes() * horizontal.output_size.div_ceil(4));
    let invocations = |rows| vectors * u64::from(vertical.output_size.div_ceil(rows));
    let overlap = vertical.kernel_size > vertical.stride;
    let rows = (2..=4).rev().find(|&rows| overlap && invocations(rows) >= ENOUGH).unwrap_or(1);
    [rows.min(vertical.output_size), horizontal.output_size.next_power_of_two().min(4)]
}
