//! The gradient of a pooling's input, split where its tensors exceed one binding.

use std::ops::Range;
use std::sync::Arc;

use super::super::buffer::{GpuBuffer, Reuse};
use super::super::context::Context;
use super::super::grid::{Grid, UNCOUNTED};
use super::super::params::{low_bits, size};
use super::super::record::Binding;
use super::super::shader::Shader;
use super::super::split::{chunks, largest};
use super::general::{Params, WORKGROUP, base_params};
use super::{Divisor, Pool2dProblem, Reduction, Window};
use crate::{Error, Limits, Result};

/// One dispatch: its part of the work, and the elements that it touches.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    params: Params,
    grid: Grid,
    grad_input: Range<usize>,
    output: Range<usize>,
}

/// The shader of a max pooling's gradient in one variant.
pub(crate) fn max_shader(adaptive: bool) -> Shader {
    Shader {
        template: "max_pool2d_grad_input",
        values: vec![("adaptive", adaptive.into())],
        reads: 2,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// The shader of an average pooling's gradient in one variant.
pub(crate) fn avg_shader(adaptive: bool, divisor: &'static str) -> Shader {
    Shader {
        template: "avg_pool2d_grad_input",
        values: vec![
            ("adaptive", adaptive.into()),
            ("divisor", divisor.into()),
            ("f16", false.into()),
        ],
        reads: 1,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

fn shader(problem: &Pool2dProblem) -> Shader {
    let adaptive = matches!(problem.window, Window::Adaptive);
    match problem.reduction {
        Reduction::Max { .. } => max_shader(adaptive),
        Reduction::Average(Divisor::Padded) => avg_shader(adaptive, "padded"),
        Reduction::Average(Divisor::Inside) => avg_shader(adaptive, "inside"),
        Reduction::Average(Divisor::Override(_)) => avg_shader(adaptive, "override"),
    }
}

/// The dispatches of a gradient.
fn plan(problem: &Pool2dProblem, limits: &Limits) -> Result<Vec<Step>> {
    let (input, output) = (problem.input, problem.output);
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let base = base_params(problem)?;
    let mut steps = Vec::new();
    for (planes, rows) in parts(problem, limits)? {
        let count = planes.len() * rows.len() * input.width;
        let grid = Grid::new(problem.operation, count.div_ceil(WORKGROUP), UNCOUNTED, limits)?;
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

/// Records the gradient of a pooling's input; a max pooling reads the indices of its forward pass.
pub(crate) fn pool2d_grad_input(
    context: &Arc<Context>,
    problem: &Pool2dProblem,
    indices: Option<&GpuBuffer>,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    let steps = plan(problem, context.limits())?;
    let bytes = problem.input.len() as u64 * 4;
    let grad_input = context.allocate(problem.operation, bytes, Reuse::Recorded)?;
    let shader = shader(problem);
    for step in steps {
        let of_output = |buffer| Binding::range(context, buffer, step.output.clone());
        let (grad_output, output_base) = of_output(grad_output);
        let (grad_input, input_base) =
            Binding::range(context, &grad_input, step.grad_input.clone());
        let params = Params {
            input_base: low_bits(input_base),
            output_base: low_bits(output_base),
            ..step.params
        };
        let mut bindings: Vec<_> =
            indices.map(|indices| of_output(indices).0).into_iter().collect();
        bindings.extend([grad_output, grad_input]);
        context.record(problem.operation, &shader, &params, &bindings, step.grid)?;
    }
    Ok(grad_input)
}
