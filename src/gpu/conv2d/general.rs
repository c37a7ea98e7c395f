//! The convolution that serves every option, split where its tensors exceed one binding.

use std::ops::Range;
use std::sync::Arc;

pub(crate) use super::general_sums::{ENOUGH_OUTPUTS, Form, MANY_PRODUCTS, Sums};
use crate::gpu::conv2d::parts::{Part, parts};
use crate::gpu::conv2d::sizes::with_sizes;
use crate::gpu::elementwise::convert::convert;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, MOST_ITERATIONS};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
pub(crate) use crate::gpu::runtime::workgroup_sum::{MOST_SHARED, WORKGROUP};
use crate::gpu::tile::operands::{
    Buffers, OPERATION, Operands, activation_name, activation_parameter, bias_binding,
};
use crate::ops::Conv2dProblem;
use crate::{DType, Limits, PaddingMode, Result};

params!(Params {
    grid_width: u32,
    count: u32,
    first_image: u32,
    first_out_channel: u32,
    dispatch_out_channels: u32,
    first_row: u32,
    dispatch_rows: u32,
    first_channel: u32,
    end_channel: u32,
    first_product: u32,
    end_product: u32,
    block: u32,
    in_channels: u32,
    out_channels: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_left: u32,
    dilation_height: u32,
    dilation_width: u32,
    input_base: u32,
    weight_base: u32,
    output_base: u32,
    accumulate: u32,
    share: u32,
    activation_parameter: f32,
});

static GENERAL: Template = template!("conv2d", "conv2d_general", &[], Params);

/// One dispatch: its part of the work, and the elements that it touches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) shader: Shader,
    params: Params,
    grid: Grid,
    input: Range<usize>,
    weight: Range<usize>,
    output: Range<usize>,
}

/// Outputs that an invocation looks at, if it repairs.
const MOST_SHARE: usize = 16;

/// The shader in the variant of a problem; one that repairs computes again what is NaN.
pub(crate) fn shader(
    padding_mode: PaddingMode,
    activation: &'static str,
    Operands { bias, dtype }: Operands,
    f32_output: bool,
    form: Form,
    repairs: bool,
) -> Shader {
    Shader {
        template: &GENERAL,
        values: vec![
            ("padding_mode", padding_mode.name().into()),
            ("activation", activation.into()),
            ("bias", bias.into()),
            dtype.value(),
            ("f32_output", f32_output.into()),
            ("form", form.name().into()),
            ("repairs", repairs.into()),
        ],
        uniforms: 0,
        textures: &[],
        reads: 2 + u32::from(bias),
        writes: 1,
    }
}

/// How a convolution is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the test of the bound"))]
    pub(crate) sums: Option<Sums>,
    /// Of the sums that the steps write; not that of the tensors where rounded sums would be added
    /// to.
    output: DType,
    dtype: DType,
}

/// The dispatches of a convolution.
pub(crate) fn plan(problem: &Conv2dProblem, operands: Operands, limits: &Limits) -> Result<Plan> {
    plan_of(problem, operands, limits, false)
}

/// The dispatches that compute again, without the taps over zeros, what is NaN in an output; `None`
/// where that takes more than one invocation an output.
pub(crate) fn repair(problem: &Conv2dProblem, operands: Operands, limits: &Limits) -> Option<Plan> {
    let plan = plan_of(problem, operands, limits, true).ok()?;
    let is_whole = plan.steps.iter().all(|step| {
        step.params.dispatch_rows == step.params.out_height
            && step.params.dispatch_out_channels == step.params.out_channels
    });
    let is_shared = plan.sums.is_some_and(|sums| sums.form == Form::Shared);
    (is_whole && !is_shared && plan.output == plan.dtype).then_some(plan)
}

