//! Elements copied to other places: nearest interpolation, padding, pixel shuffle.

use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::Block;
use crate::cpu::kit::simd;
use crate::memory::{NoMemory, push};
use crate::ops::{CopyMap, NOWHERE};
use pulp::{Simd, WithSimd};

/// Copies what a map says.
pub(crate) fn copy_places(
    map: &CopyMap,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let [height, width] = map.rows();
    let rows = map.row_offsets()?;
    let columns = Columns::new(map)?;
    let value = f32::from_bits(map.filling().unwrap_or(0));
    let (plane_len, work) = (map.source_plane(), output.len() / 2);
    let blocks = blocks::split_planes(output, width, height, plane_len)?;
    blocks::for_each(blocks, work, |block| {
        simd::dispatch(CopyRows {
            rows: &rows,
            columns: &columns,
            value,
            width,
            plane_len,
            input,
            block,
        });
        Ok(())
    })
}

/// How the elements of a row are copied.
#[derive(Debug)]
enum Columns {
    /// Runs of neighbours: where they are written, where they are read, how many.
    Runs(Vec<[usize; 3]>),
    /// Each so many times.
    Repeated(usize),
    /// From several rows by turns, which lie so far apart.
    ByTurns { rows: usize, distance: usize },
    /// Every so many.
    Every(usize),
    /// One by one.
    Places(Vec<usize>),
}

/// The mean length of runs from which on they are worth it.
const LONG_RUN: usize = 8;

impl Columns {
    fn new(map: &CopyMap) -> Result<Self, NoMemory> {
        match *map {
            CopyMap::Shuffle(problem) => {
                let (rows, distance) = (problem.factor, problem.input.height * problem.input.width);
                Ok(Self::ByTurns { rows, distance })
            }
            CopyMap::Unshuffle(problem) => Ok(Self::Every(problem.factor)),
            CopyMap::Resampling(problem) => match problem.horizontal.repetitions() {
                Some(times) if times > 1 => Ok(Self::Repeated(times)),
                _ => Self::in_runs(map.column_offsets()?),
            },
        }
    }

    fn in_runs(places: Vec<usize>) -> Result<Self, NoMemory> {
        let mut runs: Vec<[usize; 3]> = Vec::new();
        for (column, &place) in places.iter().enumerate() {
            if let Some([_, first, len]) = runs.last_mut() {
                let goes_on = match *first {
                    NOWHERE => place == NOWHERE,
                    first => place == first + *len,
                };
                if goes_on {
                    *len += 1;
                    continue;
                }
            }
            push(&mut runs, [column, place, 1])?;
        }
        let is_inside = places.iter().all(|&place| place != NOWHERE);
        let are_short = runs.len() * LONG_RUN > places.len();
        Ok(if are_short && is_inside { Self::Places(places) } else { Self::Runs(runs) })
    }

    #[inline(always)]
    fn copy(&self, source: &[f32], value: f32, output: &mut [f32]) {
        match self {
            Self::Runs(runs) => {
                for &[to, from, len] in runs {
                    let output = &mut output[to..to + len];
                    match from {
                        NOWHERE => output.fill(value),
                        from => output.copy_from_slice(&source[from..from + len]),
                    }
                }
            }
            Self::Repeated(2) => repeat::<2>(source, output),
            Self::Repeated(3) => repeat::<3>(source, output),
            Self::Repeated(4) => repeat::<4>(source, output),
            &Self::Repeated(times) => {
                for (output, &element) in output.chunks_exact_mut(times).zip(source) {
                    output.fill(element);
                }
            }
            &Self::ByTurns { rows: 2, distance } => {
                let (even, odd) = (source, &source[distance..]);
                for ((output, &one), &other) in
                    output.as_chunks_mut::<2>().0.iter_mut().zip(even).zip(odd)
                {
                    *output = [one, other];
                }
            }
            &Self::ByTurns { rows, distance } => {
                for row in 0..rows {
                    let source = &source[row * distance..];
                    for (output, &element) in output[row..].iter_mut().step_by(rows).zip(source) {
                        *output = element;
                    }
                }
            }
            Self::Every(2) => {
                let last = output.len() - 1;
                for (output, pair) in output.iter_mut().zip(source.as_chunks::<2>().0) {
                    *output = pair[0];
                }
                // Behind the last there may be no second one.
                output[last] = source[2 * last];
            }
            &Self::Every(step) => {
                for (output, &element) in output.iter_mut().zip(source.iter().step_by(step)) {
                    *output = element;
                }
            }
            Self::Places(places) => {
                for (output, &place) in output.iter_mut().zip(places) {
                    *output = source[place];
                }
            }
        }
    }
}

#[inline(always)]
fn repeat<const TIMES: usize>(source: &[f32], output: &mut [f32]) {
    for (output, &element) in output.as_chunks_mut::<TIMES>().0.iter_mut().zip(source) {
        *output = [element; TIMES];
    }
}

struct CopyRows<'a, 'b> {
    rows: &'a [usize],
    columns: &'a Columns,
    value: f32,
    width: usize,
    plane_len: usize,
    input: &'a [f32],
    block: Block<'b, f32>,
}

impl WithSimd for CopyRows<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { rows, columns, value, width, plane_len, input, block } = self;
        let first = block.start / width;
        let planes = input[block.plane * plane_len..].chunks_exact(plane_len);
        for (piece, plane) in block.pieces.into_iter().zip(planes) {
            let offsets = &rows[first..first + piece.len() / width];
            let mut rest = piece;
            let mut before: Option<(usize, &mut [f32])> = None;
            for &offset in offsets {
                let (row, behind) = rest.split_at_mut(width);
                rest = behind;
                match before {
                    Some((known, ref copied)) if known == offset => row.copy_from_slice(copied),
                    _ if offset == NOWHERE => row.fill(value),
                    _ => columns.copy(&plane[offset..], value, row),
                }
                before = Some((offset, row));
            }
        }
    }
}
