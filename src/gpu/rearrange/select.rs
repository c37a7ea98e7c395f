//! Images picked by number, on the GPU.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::{Error, Result};

const OPERATION: &str = "select";
/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(Params {
    grid_width: u32,
    count: u32,
    first_number: u32,
    image_len: u32,
    first_image: u32,
    end_image: u32,
    source_base: u32,
});

static SELECT: Template = template!("rearrange", "select", &[], Params);

/// The shader.
pub(crate) fn shader() -> Shader {
    Shader {
        template: &SELECT,
        values: Vec::new(),
        reads: 2,
        uniforms: 0,
        textures: &[],
        writes: 1,
    }
}

/// Records that the images which `numbers[picked]` name are copied from a buffer of `images`
/// images of `image_len` elements. The numbers are below `images`.
pub(crate) fn select(
    context: &Arc<Context>,
    source: &GpuBuffer,
    [images, image_len]: [usize; 2],
    numbers: &GpuBuffer,
    picked: Range<usize>,
) -> Result<GpuBuffer> {
    let limits = context.limits();
    let most = limits.max_binding_elements();
    let count = picked.len() * image_len;
    for (quantity, elements) in [
        ("the bytes of the picked images", count),
        ("the bytes of one image", image_len),
        ("the bytes of the list of numbers", picked.end),
    ] {
        if elements > most {
            let (needed, allowed) = (4 * elements as u64, 4 * most as u64);
            return Err(Error::DeviceLimit {
                operation: OPERATION,
                quantity: quantity.into(),
                needed,
                allowed,
            });
        }
    }
    let output = context.allocate(OPERATION, count as u64 * 4, Reuse::Recorded)?;
    if count == 0 {
        return Ok(output);
    }
    let grid = Grid::new(OPERATION, count.div_ceil(WORKGROUP), NO_LOOP, limits)?;
    for part in chunks(images, most / image_len) {
        let elements = part.start * image_len..part.end * image_len;
        let (source, source_base) = Binding::range(context.limits(), source, elements);
        let params = Params {
            grid_width: grid.width,
            count: size(OPERATION, "the elements of the picked images", count)?,
            first_number: size(OPERATION, "the first number", picked.start)?,
            image_len: size(OPERATION, "the elements of one image", image_len)?,
            first_image: size(OPERATION, "the number of an image", part.start)?,
            end_image: size(OPERATION, "the number of an image", part.end)?,
            source_base: low_bits(source_base),
        };
        let numbers = Binding::whole(numbers, picked.end);
        let output = Binding::whole(&output, count);
        context.record(OPERATION, &shader(), &params, &[source, numbers, output], grid)?;
    }
    Ok(output)
}
