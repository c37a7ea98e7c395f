//! Tensors in textures, four neighbours of a row in a texel, for the gradient of a weight.

use std::ops::Range;
use std::sync::Arc;

use super::super::buffer::GpuBuffer;
use super::super::context::Context;
use super::super::conv2d::texel::{PadParams, pad_shader};
use super::super::grid::Grid;
use super::super::params::size;
use super::super::shader::Shader;
use super::super::texture::{self, GpuTexture, TexelFormat};
use super::OPERATION;
use crate::{Limits, PaddingMode, Result, Shape};

/// How many times the input, and how many elements besides, the padded image may have.
const MOST_PADDING: (usize, usize) = (8, 1 << 20);

/// A tensor as texels of four neighbours of a row, of so many images.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Image {
    pub(super) pad: PadParams,
    planes: usize,
    /// The elements of one image, which is copied as it is if that is what the texels hold.
    image_len: usize,
    pub(super) shader: Option<Shader>,
}

impl Image {
    /// A tensor of this shape, padded to `[height, texels]`.
    pub(super) fn new(
        shape: Shape,
        pads: [usize; 2],
        [height, width]: [usize; 2],
        padding_mode: PaddingMode,
        lanes: u32,
    ) -> Result<Self> {
        let number = |value| size(OPERATION, "the size of the padded input", value);
        let is_plain =
            pads == [0, 0] && height == shape.height && width.checked_mul(4) == Some(shape.width);
        let pad = PadParams {
            in_height: number(shape.height)?,
            in_width: number(shape.width)?,
            pad_top: number(pads[0])?,
            pad_left: number(pads[1])?,
            padded_height: number(height)?,
            padded_width: number(width)?,
            rows: 0,
            grid_width: 0,
        };
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

    pub(super) fn fits(&self, images: usize, limits: &Limits) -> bool {
        let most = self.image_len.saturating_mul(MOST_PADDING.0) + MOST_PADDING.1;
        self.texels(1) <= most as u64 / 4
            && texture::fits(self.texels(images), limits)
            && texture::fits((self.image_len * images) as u64, limits)
    }

    /// Records the copy of these images into a texture.
    pub(super) fn record(
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
            context.record_copy(buffer, first, &image, number(texels)?);
            return Ok(image);
        };
        let source = texture(TexelFormat::One, number(len)?)?;
        context.record_copy(buffer, first, &source, number(len)?);
        let rows = images.len() * self.planes * self.pad.padded_height as usize;
        let grid = Grid::new(OPERATION, rows.div_ceil(lanes as usize), context.limits())?;
        let params = PadParams { rows: number(rows)?, grid_width: grid.width, ..self.pad };
        let textures = [&source, &image];
        context.record_with_textures(OPERATION, shader, &params, &textures, &[], grid)?;
        Ok(image)
    }
}
