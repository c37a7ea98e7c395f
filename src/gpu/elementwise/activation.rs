//! Activations on the GPU.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::{Activation, DType, Result};

/// One of every kind.
pub(crate) const ACTIVATIONS: [Activation; 8] = [
    Activation::Relu,
    Activation::Relu6,
    Activation::LeakyRelu { negative_slope: 0.1 },
    Activation::Silu,
    Activation::HardSwish,
    Activation::HardSigmoid,
    Activation::Sigmoid,
    Activation::Tanh,
];

const OPERATION: &str = "activation";
/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(Params { grid_width: u32, count: u32, activation_parameter: f32 });

static ACTIVATION: Template = template!("elementwise", "activation", &[], Params);
static GRAD_INPUT: Template = template!("elementwise", "activation_grad_input", &[], Params);

/// The shader of an activation.
pub(crate) fn shader(name: &'static str, dtype: DType) -> Shader {
    Shader {
        template: &ACTIVATION,
        values: vec![("activation", name.into()), dtype.value()],
        uniforms: 0,
        textures: &[],
        reads: 1,
        writes: 1,
    }
}

/// The shaders of all activations.
pub(crate) fn variants() -> Vec<Shader> {
    let of_types = |name| [DType::F32, DType::F16].map(|dtype| shader(name, dtype));
    let of_name = |name| of_types(name).into_iter().chain([grad_shader(name)]);
    ACTIVATIONS.map(Activation::name).into_iter().flat_map(of_name).collect()
}

/// The dispatches for `len` elements.
fn parts(
    context: &Context,
    activation: Activation,
    len: usize,
) -> Result<Vec<(Range<usize>, Params, Grid)>> {
    // Parts start at multiples of every alignment, so that no binding begins before its part.
    let step = (context.limits().max_binding_elements() / 128 * 128).max(128);
    let part = |part: Range<usize>| {
        let grid = Grid::new(OPERATION, part.len().div_ceil(WORKGROUP), NO_LOOP, context.limits())?;
        let params = Params {
            grid_width: grid.width,
            count: size(OPERATION, "the elements of one dispatch", part.len())?,
            activation_parameter: activation.parameter(),
        };
        Ok((part, params, grid))
    };
    chunks(len, step).map(part).collect()
}

/// Records an activation of `len` elements.
pub(crate) fn activation(
    context: &Arc<Context>,
    activation: Activation,
    input: &GpuBuffer,
    len: usize,
) -> Result<GpuBuffer> {
    let output = context.allocate_elements(OPERATION, len, input.dtype)?;
    let shader = shader(activation.name(), input.dtype);
    for (part, params, grid) in parts(context, activation, len)? {
        let (input, _) = Binding::range(context.limits(), input, part.clone());
        let (output, _) = Binding::range(context.limits(), &output, part);
        context.record(OPERATION, &shader, &params, &[input, output], grid)?;
    }
    Ok(output)
}

/// The shader of an activation's gradient.
pub(crate) fn grad_shader(name: &'static str) -> Shader {
    Shader {
        template: &GRAD_INPUT,
        values: vec![("activation", name.into()), ("f16", false.into())],
        reads: 2,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// Records the gradient of an activation of `len` elements.
pub(crate) fn activation_grad_input(
    context: &Arc<Context>,
    activation: Activation,
    input: &GpuBuffer,
    grad_output: &GpuBuffer,
    len: usize,
) -> Result<GpuBuffer> {
    let grad_input = context.allocate(OPERATION, len as u64 * 4, Reuse::Recorded)?;
    let shader = grad_shader(activation.name());
    for (part, params, grid) in parts(context, activation, len)? {
        let bindings = [input, grad_output, &grad_input]
            .map(|buffer| Binding::range(context.limits(), buffer, part.clone()).0);
        context.record(OPERATION, &shader, &params, &bindings, grid)?;
    }
    Ok(grad_input)
}
