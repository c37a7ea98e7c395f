//! The gradient of an input by convolutions of grad_output, one for each phase of the stride.

use std::sync::Arc;

use crate::gpu::conv2d::grad_input_sums::copies;
use crate::gpu::conv2d::grad_input_turned;
use crate::gpu::conv2d::{Conv2dPlan, conv2d};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::OPERATION;
use crate::ops::{Conv2dProblem, Phase};
use crate::{Algorithm, DType, Limits, PaddingMode, Result};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;
/// Copies of a cell along both axes together that an invocation collects.
const MOST_COPIES: usize = 33;
/// Phases up to which a convolution for each is worth it.
const MOST_PHASES: usize = 16;
/// How many times the input, and how many elements besides, the cells of all phases may be.
const MOST_CELLS: (usize, usize) = (8, 1 << 20);

params!(Params {
    grid_width: u32,
    count: u32,
    in_channels: u32,
    in_height: u32,
    in_width: u32,
    pad_top: u32,
    pad_bottom: u32,
    pad_left: u32,
    pad_right: u32,
    stride_height: u32,
    stride_width: u32,
    first_y: u32,
    first_x: u32,
    phase_height: u32,
    phase_width: u32,
    accumulate: u32,
});

static FOLD: Template = template!("conv2d", "conv2d_grad_fold", &[], Params);

/// The shader that adds the cells of a phase to those of the input.
pub(crate) fn shader(padding_mode: PaddingMode, placed: bool, bias: bool) -> Shader {
    Shader {
        template: &FOLD,
        values: vec![
            ("padding_mode", padding_mode.name().into()),
            ("placed", placed.into()),
            ("bias", bias.into()),
            ("f16", false.into()),
        ],
        uniforms: 0,
        textures: &[],
        reads: 1 + u32::from(bias),
        writes: 1,
    }
}

/// One phase along both axes.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    vertical: Phase,
    horizontal: Phase,
    convolution: Conv2dProblem,
    plan: Conv2dPlan,
    shader: Shader,
    params: Params,
    grid: Grid,
}

/// The dispatches of a gradient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan(Vec<Step>);

/// The plan for a gradient; `None` where its tensors exceed a binding, or the general shader is the
/// better one.
pub(crate) fn plan(problem: &Conv2dProblem, bias: bool, limits: &Limits) -> Result<Option<Plan>> {
    let [rows, columns] = problem.phases().map_err(|missing| missing.during(OPERATION))?;
    let most = limits.max_binding_elements();
    let input = problem.input_shape().len();
    let tensors = [input, problem.output_shape().len(), problem.weight_shape().len()];
    if rows.len() * columns.len() > MOST_PHASES || tensors.into_iter().any(|len| len > most) {
        return Ok(None);
    }
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let [copies_y, copies_x] = [vertical, horizontal].map(|it| copies(problem.padding_mode, it));
    if copies_y.saturating_add(copies_x) > MOST_COPIES {
        return Ok(None);
    }
    let iterations = copies_y + copies_y * copies_x;
    // Every cell of the input is then of one phase.
    let placed = problem.padding_mode == PaddingMode::Zeros
        && rows.len() == vertical.stride
        && columns.len() == horizontal.stride;
    let number = |name, value| size(OPERATION, name, value);
    let mut steps: Vec<Step> = Vec::new();
    let mut all_cells = 0;
    for vertical_phase in &rows {
        for horizontal_phase in &columns {
            let convolution = problem.phase(vertical_phase, horizontal_phase);
            let cells = convolution.output_shape().checked_len(OPERATION)?;
            all_cells += cells;
            if cells > most || all_cells > input.saturating_mul(MOST_CELLS.0) + MOST_CELLS.1 {
                return Ok(None);
            }
            let plan = Conv2dPlan::new(&convolution, false, None, limits)?;
            if plan.algorithm() == Algorithm::General {
                return Ok(None);
            }
            let is_first = steps.is_empty();
            let count = if placed { cells } else { input };
            let grid = Grid::new(OPERATION, count.div_ceil(WORKGROUP), iterations, limits)?;
            let params = Params {
                grid_width: grid.width,
                count: number("the cells of one dispatch", count)?,
                in_channels: number("in_channels", problem.in_channels)?,
                in_height: number("the input's height", vertical.input_size)?,
                in_width: number("the input's width", horizontal.input_size)?,
                pad_top: number("padding", vertical.pad_begin)?,
                pad_bottom: number("padding", vertical.pad_end)?,
                pad_left: number("padding", horizontal.pad_begin)?,
                pad_right: number("padding", horizontal.pad_end)?,
                stride_height: number("stride", vertical.stride)?,
                stride_width: number("stride", horizontal.stride)?,
                first_y: number("the size of the padded input", vertical_phase.first)?,
                first_x: number("the size of the padded input", horizontal_phase.first)?,
                phase_height: number("the input's height", vertical_phase.axis.output_size)?,
                phase_width: number("the input's width", horizontal_phase.axis.output_size)?,
                accumulate: u32::from(!is_first),
            };
            let shader = shader(problem.padding_mode, placed, bias && (placed || is_first));
            steps.push(Step {
                vertical: *vertical_phase,
                horizontal: *horizontal_phase,
                convolution,
                plan,
                shader,
                params,
                grid,
            });
        }
    }
    Ok(Some(Plan(steps)))
}

impl Plan {
    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(super) fn shaders(&self) -> Vec<Shader> {
        let shaders = self.0.iter().flat_map(|step| {
            step.plan
                .shaders()
                .into_iter()
                .chain([grad_input_turned::shader(), step.shader.clone()])
        });
        shaders.collect()
    }

    /// Records the dispatches; gives the buffer of the gradient.
    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        weight: &GpuBuffer,
        bias: Option<&GpuBuffer>,
        grad_output: &GpuBuffer,
    ) -> Result<GpuBuffer> {
        let input = problem.input_shape().len();
        let grad_input = context.allocate_elements(OPERATION, input, DType::F32)?;
        for step in &self.0 {
            let phases = [&step.vertical, &step.horizontal];
            let weight = grad_input_turned::of(context, problem, Some(phases), weight)?;
            let convolution = &step.convolution;
            let cells = conv2d(context, convolution, &step.plan, grad_output, &weight, None)?;
            let mut bindings = vec![Binding::whole(&cells, convolution.output_shape().len())];
            if step.shader.reads > 1 {
                bindings.extend(bias.map(|bias| Binding::whole(bias, problem.in_channels)));
            }
            bindings.push(Binding::whole(&grad_input, input));
            context.record(OPERATION, &step.shader, &step.params, &bindings, step.grid)?;
        }
        Ok(grad_input)
    }
}
