//! Steps of optimizers on the GPU.

use std::sync::Arc;

use crate::Result;
use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::ops::training::{AdamStep, SgdStep};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(SgdParams {
    grid_width: u32,
    count: u32,
    learning_rate: f32,
    momentum: f32,
    weight_decay: f32,
});
params!(AdamParams {
    grid_width: u32,
    count: u32,
    weight_decay: f32,
    one_minus_beta1: f32,
    beta2: f32,
    one_minus_beta2: f32,
    step_size: f32,
    root_correction: f32,
    epsilon: f32,
});

static SGD: Template = template!("training", "sgd", &[], SgdParams);
static ADAM: Template = template!("training", "adam", &[], AdamParams);

/// The shader of gradient descent.
pub(crate) fn sgd_shader(momentum: bool, nesterov: bool) -> Shader {
    Shader {
        template: &SGD,
        values: vec![("momentum", momentum.into()), ("nesterov", nesterov.into())],
        textures: &[],
        reads: if momentum { 3 } else { 2 },
        uniforms: 0,
        writes: if momentum { 2 } else { 1 },
    }
}

/// The shader of Adam.
pub(crate) fn adam_shader() -> Shader {
    Shader { template: &ADAM, values: Vec::new(), reads: 4, uniforms: 0, textures: &[], writes: 3 }
}

/// Records a step for `len` elements of `old`: the parameter, its gradient and the optimizer's
/// state. Gives the new parameter and state.
fn step<const OLD: usize, const NEW: usize, P: bytemuck::NoUninit>(
    context: &Arc<Context>,
    operation: &'static str,
    shader: &Shader,
    old: [&GpuBuffer; OLD],
    len: usize,
    params: impl Fn(u32, u32) -> P,
) -> Result<Vec<GpuBuffer>> {
    let new = (0..NEW)
        .map(|_| context.allocate(operation, len as u64 * 4, Reuse::Recorded))
        .collect::<Result<Vec<_>>>()?;
    // Parts start at multiples of the largest alignment that WebGPU knows, 256 bytes, so that no
    // binding begins before its part.
    let most = context.limits().max_binding_elements() / 64 * 64;
    for part in chunks(len, most) {
        let grid = Grid::new(operation, part.len().div_ceil(WORKGROUP), NO_LOOP, context.limits())?;
        let count = size(operation, "the elements of one dispatch", part.len())?;
        let bindings: Vec<_> = old
            .into_iter()
            .chain(&new)
            .map(|buffer| Binding::range(context.limits(), buffer, part.clone()).0)
            .collect();
        context.record(operation, shader, &params(grid.width, count), &bindings, grid)?;
    }
    Ok(new)
}

/// Records a step of gradient descent; gives the parameter and, with momentum, the velocity.
pub(crate) fn sgd(
    context: &Arc<Context>,
    coefficients: &SgdStep,
    [parameter, gradient]: [&GpuBuffer; 2],
    velocity: Option<&GpuBuffer>,
    len: usize,
) -> Result<Vec<GpuBuffer>> {
    const OPERATION: &str = SgdStep::OPERATION;
    let params = |grid_width, count| SgdParams {
        grid_width,
        count,
        learning_rate: coefficients.learning_rate,
        momentum: coefficients.momentum,
        weight_decay: coefficients.weight_decay,
    };
    let shader = sgd_shader(velocity.is_some(), coefficients.nesterov);
    match velocity {
        Some(velocity) => {
            let old = [parameter, gradient, velocity];
            step::<3, 2, _>(context, OPERATION, &shader, old, len, params)
        }
        None => step::<2, 1, _>(context, OPERATION, &shader, [parameter, gradient], len, params),
    }
}

/// Records a step of Adam for a parameter, its gradient, and their running mean and mean square;
/// gives the parameter, mean and mean square.
pub(crate) fn adam(
    context: &Arc<Context>,
    coefficients: &AdamStep,
    old: [&GpuBuffer; 4],
    len: usize,
) -> Result<Vec<GpuBuffer>> {
    let params = |grid_width, count| AdamParams {
        grid_width,
        count,
        weight_decay: coefficients.weight_decay,
        one_minus_beta1: coefficients.one_minus_beta1,
        beta2: coefficients.beta2,
        one_minus_beta2: coefficients.one_minus_beta2,
        step_size: coefficients.step_size,
        root_correction: coefficients.root_correction,
        epsilon: coefficients.epsilon,
    };
    step::<4, 3, _>(context, AdamStep::OPERATION, &adam_shader(), old, len, params)
}
