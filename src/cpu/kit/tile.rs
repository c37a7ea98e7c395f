//! The dense product in registers: rows of weights times vectors of neighbouring outputs.
//!
//! The scheme is that of Goto and van de Geijn, *Anatomy of high-performance matrix multiplication*
//! (2008), but that only the weights are packed: in a padded copy
//! ([`planes`](crate::cpu::kit::planes)) the inputs of neighbouring outputs are neighbours for every
//! tap, so their vectors are read where they lie.

use std::ops::Range;

use pulp::{Simd, WithSimd};

/// Rows of weights that one pass multiplies at the most: two vectors of sums each must fit the
/// registers beside two vectors of inputs and a weight.
pub(crate) const fn max_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 14 } else { 6 }
}

/// Vectors of outputs that a pass of so many rows computes.
const fn max_vectors<S: Simd>(rows: usize) -> usize {
    if 3 * (rows + 1) < S::REGISTER_COUNT { 3 } else { 2 }
}

/// The rows of each pass, dealt out evenly: a pass with few sums waits for its additions.
pub(crate) fn passes<S: Simd>(count: usize) -> impl Iterator<Item = Range<usize>> {
    let passes = count.div_ceil(max_rows::<S>());
    (0..passes).map(move |pass| pass * count / passes..(pass + 1) * count / passes)
}

/// Packs rows for [`multiply`]: pass after pass, and column after column in these.
#[derive(Debug)]
pub(crate) struct Pack<'a> {
    /// Rows of `len` elements.
    pub(crate) rows: &'a [f32],
    pub(crate) len: usize,
    pub(crate) packed: &'a mut [f32],
}

/// Columns that are packed together.
const PACKED_COLUMNS: usize = 16;

impl WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { rows, len, packed } = self;
        for pass in passes::<S>(rows.len() / len) {
            let packed = &mut packed[pass.start * len..pass.end * len];
            let groups = packed.chunks_mut(PACKED_COLUMNS * pass.len());
            for (first, group) in (0..len).step_by(PACKED_COLUMNS).zip(groups) {
                for (place, row) in pass.clone().enumerate() {
                    let row = &rows[row * len + first..];
                    for (cells, &value) in group.chunks_exact_mut(pass.len()).zip(row) {
                        cells[place] = value;
                    }
                }
            }
        }
    }
}

/// Packed rows, `count` of `len` elements.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) len: usize,
    pub(crate) count: usize,
}

impl Packed<'_> {
    /// Packs some of the columns anew, one behind the other.
    #[inline(always)]
    pub(crate) fn copy_columns<S: Simd>(
        &self,
        columns: impl ExactSizeIterator<Item = usize> + Clone,
        copy: &mut [f32],
    ) {
        let mut copy = copy;
        for pass in passes::<S>(self.count) {
            let rows = pass.len();
            let data = &self.data[pass.start * self.len..pass.end * self.len];
            for column in columns.clone() {
                let (cells, rest) = copy.split_at_mut(rows);
                cells.copy_from_slice(&data[column * rows..][..rows]);
                copy = rest;
            }
        }
    }
}

/// Sums of a block of outputs: a row per filter, `stride` apart, whole vectors.
#[derive(Debug)]
pub(crate) struct Sums<'a> {
    pub(crate) sums: &'a mut [f32],
    pub(crate) stride: usize,
}

/// Multiplies columns of the weight, from `first_column` on, with the inputs of `vectors` vectors of
/// outputs, and stores the sums, or adds them to those that are there. The first output finds the
/// inputs of each column at `taps`.
#[inline(always)]
pub(crate) fn multiply<S: Simd>(
    simd: S,
    (weight, first_column): (Packed<'_>, usize),
    source: &[f32],
    taps: &[u32],
    vectors: usize,
    target: &mut Sums<'_>,
    add: bool,
) {
    let tiles = Tiles::new::<S>(weight.count, vectors);
    let stride = target.stride;
    for pass in passes::<S>(weight.count) {
        let rows = pass.len();
        let weight = &weight.data[pass.start * weight.len + first_column * rows..];
        for vectors in tiles.iter() {
            let lane = vectors.start * S::F32_LANES;
            let source = &source[lane..];
            let sums = &mut target.sums[pass.start * stride + lane..];
            let pass = Pass { weight, source, taps, sums, stride, add };
            run(simd, [rows, vectors.len()], pass);
        }
    }
}

/// Vectors of outputs in tiles of as many as a pass computes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tiles {
    vectors: usize,
    /// Vectors of a tile; the last may have fewer.
    size: usize,
}

