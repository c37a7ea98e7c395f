//! Softmax over channels and its gradient. Sums of blocks of channels are added up in f64.

use crate::Shape;
use crate::cpu::elementwise::activation::exp;
use crate::cpu::kit::blocks::{self, Block, Scratch};
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::cpu::training::loss::narrow;
use crate::memory::{NoMemory, collected, zeros};

/// Elements of a task that has positions side by side, if it need not have more: what stays in a
/// cache.
const TILE_ELEMENTS: usize = 1 << 15;
/// A plane of so few positions is not split.
const SMALL_PLANE: usize = 64;
/// The fewest and the most positions of such a task.
const TILE: std::ops::Range<usize> = 16..512;
/// Channels of a sum in f32.
const BLOCK: usize = 64;
/// Such sums of a position whose channels are neighbours.
const LANES: usize = 16;
/// About the nanoseconds of an exponential.
const EXPONENTIAL: usize = 2;

/// The softmax over the channels of every position of a tensor that is not empty.
pub(crate) fn softmax(shape: Shape, input: &[f32], output: &mut [f32]) -> Result<(), NoMemory> {
    let plane = shape.height * shape.width;
    let work = EXPONENTIAL * output.len();
    if plane == 1 {
        let rows = input.chunks(shape.channels).zip(output.chunks_mut(shape.channels));
        return threads::for_each(collected(rows)?, work, |(input, output)| {
            simd::dispatch(
                #[inline(always)]
                || softmax_of_row(input, output),
            );
            Ok(())
        });
    }
    let tiles = blocks::split(output, shape.channels, [plane, plane, tile(plane, shape.channels)])?;
    blocks::for_each(tiles, work, |tile| {
        Scratch::with(|scratch| {
            simd::dispatch(
                #[inline(always)]
                || softmax_of_tile(plane, input, tile, scratch),
            )
        })
    })
}

/// Positions of a task that has them side by side.
fn tile(plane: usize, channels: usize) -> usize {
    let tile = (TILE_ELEMENTS / channels).clamp(TILE.start, TILE.end);
    if plane <= SMALL_PLANE { plane } else { tile }
}

/// The softmax of channels that are neighbours.
#[inline(always)]
fn softmax_of_row(input: &[f32], output: &mut [f32]) {
    let mut largest = [f32::NEG_INFINITY; LANES];
    for chunk in input.chunks(LANES) {
        for (largest, &x) in largest.iter_mut().zip(chunk) {
            *largest = if x > *largest { x } else { *largest };
        }
    }
    let largest = largest.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let mut total = 0.0;
    for (input, output) in input.chunks(LANES * BLOCK).zip(output.chunks_mut(LANES * BLOCK)) {
        for (output, &x) in output.iter_mut().zip(input) {
            *output = exp(x - largest);
        }
        total += sum_of(output);
    }
    let factor = narrow(1.0 / total);
    for output in output {
        *output *= factor;
    }
}

/// The sum of up to `LANES * BLOCK` elements.
#[inline(always)]
fn sum_of(elements: &[f32]) -> f64 {
    let mut sums = [0.0; LANES];
    for chunk in elements.chunks(LANES) {
        for (sum, &element) in sums.iter_mut().zip(chunk) {
            *sum += element;
        }
    }
    sums.into_iter().map(f64::from).sum()
}

/// The softmax of neighbouring positions, of which the tile has a piece for each channel.
///
/// Channels are far apart, often by a power of two, which a cache has few places for; so they are
/// read and written once, and lie behind one another in between.
#[inline(always)]
fn softmax_of_tile(
    plane: usize,
    input: &[f32],
    tile: Block<'_, f32>,
    scratch: &mut Scratch,
) -> Result<(), NoMemory> {
    let Block { plane: first, start, mut pieces } = tile;
    let width = pieces.first().map_or(0, |piece| piece.len());
    let [elements, largest, sums] = scratch.buffers([width * pieces.len(), width, width])?;
    let mut totals: Vec<f64> = zeros(width)?;
    largest.fill(f32::NEG_INFINITY);
    for (channel, copy) in (first..).zip(elements.chunks_exact_mut(width)) {
        let channel = &input[channel * plane + start..][..width];
        for ((copy, &x), largest) in copy.iter_mut().zip(channel).zip(&mut *largest) {
            *copy = x;
            *largest = if x > *largest { x } else { *largest };
        }
    }
    for block in elements.chunks_mut(width * BLOCK) {
        sums.fill(0.0);
        for channel in block.chunks_exact_mut(width) {
            for ((x, &largest), sum) in channel.iter_mut().zip(&*largest).zip(&mut *sums) {
                *x = exp(*x - largest);
                *sum += *x;
            }
        }
        add(sums, &mut totals);
    }
    for (factor, &total) in sums.iter_mut().zip(&totals) {
        *factor = narrow(1.0 / total);
    }
    for (piece, channel) in pieces.iter_mut().zip(elements.chunks_exact(width)) {
        for ((output, &x), &factor) in piece.iter_mut().zip(channel).zip(&*sums) {
            *output = x * factor;
        }
    }
    Ok(())
}

