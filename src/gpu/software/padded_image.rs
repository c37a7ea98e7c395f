//! Tensors in textures, four neighbours of a row in a texel, for the gradient of a weight.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Seen;
use crate::gpu::runtime::shader::{Shader, ShaderTexture, Value};
use crate::gpu::runtime::template::{Include, Template, parts, template};
use crate::gpu::runtime::texture;
use crate::gpu::runtime::texture::{GpuTexture, TEXTURE_WIDTH, TexelFormat};
use crate::gpu::tile::operands::OPERATION;
use crate::ops::Conv2dProblem;
use crate::{Limits, PaddingMode, Result, Shape};

/// How many times the input, and how many elements besides, the padded image may have.
pub(crate) const MOST_PADDING: (usize, usize) = (8, 1 << 20);

/// Texels of a row that one invocation copies at most.
const MOST_COPIED: u32 = 4096;

params!(PadParams {
    grid_width: u32,
    in_height: u32,
    in_width: u32,
    pad_top: u32,
    pad_left: u32,
    padded_height: u32,
    padded_width: u32,
    rows: u32,
    row_parts: u32,
    part_texels: u32,
});

/// What the files of this room include.
pub(crate) const PARTS: &[Include] = parts!("software": "texel_position");

static PAD: Template = template!("software", "conv2d_texel_pad", &[PARTS], PadParams);

impl PadParams {
    /// Those of a plane of `in_size`, `pads` behind the begin of an image of `[height, texels]`; how
    /// many rows there are is not known yet.
    pub(crate) fn new(in_size: [u32; 2], pads: [u32; 2], [height, width]: [u32; 2]) -> Self {
        Self {
            grid_width: 0,
            in_height: in_size[0],
            in_width: in_size[1],
            pad_top: pads[0],
            pad_left: pads[1],
            padded_height: height,
            padded_width: width,
            rows: 0,
            row_parts: width.div_ceil(MOST_COPIED).max(1),
            part_texels: width.min(MOST_COPIED),
        }
    }

    /// With so many rows, and the grid of their copies.
    pub(crate) fn with_rows(
        self,
        rows: usize,
        lanes: u32,
        limits: &Limits,
    ) -> crate::Result<(Self, Grid)> {
        let copies = rows.saturating_mul(self.row_parts as usize);
        let workgroups = copies.div_ceil(lanes as usize);
        let grid = Grid::new(OPERATION, workgroups, self.part_texels as usize, limits)?;
        size(OPERATION, "the parts of an image's rows", copies)?;
        let rows = size(OPERATION, "the rows of an image", rows)?;
        Ok((Self { rows, grid_width: grid.width, ..self }, grid))
    }
}

/// The shader that pads.
pub(crate) fn pad_shader(padding_mode: PaddingMode, lanes: u32) -> Shader {
    Shader {
        template: &PAD,
        values: vec![
            ("padding_mode", padding_mode.name().into()),
            ("lanes_x", lanes.into()),
            ("texture_width", Value::Derived(TEXTURE_WIDTH)),
        ],
        textures: &[
            ShaderTexture::Storage { format: TexelFormat::One, written: false },
            ShaderTexture::Storage { format: TexelFormat::Four, written: true },
        ],
        uniforms: 0,
        reads: 0,
        writes: 0,
    }
}

/// The invocations of a subgroup, on the adapters that read these textures.
pub(crate) fn lanes(limits: &Limits) -> Option<u32> {
    match limits.subgroup_sizes {
        Some((smallest @ 8..=64, largest)) if smallest == largest && limits.software => {
            Some(smallest)
        }
        _ => None,
    }
}

/// Whether taps may lie over zeros.
pub(crate) fn is_masked(problem: &Conv2dProblem) -> bool {
    let axes = [&problem.vertical, &problem.horizontal];
    let padded = axes.iter().any(|axis| axis.pad_begin + axis.pad_end > 0);
    padded && problem.padding_mode == PaddingMode::Zeros
}

