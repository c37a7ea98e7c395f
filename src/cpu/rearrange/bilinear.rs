//! Bilinear interpolation: rows are made as wide as the output, each once, then mixed.

use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::Block;
use crate::cpu::kit::simd;
use crate::memory::{NoMemory, collected, zeros};
use crate::ops::{Resampling, Tap};
use pulp::{Simd, WithSimd};

/// Interpolates every plane.
pub(crate) fn bilinear(
    problem: &Resampling,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let pair = |[one, other]: [Option<Tap>; 2]| {
        let one = one.unwrap_or(Tap { at: 0, weight: 0.0 });
        [one, other.unwrap_or(Tap { weight: 0.0, ..one })]
    };
    let rows = collected((0..vertical.output_size()).map(|row| pair(vertical.taps(row))))?;
    let columns = collected((0..horizontal.output_size()).map(|it| pair(horizontal.taps(it))))?;
    let plane = problem.input.height * problem.input.width;
    let work = output.len().saturating_mul(2);
    let blocks = blocks::split_planes(output, columns.len(), rows.len(), plane)?;
    blocks::for_each(blocks, work, |block| {
        let mixed =
            Mixed { rows: &rows, columns: &columns, shape: problem.input.dims(), input, block };
        simd::dispatch(mixed)
    })
}

struct Mixed<'a, 'b> {
    rows: &'a [[Tap; 2]],
    columns: &'a [[Tap; 2]],
    shape: [usize; 4],
    input: &'a [f32],
    block: Block<'b, f32>,
}

impl WithSimd for Mixed<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        let Self { rows, columns, shape: [_, _, in_height, in_width], input, block } = self;
        let out_width = columns.len();
        let (first, plane_len) = (block.start / out_width, in_height * in_width);
        let planes = input[block.plane * plane_len..].chunks_exact(plane_len);
        let mut wide: [Vec<f32>; 2] = [zeros(out_width)?, zeros(out_width)?];
        for (piece, plane) in block.pieces.into_iter().zip(planes) {
            let mut made = [None; 2];
            for (output, taps) in piece.chunks_exact_mut(out_width).zip(&rows[first..]) {
                let [above, below] = taps.map(|tap| tap.at);
                if made[0] != Some(above) && made[1] == Some(above) {
                    wide.swap(0, 1);
                    made.swap(0, 1);
                }
                for (row, at) in [above, below].into_iter().enumerate() {
                    if made[row] != Some(at) {
                        widen(&plane[at * in_width..][..in_width], columns, &mut wide[row]);
                        made[row] = Some(at);
                    }
                }
                let weights = taps.map(|tap| tap.weight);
                let mixed = wide[0].iter().zip(&wide[1]);
                for (output, (&above, &below)) in output.iter_mut().zip(mixed) {
                    *output = above * weights[0] + below * weights[1];
                }
            }
        }
        Ok(())
    }
}

#[inline(always)]
fn widen(row: &[f32], columns: &[[Tap; 2]], output: &mut [f32]) {
    for (output, [tap, next]) in output.iter_mut().zip(columns) {
        *output = row[tap.at] * tap.weight + row[next.at] * next.weight;
    }
}
