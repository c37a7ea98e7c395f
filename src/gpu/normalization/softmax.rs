//! Softmax over channels and its gradient.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, MOST_ITERATIONS};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
#[cfg(test)]
use crate::gpu::runtime::shader::distinct;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Include, Template, parts, template};
use crate::gpu::runtime::workgroup_sum::{TREE, WORKGROUP};
use crate::{DType, Limits, Result, Shape, Softmax};

const OPERATION: &str = Softmax::OPERATION;

/// Channels of an invocation that are added up without a break.
const BLOCK: usize = 64;
/// How many invocations may share the channels of a position.
const LANES: [u32; 3] = [1, 8, 64];
/// Channels from which on they are worth sharing.
const MANY_CHANNELS: usize = 64;
/// Positions that keep a GPU busy by themselves.
const ENOUGH_POSITIONS: usize = 1 << 16;

params!(Params {
    grid_width: u32,
    positions: u32,
    channels: u32,
    plane: u32,
    first_image: u32,
    first_channel: u32,
    dispatch_channels: u32,
    first_output: u32,
    dispatch_outputs: u32,
    base: u32,
    is_first: u32,
});

const PARTS: &[Include] = parts!("normalization": "softmax_positions", "softmax_lanes");

static SOFTMAX: Template = template!("normalization", "softmax", &[PARTS], Params);
static GRAD_INPUT: Template = template!("normalization", "softmax_grad_input", &[PARTS], Params);

/// What a dispatch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    /// Where channels do not lie in one binding: the largest and the sum of some more.
    Sums,
    /// Then the outputs of some.
    Apply,
}

impl Form {
    const ALL: [Self; 3] = [Self::Whole, Self::Sums, Self::Apply];

    const fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Sums => "sums",
            Self::Apply => "apply",
        }
    }

    /// The buffers that are read beside those of elements.
    const fn state_reads(self) -> u32 {
        matches!(self, Self::Apply) as u32
    }
}

fn shader(form: Form, lanes: u32, dtype: DType) -> Shader {
    Shader {
        template: &SOFTMAX,
        values: vec![("form", form.name().into()), ("lanes", lanes.into()), dtype.value()],
        uniforms: 0,
        textures: &[],
        reads: 1 + form.state_reads(),
        writes: 1,
    }
}

fn grad_shader(form: Form, lanes: u32) -> Shader {
    Shader {
        template: &GRAD_INPUT,
        values: vec![("form", form.name().into()), ("lanes", lanes.into())],
        uniforms: 0,
        textures: &[],
        reads: 2 + form.state_reads(),
        writes: 1,
    }
}

pub(super) fn variants() -> Vec<Shader> {
    let of = |form, lanes| {
        [shader(form, lanes, DType::F32), shader(form, lanes, DType::F16), grad_shader(form, lanes)]
    };
    let all = Form::ALL.into_iter().flat_map(|form| LANES.map(|lanes| (form, lanes)));
    all.flat_map(|(form, lanes)| of(form, lanes)).collect()
}

/// One dispatch over elements that lie in one binding.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    form: Form,
    lanes: u32,
    params: Params,
    grid: Grid,
    elements: Range<usize>,
}

/// The dispatches of a softmax.
#[derive(Debug, Clone, PartialEq)]
struct Plan {
    steps: Vec<Step>,
    /// The most positions that are done in parts at once.
    state: usize,
}

/// The iterations of an invocation: three loops over its channels, one of them in blocks, and two
/// trees.
fn iterations(channels: usize, lanes: u32) -> usize {
    let of_lane = channels.div_ceil(lanes as usize);
    3 * of_lane + of_lane.div_ceil(BLOCK) + 2 * TREE
}

/// How many invocations share the channels of a position.
fn lanes(positions: usize, plane: usize, channels: usize) -> u32 {
    let wanted = match plane {
        _ if channels < MANY_CHANNELS || positions >= ENOUGH_POSITIONS => 1,
        // The channels of a position are neighbours.
        1 => 64,
        _ => 8,
    };
    let fits = |lanes: &u32| *lanes >= wanted && iterations(channels, *lanes) <= MOST_ITERATIONS;
    LANES.into_iter().find(fits).unwrap_or(64)
}

impl Plan {
    /// The dispatches for a tensor of such elements that is not empty.
    fn new(shape: Shape, dtype: DType, limits: &Limits) -> Result<Self> {
        let most = limits.max_elements(dtype);
        let plane = shape.height * shape.width;
        let image = shape.channels * plane;
        let mut plan = Self { steps: Vec::new(), state: 0 };
        let all_channels = 0..shape.channels;
        if let Some(images) = largest(shape.batch, |images| images * image <= most) {
            for images in chunks(shape.batch, images) {
                let outputs = 0..plane;
                plan.push(Form::Whole, shape, [&images, &all_channels, &outputs], limits)?;
            }
            return Ok(plan);
        }
        // A position has up to two words of state.
        let output_step = plane.min(limits.max_binding_elements() / 2).max(1);
        let fits = |channels: usize| (channels - 1) * plane + output_step <= most;
        let channel_step = largest(shape.channels, fits).unwrap_or(1);
        plan.state = output_step;
        for n in 0..shape.batch {
            for outputs in chunks(plane, output_step) {
                for form in [Form::Sums, Form::Apply] {
                    for channels in chunks(shape.channels, channel_step) {
                        let of = [&(n..n + 1), &channels, &outputs];
                        plan.push(form, shape, of, limits)?;
                    }
                }
            }
        }
        Ok(plan)
    }

