//! BatchNorm2d. Statistics are taken in f64, always in the same order.

use crate::cpu::kit::blocks;
use crate::cpu::kit::simd;
use crate::memory::{NoMemory, collected, with_room};
use crate::ops::BatchNorm2dProblem;
use rayon::prelude::*;

/// What is applied to the elements of a channel: `((x - pivot) - rest) * scale + bias`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Factors {
    pub(crate) pivot: f32,
    pub(crate) rest: f32,
    pub(crate) scale: f32,
    pub(crate) bias: f32,
}

impl Factors {
    /// Those of a tensor that holds some for each channel.
    pub(crate) fn of(elements: &[f32], channel: usize) -> Self {
        let [pivot, rest, scale, bias] = [0, 1, 2, 3].map(|place| elements[4 * channel + place]);
        Self { pivot, rest, scale, bias }
    }
}

/// Elements of a task.
const BLOCK: usize = 1 << 13;

/// The blocks of every channel, a task each.
///
/// A channel's blocks are numbered: pieces of a plane where planes are large, else several planes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    channels: usize,
    batch: usize,
    plane: usize,
    images: usize,
    pieces: usize,
}

impl Blocks {
    pub(super) fn new(problem: &BatchNorm2dProblem) -> Self {
        let plane = problem.plane();
        Self {
            channels: problem.shape.channels,
            batch: problem.shape.batch,
            plane,
            images: (BLOCK / plane.max(1)).max(1),
            pieces: plane.div_ceil(BLOCK),
        }
    }

    pub(super) fn of_channel(&self) -> usize {
        self.batch.div_ceil(self.images) * self.pieces
    }

    /// Where the elements of a block of a channel lie.
    pub(super) fn ranges(
        self,
        channel: usize,
        block: usize,
    ) -> impl Iterator<Item = std::ops::Range<usize>> + Clone {
        let first_image = block / self.pieces * self.images;
        let first = block % self.pieces * BLOCK;
        let len = (self.plane - first).min(BLOCK);
        let images = first_image..(first_image + self.images).min(self.batch);
        images.map(move |image| {
            let start = (image * self.channels + channel) * self.plane + first;
            start..start + len
        })
    }

    /// What `reduce` makes of every block, in their order, channel by channel.
    pub(super) fn each<T: Send>(
        self,
        reduce: impl Fn(usize, usize) -> T + Sync + Send,
    ) -> Result<Vec<T>, NoMemory> {
        let (count, of_channel) = (self.channels * self.of_channel(), self.of_channel());
        let mut found = with_room(count)?;
        (0..count)
            .into_par_iter()
            .map(|index| reduce(index / of_channel, index % of_channel))
            .collect_into_vec(&mut found);
        Ok(found)
    }
}

/// The sum over elements of what `term` makes of each, in f64 and eight sums.
#[inline(always)]
pub(super) fn sum_of(elements: &[f32], term: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0; 8];
    let mut chunks = elements.chunks_exact(8);
    for chunk in &mut chunks {
        for (sum, &element) in sums.iter_mut().zip(chunk) {
            *sum += term(f64::from(element));
        }
    }
    for (sum, &element) in sums.iter_mut().zip(chunks.remainder()) {
        *sum += term(f64::from(element));
    }
    sums.iter().sum()
}

/// Mean and biased variance of every channel of a tensor that is not empty.
pub(crate) fn batch_norm2d_moments(
    problem: &BatchNorm2dProblem,
    input: &[f32],
) -> Result<Vec<[f64; 2]>, NoMemory> {
    let blocks = Blocks::new(problem);
    let moments = blocks.each(|channel, block| {
        simd::dispatch(
            #[inline(always)]
            || {
                let pieces = blocks.ranges(channel, block).map(|range| &input[range]);
                let count = pieces.clone().map(<[f32]>::len).sum::<usize>() as f64;
                let mut total = 0.0;
                for piece in pieces.clone() {
                    total += sum_of(piece, |x| x);
                }
                let mean = total / count;
                let mut squares = 0.0;
                for piece in pieces {
                    squares += sum_of(piece, |x| (x - mean) * (x - mean));
                }
                [count, mean, squares]
            },
        )
    })?;
    let values = problem.values() as f64;
    let merged = moments.chunks_exact(blocks.of_channel()).map(|blocks| {
        let mean = blocks.iter().map(|[count, mean, _]| count * mean).sum::<f64>() / values;
        let of_block = |[count, of_block, squares]: &[f64; 3]| {
            squares + count * (of_block - mean) * (of_block - mean)
        };
        [mean, blocks.iter().map(of_block).sum::<f64>() / values]
    });
    collected(merged)
}

/// `output = ((input - pivot) - rest) * scale + bias` with the factors of the element's channel.
pub(crate) fn batch_norm2d_apply(
    problem: &BatchNorm2dProblem,
    input: &[f32],
    factors: impl Fn(usize) -> Factors + Sync + Send,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    each_piece(problem, output, |channel, first, output| {
        let Factors { pivot, rest, scale, bias } = factors(channel);
        for (output, &x) in output.iter_mut().zip(&input[first..]) {
            *output = ((x - pivot) - rest) * scale + bias;
        }
    })
}

/// Calls `run` with the channel of every piece of a plane, its first element, and itself.
pub(super) fn each_piece(
    problem: &BatchNorm2dProblem,
    output: &mut [f32],
    run: impl Fn(usize, usize, &mut [f32]) + Sync + Send,
) -> Result<(), NoMemory> {
    let (plane, work) = (problem.plane(), output.len() / 2);
    let planes = (BLOCK / plane.max(1)).max(1);
    let blocks = blocks::split(output, planes, [plane, plane, BLOCK])?;
    blocks::for_each(blocks, work, |block| {
        simd::dispatch(
            #[inline(always)]
            || {
                for (plane_index, piece) in (block.plane..).zip(block.pieces) {
                    let channel = plane_index % problem.shape.channels;
                    run(channel, plane_index * plane + block.start, piece);
                }
            },
        );
        Ok(())
    })
}

/// The factors of all channels as elements of a tensor.
pub(crate) fn write_factors(of_channel: impl Fn(usize) -> Factors, elements: &mut [f32]) {
    for (channel, elements) in elements.chunks_exact_mut(4).enumerate() {
        let Factors { pivot, rest, scale, bias } = of_channel(channel);
        elements.copy_from_slice(&[pivot, rest, scale, bias]);
    }
}