fn plan_of(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
    repairs: bool,
) -> Result<Plan> {
    let dtype = operands.dtype;
    if problem.output_shape().is_empty() {
        return Ok(Plan { steps: Vec::new(), sums: None, output: dtype, dtype });
    }
    for axis in [&problem.vertical, &problem.horizontal] {
        let padded = axis.input_size + axis.pad_begin + axis.pad_end;
        size(OPERATION, "the size of the padded input", padded)?;
    }
    let outputs = if repairs { usize::MAX } else { problem.output_shape().len() };
    let sums = Sums::new(problem, outputs);
    let base = base_params(problem, &sums)?;
    let parts = parts_of(problem, dtype, limits)?;
    let [height, width] = problem.most_taps();
    let taps = height * width;
    let channels = problem.group_in_channels();
    size(OPERATION, "the products of a sum", channels * taps + WORKGROUP * sums.block)?;
    let most = if sums.form == Form::Shared { MOST_SHARED } else { usize::MAX };
    let is_whole =
        channels * taps <= most && parts.iter().all(|part| part.group_channels.len() == channels);
    let output_dtype = if is_whole { dtype } else { DType::F32 };
    let mut steps = Vec::with_capacity(parts.len());
    let dispatches = parts.iter().flat_map(|part| {
        let of_part = part.group_channels.len() * taps;
        chunks(of_part, most).map(move |products| (part, of_part, products))
    });
    for (part, of_part, products) in dispatches {
        let is_first = part.group_channels.start == 0 && products.start == 0;
        let is_last = part.group_channels.end == channels && products.end == of_part;
        let activation = activation_name(problem.activation.filter(|_| is_last));
        let operands = Operands { bias: operands.bias && is_first, dtype };
        let f32_output = output_dtype != dtype;
        let shader =
            shader(problem.padding_mode, activation, operands, f32_output, sums.form, repairs);
        let count = part.images.len()
            * part.out_channels.len()
            * part.rows.len()
            * problem.horizontal.output_size;
        let share = if repairs {
            (MOST_ITERATIONS / sums.iterations.saturating_add(2)).clamp(1, MOST_SHARE)
        } else {
            1
        };
        let iterations = if repairs { share * (sums.iterations + 2) } else { sums.iterations };
        let of_workgroup = if sums.form == Form::Shared { 1 } else { WORKGROUP * share };
        let grid = Grid::new(OPERATION, count.div_ceil(of_workgroup), iterations, limits)?;
        let number = |name, value| size(OPERATION, name, value);
        let params = Params {
            grid_width: grid.width,
            count: number("the outputs of one dispatch", count)?,
            first_image: number("batch", part.images.start)?,
            first_out_channel: number("out_channels", part.out_channels.start)?,
            dispatch_out_channels: number("out_channels", part.out_channels.len())?,
            first_row: number("the output's height", part.rows.start)?,
            dispatch_rows: number("the output's height", part.rows.len())?,
            first_channel: number("in_channels", part.group_channels.start)?,
            end_channel: number("in_channels", part.group_channels.end)?,
            first_product: number("the products of a sum", products.start)?,
            end_product: number("the products of a sum", products.end)?,
            accumulate: u32::from(!is_first),
            share: number("the outputs of an invocation", share)?,
            ..base
        };
        let (input, weight, output) =
            (part.input(problem), part.filters(problem), part.output(problem));
        steps.push(Step { shader, params, grid, input, weight, output });
    }
    Ok(Plan { steps, sums: Some(sums), output: output_dtype, dtype })
}

fn base_params(problem: &Conv2dProblem, sums: &Sums) -> Result<Params> {
    Ok(Params {
        block: size(OPERATION, "the products of a sum", sums.block)?,
        share: 1,
        activation_parameter: activation_parameter(problem.activation),
        ..with_sizes!(Params, OPERATION, problem)
    })
}

/// The parts of a problem whose tensors are of a type.
fn parts_of(problem: &Conv2dProblem, dtype: DType, limits: &Limits) -> Result<Vec<Part>> {
    let most = limits.max_elements(dtype);
    let read = |part: &Part| part.input(problem).len().max(part.filters(problem).len());
    let fit_beside = |part: &Part, most_outputs: usize| {
        read(part) <= most && part.output(problem).len() <= most_outputs
    };
    let fit_whole = |part: &Part| fit_beside(part, most);
    // Parts of the channels add to sums of f32.
    let fit = |part: &Part| fit_beside(part, limits.max_binding_elements());
    parts(problem, fit_whole, fit, |part| [read(part), most, dtype.bytes()])
}

impl Plan {
    pub(crate) fn dispatches(&self) -> usize {
        self.steps.len()
    }

    pub(crate) fn shaders(&self) -> Vec<Shader> {
        self.steps.iter().take(1).map(|step| step.shader.clone()).collect()
    }

    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        input: &GpuBuffer,
        weight: &GpuBuffer,
        bias: Option<&GpuBuffer>,
    ) -> Result<GpuBuffer> {
        let len = problem.output_shape().len();
        let output = context.allocate_elements(OPERATION, len, self.output)?;
        self.record_into(context, problem, Buffers { input, weight, bias, output: &output })?;
        if self.output == self.dtype {
            Ok(output)
        } else {
            convert(context, &output, self.dtype, len)
        }
    }

    /// Records the dispatches that write to an output of the type that the plan has.
    pub(crate) fn record_into(
        &self,
        context: &Context,
        problem: &Conv2dProblem,
        buffers: Buffers<'_>,
    ) -> Result<()> {
        self.steps.iter().try_for_each(|step| step.record(context, problem, buffers))
    }
}

impl Step {
    fn record(
        &self,
        context: &Context,
        problem: &Conv2dProblem,
        Buffers { input, weight, bias, output }: Buffers<'_>,
    ) -> Result<()> {
        let (input, input_base) = Binding::range(context.limits(), input, self.input.clone());
        let (weight, weight_base) = Binding::range(context.limits(), weight, self.weight.clone());
        let (output, output_base) = Binding::range(context.limits(), output, self.output.clone());
        let params = Params {
            input_base: low_bits(input_base),
            weight_base: low_bits(weight_base),
            output_base: low_bits(output_base),
            ..self.params
        };
        let mut bindings = vec![input, weight];
        if self.params.accumulate == 0 {
            bindings.extend(bias.map(|bias| bias_binding(problem, bias)));
        }
        bindings.push(output);
        context.record(OPERATION, &self.shader, &params, &bindings, self.grid)
    }
}
