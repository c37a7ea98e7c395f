//! The gradient of a pooling's input, split where its tensors exceed one binding; columns first, then
//! rows, where a cell lies in many windows.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::pool2d::general::{Loops, Owner, PARTS, Params, base_params};
use crate::gpu::pool2d::separable;
use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::ops::pool2d::{Pool2dProblem, Reduction, Window};
use crate::{DType, Error, Limits, Result};

static AVERAGE: Template = template!("pool2d", "avg_pool2d_grad_input", &[PARTS], Params);
static MAX: Template = template!("pool2d", "max_pool2d_grad_input", &[PARTS], Params);
static MAX_COLUMNS: Template = template!("pool2d", "max_pool2d_grad_columns", &[PARTS], Params);

/// One dispatch: its part of the work, and the elements that it touches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    params: Params,
    grid: Grid,
    grad_input: Range<usize>,
    output: Range<usize>,
}

/// What a cell of the input gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gather {
    /// Shares of the gradients of the windows that contain it.
    Average { divisor: &'static str },
    /// The gradients of the windows that it won.
    Max,
    /// Those of the windows whose maximum lies in its row of the input, which has this width: the
    /// cell is the maximum of a part of that row.
    MaxColumns { width: usize },
}

/// The shader of a gradient in one variant.
pub(crate) fn shader(gather: Gather, owner: Owner, adaptive: bool) -> Shader {
    let mut values = vec![
        ("adaptive", adaptive.into()),
        ("workgroup", (owner == Owner::Workgroup).into()),
        ("columns", matches!(gather, Gather::MaxColumns { .. }).into()),
    ];
    let (template, reads, writes) = match gather {
        Gather::Average { divisor } => {
            values.push(("divisor", divisor.into()));
            (&AVERAGE, 1, 1)
        }
        Gather::Max => (&MAX, 2, 1),
        Gather::MaxColumns { .. } => (&MAX_COLUMNS, 2, 2),
    };
    Shader { template, values, reads, uniforms: 0, textures: &[], writes }
}

fn gather(problem: &Pool2dProblem) -> Gather {
    match problem.reduction {
        Reduction::Max { .. } => Gather::Max,
        Reduction::Average(divisor) => Gather::Average { divisor: divisor.name() },
    }
}

/// The most windows that a cell of the input can lie in, as `[height, width]`.
pub(crate) fn windows_of_cell(problem: &Pool2dProblem) -> [usize; 2] {
    let (input, output) = (problem.input, problem.output);
    match problem.window {
        Window::Fixed { vertical, horizontal } => [vertical, horizontal]
            .map(|axis| ((axis.span() - 1) / axis.stride + 1).min(axis.output_size)),
        Window::Adaptive => [(input.height, output.height), (input.width, output.width)]
            .map(|(size, out)| (out / size + 2).min(out)),
    }
}

/// The dispatches of a gradient.
pub(crate) fn plan(problem: &Pool2dProblem, loops: &Loops, limits: &Limits) -> Result<Vec<Step>> {
    let (input, output) = (problem.input, problem.output);
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let base = base_params(problem, loops.block)?;
    let mut steps = Vec::new();
    for (planes, rows) in parts(problem, limits)? {
        let count = planes.len() * rows.len() * input.width;
        let workgroups = loops.workgroups(count);
        let grid = Grid::new(problem.operation, workgroups, loops.iterations, limits)?;
        let number = |name, value| size(problem.operation, name, value);
        let params = Params {
            grid_width: grid.width,
            count: number("the cells of one dispatch", count)?,
            first_plane: number("batch times channels", planes.start)?,
            first_row: number("the input's height", rows.start)?,
            dispatch_rows: number("the input's height", rows.len())?,
            ..base
        };
        let out_rows = out_rows(problem, &rows);
        let (first, last) = (planes.start, planes.end - 1);
        steps.push(Step {
            params,
            grid,
            grad_input: (first * input.height + rows.start) * input.width
                ..(last * input.height + rows.end) * input.width,
            output: (first * output.height + out_rows.start) * output.width
                ..(last * output.height + out_rows.end) * output.width,
        });
    }
    Ok(steps)
}

/// The rows of the output whose windows can contain these rows of the input; at least one row, so
/// that a binding of them is not empty.
fn out_rows(problem: &Pool2dProblem, rows: &Range<usize>) -> Range<usize> {
    let (size, out) = (problem.input.height, problem.output.height);
    let windows = match problem.window {
        Window::Fixed { vertical, .. } => {
            let before = (rows.start + vertical.pad_begin).saturating_sub(vertical.span() - 1);
            before.div_ceil(vertical.stride)
                ..((rows.end - 1 + vertical.pad_begin) / vertical.stride + 1).min(out)
        }
        Window::Adaptive => rows.start * out / size..(rows.end * out - 1) / size + 1,
    };
    let start = windows.start.min(out - 1);
    start..windows.end.max(start + 1)
}

