//! The gradient of a weight from textures, an invocation a filter, for software adapters.

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
/// Input channels of a tile, of which each takes a variable for its place.
const MOST_CHANNELS: u32 = 16;
/// Units that an invocation adds up without a break at least.
const FEWEST_UNITS: usize = 32;
/// Units of a part at most.
const MOST_UNITS: usize = 50_000;
/// Workgroups that keep the threads of an adapter busy.
const ENOUGH_WORKGROUPS: usize = 64;
/// Elements of partial sums up to which the parts of the outputs run side by side.
const MOST_PARTIAL: usize = 1 << 21;

params!(Params {
    grid_width: u32,
    count: u32,
    filter_tiles: u32,
    channel_tiles: u32,
    end_unit: u32,
    first_part: u32,
    part_units: u32,
    block_units: u32,
    weights: u32,
    groups: u32,
    group_in_channels: u32,
    group_out_channels: u32,
    padded_height: u32,
    padded_width: u32,
    grads_height: u32,
    grads_width: u32,
});

static FILTERS: Template =
    template!("software", "conv2d_grad_weight_filters", &[padded_image::PARTS], Params);

/// The dispatches of a gradient.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) parts: WeightParts<Params>,
    /// Whether a product of a sum can be of a zero that is not in the problem.
    pub(crate) needs_repair: bool,
}

/// What an invocation adds up at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tile {
    rows: u32,
    channels: u32,
    /// Filters of an invocation.
    filters: u32,
    /// Rows and texels of a unit of outputs.
    unit: [u32; 2],
}

/// The rows and texels of a unit, two texels above or beside each other, whichever covers the
/// output with less behind it.
fn unit([height, width]: [u32; 2]) -> [u32; 2] {
    let texels = width.div_ceil(4);
    match [height, texels] {
        [1, 1] => [1, 1],
        [rows, texels] if rows % 2 * texels <= texels % 2 * rows => [2, 1],
        _ => [1, 2],
    }
}

/// The tile for a problem whose kernel can be unrolled and whose filters are enough for most
/// invocations of a subgroup.
fn tile(problem: &Conv2dProblem, lanes: u32) -> Option<Tile> {
    let number = |value: usize| u32::try_from(value).ok().filter(|value| *value < 1 << 24);
    let height = number(problem.vertical.kernel_size)?;
    let width = number(problem.horizontal.kernel_size)?;
    let out_size = [number(problem.vertical.output_size)?, number(problem.horizontal.output_size)?];
    let unit = unit(out_size);
    let rows = if height.saturating_mul(width) <= 9 { height } else { 1 };
    let text = rows.saturating_mul(width).saturating_mul(4 * unit[0] * unit[1]);
    let needed = number(problem.group_out_channels())?;
    // An invocation with few filters has fewer multiply-adds for every load.
    let cost = |filters: u32| needed.next_multiple_of(filters * lanes) * (120 + 48 / filters);
    let filters =
        [4, 3, 2, 1].into_iter().filter(|&filters| text.saturating_mul(filters) <= LONGEST_TEXT);
    let filters = filters.min_by_key(|&filters| cost(filters))?;
    if needed.next_multiple_of(filters * lanes) * 5 > needed * 8 {
        return None;
    }
    let all = number(problem.group_in_channels())?;
    let channels = (LONGEST_TEXT / (text * filters)).clamp(1, MOST_CHANNELS);
    let channels = all.div_ceil(all.div_ceil(channels));
    Some(Tile { rows, channels, filters, unit })
}

fn shader(problem: &Conv2dProblem, tile: Tile, lanes: u32) -> Option<Shader> {
    let tile = [
        ("tile_rows", tile.rows.into()),
        ("tile_channels", tile.channels.into()),
        ("tile_filters", tile.filters.into()),
        ("unit_rows", tile.unit[0].into()),
        ("unit_texels", tile.unit[1].into()),
    ];
    padded_image::shader(&FILTERS, problem, &tile, lanes)
}

/// The length of the blocks whose sums are added up.
fn block_units(part_units: usize) -> usize {
    part_units.isqrt().max(FEWEST_UNITS)
}

