//! The dense product in registers: packed panels of outputs times rows of weights.
//!
//! A panel holds the inputs of [`lanes`] outputs, tap after tap, and stays in the first cache while
//! all filters pass over it. The scheme is that of Goto and van de Geijn, *Anatomy of
//! high-performance matrix multiplication* (2008), with the packing of im2col folded into that of
//! the panel.

use pulp::{Simd, WithSimd};

/// Outputs per panel: two vectors.
pub(crate) const fn lanes<S: Simd>() -> usize {
    2 * S::F32_LANES
}

/// Rows of weights that one pass over a panel multiplies: two accumulators each must fit the
/// registers beside two vectors of inputs and a weight.
const fn max_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 8 } else { 6 }
}

/// Consecutive lanes of a panel whose inputs are consecutive too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment {
    /// The first lane.
    pub(crate) lane: usize,
    /// Where its first tap is, without the tap's offset.
    pub(crate) base: usize,
}

/// Gathers a panel: lane `l` of tap `t` becomes `source[base + tap_offsets[t] + l - lane]` by the
/// last segment that starts at or before it.
#[derive(Debug)]
pub(crate) struct Pack<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) tap_offsets: &'a [usize],
    /// In the order of lanes, from lane 0 on.
    pub(crate) segments: &'a [Segment],
    /// [`lanes`] elements per tap, and as many to spare.
    pub(crate) panel: &'a mut [f32],
}

/// Gathers neighbouring panels, one after another in `panels`, from inputs without a gap: element
/// `l` of tap `t` is `source[tap_offsets[t] + l]`. Long reads let the memory keep up.
#[derive(Debug)]
pub(crate) struct PackContiguous<'a> {
    pub(crate) source: &'a [f32],
    pub(crate) tap_offsets: &'a [usize],
    pub(crate) panels: &'a mut [f32],
    /// The elements from one panel to the next.
    pub(crate) panel_len: usize,
}

impl WithSimd for PackContiguous<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        for (tap, &offset) in self.tap_offsets.iter().enumerate() {
            let source = self.source.get(offset..).unwrap_or_default();
            for (index, panel) in self.panels.chunks_exact_mut(self.panel_len).enumerate() {
                let source = source.get(index * lanes::<S>()..).unwrap_or_default();
                copy_lanes::<S>(source, &mut panel[tap * lanes::<S>()..]);
            }
        }
    }
}

impl WithSimd for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        // Every copy is a whole panel wide: what runs over is overwritten by the next segment or
        // tap.
        let Self { source, tap_offsets, segments, panel } = self;
        match *segments {
            [Segment { base, .. }] => {
                let source = source.get(base..).unwrap_or_default();
                for (&offset, target) in
                    tap_offsets.iter().zip(panel.chunks_exact_mut(lanes::<S>()))
                {
                    copy_lanes::<S>(source.get(offset..).unwrap_or_default(), target);
                }
            }
            [Segment { base, .. }, Segment { base: second_base, lane }] => {
                let mut panel = panel;
                for &offset in tap_offsets {
                    copy_lanes::<S>(&source[base + offset..], panel);
                    copy_lanes::<S>(&source[second_base + offset..], &mut panel[lane..]);
                    panel = &mut panel[lanes::<S>()..];
                }
            }
            _ => {
                let mut panel = panel;
                for &offset in tap_offsets {
                    for &Segment { lane, base } in segments {
                        copy_lanes::<S>(&source[base + offset..], &mut panel[lane..]);
                    }
                    panel = &mut panel[lanes::<S>()..];
                }
            }
        }
    }
}

/// Copies a panel's width, or what there is.
#[inline(always)]
fn copy_lanes<S: Simd>(source: &[f32], target: &mut [f32]) {
    let (vectors, _) = S::as_simd_f32s(source);
    let (target_vectors, _) = S::as_mut_simd_f32s(target);
    if let (&[low, high, ..], [target_low, target_high, ..]) = (vectors, target_vectors) {
        *target_low = low;
        *target_high = high;
    } else {
        let len = source.len().min(lanes::<S>());
        target[..len].copy_from_slice(&source[..len]);
    }
}

/// Rows of a matrix, `stride` apart, and a range of their columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) count: usize,
    pub(crate) first_column: usize,
}

/// Sums of a block of outputs: a row per filter, `stride` apart.
#[derive(Debug)]
pub(crate) struct Tile<'a> {
    pub(crate) sums: &'a mut [f32],
    pub(crate) stride: usize,
}

/// Multiplies every row of `weight` with a panel of `taps` taps, and stores the sums in lanes
/// `lane..` of the rows of `tile`, or adds them there.
#[inline(always)]
pub(crate) fn multiply<S: Simd>(
    simd: S,
    weight: Rows<'_>,
    taps: usize,
    panel: &[f32],
    tile: &mut Tile<'_>,
    lane: usize,
    add: bool,
) {
    let panel = &panel[..taps * lanes::<S>()];
    let passes = weight.count.div_ceil(max_rows::<S>());
    for pass in 0..passes {
        // Rows are dealt out evenly: a pass with few accumulators waits for its additions.
        let first = pass * weight.count / passes;
        let end = (pass + 1) * weight.count / passes;
        let sums = &mut tile.sums[first * tile.stride + lane..];
        let data = &weight.data[first * weight.stride + weight.first_column..];
        let (weight_stride, sums_stride) = (weight.stride, tile.stride);
        macro_rules! pass_of {
            ($($rows:literal)*) => {
                match end - first {
                    $($rows => simd.vectorize(Pass::<$rows> {
                        weight: data, weight_stride, panel, sums, sums_stride, add,
                    }),)*
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

/// One pass over a panel: the sums of `ROWS` rows in registers.
struct Pass<'a, const ROWS: usize> {
    weight: &'a [f32],
    weight_stride: usize,
    panel: &'a [f32],
    sums: &'a mut [f32],
    sums_stride: usize,
    add: bool,
}

impl<const ROWS: usize> WithSimd for Pass<'_, ROWS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (vectors, _) = S::as_simd_f32s(self.panel);
        let (inputs, _) = vectors.as_chunks::<2>();
        let rows: [&[f32]; ROWS] =
            std::array::from_fn(|row| &self.weight[row * self.weight_stride..][..inputs.len()]);
        let mut sums = [[simd.splat_f32s(0.0); 2]; ROWS];
        for (tap, &[low, high]) in inputs.iter().enumerate() {
            for row in 0..ROWS {
                let factor = simd.splat_f32s(rows[row][tap]);
                sums[row][0] = simd.mul_add_e_f32s(factor, low, sums[row][0]);
                sums[row][1] = simd.mul_add_e_f32s(factor, high, sums[row][1]);
            }
        }
        for (row, &[low, high]) in sums.iter().enumerate() {
            let target = &mut self.sums[row * self.sums_stride..][..lanes::<S>()];
            if let ([target_low, target_high], _) = S::as_mut_simd_f32s(target) {
                if self.add {
                    *target_low = simd.add_f32s(*target_low, low);
                    *target_high = simd.add_f32s(*target_high, high);
                } else {
                    (*target_low, *target_high) = (low, high);
                }
            }
        }
    }
}
