//! Elements of one type stored as another, on the GPU.

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::{DType, Result};

const OPERATION: &str = "to_dtype";
/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(Params { grid_width: u32, count: u32 });

static CONVERT: Template = template!("elementwise", "convert", &[], Params);

/// The shader between f32 and f16; `widens` is whether f32 comes out.
pub(crate) fn shader(widens: bool) -> Shader {
    Shader {
        template: &CONVERT,
        values: vec![("f16", true.into()), ("widens", widens.into())],
        uniforms: 0,
        textures: &[],
        reads: 1,
        writes: 1,
    }
}

/// Records that `len` elements are stored as another type than they are.
pub(crate) fn convert(
    context: &Arc<Context>,
    input: &GpuBuffer,
    dtype: DType,
    len: usize,
) -> Result<GpuBuffer> {
    let output = context.allocate_elements(OPERATION, len, dtype)?;
    let shader = shader(dtype == DType::F32);
    // Parts start at multiples of every alignment, so that no binding begins before its part.
    let step = (context.limits().max_binding_elements() / 128 * 128).max(128);
    for part in chunks(len, step) {
        let grid = Grid::new(OPERATION, part.len().div_ceil(WORKGROUP), NO_LOOP, context.limits())?;
        let params = Params {
            grid_width: grid.width,
            count: size(OPERATION, "the elements of one dispatch", part.len())?,
        };
        let bindings =
            [input, &output].map(|buffer| Binding::range(context.limits(), buffer, part.clone()).0);
        context.record(OPERATION, &shader, &params, &bindings, grid)?;
    }
    Ok(output)
}
