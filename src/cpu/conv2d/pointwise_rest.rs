//! The cells of a plane behind its last whole vector, where these are few: the lanes are filters.

use std::ops::Range;

use pulp::Simd;

use crate::cpu::conv2d::pointwise_tile::{Inputs, PointwiseTile};
use crate::cpu::elementwise::activation::limit;
use crate::cpu::kit::rounding;
use crate::cpu::kit::rounding::{Products, Sums};
use crate::cpu::kit::tile::{Tile, max_rows};

/// Sums of a cell, which take channels in turn: one would wait for each addition.
const CHAINS: usize = 4;

/// The most cells of which one vector of outputs would take longer.
pub(crate) const MOST_CELLS: usize = 4;

/// How many cells behind the last whole vector are worth it.
pub(crate) fn cells<S: Simd>(len: usize) -> usize {
    let rest = len % S::F32_LANES;
    if rest <= MOST_CELLS && max_rows::<S>() <= S::F32_LANES { rest } else { 0 }
}

/// A pass over these cells, of which a tile's rows are the number.
pub(crate) struct RestTile<'a, 'b>(pub(crate) PointwiseTile<'a, 'b>);

impl Tile for RestTile<'_, '_> {
    #[inline(always)]
    fn compute<S: Simd, const CELLS: usize, const VECTORS: usize>(self, simd: S) {
        let PointwiseTile { steps, inputs, weight, bias, limits, first, outputs } = self.0;
        let zero = [[simd.splat_f32s(0.0); CHAINS]; CELLS];
        let products = RestProducts { inputs, weight, filters: outputs.len() };
        let sums: Sums<S, CELLS, CHAINS> = rounding::sum(simd, &products, zero, steps);
        let bias = S::as_simd_f32s(bias).0[0];
        for (cell, [a, b, c, d]) in sums.into_iter().enumerate() {
            let sum = simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d));
            let values = [limit(simd, limits, simd.add_f32s(sum, bias))];
            let values: &[f32] = bytemuck::cast_slice(&values);
            for (output, &value) in outputs.iter_mut().zip(values) {
                output[first + cell] = value;
            }
        }
    }
}

struct RestProducts<'a> {
    inputs: Inputs<'a>,
    weight: &'a [f32],
    filters: usize,
}

impl<S: Simd, const CELLS: usize> Products<S, CELLS, CHAINS> for RestProducts<'_> {
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "an iterator keeps the sums out of registers")]
    fn add_to(
        &self,
        simd: S,
        mut sums: Sums<S, CELLS, CHAINS>,
        channels: Range<usize>,
    ) -> Sums<S, CELLS, CHAINS> {
        let Self { inputs: Inputs { channels: input, channel_len, at }, weight, filters } = *self;
        for first in channels.clone().step_by(CHAINS) {
            for chain in 0..CHAINS {
                let channel = first + chain;
                if channel < channels.end {
                    let weight = &weight[channel * filters..][..S::F32_LANES];
                    let weight = S::as_simd_f32s(weight).0[0];
                    let cells = &input[channel * channel_len + at..][..CELLS];
                    for cell in 0..CELLS {
                        let sum = &mut sums[cell][chain];
                        *sum = simd.mul_add_e_f32s(weight, simd.splat_f32s(cells[cell]), *sum);
                    }
                }
            }
        }
        sums
    }
}
