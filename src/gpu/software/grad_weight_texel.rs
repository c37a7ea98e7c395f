//! The gradient of a weight from padded images in textures, for software adapters.

use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::software::padded_image;
use crate::gpu::software::padded_image::Images;
use crate::gpu::software::weight_parts::{Step, WeightParts};
use crate::gpu::tile::operands::OPERATION;
use crate::gpu::tile::partial_sum;
use crate::ops::Conv2dProblem;
use crate::{Limits, Result};

/// Multiply-adds in the text of one iteration: more take long to compile.
const LONGEST_TEXT: u32 = 800;
/// Texels that an invocation adds up without a break, so that the rounding error stays small.
const LANE_TEXELS: u32 = 24;
/// Elements of partial sums up to which the parts of the outputs run side by side.
const MOST_PARTIAL: usize = 1 << 21;

params!(Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    channel_tiles: u32,
    first_texel: u32,
    end_texel: u32,
    part_texels: u32,
    weights: u32,
    groups: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    out_height: u32,
    padded_height: u32,
    padded_width: u32,
    grads_width: u32,
    accumulate: u32,
});

static TEXEL: Template =
    template!("software", "conv2d_grad_weight_texel", &[padded_image::PARTS], Params);

/// The most roundings of one product in a sum over so many outputs.
#[cfg(test)]
pub(crate) fn roundings(outputs: usize, lanes: usize) -> usize {
    let texels = outputs.div_ceil(4);
    let of_lane = LANE_TEXELS as usize;
    let parts = texels.div_ceil(lanes * of_lane);
    let dispatches = parts.div_ceil(partial_sum::MOST_PARTS);
    let of_parts = partial_sum::roundings(parts.min(partial_sum::MOST_PARTS));
    4 * texels.div_ceil(lanes).min(of_lane) + lanes.min(texels) + of_parts + dispatches
}

/// What an invocation adds up at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tile {
    rows: u32,
    channels: u32,
    filters: u32,
}

fn tile(problem: &Conv2dProblem) -> Option<Tile> {
    let number = |value: usize| u32::try_from(value).ok();
    let height = number(problem.vertical.kernel_size)?;
    let width = number(problem.horizontal.kernel_size)?;
    let rows = if height.saturating_mul(width) <= 9 { height } else { 1 };
    let channels = (9 / rows.saturating_mul(width)).clamp(1, 8);
    let channels = channels.min(number(problem.group_in_channels())?);
    let text = rows.saturating_mul(width).saturating_mul(channels).saturating_mul(4);
    let needed = number(problem.group_out_channels())?;
    let filters = [1, 2, 4, 8, 16].into_iter().rev();
    let filters = filters
        .filter(|&filters| filters / 2 < needed)
        .find(|&filters| text.saturating_mul(filters) <= LONGEST_TEXT)?;
    Some(Tile { rows, channels, filters })
}

fn shader(problem: &Conv2dProblem, tile: Tile, lanes: u32) -> Option<Shader> {
    let tile = [
        ("tile_rows", tile.rows.into()),
        ("tile_channels", tile.channels.into()),
        ("tile_filters", tile.filters.into()),
    ];
    padded_image::shader(&TEXEL, problem, &tile, lanes)
}

/// The plan for a convolution whose batch is not empty; `None` where it is not served or another
/// shader is the better one.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    limits: &Limits,
) -> Result<Option<WeightParts<Params>>> {
    let Some(lanes) = padded_image::lanes(limits) else { return Ok(None) };
    let weights = problem.weight_shape().len();
    let Some(tile) = tile(problem) else { return Ok(None) };
    let Some(shader) = shader(problem, tile, lanes) else { return Ok(None) };
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let grads_width = horizontal.output_size.div_ceil(4);
    let textures = Images::new(problem, [vertical.output_size, grads_width], lanes)?;
    let fits = |images| textures.fits(images, limits);
    let Some(images) = largest(problem.batch, fits) else { return Ok(None) };

    let image_texels = vertical.output_size * grads_width;
    let part_texels = (lanes * LANE_TEXELS) as usize;
    let most_parts = (images * image_texels).div_ceil(part_texels);
    let most_elements = MOST_PARTIAL.min(limits.max_binding_elements());
    if weights > limits.max_binding_elements() {
        return Ok(None);
    }
    let parts = most_parts.min((most_elements / weights).clamp(1, partial_sum::MOST_PARTS));
    let filter_tiles = problem.group_out_channels().div_ceil(tile.filters as usize);
    let channel_tiles = problem.group_in_channels().div_ceil(tile.channels as usize);
    let row_tiles = vertical.kernel_size / tile.rows as usize;
    let tiles = problem.groups * filter_tiles * channel_tiles * row_tiles;
    let number = |name, value| size(OPERATION, name, value);
    let Images { input, grads, .. } = &textures;
    // Those over the outputs, then those that store.
    let iterations = (LANE_TEXELS + LONGEST_TEXT.div_ceil(4 * lanes)) as usize;
    let mut steps = Vec::new();
    for images in chunks(problem.batch, images) {
        let mut dispatches = Vec::new();
        let texels = images.len() * image_texels;
        for texels in chunks(texels, parts * part_texels) {
            let count = tiles * texels.len().div_ceil(part_texels);
            let grid = Grid::new(OPERATION, count, iterations, limits)?;
            let is_first = images.start == 0 && texels.start == 0;
            let params = Params {
                grid_width: grid.width,
                count: number("the number of workgroups", count)?,
                filter_tiles: number("out_channels", filter_tiles)?,
                channel_tiles: number("in_channels", channel_tiles)?,
                first_texel: number("the number of outputs", texels.start)?,
                end_texel: number("the number of outputs", texels.end)?,
                part_texels: number("the number of outputs", part_texels)?,
                weights: number("the number of weights", weights)?,
                groups: number("groups", problem.groups)?,
                group_in_channels: number("in_channels", problem.group_in_channels())?,
                group_out_channels: number("out_channels", problem.group_out_channels())?,
                out_height: number("the output's height", vertical.output_size)?,
                padded_height: input.pad.padded_height,
                padded_width: input.pad.padded_width,
                grads_width: grads.pad.padded_width,
                accumulate: u32::from(!is_first),
            };
            dispatches.push((params, grid));
        }
        steps.push(Step { images, dispatches });
    }
    Ok(Some(WeightParts { shader, textures, steps, parts }))
}