#[inline(always)]
fn add(sums: &[f32], totals: &mut [f64]) {
    for (total, &sum) in totals.iter_mut().zip(sums) {
        *total += f64::from(sum);
    }
}

/// The gradient of the input of a softmax, `output * (grad_output - sum of output * grad_output)`.
pub(crate) fn softmax_grad_input(
    shape: Shape,
    output: &[f32],
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    let plane = shape.height * shape.width;
    let work = output.len();
    if plane == 1 {
        let of_output = output.chunks(shape.channels).zip(grad_output.chunks(shape.channels));
        let rows = collected(of_output.zip(grad_input.chunks_mut(shape.channels)))?;
        return threads::for_each(rows, work, |((output, grad_output), grad_input)| {
            simd::dispatch(
                #[inline(always)]
                || grad_input_of_row(output, grad_output, grad_input),
            );
            Ok(())
        });
    }
    let tile = tile(plane, shape.channels);
    let tiles = blocks::split(grad_input, shape.channels, [plane, plane, tile])?;
    blocks::for_each(tiles, work, |tile| {
        Scratch::with(|scratch| {
            simd::dispatch(
                #[inline(always)]
                || grad_input_of_tile(plane, output, grad_output, tile, scratch),
            )
        })
    })
}

/// The gradient of channels that are neighbours.
#[inline(always)]
fn grad_input_of_row(output: &[f32], grad_output: &[f32], grad_input: &mut [f32]) {
    let mut total = 0.0;
    let blocks = output.chunks(LANES * BLOCK).zip(grad_output.chunks(LANES * BLOCK));
    for ((output, grad_output), products) in blocks.zip(grad_input.chunks_mut(LANES * BLOCK)) {
        for (product, (&y, &grad)) in products.iter_mut().zip(output.iter().zip(grad_output)) {
            *product = y * grad;
        }
        total += sum_of(products);
    }
    let total = narrow(total);
    for (gradient, (&y, &grad)) in grad_input.iter_mut().zip(output.iter().zip(grad_output)) {
        *gradient = y * (grad - total);
    }
}

/// The gradient of neighbouring positions, of which the tile has a piece for each channel; read and
/// written as in [`softmax_of_tile`].
#[inline(always)]
fn grad_input_of_tile(
    plane: usize,
    output: &[f32],
    grad_output: &[f32],
    tile: Block<'_, f32>,
    scratch: &mut Scratch,
) -> Result<(), NoMemory> {
    let Block { plane: first, start, mut pieces } = tile;
    let width = pieces.first().map_or(0, |piece| piece.len());
    let len = width * pieces.len();
    let [outputs, gradients, sums] = scratch.buffers([len, len, width])?;
    let mut totals: Vec<f64> = zeros(width)?;
    let blocks = outputs.chunks_mut(width * BLOCK).zip(gradients.chunks_mut(width * BLOCK));
    for (block, (outputs, gradients)) in blocks.enumerate() {
        sums.fill(0.0);
        let copies = outputs.chunks_exact_mut(width).zip(gradients.chunks_exact_mut(width));
        for (channel, (y_copy, grad_copy)) in (first + block * BLOCK..).zip(copies) {
            let from = channel * plane + start;
            let channel = output[from..][..width].iter().zip(&grad_output[from..][..width]);
            let copies = y_copy.iter_mut().zip(grad_copy).zip(&mut *sums);
            for (((y_copy, grad_copy), sum), (&y, &grad)) in copies.zip(channel) {
                *y_copy = y;
                *grad_copy = grad;
                *sum += y * grad;
            }
        }
        add(sums, &mut totals);
    }
    for (sum, &total) in sums.iter_mut().zip(&totals) {
        *sum = narrow(total);
    }
    let channels = outputs.chunks_exact(width).zip(gradients.chunks_exact(width));
    for (piece, (outputs, gradients)) in pieces.iter_mut().zip(channels) {
        let elements = outputs.iter().zip(gradients).zip(&*sums);
        for (gradient, ((&y, &grad), &total)) in piece.iter_mut().zip(elements) {
            *gradient = y * (grad - total);
        }
    }
    Ok(())
}