/// The most roundings of one product in a sum over so many outputs.
#[cfg(test)]
pub(crate) fn roundings(outputs: usize) -> usize {
    let units = outputs.div_ceil(8);
    let part = units.min(MOST_UNITS);
    let block = block_units(part);
    let parts = partial_sum::roundings(units.div_ceil(part).max(ENOUGH_WORKGROUPS).min(units));
    outputs.min(8) + block.min(part) + part.div_ceil(block) + parts
}

/// The plan for a convolution whose batch is not empty; `None` where it is not served or another
/// shader is the better one.
pub(crate) fn plan(problem: &Conv2dProblem, limits: &Limits) -> Result<Option<Plan>> {
    let Some(lanes) = padded_image::lanes(limits) else { return Ok(None) };
    let weights = problem.weight_shape().len();
    let Some(tile) = tile(problem, lanes) else { return Ok(None) };
    let Some(shader) = shader(problem, tile, lanes) else { return Ok(None) };
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let [unit_rows, unit_texels] = tile.unit.map(|size| size as usize);
    let grads_height = vertical.output_size.next_multiple_of(unit_rows);
    let grads_width = horizontal.output_size.div_ceil(4).next_multiple_of(unit_texels);
    let textures = Images::new(problem, [grads_height, grads_width], lanes)?;
    let fits = |images| textures.fits(images, limits);
    let Some(images) = largest(problem.batch, fits) else { return Ok(None) };
    let filter_tiles = problem.group_out_channels().div_ceil((tile.filters * lanes) as usize);
    let channel_tiles = problem.group_in_channels().div_ceil(tile.channels as usize);
    let row_tiles = vertical.kernel_size / tile.rows as usize;
    let tiles = problem.groups * filter_tiles * channel_tiles * row_tiles;
    let image_units = grads_height / unit_rows * (grads_width / unit_texels);
    let most_elements = MOST_PARTIAL.min(limits.max_binding_elements());
    let parts = ENOUGH_WORKGROUPS.div_ceil(tiles).min((most_elements / weights).max(1));
    let parts = parts.max((images * image_units).div_ceil(MOST_UNITS));
    let part_units = (images * image_units).div_ceil(parts);
    let part_units = part_units.next_multiple_of(FEWEST_UNITS);
    let parts_of = |images: usize| (images * image_units).div_ceil(part_units);
    let parts = chunks(problem.batch, images).map(|images| parts_of(images.len())).sum::<usize>();
    if parts > partial_sum::MOST_PARTS
        || parts.checked_mul(weights).is_none_or(|len| len > limits.max_binding_elements())
    {
        return Ok(None);
    }
    let number = |name, value| size(OPERATION, name, value);
    let Images { input, grads, .. } = &textures;
    // Those over the outputs, then those that store.
    let iterations = part_units
        + part_units.div_ceil(block_units(part_units))
        + (tile.filters * tile.channels) as usize;
    let (mut steps, mut first_part) = (Vec::new(), 0);
    for images in chunks(problem.batch, images) {
        let units = images.len() * image_units;
        let count = tiles * parts_of(images.len());
        let grid = Grid::new(OPERATION, count, iterations, limits)?;
        let params = Params {
            grid_width: grid.width,
            count: number("the number of workgroups", count)?,
            filter_tiles: number("out_channels", filter_tiles)?,
            channel_tiles: number("in_channels", channel_tiles)?,
            end_unit: number("the number of outputs", units)?,
            first_part: number("the number of parts", first_part)?,
            part_units: number("the number of outputs", part_units)?,
            block_units: number("the number of outputs", block_units(part_units))?,
            weights: number("the number of weights", weights)?,
            groups: number("groups", problem.groups)?,
            group_in_channels: number("in_channels", problem.group_in_channels())?,
            group_out_channels: number("out_channels", problem.group_out_channels())?,
            padded_height: input.pad.padded_height,
            padded_width: input.pad.padded_width,
            grads_height: grads.pad.padded_height,
            grads_width: grads.pad.padded_width,
        };
        first_part += parts_of(images.len());
        steps.push(Step { images, dispatches: vec![(params, grid)] });
    }
    let needs_repair = padded_image::is_masked(problem)
        || grads_height != vertical.output_size
        || 4 * grads_width != horizontal.output_size;
    Ok(Some(Plan { parts: WeightParts { shader, textures, steps, parts }, needs_repair }))
}
