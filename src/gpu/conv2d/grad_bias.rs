//! The gradient of a bias: sums of the channels of grad_output, in parts, and the sums of these.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::MOST_SHARED;
use crate::gpu::tile::operands::OPERATION;
use crate::gpu::tile::partial_sum;
use crate::{DType, Error, Limits, Result, Shape};

/// Workgroups that keep a GPU busy.
const ENOUGH_WORKGROUPS: usize = 256;
/// Elements that are worth a workgroup of their own.
const PART_ELEMENTS: usize = 4096;

params!(Params {
    grid_width: u32,
    count: u32,
    parts: u32,
    part_outputs: u32,
    outputs: u32,
    first_image: u32,
    first_channel: u32,
    first_output: u32,
    dispatch_outputs: u32,
    channels: u32,
    plane_size: u32,
    grad_output_base: u32,
    accumulate: u32,
});

static GRAD_BIAS: Template = template!("conv2d", "conv2d_grad_bias", &[], Params);

/// The most roundings of one element in a sum of so many, in as few parts as there can be.
#[cfg(test)]
pub(crate) fn roundings(outputs: usize) -> usize {
    let parts = partial_sum::roundings(outputs.div_ceil(MOST_SHARED).min(256));
    partial_sum::roundings_of_workgroup(outputs.min(MOST_SHARED)) + parts
}

/// The shader.
pub(crate) fn shader() -> Shader {
    Shader {
        template: &GRAD_BIAS,
        values: vec![("f16", false.into())],
        reads: 1,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// The dispatches of a bias' gradient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    channels: usize,
    parts: usize,
    steps: Vec<(Params, Grid, Range<usize>)>,
}

/// The plan for a grad_output of this shape, which is not empty.
pub(crate) fn plan(shape: Shape, limits: &Limits) -> Result<Plan> {
    let plane = shape.height * shape.width;
    let most = limits.max_binding_elements();
    let channels = shape.channels;
    let element =
        |image: usize, channel: usize, at: usize| (image * channels + channel) * plane + at;
    let range = |images: &Range<usize>, of_channels: &Range<usize>, outputs: &Range<usize>| {
        element(images.start, of_channels.start, outputs.start)
            ..element(images.end - 1, of_channels.end - 1, outputs.end)
    };
    let fits = |images, of_channels, outputs| range(&images, &of_channels, &outputs).len() <= most;
    let image_step = largest(shape.batch, |step| fits(0..step, 0..channels, 0..plane));
    let channel_step = match image_step {
        Some(_) => Some(channels),
        None => largest(channels, |step| fits(0..1, 0..step, 0..plane)),
    };
    let output_step = match channel_step {
        Some(_) => plane,
        None => most.max(1),
    };
    let (image_step, channel_step) = (image_step.unwrap_or(1), channel_step.unwrap_or(1));

    let most_outputs = image_step * output_step;
    let wanted = ENOUGH_WORKGROUPS.div_ceil(channel_step);
    let parts = most_outputs.div_ceil(PART_ELEMENTS).clamp(1, wanted);
    let parts = parts.max(most_outputs.div_ceil(MOST_SHARED));
    if channels.saturating_mul(parts) > most {
        return Err(Error::DeviceLimit {
            operation: OPERATION,
            quantity: "the bytes of the sums of all channels".into(),
            needed: 4 * (channels * parts) as u64,
            allowed: 4 * most as u64,
        });
    }
    let number = |name, value| size(OPERATION, name, value);
    let mut steps = Vec::new();
    for of_channels in chunks(channels, channel_step) {
        for images in chunks(shape.batch, image_step) {
            for outputs in chunks(plane, output_step) {
                let all_outputs = images.len() * outputs.len();
                let count = of_channels.len() * parts;
                let iterations = partial_sum::iterations_of_workgroup(all_outputs.div_ceil(parts));
                let grid = Grid::new(OPERATION, count, iterations, limits)?;
                let is_first = images.start == 0 && outputs.start == 0;
                let params = Params {
                    grid_width: grid.width,
                    count: number("out_channels", count)?,
                    parts: number("the parts of a channel", parts)?,
                    part_outputs: number("the output's size", all_outputs.div_ceil(parts))?,
                    outputs: number("the output's size", all_outputs)?,
                    first_image: number("batch", images.start)?,
                    first_channel: number("out_channels", of_channels.start)?,
                    first_output: number("the output's size", outputs.start)?,
                    dispatch_outputs: number("the output's size", outputs.len())?,
                    channels: number("out_channels", channels)?,
                    plane_size: number("the output's size", plane)?,
                    grad_output_base: 0,
                    accumulate: u32::from(!is_first),
                };
                steps.push((params, grid, range(&images, &of_channels, &outputs)));
            }
        }
    }
    Ok(Plan { channels, parts, steps })
}

impl Plan {
    /// The shaders that the plan needs.
    #[cfg(test)]
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        let sum = (self.parts > 1).then(partial_sum::shader);
        [shader()].into_iter().chain(sum).collect()
    }

    /// Records the dispatches; gives the buffer of the gradient.
    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        grad_output: &GpuBuffer,
    ) -> Result<GpuBuffer> {
        let partial_len = self.channels * self.parts;
        let partial = context.allocate_elements(OPERATION, partial_len, DType::F32)?;
        for (params, grid, range) in &self.steps {
            let (binding, base) = Binding::range(context.limits(), grad_output, range.clone());
            let params = Params { grad_output_base: low_bits(base), ..*params };
            let bindings = [binding, Binding::whole(&partial, partial_len)];
            context.record(OPERATION, &shader(), &params, &bindings, *grid)?;
        }
        if self.parts == 1 {
            return Ok(partial);
        }
        let grad_bias = context.allocate_elements(OPERATION, self.channels, DType::F32)?;
        let (count, parts) = (self.channels, self.parts);
        let parts = partial_sum::Parts { count, parts, element_stride: parts, part_stride: 1 };
        partial_sum::record(context, &parts, &partial, &grad_bias)?;
        Ok(grad_bias)
    }
}
