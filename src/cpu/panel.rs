//! The dense product in registers: packed panels of outputs times rows of weights.
//!
//! A panel holds the inputs of [`lanes`] outputs, tap after tap, and stays in the first cache while
//! all filters pass over it. The scheme is that of Goto and van de Geijn, *Anatomy of
//! high-performance matrix multiplication* (2008), with the packing of im2col folded into that of
//! the panel.

use pulp::Simd;

/// Outputs per panel: two vectors.
pub(super) const fn lanes<S: Simd>() -> usize {
    2 * S::F32_LANES
}

/// Rows of weights that one pass over a panel multiplies: two accumulators each must fit the
/// registers beside two vectors of inputs and a weight.
const fn max_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 8 } else { 6 }
}

/// Consecutive lanes of a panel whose inputs are consecutive too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    /// The first lane.
    pub(super) lane: usize,
    /// Where its first tap is, without the tap's offset.
    pub(super) base: usize,
}

/// Gathers a panel: lane `l` of tap `t` becomes `source[base + tap_offsets[t] + l - lane]` by the
/// last segment that starts at or before it.
///
/// `panel` has [`lanes`] elements per tap, and as many to spare.
#[inline(always)]
pub(super) fn pack<S: Simd>(
    _simd: S,
    source: &[f32],
    tap_offsets: &[usize],
    segments: &[Segment],
    panel: &mut [f32],
) {
    // Every copy is a whole panel wide: what runs over is overwritten by the next segment or tap.
    for (tap, &offset) in tap_offsets.iter().enumerate() {
        let tap_lanes = &mut panel[tap * lanes::<S>()..][..2 * lanes::<S>()];
        for segment in segments {
            let lanes_here = &mut tap_lanes[segment.lane..][..lanes::<S>()];
            let start = segment.base + offset;
            match source.get(start..start + lanes::<S>()) {
                Some(inputs) => lanes_here.copy_from_slice(inputs),
                None => {
                    let inputs = source.get(start..).unwrap_or_default();
                    lanes_here[..inputs.len()].copy_from_slice(inputs);
                }
            }
        }
    }
}

/// Rows of a matrix, `stride` apart, and a range of their columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) data: &'a [f32],
    pub(super) stride: usize,
    pub(super) count: usize,
    pub(super) first_column: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn row(&self, row: usize, columns: usize) -> &'a [f32] {
        &self.data[row * self.stride + self.first_column..][..columns]
    }
}

/// Multiplies every row of `weight` with a panel of `taps` taps, and stores the sums in lanes
/// `lane..` of the rows of `tile`, or adds them there.
#[inline(always)]
pub(super) fn multiply<S: Simd>(
    simd: S,
    weight: Rows<'_>,
    taps: usize,
    panel: &[f32],
    tile: &mut Tile<'_>,
    lane: usize,
    add: bool,
) {
    let passes = weight.count.div_ceil(max_rows::<S>());
    let (vectors, _) = S::as_simd_f32s(panel);
    let inputs = &vectors.as_chunks::<2>().0[..taps];
    for pass in 0..passes {
        // Rows are dealt out evenly: a pass with few accumulators waits for its additions.
        let first = pass * weight.count / passes;
        let end = (pass + 1) * weight.count / passes;
        macro_rules! pass_of {
            ($($rows:literal)*) => {
                match end - first {
                    $($rows => multiply_rows::<S, $rows>(simd, weight, first, inputs, tile, lane, add),)*
                    _ => {}
                }
            };
        }
        if max_rows::<S>() == 8 {
            pass_of!(1 2 3 4 5 6 7 8);
        } else {
            pass_of!(1 2 3 4 5 6);
        }
    }
}

/// Sums of a block of outputs: a row per filter, `stride` apart.
#[derive(Debug)]
pub(super) struct Tile<'a> {
    pub(super) sums: &'a mut [f32],
    pub(super) stride: usize,
}

#[inline(always)]
fn multiply_rows<S: Simd, const ROWS: usize>(
    simd: S,
    weight: Rows<'_>,
    first: usize,
    inputs: &[[S::f32s; 2]],
    tile: &mut Tile<'_>,
    lane: usize,
    add: bool,
) {
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| weight.row(first + row, inputs.len()));
    let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
    for (tap, &[low, high]) in inputs.iter().enumerate() {
        for row in 0..ROWS {
            let factor = simd.splat_f32s(rows[row][tap]);
            sums[row][0] = simd.mul_add_e_f32s(factor, low, sums[row][0]);
            sums[row][1] = simd.mul_add_e_f32s(factor, high, sums[row][1]);
        }
    }
    for (row, &[low, high]) in sums.iter().enumerate() {
        let target = &mut tile.sums[(first + row) * tile.stride + lane..][..lanes::<S>()];
        let (target, _) = S::as_mut_simd_f32s(target);
        if let [target_low, target_high] = target {
            if add {
                *target_low = simd.add_f32s(*target_low, low);
                *target_high = simd.add_f32s(*target_high, high);
            } else {
                *target_low = low;
                *target_high = high;
            }
        }
    }
}
