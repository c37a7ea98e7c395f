//! A tile of a Conv2d of 1x1: bias and activation join the sums in the registers, so that an output is
//! written once.

use std::ops::Range;

use pulp::Simd;

use crate::cpu::elementwise::activation::limit;
use crate::cpu::kit::rounding;
use crate::cpu::kit::rounding::{Products, Steps, Sums};
use crate::cpu::kit::tile;
use crate::cpu::kit::tile::Tile;

/// A pass over some filters and cells.
pub(crate) struct PointwiseTile<'a, 'b> {
    pub(crate) steps: Steps,
    pub(crate) inputs: Inputs<'a>,
    /// Of the pass, channel by channel, and a vector more.
    pub(crate) weight: &'a [f32],
    /// Of the pass, and a vector more.
    pub(crate) bias: &'a [f32],
    /// What the outputs are limited to.
    pub(crate) limits: Option<[f32; 2]>,
    /// Where the tile begins in the outputs.
    pub(crate) first: usize,
    /// Those of each filter.
    pub(crate) outputs: &'a mut [&'b mut [f32]],
}

/// The inputs of a tile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inputs<'a> {
    pub(crate) channels: &'a [f32],
    pub(crate) channel_len: usize,
    /// Where they begin in a channel.
    pub(crate) at: usize,
}

impl Tile for PointwiseTile<'_, '_> {
    #[inline(always)]
    fn compute<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let Self { steps, inputs, weight, bias, limits, first, outputs } = self;
        let weight = weight.as_chunks::<ROWS>().0;
        let (Some(bias), Some(outputs)) = (bias.first_chunk(), outputs.first_chunk_mut()) else {
            return;
        };
        let bias: &[f32; ROWS] = bias;
        let outputs: &mut [&mut [f32]; ROWS] = outputs;
        let mut start = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        for (sums, &bias) in start.iter_mut().zip(bias) {
            *sums = [simd.splat_f32s(bias); VECTORS];
        }
        let sums = rounding::sum(simd, &PointwiseProducts { inputs, weight }, start, steps);
        for (sums, output) in sums.iter().zip(outputs) {
            let mut cells = *sums;
            for cells in &mut cells {
                *cells = limit(simd, limits, *cells);
            }
            if let Some(output) = output.get_mut(first..first + VECTORS * S::F32_LANES) {
                let output = S::as_mut_simd_f32s(output).0;
                for (output, cells) in output.iter_mut().zip(cells) {
                    *output = cells;
                }
            } else {
                store_last::<S>(cells[0], output);
            }
        }
    }
}

/// Stores the last lanes of a vector.
#[cold]
#[inline(never)]
fn store_last<S: Simd>(cells: S::f32s, output: &mut [f32]) {
    let cells = [cells];
    let cells: &[f32] = bytemuck::cast_slice(&cells);
    output.copy_from_slice(&cells[cells.len() - output.len()..]);
}

struct PointwiseProducts<'a, const ROWS: usize> {
    inputs: Inputs<'a>,
    weight: &'a [[f32; ROWS]],
}

impl<S: Simd, const ROWS: usize, const VECTORS: usize> Products<S, ROWS, VECTORS>
    for PointwiseProducts<'_, ROWS>
{
    #[inline(always)]
    fn add_to(
        &self,
        simd: S,
        mut sums: Sums<S, ROWS, VECTORS>,
        channels: Range<usize>,
    ) -> Sums<S, ROWS, VECTORS> {
        let Inputs { channels: input, channel_len, at } = self.inputs;
        let input = input[channels.start * channel_len..].chunks_exact(channel_len);
        for (input, factors) in input.zip(&self.weight[channels]) {
            let (cells, _) = S::as_simd_f32s(&input[at..at + VECTORS * S::F32_LANES]);
            let inputs: [S::f32s; VECTORS] = std::array::from_fn(|vector| cells[vector]);
            tile::multiply_add(simd, factors, &inputs, &mut sums);
        }
        sums
    }
}
