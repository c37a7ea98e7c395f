//! The convolution from a padded image in a texture, for software adapters.

use std::sync::Arc;

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::low_bits;
use crate::gpu::runtime::recording::{Binding, Seen};
use crate::gpu::runtime::shader::{Shader, ShaderTexture, Value};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::texture;
use crate::gpu::runtime::texture::{TEXTURE_WIDTH, TexelFormat};
use crate::gpu::software::padded_image;
use crate::gpu::software::padded_image::{MOST_PADDING, PadParams, pad_shader};
use crate::gpu::tile::operands::{Buffers, OPERATION, Operands, Rule, bias_binding};
use crate::gpu::tile::pack::Pack;
use crate::gpu::tile::plan::{Part, REPAIR_RULE, Variant, parts};
use crate::gpu::tile::shape::{TEXT_RULE, TapOrder, Tile};
use crate::gpu::tile::sizes::{SIZES_RULE, Sizes};
use crate::gpu::tile::{pack, plan};
use crate::ops::Conv2dProblem;
use crate::{DType, Limits, PaddingMode};

pub(crate) static TEXEL: Template =
    template!("software", "conv2d_texel", &[plan::PARTS, padded_image::PARTS], plan::Params);

const DTYPE_RULE: Rule = "serves tensors of f32";
const SUBGROUP_RULE: Rule = "needs subgroups of at least 8 invocations";
const TEXTURE_RULE: Rule = "serves images and weights that each fit a texture, if the padding is \
                            not out of proportion to the input";

/// A dense convolution from textures, ready to record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TexelPlan {
    pub(crate) shader: Shader,
    pub(crate) pad_shader: Option<Shader>,
    pub(crate) needs_repair: bool,
    pack: Pack,
    parts: Vec<TexelPart>,
}

#[derive(Debug, Clone, PartialEq)]
struct TexelPart {
    part: Part,
    image_texels: u32,
    /// Without it the input itself is the image.
    pad: Option<(PadParams, Grid)>,
}

/// The padded image of one part, in texels.
#[derive(Debug, Clone, Copy)]
struct Image {
    height: u32,
    width: u32,
    /// Whether the input has these rows itself.
    is_input: bool,
    /// Texels that the last tiles read behind the image.
    behind: u64,
}

fn lanes(limits: &Limits) -> Result<u32, Rule> {
    match limits.subgroup_sizes {
        Some((smallest @ 8..=64, _)) => Ok(smallest),
        _ => Err(SUBGROUP_RULE),
    }
}

/// The tile for a problem. A loop over the rows of large kernels keeps the text short.
pub(crate) fn tile(sizes: &Sizes, limits: &Limits) -> Result<Tile, Rule> {
    let wide = match sizes.group_out_channels {
        ..=4 => 4,
        5..=8 => 8,
        _ => 16,
    };
    let is_strided = sizes.stride[0] > 1;
    let (channels, rows, channel_step, order) = match sizes.taps() {
        // What else would be channels that nobody asked for are rows.
        taps if sizes.group_out_channels == 1 => {
            let order = if taps <= 25 { TapOrder::Unrolled } else { TapOrder::RowLoop };
            (1, if is_strided { 2 } else { 4 }, 1, order)
        }
        ..=25 if wide == 4 => (4, if is_strided { 1 } else { 2 }, 1, TapOrder::Unrolled),
        1 => (wide, 2, 2, TapOrder::Unrolled),
        2..=9 => (wide, 1, 1, TapOrder::Unrolled),
        10..=25 => (8, 1, 1, TapOrder::Unrolled),
        _ => (wide, 1, 1, TapOrder::RowLoop),
    };
    let lanes = [1, lanes(limits)?];
    let tiles = [channels, 8, 4].map(|most| Tile {
        channels: channels.min(most),
        // The shader selects among its sums by halves.
        rows: rows.min(sizes.out_size[0].next_power_of_two()),
        columns: 4,
        row_step: 1,
        channel_step: sizes.channel_step(channel_step),
        order,
        alignment: 32,
        adds_parts: true,
        totals_in_memory: false,
        staged: false,
        lanes,
    });
    tiles.into_iter().find(|tile| tile.check_text(sizes).is_ok()).ok_or(TEXT_RULE)
}

fn shader(variant: &Variant) -> Shader {
    const READ: ShaderTexture =
        ShaderTexture::Storage { format: TexelFormat::Four, written: false };
    let mut shader = variant.shader();
    shader.values.push(("texture_width", Value::Derived(TEXTURE_WIDTH)));
    Shader { textures: &[READ, READ], reads: u32::from(variant.operands.bias), ..shader }
}

fn image(problem: &Conv2dProblem, sizes: &Sizes, tile: &Tile, tiles: [u32; 2]) -> Option<Image> {
    let taps = |axis: usize| (sizes.kernel_size[axis] - 1).checked_mul(sizes.dilation[axis]);
    let rows = (tiles[0].checked_mul(tile.rows)? - 1).checked_mul(sizes.stride[0])?;
    let height = rows.checked_add(taps(0)?)?.checked_add(1)?;
    let in_tile = (3_u32.checked_mul(sizes.stride[1])?).checked_add(taps(1)?)? / 4;
    let width =
        (tiles[1] - 1).checked_mul(sizes.stride[1])?.checked_add(in_tile)?.checked_add(1)?;
    let axes = [&problem.vertical, &problem.horizontal];
    let is_padded = axes.iter().any(|axis| axis.pad_begin + axis.pad_end > 0);
    let [in_height, in_width] = sizes.in_size;
    if is_padded || !in_width.is_multiple_of(4) || in_width / 4 < width {
        return Some(Image { height, width, is_input: false, behind: 0 });
    }
    let width = in_width / 4;
    let behind = u64::from(height.saturating_sub(in_height)) * u64::from(width);
    Some(Image { height: in_height, width, is_input: true, behind })
}

