//! Depthwise Conv2d of wide planes.
//!
//! Some rows of outputs, a vector or two wide, are computed at once. Each padded row is loaded once per
//! horizontal tap and joins the sums of all of them that it belongs to, which stay in registers.

use crate::PaddingMode;
use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::elementwise::activation::{limit, limits};
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::padded::PaddedPlane;
use crate::memory::NoMemory;
use pulp::{Simd, WithSimd};

/// Rows of outputs that are computed at once: a divisor of the planes' heights in most networks.
const ROWS: usize = 7;

/// A block of outputs, which begins with a row.
pub(crate) struct Planes<'a, 'b, const KERNEL: usize, const STRIDE: usize> {
    pub(crate) convolution: &'a Convolution<'a>,
    pub(crate) padded: &'a PaddedPlane,
    pub(crate) block: Block<'b, f32>,
    pub(crate) scratch: &'a mut Scratch,
}

impl<const KERNEL: usize, const STRIDE: usize> WithSimd for Planes<'_, '_, KERNEL, STRIDE> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { convolution, padded, mut block, scratch } = self;
        let (out_width, lanes) = (convolution.out_width(), S::F32_LANES);
        let (row_len, out_height) = (padded.row.len(), convolution.problem.vertical.output_size);
        let len = block.pieces.first().map_or(0, |piece| piece.len());
        // The rows of which a copy stays in the first cache.
        let band_len = out_width * blocks::copied_rows(out_height, STRIDE * row_len);
        let zero_padded = convolution.problem.padding_mode == PaddingMode::Zeros;
        for begin in (0..len).step_by(band_len) {
            let band = begin..(begin + band_len).min(len);
            let first_row = (block.start + begin) / out_width * STRIDE;
            let copy_len = ((band.len() / out_width - 1) * STRIDE + KERNEL) * row_len;
            // The last vector may read what lies behind.
            let [copy] = scratch.buffers([copy_len + lanes])?;
            padded.surround(first_row, 0.0, &mut copy[..copy_len]);
            for (plane, output) in (block.plane..).zip(&mut block.pieces) {
                let output = &mut output[band.clone()];
                padded.copy(first_row, convolution.group_input(plane), &mut copy[..copy_len]);
                let filter = plane % convolution.problem.out_channels;
                let taps = convolution.weight[filter * KERNEL * KERNEL..].as_chunks::<KERNEL>().0;
                let Some(taps) = taps.first_chunk::<KERNEL>() else { continue };
                let mut weight = [[simd.splat_f32s(0.0); KERNEL]; KERNEL];
                for y in 0..KERNEL {
                    for x in 0..KERNEL {
                        weight[y][x] = simd.splat_f32s(taps[y][x]);
                    }
                }
                let bias = simd.splat_f32s(convolution.bias(filter));
                let is_finite =
                    taps.as_flattened().iter().fold(true, |all, tap| all & tap.is_finite());
                // A zero of the padding times an infinite weight is NaN, and no limit yet.
                let repaired = zero_padded && !is_finite;
                let limits = if repaired { None } else { limits(convolution.problem.activation) };
                let columns = Columns::<_, KERNEL, STRIDE> {
                    simd,
                    weight: &weight,
                    bias,
                    padded,
                    first_row,
                    copy,
                    out_width,
                    limits,
                };
                if out_width < lanes {
                    columns.compute([0], output);
                } else {
                    let vectors = if S::REGISTER_COUNT >= 32 { 2 } else { 1 };
                    for x in (0..out_width).step_by(vectors * lanes) {
                        // The last vectors overlap those before them.
                        let last = out_width - lanes;
                        if vectors == 2 && x < last {
                            columns.compute([x, (x + lanes).min(last)], output);
                        } else {
                            columns.compute([x.min(last)], output);
                        }
                    }
                }
                if repaired {
                    convolution.repair(plane, block.start + begin, output);
                }
                if limits.is_none() {
                    convolution.activate(output);
                }
            }
        }
        Ok(())
    }
}

/// Some rows of outputs of one plane.
struct Columns<'a, S: Simd, const KERNEL: usize, const STRIDE: usize> {
    simd: S,
    weight: &'a [[S::f32s; KERNEL]; KERNEL],
    bias: S::f32s,
    padded: &'a PaddedPlane,
    first_row: usize,
    copy: &'a [f32],
    out_width: usize,
    /// What the outputs are limited to.
    limits: Option<[f32; 2]>,
}

