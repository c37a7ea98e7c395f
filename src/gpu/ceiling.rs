//! The shaders that measure what an adapter can do.

use std::sync::Arc;

use crate::Result;
use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::{Binding, Seen};
use crate::gpu::runtime::shader::{Shader, ShaderTexture, Value};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::texture;
use crate::gpu::runtime::texture::{TEXTURE_WIDTH, TexelFormat};

const OPERATION: &str = "ceiling";
/// Invocations of a workgroup that multiplies and adds.
const WORKGROUP: usize = 64;
/// Vectors that a workgroup copies.
const COPIED: usize = 1024;
/// The numbers of chains that there are shaders for.
pub(crate) const ACCUMULATORS: [u32; 2] = [12, 64];
/// What each chain of the shaders tends to.
pub(crate) const LIMIT: f32 = 0.25;

/// Multiply-adds of one round in every chain: as many as pay for the loop. Where the chains are so
/// many that a second one in each multiply-add costs registers, they are not linked, and a round is
/// short instead.
pub(crate) fn steps(accumulators: u32) -> u32 {
    if is_linked(accumulators) { 64 } else { 4 }
}

fn is_linked(accumulators: u32) -> bool {
    accumulators <= 16
}

params!(MultiplyAddParams { grid_width: u32, rounds: u32, factor: f32, addend: f32 });
params!(CopyParams { grid_width: u32, count: u32 });

static MULTIPLY_ADD: Template = template!("ceiling", "bench_fma", &[], MultiplyAddParams);
static COPY: Template = template!("ceiling", "bench_copy", &[], CopyParams);

pub(crate) fn multiply_add_shader(accumulators: u32) -> Shader {
    Shader {
        template: &MULTIPLY_ADD,
        values: vec![
            ("accumulators", accumulators.into()),
            ("linked", is_linked(accumulators).into()),
            ("steps", steps(accumulators).into()),
        ],
        reads: 0,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

pub(crate) fn copy_shader(from_texture: bool) -> Shader {
    const READ: ShaderTexture =
        ShaderTexture::Storage { format: TexelFormat::Four, written: false };
    Shader {
        template: &COPY,
        values: vec![
            ("from_texture", from_texture.into()),
            ("texture_width", Value::Derived(TEXTURE_WIDTH)),
        ],
        reads: u32::from(!from_texture),
        uniforms: 0,
        textures: if from_texture { &[READ] } else { &[] },
        writes: 1,
    }
}

/// Records `rounds` rounds in `workgroups` times 64 invocations, each with an element of the
/// output.
pub(crate) fn multiply_adds(
    context: &Arc<Context>,
    accumulators: u32,
    workgroups: usize,
    rounds: u32,
) -> Result<GpuBuffer> {
    let grid = Grid::new(OPERATION, workgroups, rounds as usize, context.limits())?;
    // A folded grid may have more workgroups than were asked for.
    let len = grid.width as usize * grid.height as usize * WORKGROUP;
    let output = context.allocate(OPERATION, len as u64 * 4, Reuse::Recorded)?;
    let params = MultiplyAddParams {
        grid_width: grid.width,
        rounds,
        factor: LIMIT,
        addend: LIMIT * (1.0 - LIMIT),
    };
    let shader = multiply_add_shader(accumulators);
    context.record(OPERATION, &shader, &params, &[Binding::whole(&output, len)], grid)?;
    Ok(output)
}

/// Whether a copy of `len` elements can go by a texture.
pub(crate) fn fits_texture(context: &Context, len: usize) -> bool {
    texture::fits(len as u64 / 4, context.limits())
}

/// Records a copy of `len` elements, a multiple of four. Software adapters read faster from a
/// texture, into which the input is copied first.
pub(crate) fn copy(
    context: &Arc<Context>,
    input: &GpuBuffer,
    len: usize,
    by_texture: bool,
) -> Result<GpuBuffer> {
    let output = context.allocate(OPERATION, len as u64 * 4, Reuse::Recorded)?;
    let vectors = len / 4;
    let grid = Grid::new(OPERATION, vectors.div_ceil(COPIED), NO_LOOP, context.limits())?;
    let count = size(OPERATION, "the elements to copy", vectors)?;
    let params = CopyParams { grid_width: grid.width, count };
    let shader = copy_shader(by_texture);
    let target = Binding::whole(&output, len);
    if by_texture {
        let texture = context.texture(OPERATION, TexelFormat::Four, count)?;
        context.record_copy(OPERATION, input, 0, &texture, count)?;
        let textures = [Seen::Own(&texture)];
        context.record_with_textures(OPERATION, &shader, &params, &textures, &[target], grid)?;
    } else {
        let bindings = [Binding::whole(input, len), target];
        context.record(OPERATION, &shader, &params, &bindings, grid)?;
    }
    Ok(output)
}