    fn push(
        &mut self,
        form: Form,
        shape: Shape,
        [images, channels, outputs]: [&Range<usize>; 3],
        limits: &Limits,
    ) -> Result<()> {
        let plane = shape.height * shape.width;
        let positions = images.len() * outputs.len();
        let lanes = lanes(positions, plane, channels.len());
        let iterations = iterations(channels.len(), lanes);
        let workgroups = positions.div_ceil(WORKGROUP / lanes as usize);
        let grid = Grid::new(OPERATION, workgroups, iterations, limits)?;
        let number = |name, value| size(OPERATION, name, value);
        let params = Params {
            grid_width: grid.width,
            positions: number("the number of positions", positions)?,
            channels: number("the number of channels", shape.channels)?,
            plane: number("the size of a plane", plane)?,
            first_image: number("batch", images.start)?,
            first_channel: number("the number of channels", channels.start)?,
            dispatch_channels: number("the number of channels", channels.len())?,
            first_output: number("the size of a plane", outputs.start)?,
            dispatch_outputs: number("the size of a plane", outputs.len())?,
            base: 0,
            is_first: u32::from(channels.start == 0),
        };
        let element = |image: usize, channel: usize, at: usize| {
            (image * shape.channels + channel) * plane + at
        };
        let elements = element(images.start, channels.start, outputs.start)
            ..element(images.end - 1, channels.end - 1, outputs.end);
        self.steps.push(Step { form, lanes, params, grid, elements });
        Ok(())
    }

    /// Records the dispatches, which read these and write that; `words` is what a position in parts
    /// has of state.
    fn record(
        &self,
        context: &Arc<Context>,
        shader: impl Fn(Form, u32) -> Shader,
        reads: &[&GpuBuffer],
        write: &GpuBuffer,
        words: usize,
    ) -> Result<()> {
        let limits = context.limits();
        let state = context.allocate_elements(OPERATION, self.state * words, DType::F32)?;
        for step in &self.steps {
            let of_step = |buffer| Binding::range(limits, buffer, step.elements.clone());
            let mut bindings: Vec<_> = reads.iter().map(|read| of_step(read).0).collect();
            let (write, base) = of_step(write);
            let state = Binding::whole(&state, self.state * words);
            match step.form {
                Form::Whole => bindings.push(write),
                Form::Sums => bindings.push(state),
                Form::Apply => bindings.extend([state, write]),
            }
            let params = Params { base: low_bits(base), ..step.params };
            let shader = shader(step.form, step.lanes);
            context.record(OPERATION, &shader, &params, &bindings, step.grid)?;
        }
        Ok(())
    }
}

/// Records the softmax over the channels of a tensor.
pub(crate) fn softmax(
    context: &Arc<Context>,
    shape: Shape,
    input: &GpuBuffer,
) -> Result<GpuBuffer> {
    let dtype = input.dtype;
    let output = context.allocate_elements(OPERATION, shape.len(), dtype)?;
    if !shape.is_empty() {
        let limits = context.limits();
        let shader = |form, lanes| shader(form, lanes, dtype);
        Plan::new(shape, dtype, limits)?.record(context, shader, &[input], &output, 2)?;
    }
    Ok(output)
}

/// Records the gradient of the input of a softmax, given `[output, grad_output]`.
pub(crate) fn softmax_grad_input(
    context: &Arc<Context>,
    shape: Shape,
    of_output: [&GpuBuffer; 2],
) -> Result<GpuBuffer> {
    let grad_input = context.allocate_elements(OPERATION, shape.len(), DType::F32)?;
    if !shape.is_empty() {
        let limits = context.limits();
        let plan = Plan::new(shape, DType::F32, limits)?;
        plan.record(context, grad_shader, &of_output, &grad_input, 1)?;
    }
    Ok(grad_input)
}

/// What a plan picks for a tensor of f32: the shaders of the softmax, and those of its gradient.
#[cfg(test)]
pub(crate) fn shaders(shape: Shape, limits: &Limits) -> [Vec<Shader>; 2] {
    let plan = Plan::new(shape, DType::F32, limits).unwrap();
    let shaders = |shader: &dyn Fn(Form, u32) -> Shader| {
        let steps = plan.steps.iter().map(|step| shader(step.form, step.lanes));
        distinct(steps.collect())
    };
    [shaders(&|form, lanes| shader(form, lanes, DType::F32)), shaders(&grad_shader)]
}
