//! Tiles of products in registers, for the gradient of Conv2d's weight.
//!
//! A column is a tap of an input channel: its inputs lie at an offset of the copy, those of the
//! outputs at steps from there.

use pulp::Simd;

/// Filters of a panel: two vectors.
pub(crate) const fn panel_lanes<S: Simd>() -> usize {
    2 * S::F32_LANES
}

/// Columns of a tile: with two vectors each their sums fit 16 registers.
const PANEL_COLUMNS: usize = 6;

/// Adds to `sums`, `[panel][column][lane]`, the products of the gradients, `[panel][output][lane]`,
/// with the inputs of every column.
#[inline(always)]
pub(crate) fn by_filters<S: Simd>(
    simd: S,
    grads: &[f32],
    panels: usize,
    inputs: &[f32],
    offsets: &[usize],
    steps: &[usize],
    sums: &mut [f32],
) {
    let (grads, _) = S::as_simd_f32s(grads);
    let (sums, _) = S::as_mut_simd_f32s(sums);
    let (grads, sums) = (grads.as_chunks::<2>().0, sums.as_chunks_mut::<2>().0);
    let reach = steps.last().map_or(0, |step| step + 1);
    let each = grads.chunks_exact(steps.len()).zip(sums.chunks_exact_mut(offsets.len()));
    for (grads, sums) in each.take(panels) {
        for (offsets, sums) in offsets.chunks(PANEL_COLUMNS).zip(sums.chunks_mut(PANEL_COLUMNS)) {
            macro_rules! columns_of {
                ($($columns:literal)*) => {
                    match offsets.len() {
                        $($columns => {
                            let inputs = std::array::from_fn(|column| {
                                &inputs[offsets[column]..][..reach]
                            });
                            let tile = filters_tile::<S, $columns>(simd, grads, inputs, steps);
                            for (sum, addend) in sums.iter_mut().zip(tile) {
                                sum[0] = simd.add_f32s(sum[0], addend[0]);
                                sum[1] = simd.add_f32s(sum[1], addend[1]);
                            }
                        })*
                        _ => {}
                    }
                };
            }
            columns_of!(1 2 3 4 5 6);
        }
    }
}

#[inline(always)]
fn filters_tile<S: Simd, const COLUMNS: usize>(
    simd: S,
    grads: &[[S::f32s; 2]],
    inputs: [&[f32]; COLUMNS],
    steps: &[usize],
) -> [[S::f32s; 2]; COLUMNS] {
    let mut sums = [[simd.splat_f32s(0.0); 2]; COLUMNS];
    for (&[low, high], &step) in grads.iter().zip(steps) {
        for column in 0..COLUMNS {
            let input = simd.splat_f32s(inputs[column][step]);
            sums[column][0] = simd.mul_add_e_f32s(input, low, sums[column][0]);
            sums[column][1] = simd.mul_add_e_f32s(input, high, sums[column][1]);
        }
    }
    sums
}

/// Filters and columns of a tile: its sums and a vector of each column fit 16 registers.
const TILE_FILTERS: usize = 4;
const TILE_COLUMNS: usize = 3;

/// Adds to `sums`, a vector for each filter and column, the products of the filter's gradients,
/// whose vectors lie `pitch` from those of the next, with the inputs at the column's offset.
#[allow(clippy::too_many_arguments, reason = "a tile, as `by_filters`, and its pitch")]
#[inline(always)]
pub(crate) fn by_outputs<S: Simd>(
    simd: S,
    grads: &[f32],
    filters: usize,
    inputs: &[f32],
    offsets: &[usize],
    steps: &[usize],
    pitch: usize,
    sums: &mut [f32],
) {
    let (grads, _) = S::as_simd_f32s(grads);
    let (sums, _) = S::as_mut_simd_f32s(sums);
    for first_filter in (0..filters).step_by(TILE_FILTERS) {
        let rows = TILE_FILTERS.min(filters - first_filter);
        for first_column in (0..offsets.len()).step_by(TILE_COLUMNS) {
            let columns = TILE_COLUMNS.min(offsets.len() - first_column);
            macro_rules! tile_of {
                ($($rows:literal $columns:literal)*) => {
                    match (rows, columns) {
                        $(($rows, $columns) => {
                            let grads = std::array::from_fn(|row| {
                                &grads[(first_filter + row) * pitch..][..steps.len()]
                            });
                            let inputs = std::array::from_fn(|column| {
                                &inputs[offsets[first_column + column]..]
                            });
                            let tile = outputs_tile::<S, $rows, $columns>(simd, grads, inputs, steps);
                            for (row, tile) in tile.iter().enumerate() {
                                let first = (first_filter + row) * offsets.len() + first_column;
                                for (sum, &addend) in sums[first..].iter_mut().zip(tile) {
                                    *sum = simd.add_f32s(*sum, addend);
                                }
                            }
                        })*
                        _ => {}
                    }
                };
            }
            tile_of!(4 3  4 2  4 1  3 3  3 2  3 1  2 3  2 2  2 1  1 3  1 2  1 1);
        }
    }
}

#[inline(always)]
fn outputs_tile<S: Simd, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    grads: [&[S::f32s]; ROWS],
    inputs: [&[f32]; COLUMNS],
    steps: &[usize],
) -> [[S::f32s; COLUMNS]; ROWS] {
    let mut sums = [[simd.splat_f32s(0.0); COLUMNS]; ROWS];
    for (index, &step) in steps.iter().enumerate() {
        let inputs: [S::f32s; COLUMNS] = std::array::from_fn(|column| {
            S::as_simd_f32s(&inputs[column][step..step + S::F32_LANES]).0[0]
        });
        for row in 0..ROWS {
            let grad = grads[row][index];
            for column in 0..COLUMNS {
                let sum = sums[row][column];
                sums[row][column] = simd.mul_add_e_f32s(grad, inputs[column], sum);
            }
        }
    }
    sums
}
