//! The gradient of an input with any option, split where its tensors exceed one binding.

use std::ops::Range;

use crate::gpu::conv2d::grad_input_sums::Sums;
use crate::gpu::conv2d::sizes::{check_padded, with_sizes};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::{MOST_SHARED, WORKGROUP};
use crate::gpu::tile::operands::OPERATION;
use crate::ops::Conv2dProblem;
use crate::{Error, Limits, PaddingMode, Result};

params!(Params {
    grid_width: u32,
    count: u32,
    first_image: u32,
    first_in_channel: u32,
    dispatch_in_channels: u32,
    first_row: u32,
    dispatch_rows: u32,
    first_group_channel: u32,
    end_group_channel: u32,
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
    pad_bottom: u32,
    pad_left: u32,
    pad_right: u32,
    dilation_height: u32,
    dilation_width: u32,
    tap_step_y: u32,
    tap_step_x: u32,
    weight_base: u32,
    grad_output_base: u32,
    grad_input_base: u32,
    accumulate: u32,
});

static GRAD_INPUT: Template = template!("conv2d", "conv2d_grad_input", &[], Params);

/// One dispatch: its part of the work, and the elements that it touches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) shader: Shader,
    params: Params,
    grid: Grid,
    grad_output: Range<usize>,
    weight: Range<usize>,
    grad_input: Range<usize>,
}

