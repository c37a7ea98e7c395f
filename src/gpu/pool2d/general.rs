//! The pooling that serves every option, split where its tensors exceed one binding: an invocation
//! an output, or a workgroup where windows have many taps.

use std::ops::Range;

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Include, Template, parts, template};
use crate::gpu::strip::buffers::Buffers;
use crate::ops::AdaptivePool2dProblem;
use crate::ops::pool2d::{Divisor, Index, Pool2dProblem, Reduction, Window};
use crate::{DType, Error, Limits, Result};

/// Invocations of a workgroup.
pub(crate) const WORKGROUP: usize = 64;

/// From so many taps on a workgroup shares a window.
const MANY_TAPS: usize = 256;

/// The fewest terms that are added up without a break where there are more: fewer gain little.
const SHORT_SUM: usize = 32;

params!(Params {
    grid_width: u32,
    count: u32,
    first_plane: u32,
    first_row: u32,
    dispatch_rows: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_bottom: u32,
    pad_left: u32,
    pad_right: u32,
    dilation_height: u32,
    dilation_width: u32,
    input_base: u32,
    output_base: u32,
    block: u32,
    index_width: u32,
    divisor_override: f32,
});

/// What the shaders of poolings include.
pub(crate) const PARTS: &[Include] = parts!(
    "pool2d": "max_pool2d_bindings", "pool_bits", "pool_divisor", "pool_grad", "pool_output",
    "pool_params", "pool_window", "pool_windows_of",
);

static MAX: Template = template!("pool2d", "max_pool2d_general", &[PARTS], Params);
static MAX_WORKGROUP: Template = template!("pool2d", "max_pool2d_workgroup", &[PARTS], Params);
static AVERAGE: Template = template!("pool2d", "avg_pool2d_general", &[PARTS], Params);
static AVERAGE_WORKGROUP: Template = template!("pool2d", "avg_pool2d_workgroup", &[PARTS], Params);

/// One dispatch: its part of the work, and the elements that it touches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) shader: Shader,
    params: Params,
    grid: Grid,
    input: Range<usize>,
    output: Range<usize>,
}

/// What an output is the work of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    Invocation,
    Workgroup,
}

/// The shader of a max pooling in one variant.
pub(crate) fn max_shader(owner: Owner, adaptive: bool, index: Index, dtype: DType) -> Shader {
    let (indices, looked_up) = (index != Index::None, index == Index::LookedUp);
    Shader {
        template: match owner {
            Owner::Invocation => &MAX,
            Owner::Workgroup => &MAX_WORKGROUP,
        },
        values: vec![
            ("adaptive", adaptive.into()),
            ("indices", indices.into()),
            ("looked_up", looked_up.into()),
            dtype.value(),
        ],
        uniforms: 0,
        textures: &[],
        reads: 1 + u32::from(looked_up),
        writes: 1 + u32::from(indices),
    }
}

/// The shader of an average pooling in one variant.
pub(crate) fn avg_shader(
    owner: Owner,
    adaptive: bool,
    divisor: &'static str,
    dtype: DType,
) -> Shader {
    Shader {
        template: match owner {
            Owner::Invocation => &AVERAGE,
            Owner::Workgroup => &AVERAGE_WORKGROUP,
        },
        values: vec![("adaptive", adaptive.into()), ("divisor", divisor.into()), dtype.value()],
        uniforms: 0,
        textures: &[],
        reads: 1,
        writes: 1,
    }
}

fn shader(problem: &Pool2dProblem, owner: Owner) -> Shader {
    let adaptive = matches!(problem.window, Window::Adaptive);
    match problem.reduction {
        Reduction::Max { index } => max_shader(owner, adaptive, index, problem.dtype),
        Reduction::Average(divisor) => avg_shader(owner, adaptive, divisor.name(), problem.dtype),
    }
}

/// How the taps of a window, or the windows of a cell, are gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loops {
    pub(crate) owner: Owner,
    /// Terms that are added up without a break.
    pub(crate) block: usize,
    /// Iterations of an invocation.
    pub(crate) iterations: usize,
}

