//! Rows that become lanes of vectors, and back.
//!
//! Functions of their own: compiled for the machine's instruction set, their loops would gather and
//! scatter, which takes longer.

/// Lanes of a vector.
pub(crate) const LANES: usize = 16;

/// Rows that are transposed together.
const ROWS: usize = 4;

/// Writes the elements of each place of the rows side by side.
#[inline(never)]
pub(crate) fn to_lanes(rows: &[&[f32]; LANES], target: &mut [[f32; LANES]]) {
    for (quarter, [a, b, c, d]) in rows.as_chunks::<ROWS>().0.iter().enumerate() {
        let rows = a.iter().zip(*b).zip(c.iter().zip(*d));
        for (((a, b), (c, d)), target) in rows.zip(&mut *target) {
            target.as_chunks_mut::<ROWS>().0[quarter] = [*a, *b, *c, *d];
        }
    }
}

/// The way back, for as many rows as there are, at most [`LANES`].
#[inline(never)]
pub(crate) fn from_lanes(source: &[[f32; LANES]], rows: &mut [&mut [f32]]) {
    let (fours, rest) = rows.as_chunks_mut::<ROWS>();
    let first = ROWS * fours.len();
    for (quarter, [a, b, c, d]) in fours.iter_mut().enumerate() {
        let rows = a.iter_mut().zip(&mut **b).zip(c.iter_mut().zip(&mut **d));
        for (((a, b), (c, d)), source) in rows.zip(source) {
            [*a, *b, *c, *d] = source.as_chunks::<ROWS>().0[quarter];
        }
    }
    for (lane, row) in (first..).zip(rest) {
        for (cell, source) in row.iter_mut().zip(source) {
            *cell = source[lane];
        }
    }
}
