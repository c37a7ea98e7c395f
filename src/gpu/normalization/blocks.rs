//! What reduces every channel of a tensor: blocks of its values, a workgroup each, and dispatches
//! whose elements lie in one binding.

use std::ops::Range;

use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Include, Template, parts};
use crate::gpu::runtime::workgroup_sum::{TREE, WORKGROUP};
use crate::ops::BatchNorm2dProblem;
use crate::{BatchNorm2d, Error, Limits, Result, Shape};

const OPERATION: &str = BatchNorm2d::OPERATION;

/// Workgroups that keep a GPU busy.
const ENOUGH_WORKGROUPS: usize = 1024;
/// The fewest and the most elements of a block.
const BLOCK_ELEMENTS: Range<usize> = 1024..16_384;

/// What the shaders of this room share.
pub(super) const PARTS: &[Include] = parts!(
    "normalization": "batch_norm2d_affine", "batch_norm2d_block", "batch_norm2d_block_walk",
    "batch_norm2d_merge_params", "channel_walk"
);

params!(Params {
    grid_width: u32,
    count: u32,
    blocks: u32,
    block_units: u32,
    units: u32,
    first_image: u32,
    first_channel: u32,
    first_output: u32,
    dispatch_outputs: u32,
    channels: u32,
    plane_units: u32,
    base: u32,
    first_block: u32,
    group_blocks: u32,
});

// Of what makes one of the numbers of a channel's blocks.
params!(MergeParams {
    grid_width: u32,
    count: u32,
    blocks: u32,
    first_channel: u32,
    values: f32,
    eps: f32,
});

/// The elements of a vector that planes of so many are a whole number of.
pub(super) const fn load_width(plane: usize) -> u32 {
    if plane.is_multiple_of(4) { 4 } else { 1 }
}

/// The units of such vectors that an invocation loads at once.
pub(super) const fn unroll(load_width: u32) -> u32 {
    if load_width == 4 { 4 } else { 8 }
}

/// The shader of a template that loads such vectors and writes one buffer.
pub(super) fn of_width(template: &'static Template, load_width: u32, reads: u32) -> Shader {
    Shader {
        template,
        values: vec![("load_width", load_width.into()), ("unroll", unroll(load_width).into())],
        uniforms: 0,
        textures: &[],
        reads,
        writes: 1,
    }
}

/// One dispatch, whose base is filled in where its binding is known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) params: Params,
    pub(super) grid: Grid,
    pub(super) elements: Range<usize>,
}

impl Step {
    /// The parameters for a binding that begins at this element.
    pub(super) fn params_from(&self, base: usize, load_width: u32) -> Params {
        Params { base: low_bits(base / load_width as usize), ..self.params }
    }
}

/// Channels whose blocks fit one binding together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) channels: Range<usize>,
    pub(super) steps: Vec<Step>,
}

/// All blocks of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Blocks {
    pub(super) load_width: u32,
    /// Blocks of every channel.
    pub(super) count: usize,
    pub(super) groups: Vec<Group>,
}

