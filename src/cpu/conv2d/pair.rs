//! A Conv2d of 1x1 and a depthwise one of its output, some channels at a time: what lies between them stays
//! in the second cache, and no thread waits for another in between.

use crate::cpu::conv2d::depthwise::Depthwise;
use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::conv2d::{direct, pointwise};
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::packed::{Order, with_packed};
use crate::cpu::kit::{blocks, threads};
use crate::memory::{NoMemory, collected};

/// Cells between the convolutions that a task should have at the most.
const MOST_BETWEEN: usize = 1 << 18;

/// Channels that every thread should have: products with fewer filters wait for their additions.
pub(crate) const LEAST_CHANNELS: usize = 8;

/// Two convolutions that are computed together, the second of the output of the first.
#[derive(Debug)]
pub(crate) struct Pair<'a> {
    first: Convolution<'a>,
    second: Convolution<'a>,
    depthwise: Depthwise,
}

impl<'a> Pair<'a> {
    /// Both, whatever the input of the second is; `None` where they cannot be computed together, or better
    /// are not.
    pub(crate) fn of(
        first: Convolution<'a>,
        second: Convolution<'a>,
    ) -> Result<Option<Self>, NoMemory> {
        let channels = second.problem.batch * second.problem.out_channels;
        let can_be_first = pointwise::supports(&first)
            && !direct::supports(&first)
            && first.problem.groups == 1
            && first.out_plane_len().saturating_mul(first.channels) <= pointwise::MOST_INPUTS;
        if !can_be_first
            || second.problem.reads_few()
            || channels < LEAST_CHANNELS * threads::count()
        {
            return Ok(None);
        }
        let depthwise = Depthwise::new(&second)?;
        Ok(depthwise.map(|depthwise| Self { first, second, depthwise }))
    }

    /// Every output of the second.
    pub(crate) fn run(&self, output: &mut [f32]) -> Result<(), NoMemory> {
        let Self { first, second, depthwise } = self;
        let (in_len, out_len) = (second.in_plane_len(), second.out_plane_len());
        let (images, channels) = (second.problem.batch, second.problem.out_channels);
        let between = channels.saturating_mul(in_len);
        let first_work = images.saturating_mul(first.work(between));
        let work = first_work.saturating_add(second.work(output.len()));
        let unit = depthwise.unit();
        let units = channels.div_ceil(unit);
        let parts = threads::parts(units, images, threads::task_count(work).div_ceil(images));
        let least = between.div_ceil(MOST_BETWEEN);
        let parts = if parts < least { least.next_multiple_of(threads::count()) } else { parts };
        let planes = units.div_ceil(parts) * unit;
        let blocks = blocks::split_groups(output, [channels, planes], [out_len; 3])?;
        let order = Order::new(channels, planes, first.channels);
        with_packed((first.weight, first.kept_weight), order, |packed| {
            blocks::for_each(blocks, work, |block| {
                let plane = block.plane;
                Scratch::with_packed(block.pieces.len() * in_len, |between| {
                    let pieces = collected(between.chunks_exact_mut(in_len))?;
                    pointwise::compute(first, packed, Block { plane, start: 0, pieces })?;
                    depthwise.compute(&second.of_channels(plane, between), block)
                })
            })
        })
    }
}
