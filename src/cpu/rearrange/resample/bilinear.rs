//! Bilinear interpolation: rows are made as wide as the output, each once, then mixed.

use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::Block;
use crate::cpu::kit::simd;
use crate::memory::{NoMemory, collected, with_room, zeros};
use crate::ops::{AxisMap, Resampling, Tap};
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Interpolates every plane.
pub(crate) fn bilinear(
    problem: &Resampling,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let vertical = &problem.vertical;
    let rows = collected((0..vertical.output_size()).map(|row| pair(vertical.taps(row))))?;
    let columns = Columns::new(&problem.horizontal)?;
    let plane = problem.input.height * problem.input.width;
    let work = output.len().saturating_mul(2);
    let blocks = blocks::split_planes(output, columns.len(), rows.len(), plane)?;
    blocks::for_each(blocks, work, |block| {
        let shape = problem.input.dims();
        simd::dispatch(Mixed { rows: &rows, columns: &columns, shape, input, block })
    })
}

fn pair([one, other]: [Option<Tap>; 2]) -> [Tap; 2] {
    let one = one.unwrap_or(Tap { at: 0, weight: 0.0 });
    [one, other.unwrap_or(Tap { weight: 0.0, ..one })]
}

/// What the columns of the output read of a row.
struct Columns {
    /// Where each reads two neighbours of the row, behind which its last element stands again.
    places: Vec<usize>,
    weights: Vec<[f32; 2]>,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// The output is as wide: each reads one element twice.
    Same,
    /// They lie at quarters, as those of twice the width do.
    Doubled,
    Any,
}

impl Columns {
    fn new(axis: &AxisMap) -> Result<Self, NoMemory> {
        let (size, width) = (axis.input_size(), axis.output_size());
        let (mut places, mut weights) = (with_room(width)?, with_room(width)?);
        for column in 0..width {
            let [tap, next] = pair(axis.taps(column));
            places.push(tap.at);
            weights.push([tap.weight, next.weight]);
        }
        let inner = 1..width.saturating_sub(1);
        let is_quarter = |column: usize| {
            let quarters = if column % 2 == 1 { [0.75, 0.25] } else { [0.25, 0.75] };
            (places[column], weights[column]) == ((column - 1) / 2, quarters)
        };
        let kind = match width {
            _ if width == size => Kind::Same,
            _ if width == 2 * size && inner.into_iter().all(is_quarter) => Kind::Doubled,
            _ => Kind::Any,
        };
        Ok(Self { places, weights, kind })
    }

    fn len(&self) -> usize {
        self.places.len()
    }

    #[inline(always)]
    fn widen_some(&self, row: &[f32], columns: Range<usize>, output: &mut [f32]) {
        let taps = self.places[columns.clone()].iter().zip(&self.weights[columns]);
        for (output, (&at, weights)) in output.iter_mut().zip(taps) {
            let pair = &row[at..at + 2];
            *output = pair[0] * weights[0] + pair[1] * weights[1];
        }
    }

    /// Makes a row, behind which its last element stands again, as wide as the output.
    #[inline(always)]
    fn widen(&self, row: &[f32], output: &mut [f32]) {
        let width = output.len();
        match self.kind {
            Kind::Any => return self.widen_some(row, 0..width, output),
            Kind::Same => {
                for (output, &element) in output.iter_mut().zip(row) {
                    // That is no number where the element is infinite.
                    *output = element + element * 0.0;
                }
                return;
            }
            Kind::Doubled => {}
        }
        let inner = output[1..width - 1].as_chunks_mut::<2>().0;
        for ((output, &one), &other) in inner.iter_mut().zip(row).zip(&row[1..]) {
            *output = [one * 0.75 + other * 0.25, one * 0.25 + other * 0.75];
        }
        for end in [0, width - 1] {
            self.widen_some(row, end..end + 1, &mut output[end..]);
        }
    }
}

struct Mixed<'a, 'b> {
    rows: &'a [[Tap; 2]],
    columns: &'a Columns,
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
        let mut longer: Vec<f32> = zeros(in_width + 1)?;
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
                        let source = &plane[at * in_width..][..in_width];
                        longer[..in_width].copy_from_slice(source);
                        longer[in_width] = source[in_width - 1];
                        columns.widen(&longer, &mut wide[row]);
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