impl Blocks {
    /// The blocks of a tensor that is not empty, each of which gives so many numbers.
    pub(super) fn new(shape: Shape, numbers: usize, limits: &Limits) -> Result<Self> {
        let plane = shape.height * shape.width;
        let load_width = load_width(plane);
        let width = load_width as usize;
        let most = limits.max_binding_elements();
        let channels = shape.channels;
        let element =
            |image: usize, channel: usize, at: usize| (image * channels + channel) * plane + at;
        let range = |images: &Range<usize>, of: &Range<usize>, outputs: &Range<usize>| {
            element(images.start, of.start, outputs.start)
                ..element(images.end - 1, of.end - 1, outputs.end)
        };
        let fits = |images, of, outputs| range(&images, &of, &outputs).len() <= most;
        let image_step = largest(shape.batch, |step| fits(0..step, 0..channels, 0..plane));
        let channel_step = match image_step {
            Some(_) => Some(channels),
            None => largest(channels, |step| fits(0..1, 0..step, 0..plane)),
        };
        let output_step = match channel_step {
            Some(_) => plane,
            None => (most / width * width).max(width),
        };
        let (image_step, channel_step) = (image_step.unwrap_or(1), channel_step.unwrap_or(1));

        let turn = WORKGROUP * width * unroll(load_width) as usize;
        let block = (shape.len() / ENOUGH_WORKGROUPS).next_multiple_of(turn);
        let block = block.clamp(BLOCK_ELEMENTS.start, BLOCK_ELEMENTS.end);
        // What every channel has, a dispatch each: images, outputs, and the first of their blocks.
        let mut pieces = Vec::new();
        let mut count = 0;
        for images in chunks(shape.batch, image_step) {
            for outputs in chunks(plane, output_step) {
                let blocks = (images.len() * outputs.len()).div_ceil(block);
                pieces.push((images.clone(), outputs, count..count + blocks));
                count += blocks;
            }
        }
        let in_a_binding = most / numbers / count.max(1);
        if in_a_binding == 0 {
            return Err(Error::DeviceLimit {
                operation: OPERATION,
                quantity: "the bytes of the sums of a channel's blocks".into(),
                needed: 4 * (numbers * count) as u64,
                allowed: 4 * most as u64,
            });
        }

        let number = |name, value| size(OPERATION, name, value);
        let mut groups = Vec::new();
        for of_group in chunks(channels, channel_step.min(in_a_binding)) {
            let mut steps = Vec::new();
            for (images, outputs, blocks) in &pieces {
                let units = images.len() * outputs.len() / width;
                let workgroups = of_group.len() * blocks.len();
                let iterations = block.div_ceil(turn) + 2 * TREE;
                let grid = Grid::new(OPERATION, workgroups, iterations, limits)?;
                let params = Params {
                    grid_width: grid.width,
                    count: number("the number of blocks", workgroups)?,
                    blocks: number("the number of blocks", blocks.len())?,
                    block_units: number("the size of a block", block / width)?,
                    units: number("the values of a channel", units)?,
                    first_image: number("batch", images.start)?,
                    first_channel: number("num_features", of_group.start)?,
                    first_output: number("the size of a plane", outputs.start / width)?,
                    dispatch_outputs: number("the size of a plane", outputs.len() / width)?,
                    channels: number("num_features", channels)?,
                    plane_units: number("the size of a plane", plane / width)?,
                    base: 0,
                    first_block: number("the number of blocks", blocks.start)?,
                    group_blocks: number("the number of blocks", count)?,
                };
                steps.push(Step { params, grid, elements: range(images, &of_group, outputs) });
            }
            groups.push(Group { channels: of_group, steps });
        }
        Ok(Self { load_width, count, groups })
    }

    /// What makes one of the numbers of the blocks of every channel of a group, a workgroup a
    /// channel, which goes through them so many times.
    pub(super) fn merge(
        &self,
        group: &Group,
        problem: &BatchNorm2dProblem,
        times: usize,
        limits: &Limits,
    ) -> Result<(MergeParams, Grid)> {
        let iterations = times * self.count.div_ceil(WORKGROUP) + 2 * TREE;
        let grid = Grid::new(OPERATION, group.channels.len(), iterations, limits)?;
        let values = problem.values() as f32;
        let params = MergeParams {
            grid_width: grid.width,
            count: size(OPERATION, "num_features", group.channels.len())?,
            blocks: size(OPERATION, "the number of blocks", self.count)?,
            first_channel: size(OPERATION, "num_features", group.channels.start)?,
            values,
            eps: problem.eps,
        };
        Ok((params, grid))
    }

    /// The numbers of the blocks of the largest group.
    pub(super) fn partial_len(&self, numbers: usize) -> usize {
        let channels = self.groups.iter().map(|group| group.channels.len()).max();
        channels.unwrap_or(0) * self.count * numbers
    }
}