impl Loops {
    /// Over so many rows and columns.
    pub(crate) fn over([rows, columns]: [usize; 2]) -> Self {
        let taps = rows.saturating_mul(columns);
        if taps >= MANY_TAPS {
            // Beside the loop over taps, that over blocks and one over halves of the workgroup.
            let turns = taps.div_ceil(WORKGROUP);
            let block = turns.isqrt().max(SHORT_SUM);
            let iterations = turns + turns.div_ceil(block) + 8;
            return Self { owner: Owner::Workgroup, block, iterations };
        }
        let block = SHORT_SUM;
        let iterations = rows * (columns + columns.div_ceil(block) + 1) + rows.div_ceil(block);
        Self { owner: Owner::Invocation, block, iterations }
    }

    /// Workgroups for so many outputs.
    pub(crate) fn workgroups(&self, outputs: usize) -> usize {
        match self.owner {
            Owner::Invocation => outputs.div_ceil(WORKGROUP),
            Owner::Workgroup => outputs,
        }
    }
}

/// The dispatches of a pooling.
pub(crate) fn plan(problem: &Pool2dProblem, limits: &Limits) -> Result<Vec<Step>> {
    let (input, output) = (problem.input, problem.output);
    if output.is_empty() {
        return Ok(Vec::new());
    }
    let loops = Loops::over(problem.taps());
    let base = base_params(problem, loops.block)?;
    let shader = shader(problem, loops.owner);
    let mut steps = Vec::new();
    for (planes, rows) in parts(problem, limits)? {
        let count = planes.len() * rows.len() * output.width;
        let workgroups = loops.workgroups(count);
        let grid = Grid::new(problem.operation, workgroups, loops.iterations, limits)?;
        let number = |name, value| size(problem.operation, name, value);
        let params = Params {
            grid_width: grid.width,
            count: number("the outputs of one dispatch", count)?,
            first_plane: number("batch times channels", planes.start)?,
            first_row: number("the output's height", rows.start)?,
            dispatch_rows: number("the output's height", rows.len())?,
            ..base
        };
        let window = input_rows(problem, &rows);
        let plane = input.height * input.width;
        let (first, last) = (planes.start, planes.end - 1);
        steps.push(Step {
            shader: shader.clone(),
            params,
            grid,
            input: first * plane + window.start * input.width
                ..last * plane + window.end * input.width,
            output: (first * output.height + rows.start) * output.width
                ..(last * output.height + rows.end) * output.width,
        });
    }
    Ok(steps)
}

pub(crate) fn base_params(problem: &Pool2dProblem, block: usize) -> Result<Params> {
    let number = |name, value| size(problem.operation, name, value);
    let mut windows = [[1_u32, 1, 0, 0, 1]; 2];
    match problem.window {
        Window::Fixed { vertical, horizontal } => {
            for (window, axis) in windows.iter_mut().zip([vertical, horizontal]) {
                let padded = axis.input_size + axis.pad_begin + axis.pad_end;
                number("the size of the padded input", padded)?;
                number("what the kernel spans", axis.span())?;
                *window = [
                    number("kernel_size", axis.kernel_size)?,
                    number("stride", axis.stride)?,
                    number("padding", axis.pad_begin)?,
                    number("padding", axis.pad_end)?,
                    number("dilation", axis.dilation)?,
                ];
            }
        }
        Window::Adaptive => {
            for (size, out) in [
                (problem.input.height, problem.output.height),
                (problem.input.width, problem.output.width),
            ] {
                number("the input's size times output_size", size.saturating_mul(out + 1))?;
            }
        }
    }
    let [vertical, horizontal] = windows;
    Ok(Params {
        grid_width: 0,
        count: 0,
        first_plane: 0,
        first_row: 0,
        dispatch_rows: 0,
        in_height: number("the input's height", problem.input.height)?,
        in_width: number("the input's width", problem.input.width)?,
        out_height: number("the output's height", problem.output.height)?,
        out_width: number("the output's width", problem.output.width)?,
        kernel_height: vertical[0],
        kernel_width: horizontal[0],
        stride_height: vertical[1],
        stride_width: horizontal[1],
        pad_top: vertical[2],
        pad_bottom: vertical[3],
        pad_left: horizontal[2],
        pad_right: horizontal[3],
        dilation_height: vertical[4],
        dilation_width: horizontal[4],
        input_base: 0,
        output_base: 0,
        block: number("the terms of a sum", block)?,
        index_width: 0,
        divisor_override: match problem.reduction {
            Reduction::Average(Divisor::Override(divisor)) => divisor,
            _ => 0.0,
        },
    })
}

