//! Tensors to textures.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::{Binding, Seen};
use crate::gpu::runtime::shader::{Shader, ShaderTexture};
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::texels::Rectangle;
use crate::gpu::texture::{PARTS, WORKGROUP, four};
use crate::ops::{Stored, Texel, Writing, WrittenAlpha};
use crate::{DType, Error, Limits, Result, TexelValues};

const OPERATION: &str = "to_texture";

/// Bytes of packed texels that are copied at once, unless a row has more: larger textures are
/// written in bands, which take one another's buffer.
const BAND_BYTES: usize = 64 << 20;

params!(Params {
    grid_width: u32,
    row_workgroups: u32,
    width: u32,
    height: u32,
    left: u32,
    top: u32,
    row_words: u32,
    alpha_bits: u32,
    start_0: u32,
    start_1: u32,
    start_2: u32,
    start_3: u32,
    scale_0: f32,
    scale_1: f32,
    scale_2: f32,
    scale_3: f32,
    bias_0: f32,
    bias_1: f32,
    bias_2: f32,
    bias_3: f32,
});

static WRITE: Template = template!("texture", "texture_write", &[PARTS], Params);

/// What a variant depends on.
#[derive(Debug, Clone, Copy)]
struct Variant {
    texel: Texel,
    linear: bool,
    scaled: bool,
    channels: u32,
    alpha: &'static str,
    dtype: DType,
}

impl Variant {
    fn of(writing: &Writing, dtype: DType) -> Self {
        let texel = writing.level.texel;
        Self {
            texel,
            linear: writing.values == TexelValues::Linear,
            // The line of no scale and no bias makes no difference to a byte, but to some floats.
            scaled: texel.stored == Stored::Unorm8 || writing.is_scaled,
            channels: low_bits(writing.lines.len()),
            alpha: match writing.alpha {
                WrittenAlpha::None => "none",
                WrittenAlpha::Kept => "kept",
                WrittenAlpha::Set(_) => "set",
                WrittenAlpha::Channel => "channel",
            },
            dtype,
        }
    }

    fn shader(self) -> Shader {
        Shader {
            template: &WRITE,
            values: vec![
                (
                    "texels",
                    match self.texel.stored {
                        Stored::Unorm8 => "unorm8",
                        Stored::F16 => "float16",
                        Stored::F32 => "float32",
                    }
                    .into(),
                ),
                ("components", low_bits(self.texel.components).into()),
                ("bgra", self.texel.bgra.into()),
                ("linear", self.linear.into()),
                ("scaled", self.scaled.into()),
                ("channels", self.channels.into()),
                ("alpha", self.alpha.into()),
                self.dtype.value(),
            ],
            uniforms: 0,
            textures: if self.alpha == "kept" { &[ShaderTexture::Sampled] } else { &[] },
            reads: self.channels,
            writes: 1,
        }
    }
}

/// The shaders of all writings.
pub(crate) fn variants() -> Vec<Shader> {
    let mut variants = Vec::new();
    let of_four = [(1, "set"), (1, "kept"), (3, "set"), (3, "kept"), (4, "channel")];
    for (stored, components) in [Stored::Unorm8, Stored::F16, Stored::F32]
        .into_iter()
        .flat_map(|stored| [(stored, 1), (stored, 4)])
    {
        let is_unorm8 = stored == Stored::Unorm8;
        let alphas: &[_] = if components == 1 { &[(1, "none")] } else { &of_four };
        for &(channels, alpha) in alphas {
            for dtype in [DType::F32, DType::F16] {
                for [one, other] in [[false, false], [false, true], [true, false], [true, true]] {
                    // Bytes have a curve and an order, floats a line that can be left out.
                    let bgra = is_unorm8 && components == 4 && one;
                    let texel = Texel { stored, components, srgb: false, bgra };
                    variants.push(Variant {
                        texel,
                        linear: is_unorm8 && other,
                        scaled: is_unorm8 || one,
                        channels,
                        alpha,
                        dtype,
                    });
                }
            }
        }
    }
    variants.into_iter().map(Variant::shader).collect()
}

/// The shader of a writing.
#[cfg(test)]
pub(crate) fn shader(writing: &Writing, dtype: DType) -> Shader {
    Variant::of(writing, dtype).shader()
}

/// A row of packed texels.
#[derive(Debug, Clone, Copy)]
struct Row {
    bytes: usize,
    workgroups: usize,
}