impl<S: Simd, const KERNEL: usize, const STRIDE: usize> Columns<'_, S, KERNEL, STRIDE> {
    /// Computes the columns of outputs, a vector wide, that begin at these places.
    #[inline(always)]
    fn compute<const VECTORS: usize>(&self, at: [usize; VECTORS], output: &mut [f32]) {
        let rows = output.len() / self.out_width;
        if rows < ROWS {
            for out_y in 0..rows {
                self.rows::<VECTORS, 1>(out_y, at, output);
            }
        } else {
            for out_y in (0..rows).step_by(ROWS) {
                // The last rows overlap those before them.
                self.rows::<VECTORS, ROWS>(out_y.min(rows - ROWS), at, output);
            }
        }
    }

    /// Computes some of their rows.
    #[inline(always)]
    fn rows<const VECTORS: usize, const ROWS: usize>(
        &self,
        first: usize,
        at: [usize; VECTORS],
        output: &mut [f32],
    ) {
        let &Self { bias, padded, first_row, copy, out_width, .. } = self;
        let row_len = padded.row.len();
        let copy = &copy[first * STRIDE * row_len..];
        let sources = &padded.sources[first_row + first * STRIDE..][..(ROWS - 1) * STRIDE + KERNEL];
        let mut sums = [[bias; VECTORS]; ROWS];
        const { assert!(ROWS <= 7 && (ROWS - 1) * STRIDE + KERNEL <= 17, "rows of the macros") };
        // A loop would keep the sums out of registers.
        macro_rules! rows {
            ($($row:literal)*) => {
                $(
                    // Rows of zeros add nothing.
                    if $row < (ROWS - 1) * STRIDE + KERNEL && sources[$row].is_some() {
                        self.add_row::<VECTORS, ROWS, $row>(&copy[$row * row_len..], at, &mut sums);
                    }
                )*
            };
        }
        rows!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
        macro_rules! stores {
            ($($row:literal)*) => {
                $(
                    if $row < ROWS {
                        let output = &mut output[(first + $row) * out_width..];
                        self.store::<VECTORS>(sums[usize::min($row, ROWS - 1)], at, output);
                    }
                )*
            };
        }
        stores!(0 1 2 3 4 5 6);
    }

    /// Stores a row of outputs.
    #[inline(always)]
    fn store<const VECTORS: usize>(
        &self,
        sums: [S::f32s; VECTORS],
        at: [usize; VECTORS],
        output: &mut [f32],
    ) {
        let &Self { simd, limits, .. } = self;
        for vector in 0..VECTORS {
            let output = &mut output[at[vector]..];
            let sum = limit(simd, limits, sums[vector]);
            if let Some(cells) = S::as_mut_simd_f32s(output).0.first_mut() {
                *cells = sum;
            } else {
                simd.partial_store_f32s(output, sum);
            }
        }
    }

    /// Adds a row of the copy to the sums of all outputs that it belongs to.
    #[inline(always)]
    fn add_row<const VECTORS: usize, const ROWS: usize, const ROW: usize>(
        &self,
        row: &[f32],
        at: [usize; VECTORS],
        sums: &mut [[S::f32s; VECTORS]; ROWS],
    ) {
        let &Self { simd, weight, padded, .. } = self;
        let phase_len = padded.row.phase_len();
        for vector in 0..VECTORS {
            let row = &row[at[vector]..];
            for phase in 0..STRIDE {
                let window = &row[phase * phase_len..][..S::F32_LANES + (KERNEL - 1) / STRIDE];
                for tap_x in (phase..KERNEL).step_by(STRIDE) {
                    let cells = &window[tap_x / STRIDE..][..S::F32_LANES];
                    let input = S::as_simd_f32s(cells).0[0];
                    for output in 0..ROWS {
                        if ROW >= output * STRIDE && ROW - output * STRIDE < KERNEL {
                            let sum = &mut sums[output][vector];
                            let weight = weight[ROW - output * STRIDE][tap_x];
                            *sum = simd.mul_add_e_f32s(weight, input, *sum);
                        }
                    }
                }
            }
        }
    }
}