/// The rows of the input that the windows of these output rows read.
fn input_rows(problem: &Pool2dProblem, rows: &Range<usize>) -> Range<usize> {
    let size = problem.input.height;
    match problem.window {
        Window::Fixed { vertical, .. } => {
            let first = rows.start * vertical.stride;
            let last = (rows.end - 1) * vertical.stride + vertical.span();
            let inside = |at: usize| at.saturating_sub(vertical.pad_begin).min(size);
            // A window over padding alone still needs a binding of at least one row.
            let start = inside(first).min(size - 1);
            start..inside(last).max(start + 1)
        }
        Window::Adaptive => {
            let out = problem.output.height;
            let [first, _] = AdaptivePool2dProblem::window(size, out, rows.start);
            let [_, end] = AdaptivePool2dProblem::window(size, out, rows.end - 1);
            first..end
        }
    }
}

/// The most elements of the input and of the output that one dispatch has.
fn most(problem: &Pool2dProblem, limits: &Limits) -> [usize; 2] {
    let of_type = limits.max_elements(problem.dtype);
    // Indices have four bytes and begin where the elements do, so with those before them that the
    // alignment of elements of fewer bytes adds.
    let before = limits.binding_alignment as usize / 4;
    let indices = limits.max_binding_elements().saturating_sub(before);
    match problem.reduction {
        _ if problem.dtype == DType::F32 => [of_type, of_type],
        Reduction::Max { index: Index::LookedUp } => [indices, indices],
        Reduction::Max { index: Index::Own } => [of_type, indices],
        _ => [of_type, of_type],
    }
}

/// The planes and rows of every dispatch.
fn parts(problem: &Pool2dProblem, limits: &Limits) -> Result<Vec<(Range<usize>, Range<usize>)>> {
    let (input, output) = (problem.input, problem.output);
    let planes = input.batch * input.channels;
    let [most_inputs, most_outputs] = most(problem, limits);
    let step = (most_inputs / (input.height * input.width))
        .min(most_outputs / (output.height * output.width));
    if step > 0 {
        return Ok(chunks(planes, step).map(|planes| (planes, 0..output.height)).collect());
    }
    let inputs = |rows: &Range<usize>| input_rows(problem, rows).len() * input.width;
    let outputs = |rows: &Range<usize>| rows.len() * output.width;
    let fits = |rows: Range<usize>| inputs(&rows) <= most_inputs && outputs(&rows) <= most_outputs;
    let every_row_fits = |step| chunks(output.height, step).all(fits);
    let step = largest(output.height, every_row_fits).ok_or_else(|| {
        let bytes = problem.dtype.bytes();
        Error::DeviceLimit {
            operation: problem.operation,
            quantity: "the bytes that one row of the output needs of the input".into(),
            needed: (bytes * inputs(&(0..1)).max(outputs(&(0..1)))) as u64,
            allowed: (bytes * most_inputs.min(most_outputs)) as u64,
        }
    })?;
    let mut parts = Vec::new();
    for plane in 0..planes {
        parts.extend(chunks(output.height, step).map(|rows| (plane..plane + 1, rows)));
    }
    Ok(parts)
}

impl Step {
    pub(crate) fn record(
        &self,
        context: &Context,
        problem: &Pool2dProblem,
        buffers: Buffers<'_>,
    ) -> Result<()> {
        let (input, input_base) =
            Binding::range(context.limits(), buffers.input, self.input.clone());
        let (output, output_base) =
            Binding::range(context.limits(), buffers.output, self.output.clone());
        let of = |buffer, range| Binding::range(context.limits(), buffer, range).0;
        let found = buffers.found.map(|found| of(found, input_base..self.input.end));
        let indices = buffers.indices.map(|indices| of(indices, output_base..self.output.end));
        let bindings: Vec<_> =
            [Some(input), found, Some(output), indices].into_iter().flatten().collect();
        let params = Params {
            input_base: low_bits(input_base),
            output_base: low_bits(output_base),
            ..self.params
        };
        context.record(problem.operation, &self.shader, &params, &bindings, self.grid)
    }
}