/// The planes and rows of every dispatch.
fn parts(problem: &Pool2dProblem, limits: &Limits) -> Result<Vec<(Range<usize>, Range<usize>)>> {
    let most = limits.max_binding_elements();
    let (input, output) = (problem.input, problem.output);
    let planes = input.batch * input.channels;
    let largest_plane = (input.height * input.width).max(output.height * output.width);
    if largest_plane <= most {
        let step = (most / largest_plane).max(1);
        return Ok(chunks(planes, step).map(|planes| (planes, 0..input.height)).collect());
    }
    let needs = |rows: Range<usize>| {
        (out_rows(problem, &rows).len() * output.width).max(rows.len() * input.width)
    };
    let every_row_fits = |step| chunks(input.height, step).all(|rows| needs(rows) <= most);
    let step = largest(input.height, every_row_fits).ok_or_else(|| Error::DeviceLimit {
        operation: problem.operation,
        quantity: "the bytes that one row of the input needs of the output".into(),
        needed: 4 * needs(0..1) as u64,
        allowed: 4 * most as u64,
    })?;
    let mut parts = Vec::new();
    for plane in 0..planes {
        parts.extend(chunks(input.height, step).map(|rows| (plane..plane + 1, rows)));
    }
    Ok(parts)
}

/// One pass over a gradient.
#[derive(Debug, Clone, PartialEq)]
struct Pass {
    problem: Pool2dProblem,
    gather: Gather,
    shader: Shader,
    steps: Vec<Step>,
}

impl Pass {
    fn new(problem: &Pool2dProblem, gather: Gather, limits: &Limits) -> Result<Self> {
        let loops = Loops::over(windows_of_cell(problem));
        let steps = plan(problem, &loops, limits)?;
        let shader = shader(gather, loops.owner, matches!(problem.window, Window::Adaptive));
        Ok(Self { problem: *problem, gather, shader, steps })
    }
}

/// The gradient of a pooling's input: one pass, or one over columns and one over rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    first: Pass,
    second: Option<Pass>,
}

impl Plan {
    pub(crate) fn new(problem: &Pool2dProblem, limits: &Limits) -> Result<Self> {
        if !is_separable(problem, limits) {
            return Ok(Self { first: Pass::new(problem, gather(problem), limits)?, second: None });
        }
        let [rows, columns] = separable::split(problem);
        let of_columns = match gather(problem) {
            Gather::Max => Gather::MaxColumns { width: problem.input.width },
            _ => gather(&columns),
        };
        let first = Pass::new(&columns, of_columns, limits)?;
        Ok(Self { first, second: Some(Pass::new(&rows, gather(&rows), limits)?) })
    }

    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        [Some(&self.first), self.second.as_ref()]
            .into_iter()
            .flatten()
            .map(|pass| pass.shader.clone())
            .collect()
    }
}

/// Records the gradient of a pooling's input; a max pooling reads the indices of its forward pass.
pub(crate) fn pool2d_grad_input(
    context: &Arc<Context>,
    problem: &Pool2dProblem,
    indices: Option<&GpuBuffer>,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    let plan = Plan::new(problem, context.limits())?;
    let (gradient, found) = plan.first.record(context, indices, grad_output)?;
    match plan.second {
        None => Ok(gradient),
        Some(pass) => pass.record(context, found.as_ref(), &gradient).map(|(gradient, _)| gradient),
    }
}

/// Whether a cell lies in so many windows that two passes are faster.
pub(crate) fn is_separable(problem: &Pool2dProblem, limits: &Limits) -> bool {
    let [height, width] = windows_of_cell(problem);
    let few = height.min(width) < 2 || height.saturating_mul(width) < 16;
    !few && !problem.input.is_empty() && separable::fits(problem, DType::F32, limits)
}

impl Pass {
    /// Records the pass; of columns of a max pooling it also gives the indices of the maxima.
    fn record(
        &self,
        context: &Arc<Context>,
        indices: Option<&GpuBuffer>,
        grad_output: &GpuBuffer,
    ) -> Result<(GpuBuffer, Option<GpuBuffer>)> {
        let problem = &self.problem;
        let bytes = problem.input.len() as u64 * 4;
        let allocate = || context.allocate(problem.operation, bytes, Reuse::Recorded);
        let grad_input = allocate()?;
        let (found, index_width) = match self.gather {
            Gather::MaxColumns { width } => {
                (Some(allocate()?), size(problem.operation, "the input's width", width)?)
            }
            _ => (None, 0),
        };
        for step in &self.steps {
            let of_output = |buffer| Binding::range(context.limits(), buffer, step.output.clone());
            let of_input =
                |buffer| Binding::range(context.limits(), buffer, step.grad_input.clone());
            let (grad_output, output_base) = of_output(grad_output);
            let (grad_input, input_base) = of_input(&grad_input);
            let params = Params {
                input_base: low_bits(input_base),
                output_base: low_bits(output_base),
                index_width,
                ..step.params
            };
            let mut bindings: Vec<_> =
                indices.map(|indices| of_output(indices).0).into_iter().collect();
            bindings.extend([grad_output, grad_input]);
            bindings.extend(found.as_ref().map(|found| of_input(found).0));
            context.record(problem.operation, &self.shader, &params, &bindings, step.grid)?;
        }
        Ok((grad_input, found))
    }
}
