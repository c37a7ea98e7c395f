//! Textures to tensors.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::{Binding, Seen};
use crate::gpu::runtime::shader::{Shader, ShaderTexture};
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::texture::{PARTS, WORKGROUP, four};
use crate::ops::{Reading, Stored};
use crate::{DType, Error, Limits, Result, TexelValues};

const OPERATION: &str = "from_texture";

params!(Params {
    grid_width: u32,
    row_workgroups: u32,
    width: u32,
    height: u32,
    left: u32,
    top: u32,
    start: u32,
    channel_stride: u32,
    component_0: u32,
    component_1: u32,
    component_2: u32,
    component_3: u32,
    scale_0: f32,
    scale_1: f32,
    scale_2: f32,
    scale_3: f32,
    bias_0: f32,
    bias_1: f32,
    bias_2: f32,
    bias_3: f32,
});

static READ: Template = template!("texture", "texture_read", &[PARTS], Params);

/// What a variant depends on.
#[derive(Debug, Clone, Copy)]
struct Variant {
    is_unorm8: bool,
    /// Whether a load decodes the curve of sRGB.
    decoded: bool,
    linear: bool,
    scaled: bool,
    channels: u32,
    dtype: DType,
}

impl Variant {
    fn of(reading: &Reading, channels: usize) -> Self {
        let texel = reading.level.texel;
        let is_unorm8 = texel.stored == Stored::Unorm8;
        Self {
            is_unorm8,
            decoded: texel.srgb,
            linear: reading.values == TexelValues::Linear,
            // The line of no scale and no bias leaves a byte as it is, but not every float.
            scaled: is_unorm8 || reading.is_scaled,
            channels: low_bits(channels),
            dtype: reading.dtype,
        }
    }

    fn shader(self) -> Shader {
        Shader {
            template: &READ,
            values: vec![
                ("texels", if self.is_unorm8 { "unorm8" } else { "float32" }.into()),
                ("decoded", self.decoded.into()),
                ("linear", self.linear.into()),
                ("scaled", self.scaled.into()),
                ("channels", self.channels.into()),
                self.dtype.value(),
            ],
            uniforms: 0,
            textures: &[ShaderTexture::Sampled],
            reads: 0,
            writes: 1,
        }
    }
}

/// The shaders of all readings.
pub(crate) fn variants() -> Vec<Shader> {
    let mut variants = Vec::new();
    for (channels, dtype) in
        (1..=4).flat_map(|channels| [DType::F32, DType::F16].map(|dtype| (channels, dtype)))
    {
        for one in [false, true] {
            for other in [false, true] {
                variants.push(Variant {
                    is_unorm8: true,
                    decoded: one,
                    linear: other,
                    scaled: true,
                    channels,
                    dtype,
                });
            }
            variants.push(Variant {
                is_unorm8: false,
                decoded: false,
                linear: false,
                scaled: one,
                channels,
                dtype,
            });
        }
    }
    variants.into_iter().map(Variant::shader).collect()
}

/// The shader that a device with these limits takes for a reading.
#[cfg(test)]
pub(crate) fn shader(reading: &Reading) -> Shader {
    Variant::of(reading, reading.lines.len().min(4)).shader()
}

/// Channels and rows that one dispatch reads.
type Part = (Range<usize>, Range<usize>);

/// Parts whose elements each lie in one binding: up to four channels of all rows, or one channel of
/// some rows.
fn parts(reading: &Reading, limits: &Limits) -> Result<Vec<Part>> {
    let most = limits.max_elements(reading.dtype);
    let ([height, width], channels) = (reading.size, reading.lines.len());
    let planes = most / (height * width);
    if planes > 0 {
        return Ok(chunks(channels, planes.min(4)).map(|part| (part, 0..height)).collect());
    }
    if most < width {
        let quantity = "the elements of a row".into();
        let (needed, allowed) = (width as u64, most as u64);
        return Err(Error::DeviceLimit { operation: OPERATION, quantity, needed, allowed });
    }
    let rows = || chunks(height, most / width);
    Ok((0..channels).flat_map(|one| rows().map(move |rows| (one..one + 1, rows))).collect())
}

/// Records what reads a texture; gives the buffer of the tensor.
pub(crate) fn read_texture(
    context: &Arc<Context>,
    reading: &Reading,
    texture: &wgpu::Texture,
) -> Result<GpuBuffer> {
    let limits = context.limits();
    let parts = parts(reading, limits)?;
    let view = context.view(OPERATION, texture, [reading.level.mip_level, reading.level.layer])?;
    let output = context.allocate_elements(OPERATION, reading.shape().len(), reading.dtype)?;
    let ([height, width], [top, left]) = (reading.size, reading.origin);
    let number = |value| size(OPERATION, "the size of a texture", value);
    for (channels, rows) in parts {
        let lines = &reading.lines[channels.clone()];
        let first = (channels.start * height + rows.start) * width;
        let end = ((channels.end - 1) * height + rows.end) * width;
        let (binding, base) = Binding::range(limits, &output, first..end);
        let row_workgroups = width.div_ceil(WORKGROUP);
        let grid = Grid::new(OPERATION, row_workgroups * rows.len(), NO_LOOP, limits)?;
        let [component_0, component_1, component_2, component_3] =
            four(lines, |line| low_bits(line.channel));
        let [scale_0, scale_1, scale_2, scale_3] = four(lines, |line| line.scale);
        let [bias_0, bias_1, bias_2, bias_3] = four(lines, |line| line.bias);
        let params = Params {
            grid_width: grid.width,
            row_workgroups: number(row_workgroups)?,
            width: number(width)?,
            height: number(rows.len())?,
            left: number(left)?,
            top: number(top + rows.start)?,
            start: low_bits(first - base),
            channel_stride: low_bits(height * width),
            component_0,
            component_1,
            component_2,
            component_3,
            scale_0,
            scale_1,
            scale_2,
            scale_3,
            bias_0,
            bias_1,
            bias_2,
            bias_3,
        };
        let shader = Variant::of(reading, lines.len()).shader();
        let textures = [Seen::Callers(&view)];
        context.record_with_textures(OPERATION, &shader, &params, &textures, &[binding], grid)?;
    }
    Ok(output)
}