/// The plan for a problem, or what is served.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    operands: Operands,
    limits: &Limits,
    repairs: &mut impl FnMut() -> bool,
) -> Result<TexelPlan, Rule> {
    if operands.dtype != DType::F32 {
        return Err(DTYPE_RULE);
    }
    let sizes = Sizes::new(problem)?;
    let tile = tile(&sizes, limits)?;
    let lanes = tile.workgroup_size();
    // The padding is in the image; zeros outside remain zeros.
    let variant = Variant::new(&TEXEL, tile, sizes, problem, operands)?;
    let variant = Variant { padding_mode: PaddingMode::Zeros, ..variant };
    let tiles = tile.tiles(&sizes, [1, 1])?;
    let image = image(problem, &sizes, &tile, tiles).ok_or(SIZES_RULE)?;
    let planes = |images: usize| images as u64 * problem.in_channels as u64;
    let image_texels = |images: usize| {
        let texels = u64::from(image.height).checked_mul(u64::from(image.width))?;
        planes(images).checked_mul(texels)?.checked_add(image.behind)
    };
    let input_len = problem.input_shape().len() / problem.batch.max(1);
    let fits = |images: usize| {
        let source_texels = (images * input_len) as u64;
        let fits = |texels| texture::fits(texels, limits);
        image_texels(images).is_some_and(fits) && (image.is_input || fits(source_texels))
    };
    let most = (input_len.saturating_mul(MOST_PADDING.0) + MOST_PADDING.1) as u64;
    let pack = variant.pack(limits)?;
    if !texture::fits(pack.len() as u64 / 4, limits)
        || image_texels(1).is_none_or(|texels| texels.saturating_mul(4) > most)
        || !fits(1)
    {
        return Err(TEXTURE_RULE);
    }
    let parts = parts(&variant, problem, limits, tiles, lanes as usize, fits)?;
    let parts = parts.into_iter().map(|part| {
        let images = part.images.len();
        let rows = planes(images) * u64::from(image.height);
        let rows = usize::try_from(rows).map_err(|_| SIZES_RULE)?;
        let texels = image_texels(images).and_then(|texels| u32::try_from(texels).ok());
        let pad = PadParams::new(sizes.in_size, sizes.pad_begin, [image.height, image.width]);
        let (pad, grid) = pad.with_rows(rows, lanes, limits).map_err(|_| SIZES_RULE)?;
        let params =
            plan::Params { padded_height: image.height, padded_width: image.width, ..part.params };
        Ok(TexelPart {
            part: Part { params, ..part },
            image_texels: texels.ok_or(SIZES_RULE)?,
            pad: (!image.is_input).then_some((pad, grid)),
        })
    });
    if variant.needs_repair() && !repairs() {
        return Err(REPAIR_RULE);
    }
    let pad_shader = (!image.is_input).then(|| pad_shader(problem.padding_mode, lanes));
    Ok(TexelPlan {
        shader: shader(&variant),
        pad_shader,
        needs_repair: variant.needs_repair(),
        pack,
        parts: parts.collect::<Result<_, _>>()?,
    })
}

impl TexelPlan {
    /// The shaders, that of the weight among them.
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        let shaders = [self.shader.clone(), pack::shader(DType::F32)];
        shaders.into_iter().chain(self.pad_shader.clone()).collect()
    }

    pub(crate) fn dispatches(&self) -> usize {
        let parts = self.parts.iter().map(|part| 1 + usize::from(part.pad.is_some()));
        parts.sum()
    }

    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        buffers: Buffers<'_>,
    ) -> crate::Result<()> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let Buffers { input, weight, bias, output } = buffers;
        let weight = self.pack.texture(context, weight)?;
        for TexelPart { part, image_texels, pad } in &self.parts {
            let range = |len| plan::elements(&part.images, len, problem.batch);
            let inputs = range(problem.input_shape().len());
            let texture = |format, texels| context.texture(OPERATION, format, texels);
            let image = texture(TexelFormat::Four, *image_texels)?;
            match (pad, &self.pad_shader) {
                (Some((params, grid)), Some(shader)) => {
                    let texels = low_bits(inputs.len());
                    let source = texture(TexelFormat::One, texels)?;
                    context.record_copy(OPERATION, input, inputs.start, &source, texels)?;
                    let textures = [&source, &image].map(Seen::Own);
                    context.record_with_textures(
                        OPERATION,
                        shader,
                        params,
                        &textures,
                        &[],
                        *grid,
                    )?;
                }
                _ => {
                    let texels = low_bits(inputs.len() / 4);
                    context.record_copy(OPERATION, input, inputs.start, &image, texels)?;
                }
            }
            let outputs = range(problem.output_shape().len());
            let (output, first) = Binding::range(context.limits(), output, outputs.clone());
            let params =
                plan::Params { output_start: low_bits(outputs.start - first), ..part.params };
            let mut bindings: Vec<_> =
                bias.map(|bias| bias_binding(problem, bias)).into_iter().collect();
            bindings.push(output);
            let textures = [&image, &*weight].map(Seen::Own);
            let (shader, grid) = (&self.shader, part.grid);
            context.record_with_textures(OPERATION, shader, &params, &textures, &bindings, grid)?;
        }
        Ok(())
    }
}