/// The shader in the variant of a problem; a workgroup may share the products of a cell.
pub(crate) fn shader(padding_mode: PaddingMode, bias: bool, shared: bool) -> Shader {
    Shader {
        template: &GRAD_INPUT,
        values: vec![
            ("padding_mode", padding_mode.name().into()),
            ("bias", bias.into()),
            ("shared", shared.into()),
            ("f16", false.into()),
        ],
        reads: 2 + u32::from(bias),
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// A part of the work: what one dispatch covers.
#[derive(Debug, Clone)]
struct Part {
    images: Range<usize>,
    in_channels: Range<usize>,
    rows: Range<usize>,
    /// Output channels of each group.
    group_channels: Range<usize>,
}

/// The dispatches of the gradient.
pub(crate) fn plan(problem: &Conv2dProblem, bias: bool, limits: &Limits) -> Result<Vec<Step>> {
    if problem.batch == 0 {
        return Ok(Vec::new());
    }
    let base = base_params(problem)?;
    let number = |name, value| size(OPERATION, name, value);
    let sums = Sums::new(problem);
    let parts = parts(problem, limits)?;
    let dispatches = parts.iter().flat_map(|part| {
        let products = sums.pairs.saturating_mul(part.group_channels.len());
        let most = if sums.shared { MOST_SHARED } else { products };
        chunks(products, most).map(move |products| (part, products))
    });
    let mut steps = Vec::new();
    for (part, products) in dispatches {
        let is_first = part.group_channels.start == 0 && products.start == 0;
        let count = part.images.len()
            * part.in_channels.len()
            * part.rows.len()
            * problem.horizontal.input_size;
        let of_workgroup = if sums.shared { 1 } else { WORKGROUP };
        let grid = Grid::new(OPERATION, count.div_ceil(of_workgroup), sums.iterations, limits)?;
        let end = if sums.shared { products.end + WORKGROUP * sums.block } else { 0 };
        number("the products of a sum", end)?;
        let params = Params {
            grid_width: grid.width,
            count: number("the cells of one dispatch", count)?,
            first_image: number("batch", part.images.start)?,
            first_in_channel: number("in_channels", part.in_channels.start)?,
            dispatch_in_channels: number("in_channels", part.in_channels.len())?,
            first_row: number("the input's height", part.rows.start)?,
            dispatch_rows: number("the input's height", part.rows.len())?,
            first_group_channel: number("out_channels", part.group_channels.start)?,
            end_group_channel: number("out_channels", part.group_channels.end)?,
            first_product: low_bits(products.start),
            end_product: low_bits(products.end),
            block: number("the products of a sum", sums.block)?,
            accumulate: u32::from(!is_first),
            ..base
        };
        steps.push(Step {
            shader: shader(problem.padding_mode, bias && is_first, sums.shared),
            params,
            grid,
            grad_output: grad_output_range(problem, part),
            weight: weight_range(problem, part),
            grad_input: grad_input_range(problem, part),
        });
    }
    Ok(steps)
}

fn base_params(problem: &Conv2dProblem) -> Result<Params> {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let number = |name, value| size(OPERATION, name, value);
    check_padded(OPERATION, problem)?;
    Ok(Params {
        pad_bottom: number("padding", vertical.pad_end)?,
        pad_right: number("padding", horizontal.pad_end)?,
        tap_step_y: number("stride", vertical.tap_step())?,
        tap_step_x: number("stride", horizontal.tap_step())?,
        ..with_sizes!(Params, OPERATION, problem)
    })
}

/// The rows of the output whose windows read some of these rows of the input; at least one row, so
/// that a binding of them is not empty.
fn out_rows(problem: &Conv2dProblem, rows: &Range<usize>) -> Range<usize> {
    let axis = &problem.vertical;
    if *rows == (0..axis.input_size) {
        return 0..axis.output_size;
    }
    let (mut first, mut end) = (axis.output_size - 1, 1);
    for row in rows.clone() {
        // All between the first and the last copy of a row are read by outputs between theirs.
        let (lowest, highest) = axis.copies_between(problem.padding_mode, row);
        let before = lowest.saturating_sub(axis.span() - 1);
        first = first.min(before.div_ceil(axis.stride));
        end = end.max((highest / axis.stride + 1).min(axis.output_size));
    }
    first..end.max(first + 1)
}

fn grad_output_range(problem: &Conv2dProblem, part: &Part) -> Range<usize> {
    let group_of = |in_channel: usize| in_channel / problem.group_in_channels();
    let group_out = problem.group_out_channels();
    let first_channel = group_of(part.in_channels.start) * group_out + part.group_channels.start;
    let last_channel = group_of(part.in_channels.end - 1) * group_out + part.group_channels.end - 1;
    let rows = out_rows(problem, &part.rows);
    let row = |image: usize, channel: usize, row: usize| {
        ((image * problem.out_channels + channel) * problem.vertical.output_size + row)
            * problem.horizontal.output_size
    };
    row(part.images.start, first_channel, rows.start)
        ..row(part.images.end - 1, last_channel, rows.end)
}

fn weight_range(problem: &Conv2dProblem, part: &Part) -> Range<usize> {
    let group_of = |in_channel: usize| in_channel / problem.group_in_channels();
    let group_out = problem.group_out_channels();
    let filter = problem.weight_shape().len() / problem.out_channels;
    let first = group_of(part.in_channels.start) * group_out + part.group_channels.start;
    let end = group_of(part.in_channels.end - 1) * group_out + part.group_channels.end;
    first * filter..end * filter
}

fn grad_input_range(problem: &Conv2dProblem, part: &Part) -> Range<usize> {
    let row = |image: usize, channel: usize, row: usize| {
        ((image * problem.in_channels + channel) * problem.vertical.input_size + row)
            * problem.horizontal.input_size
    };
    row(part.images.start, part.in_channels.start, part.rows.start)
        ..row(part.images.end - 1, part.in_channels.end - 1, part.rows.end)
}

/// The whole as one part if it fits, else parts by images, by channels, by rows.
fn parts(problem: &Conv2dProblem, limits: &Limits) -> Result<Vec<Part>> {
    let most = limits.max_binding_elements();
    let rows = problem.vertical.input_size;
    let (group_in, group_out) = (problem.group_in_channels(), problem.group_out_channels());
    let needs = |part: &Part| {
        grad_output_range(problem, part)
            .len()
            .max(weight_range(problem, part).len())
            .max(grad_input_range(problem, part).len())
    };
    let of_images = |images: Range<usize>| Part {
        images,
        in_channels: 0..problem.in_channels,
        rows: 0..rows,
        group_channels: 0..group_out,
    };
    let fits = |part: &Part| needs(part) <= most;
    if let Some(step) = largest(problem.batch, |step| fits(&of_images(0..step))) {
        return Ok(chunks(problem.batch, step).map(of_images).collect());
    }
    let of_channels = |image: usize, in_channels, group_channels, rows| Part {
        images: image..image + 1,
        in_channels,
        rows,
        group_channels,
    };
    // One group after another, so that a part reads the channels of one group.
    let in_step = largest(group_in, |step| fits(&of_channels(0, 0..step, 0..1, 0..rows)));
    let (in_step, out_step, row_step) = match in_step {
        Some(in_step) => {
            let fits_out = |step| fits(&of_channels(0, 0..in_step, 0..step, 0..rows));
            (in_step, largest(group_out, fits_out).unwrap_or(1), rows)
        }
        None => {
            let every_row_fits =
                |step| chunks(rows, step).all(|rows| fits(&of_channels(0, 0..1, 0..1, rows)));
            let row_step = largest(rows, every_row_fits).ok_or_else(|| Error::DeviceLimit {
                operation: OPERATION,
                quantity: "the bytes that one row of the input needs of the output or the weight"
                    .into(),
                needed: 4 * needs(&of_channels(0, 0..1, 0..1, 0..1)) as u64,
                allowed: 4 * most as u64,
            })?;
            (1, 1, row_step)
        }
    };
    let mut parts = Vec::new();
    for image in 0..problem.batch {
        for group in 0..problem.groups {
            for channels in chunks(group_in, in_step) {
                let first = group * group_in;
                let channels = first + channels.start..first + channels.end;
                for rows in chunks(rows, row_step) {
                    for out in chunks(group_out, out_step) {
                        parts.push(of_channels(image, channels.clone(), out, rows.clone()));
                    }
                }
            }
        }
    }
    Ok(parts)
}

impl Step {
    pub(crate) fn record(
        &self,
        context: &Context,
        problem: &Conv2dProblem,
        weight: &GpuBuffer,
        bias: Option<&GpuBuffer>,
        grad_output: &GpuBuffer,
        grad_input: &GpuBuffer,
    ) -> Result<()> {
        let (grad_output, grad_output_base) =
            Binding::range(context.limits(), grad_output, self.grad_output.clone());
        let (weight, weight_base) = Binding::range(context.limits(), weight, self.weight.clone());
        let (grad_input, grad_input_base) =
            Binding::range(context.limits(), grad_input, self.grad_input.clone());
        let params = Params {
            grad_output_base: low_bits(grad_output_base),
            weight_base: low_bits(weight_base),
            grad_input_base: low_bits(grad_input_base),
            ..self.params
        };
        let mut bindings = vec![grad_output, weight];
        if self.params.accumulate == 0 {
            bindings.extend(bias.map(|bias| Binding::whole(bias, problem.in_channels)));
        }
        bindings.push(grad_input);
        context.record(OPERATION, &self.shader, &params, &bindings, self.grid)
    }
}