impl Row {
    fn of(texel: Texel, width: usize) -> Self {
        // An invocation writes a word, or a texel where that has several.
        let units = (width * texel.bytes()).div_ceil(texel.bytes().max(4));
        let alignment = wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize;
        let bytes = (width * texel.bytes()).next_multiple_of(alignment);
        Self { bytes, workgroups: units.div_ceil(WORKGROUP) }
    }
}

/// The rows that are written at once: their elements of a channel lie in one binding, and so do
/// their packed texels.
fn bands(writing: &Writing, row: Row, dtype: DType, limits: &Limits) -> Result<Vec<Range<usize>>> {
    let crate::Shape { height, width, .. } = writing.input;
    let most_bytes = usize::try_from(limits.max_buffer_bytes).unwrap_or(usize::MAX);
    let most_bytes = most_bytes.min(limits.max_binding_elements() * 4);
    let most = limits.max_elements(dtype);
    for (quantity, needed, allowed) in [
        ("the elements of a row", width, most),
        ("the bytes of a row of texels", row.bytes, most_bytes),
    ] {
        if needed > allowed {
            let (needed, allowed) = (needed as u64, allowed as u64);
            let quantity = quantity.into();
            return Err(Error::DeviceLimit { operation: OPERATION, quantity, needed, allowed });
        }
    }
    let rows = (most / width).min(most_bytes.min(BAND_BYTES.max(row.bytes)) / row.bytes);
    Ok(chunks(height, rows).collect())
}

/// Records what writes an image of a tensor into a texture.
pub(crate) fn write_texture(
    context: &Arc<Context>,
    writing: &Writing,
    input: &GpuBuffer,
    texture: &wgpu::Texture,
) -> Result<()> {
    let limits = context.limits();
    let (lines, width) = (&writing.lines, writing.input.width);
    let row = Row::of(writing.level.texel, width);
    let [mip_level, layer] = [writing.level.mip_level, writing.level.layer];
    let kept = match writing.alpha {
        WrittenAlpha::Kept => Some(context.view(OPERATION, texture, [mip_level, layer])?),
        _ => None,
    };
    context.check_writable(OPERATION, texture)?;
    let textures: Vec<_> = kept.iter().map(Seen::Callers).collect();
    let shader = Variant::of(writing, input.dtype).shader();
    let number = |value| size(OPERATION, "the size of a texture", value);
    for rows in bands(writing, row, input.dtype, limits)? {
        let bytes = rows.len() * row.bytes;
        let packed = context.allocate(OPERATION, bytes as u64, Reuse::Recorded)?;
        let [top, left] = writing.origin;
        let [top, left] = [number(top + rows.start)?, number(left)?];
        let (width, height) = (number(width)?, number(rows.len())?);
        let rectangle = Rectangle { mip_level, layer, left, top, width, height };
        let row_bytes = number(row.bytes)?;
        let mut starts = [0; 4];
        let mut bindings = Vec::with_capacity(lines.len() + 1);
        for (start, line) in starts.iter_mut().zip(lines) {
            let range = writing.row(line.channel, rows.start)..writing.row(line.channel, rows.end);
            let (binding, base) = Binding::range(limits, input, range.clone());
            *start = low_bits(range.start - base);
            bindings.push(binding);
        }
        bindings.push(Binding::whole(&packed, bytes / 4));
        let grid = Grid::new(OPERATION, row.workgroups * rows.len(), NO_LOOP, limits)?;
        let [start_0, start_1, start_2, start_3] = starts;
        let [scale_0, scale_1, scale_2, scale_3] = four(lines, |line| line.scale);
        let [bias_0, bias_1, bias_2, bias_3] = four(lines, |line| line.bias);
        let params = Params {
            grid_width: grid.width,
            row_workgroups: number(row.workgroups)?,
            width,
            height,
            left,
            top,
            row_words: row_bytes / 4,
            alpha_bits: match writing.alpha {
                WrittenAlpha::Set(bits) => bits,
                _ => 0,
            },
            start_0,
            start_1,
            start_2,
            start_3,
            scale_0,
            scale_1,
            scale_2,
            scale_3,
            bias_0,
            bias_1,
            bias_2,
            bias_3,
        };
        context.record_with_textures(OPERATION, &shader, &params, &textures, &bindings, grid)?;
        context.record_texels(OPERATION, &packed, texture, rectangle, row_bytes)?;
    }
    Ok(())
}