impl Tiles {
    /// For passes over so many rows.
    pub(crate) fn new<S: Simd>(rows: usize, vectors: usize) -> Self {
        let most_rows = rows.div_ceil(rows.div_ceil(max_rows::<S>()).max(1));
        let tiles = vectors.div_ceil(max_vectors::<S>(most_rows)).max(1);
        Self { vectors, size: vectors.div_ceil(tiles).max(1) }
    }

    /// The same in tiles of so many vectors at the most.
    pub(crate) fn of_at_most(self, vectors: usize) -> Self {
        Self { size: self.size.min(vectors).max(1), ..self }
    }

    /// The vectors of each tile.
    pub(crate) fn iter(self) -> impl Iterator<Item = Range<usize>> {
        let Self { vectors, size } = self;
        (0..vectors).step_by(size).map(move |first| first..(first + size).min(vectors))
    }
}

/// A pass over a tile.
pub(crate) trait Tile {
    /// Computes `ROWS` rows for `VECTORS` vectors of outputs.
    fn compute<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S);
}

/// Runs a pass over so many rows and vectors.
#[inline(always)]
pub(crate) fn run<S: Simd, T: Tile>(simd: S, [rows, vectors]: [usize; 2], tile: T) {
    macro_rules! tile_of {
        ($vectors:literal: $($rows:literal)*) => {
            match rows {
                $($rows => call(simd, SizedTile::<T, $rows, $vectors>(tile)),)*
                _ => {}
            }
        };
    }
    match (vectors, max_rows::<S>() == 14) {
        (1, true) => tile_of!(1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14),
        (2, true) => tile_of!(2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14),
        (3, true) => tile_of!(3: 1 2 3 4 5 6 7 8 9),
        (1, false) => tile_of!(1: 1 2 3 4 5 6),
        (2, false) => tile_of!(2: 1 2 3 4 5 6),
        (3, false) => tile_of!(3: 1 2 3 4),
        _ => {}
    }
}

/// Runs a pass as a function of its own, whose loop then has all registers to itself.
#[inline(never)]
fn call<S: Simd, P: WithSimd>(simd: S, pass: P) -> P::Output {
    simd.vectorize(pass)
}

/// Adds the products of a column of weights with vectors of inputs to sums.
#[inline(always)]
pub(crate) fn multiply_add<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    factors: &[f32; ROWS],
    inputs: &[S::f32s; VECTORS],
    sums: &mut [[S::f32s; VECTORS]; ROWS],
) {
    for (sums, &factor) in sums.iter_mut().zip(factors) {
        let factor = simd.splat_f32s(factor);
        for (sum, &input) in sums.iter_mut().zip(inputs) {
            *sum = simd.mul_add_e_f32s(factor, input, *sum);
        }
    }
}

struct SizedTile<T, const ROWS: usize, const VECTORS: usize>(T);

impl<T: Tile, const ROWS: usize, const VECTORS: usize> WithSimd for SizedTile<T, ROWS, VECTORS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.compute::<S, ROWS, VECTORS>(simd);
    }
}

/// Sums in registers, stored as they are.
struct Pass<'a> {
    weight: &'a [f32],
    source: &'a [f32],
    taps: &'a [u32],
    sums: &'a mut [f32],
    stride: usize,
    add: bool,
}

impl Tile for Pass<'_> {
    #[inline(always)]
    fn compute<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let Self { weight, source, taps, sums: target, stride, add } = self;
        let weight = &weight.as_chunks::<ROWS>().0[..taps.len()];
        let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        for (&cell, factors) in taps.iter().zip(weight) {
            let cell = cell as usize;
            let (inputs, _) = S::as_simd_f32s(&source[cell..cell + VECTORS * S::F32_LANES]);
            let inputs: [S::f32s; VECTORS] = std::array::from_fn(|vector| inputs[vector]);
            multiply_add(simd, factors, &inputs, &mut sums);
        }
        for (row, sums) in sums.iter().enumerate() {
            let target = &mut target[row * stride..][..VECTORS * S::F32_LANES];
            let (targets, _) = S::as_mut_simd_f32s(target);
            for (target, &sum) in targets.iter_mut().zip(sums) {
                *target = if add { simd.add_f32s(*target, sum) } else { sum };
            }
        }
    }
}