/// The shader that multiplies what two textures hold; `tile` names what an invocation adds up.
pub(crate) fn shader(
    template: &'static Template,
    problem: &Conv2dProblem,
    tile: &[(&'static str, Value)],
    lanes: u32,
) -> Option<Shader> {
    const READ: ShaderTexture =
        ShaderTexture::Storage { format: TexelFormat::Four, written: false };
    let number = |value: usize| u32::try_from(value).ok().filter(|value| *value < 1 << 28);
    let mut values = vec![
        ("kernel_height", number(problem.vertical.kernel_size)?.into()),
        ("kernel_width", number(problem.horizontal.kernel_size)?.into()),
        ("stride_y", number(problem.vertical.stride)?.into()),
        ("stride_x", number(problem.horizontal.stride)?.into()),
        ("dilation_y", number(problem.vertical.dilation)?.into()),
        ("dilation_x", number(problem.horizontal.dilation)?.into()),
    ];
    values.extend_from_slice(tile);
    values.extend([
        ("lanes", lanes.into()),
        ("f16", false.into()),
        ("texture_width", Value::Derived(TEXTURE_WIDTH)),
    ]);
    Some(Shader { template, values, uniforms: 0, textures: &[READ, READ], reads: 0, writes: 1 })
}

/// The input and the gradient of the output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Images {
    lanes: u32,
    pub(crate) input: Image,
    pub(crate) grads: Image,
}

impl Images {
    /// Those of a problem, with room for so many rows and texels of outputs.
    pub(crate) fn new(
        problem: &Conv2dProblem,
        [grads_height, grads_width]: [usize; 2],
        lanes: u32,
    ) -> Result<Self> {
        let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
        for axis in [vertical, horizontal] {
            let padded = axis.input_size + axis.pad_begin + axis.pad_end;
            size(OPERATION, "the size of the padded input", padded.max(axis.span()))?;
        }
        let height = (grads_height - 1) * vertical.stride + vertical.span();
        let last = (4 * grads_width - 1) * horizontal.stride + horizontal.span() - 1;
        let pads = [vertical.pad_begin, horizontal.pad_begin];
        let sizes = [height, last / 4 + 1];
        let mode = problem.padding_mode;
        let input = Image::new(problem.input_shape(), pads, sizes, mode, lanes)?;
        let sizes = [grads_height, grads_width];
        let grads = Image::new(problem.output_shape(), [0, 0], sizes, PaddingMode::Zeros, lanes)?;
        Ok(Self { lanes, input, grads })
    }

    pub(crate) fn fits(&self, images: usize, limits: &Limits) -> bool {
        self.input.fits(images, limits) && self.grads.fits(images, limits)
    }

    /// The shaders that pad.
    pub(crate) fn shaders(&self) -> impl Iterator<Item = &Shader> {
        self.input.shader.iter().chain(&self.grads.shader)
    }

    /// Records the copies of these images into textures.
    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        input: &GpuBuffer,
        grad_output: &GpuBuffer,
        images: &Range<usize>,
    ) -> Result<[GpuTexture; 2]> {
        Ok([
            self.input.record(context, self.lanes, input, images)?,
            self.grads.record(context, self.lanes, grad_output, images)?,
        ])
    }
}

/// A tensor as texels of four neighbours of a row, of so many images.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) pad: PadParams,
    planes: usize,
    /// The elements of one image, which is copied as it is if that is what the texels hold.
    image_len: usize,
    shader: Option<Shader>,
}

impl Image {
    /// A tensor of this shape, padded to `[height, texels]`.
    fn new(
        shape: Shape,
        pads: [usize; 2],
        [height, width]: [usize; 2],
        padding_mode: PaddingMode,
        lanes: u32,
    ) -> Result<Self> {
        let number = |value| size(OPERATION, "the size of the padded input", value);
        let is_plain =
            pads == [0, 0] && height == shape.height && width.checked_mul(4) == Some(shape.width);
        let in_size = [number(shape.height)?, number(shape.width)?];
        let pads = [number(pads[0])?, number(pads[1])?];
        let pad = PadParams::new(in_size, pads, [number(height)?, number(width)?]);
        Ok(Self {
            pad,
            planes: shape.channels,
            image_len: shape.channels * shape.height * shape.width,
            shader: (!is_plain).then(|| pad_shader(padding_mode, lanes)),
        })
    }

    fn texels(&self, images: usize) -> u64 {
        let plane = u64::from(self.pad.padded_height) * u64::from(self.pad.padded_width);
        plane.saturating_mul(self.planes as u64).saturating_mul(images as u64)
    }

    fn fits(&self, images: usize, limits: &Limits) -> bool {
        let most = self.image_len.saturating_mul(MOST_PADDING.0) + MOST_PADDING.1;
        self.texels(1) <= most as u64 / 4
            && texture::fits(self.texels(images), limits)
            && texture::fits((self.image_len * images) as u64, limits)
    }

    /// Records the copy of these images into a texture.
    fn record(
        &self,
        context: &Arc<Context>,
        lanes: u32,
        buffer: &GpuBuffer,
        images: &Range<usize>,
    ) -> Result<GpuTexture> {
        let texture = |format, texels| context.texture(OPERATION, format, texels);
        let number = |value| size(OPERATION, "the texels of an image", value);
        let texels = usize::try_from(self.texels(images.len())).unwrap_or(usize::MAX);
        let image = texture(TexelFormat::Four, number(texels)?)?;
        let (first, len) = (images.start * self.image_len, images.len() * self.image_len);
        let Some(shader) = &self.shader else {
            context.record_copy(OPERATION, buffer, first, &image, number(texels)?)?;
            return Ok(image);
        };
        let source = texture(TexelFormat::One, number(len)?)?;
        context.record_copy(OPERATION, buffer, first, &source, number(len)?)?;
        let rows = images.len() * self.planes * self.pad.padded_height as usize;
        let (params, grid) = self.pad.with_rows(rows, lanes, context.limits())?;
        let textures = [&source, &image].map(Seen::Own);
        context.record_with_textures(OPERATION, shader, &params, &textures, &[], grid)?;
        Ok(image)
    }
}
