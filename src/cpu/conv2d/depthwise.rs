//! Conv2d with one input channel and one filter per group and a small kernel.
//!
//! A column of outputs, some vectors wide, slides down the padded rows. Each row is loaded once per
//! horizontal tap and joins the sums of all outputs that it belongs to, which stay in registers.

use crate::PaddingMode;
use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::padded::PaddedPlane;
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::memory::NoMemory;
use pulp::{Simd, WithSimd};

/// Widest output.
const MAX_WIDTH: usize = 4096;

type Run = fn(&Convolution<'_>, &mut [f32]) -> Result<(), NoMemory>;

/// What runs this convolution, if it is one of these.
pub(crate) fn of(convolution: &Convolution<'_>) -> Option<Run> {
    let axes = [&convolution.problem.vertical, &convolution.problem.horizontal];
    if convolution.channels != 1
        || convolution.filters != 1
        || axes.iter().any(|axis| axis.dilation != 1)
        || convolution.out_width() > MAX_WIDTH
    {
        return None;
    }
    match axes.map(|axis| (axis.kernel_size, axis.stride)) {
        [(3, 1), (3, 1)] => Some(run::<3, 1>),
        [(3, 2), (3, 2)] => Some(run::<3, 2>),
        [(5, 1), (5, 1)] => Some(run::<5, 1>),
        [(5, 2), (5, 2)] => Some(run::<5, 2>),
        _ => None,
    }
}

fn run<const KERNEL: usize, const STRIDE: usize>(
    convolution: &Convolution<'_>,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let problem = &convolution.problem;
    let axes = [&problem.vertical, &problem.horizontal];
    let padded = PaddedPlane::new(axes, problem.padding_mode)?;
    let [in_len, out_width] = [convolution.in_plane_len(), convolution.out_width()];
    let out_size = axes.map(|axis| axis.output_size);
    let work = convolution.work(output);
    let blocks = blocks::split_copied(output, out_size, STRIDE * padded.row.len(), in_len)?;
    threads::for_each(blocks, work, |block| {
        Scratch::with(|scratch| {
            let first_row = block.start / out_width * STRIDE;
            let (padded, convolution) = (&padded, convolution);
            let planes =
                Planes::<KERNEL, STRIDE> { convolution, padded, first_row, block, scratch };
            simd::dispatch(planes)
        })
    })
}

struct Planes<'a, 'b, const KERNEL: usize, const STRIDE: usize> {
    convolution: &'a Convolution<'a>,
    padded: &'a PaddedPlane,
    /// Of the padded input, which the block's copy begins with.
    first_row: usize,
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl<const KERNEL: usize, const STRIDE: usize> WithSimd for Planes<'_, '_, KERNEL, STRIDE> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { convolution, padded, first_row, block, scratch } = self;
        let (out_width, lanes) = (convolution.out_width(), S::F32_LANES);
        let rows = block.pieces.first().map_or(0, |piece| piece.len()) / out_width;
        let copy_len = ((rows - 1) * STRIDE + KERNEL) * padded.row.len();
        // The last vector may read what lies behind.
        let [copy] = scratch.buffers([copy_len + lanes])?;
        padded.surround(first_row, 0.0, &mut copy[..copy_len]);
        let zero_padded = convolution.problem.padding_mode == PaddingMode::Zeros;
        for (plane, output) in (block.plane..).zip(block.pieces) {
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
            let columns = Columns::<_, KERNEL, STRIDE> {
                simd,
                weight: &weight,
                bias,
                padded,
                first_row,
                copy,
                out_width,
            };
            if out_width < lanes {
                columns.slide([0], output);
            } else {
                for x in (0..out_width).step_by(2 * lanes) {
                    // The last vectors overlap those before them.
                    let last = out_width - lanes;
                    if x < last {
                        columns.slide([x, (x + lanes).min(last)], output);
                    } else {
                        columns.slide([last], output);
                    }
                }
            }
            // A zero of the padding times an infinite weight is NaN.
            if zero_padded && taps.as_flattened().iter().any(|tap| !tap.is_finite()) {
                convolution.repair(plane, block.start, output);
            }
            convolution.activate(output);
        }
        Ok(())
    }
}

/// The outputs of one plane.
struct Columns<'a, S: Simd, const KERNEL: usize, const STRIDE: usize> {
    simd: S,
    weight: &'a [[S::f32s; KERNEL]; KERNEL],
    bias: S::f32s,
    padded: &'a PaddedPlane,
    first_row: usize,
    copy: &'a [f32],
    out_width: usize,
}

impl<S: Simd, const KERNEL: usize, const STRIDE: usize> Columns<'_, S, KERNEL, STRIDE> {
    /// Computes the columns of outputs, a vector wide, that begin at these places.
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "an iterator keeps the sums out of registers")]
    fn slide<const VECTORS: usize>(&self, at: [usize; VECTORS], output: &mut [f32]) {
        let &Self { simd, weight, bias, padded, first_row, copy, out_width } = self;
        let (row_len, phase_len) = (padded.row.len(), padded.row.phase_len());
        // A row belongs to as many outputs at most. The first row of the first step may be one
        // before all, which belongs to none.
        let live = KERNEL.div_ceil(STRIDE);
        let zero = simd.splat_f32s(0.0);
        let mut sums = [[zero; VECTORS]; KERNEL];
        for step in 0..output.len() / out_width + live - 1 {
            let row = |phase: usize| (step * STRIDE + phase + KERNEL).saturating_sub(live * STRIDE);
            // Rows of zeros add nothing.
            if (0..STRIDE).any(|phase| padded.sources[first_row + row(phase)].is_some()) {
                for phase_y in 0..STRIDE {
                    let row = &copy[row(phase_y) * row_len..];
                    for vector in 0..VECTORS {
                        let row = &row[at[vector]..];
                        let window: [&[f32]; STRIDE] = std::array::from_fn(|phase_x| {
                            &row[phase_x * phase_len..][..S::F32_LANES + (KERNEL - 1) / STRIDE]
                        });
                        for tap_x in 0..KERNEL {
                            let cells = &window[tap_x % STRIDE][tap_x / STRIDE..][..S::F32_LANES];
                            let input = S::as_simd_f32s(cells).0[0];
                            for place in 0..live {
                                if phase_y + KERNEL >= (place + 1) * STRIDE {
                                    let tap_y = phase_y + KERNEL - (place + 1) * STRIDE;
                                    let sum = &mut sums[place][vector];
                                    *sum = simd.mul_add_e_f32s(weight[tap_y][tap_x], input, *sum);
                                }
                            }
                        }
                    }
                }
            }
            if step + 1 >= live {
                let output = &mut output[(step + 1 - live) * out_width..];
                for vector in 0..VECTORS {
                    let output = &mut output[at[vector]..];
                    let sum = simd.add_f32s(sums[0][vector], bias);
                    if let Some(cells) = S::as_mut_simd_f32s(output).0.first_mut() {
                        *cells = sum;
                    } else {
                        simd.partial_store_f32s(output, sum);
                    }
                }
            }
            for place in 1..live {
                sums[place - 1] = sums[place];
            }
            sums[live - 1] = [zero; VECTORS];
        }
    }
}
