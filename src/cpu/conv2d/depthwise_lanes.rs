//! Depthwise Conv2d of narrow planes: as many planes at once as a vector has lanes, so that no lane is
//! idle however narrow a row is.

use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::elementwise::activation::{limit, limits};
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::layout::sources;
use crate::cpu::kit::simd;
use crate::cpu::kit::transpose::{LANES, from_lanes, to_lanes};
use crate::memory::NoMemory;
use crate::window::Axis;
use pulp::{Simd, WithSimd};

/// Widest output: of wider ones the lanes of a row are as full.
const MAX_WIDTH: usize = 8;

/// Outputs of a row that are computed at once.
const OUTPUTS: usize = 8;

/// Vectors of the copy of a group of planes, so that it stays in the first cache.
const MOST_CELLS: usize = 512;

/// Cells of the input and the output that a block should have.
const BLOCK_CELLS: usize = 1 << 12;

pub(crate) fn supports(convolution: &Convolution<'_>) -> bool {
    let (vertical, horizontal) = (&convolution.problem.vertical, &convolution.problem.horizontal);
    let rows = vertical.cells_of(vertical.output_size);
    convolution.out_width() <= MAX_WIDTH
        && rows.saturating_mul(horizontal.cells_of(columns(horizontal))) <= MOST_CELLS
        && convolution.problem.batch * convolution.problem.out_channels >= LANES
        && simd::lanes() == LANES
}

/// Outputs of a row, with those that are computed and not wanted.
fn columns(horizontal: &Axis) -> usize {
    horizontal.output_size.max(OUTPUTS)
}

/// Planes of a block, if so many cells of the input and the output belong to one.
pub(crate) fn planes(cells: usize) -> usize {
    (BLOCK_CELLS / cells).next_multiple_of(LANES).max(LANES)
}

/// The rows and columns of the input that those of a padded copy have.
#[derive(Debug)]
pub(crate) struct Sources {
    rows: Vec<Option<usize>>,
    columns: Vec<Option<usize>>,
}

impl Sources {
    pub(crate) fn new(convolution: &Convolution<'_>) -> Result<Self, NoMemory> {
        let problem = &convolution.problem;
        let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
        Ok(Self {
            rows: sources(vertical, problem.padding_mode, vertical.output_size)?,
            columns: sources(horizontal, problem.padding_mode, columns(horizontal))?,
        })
    }
}

/// A block of whole planes.
pub(crate) struct Planes<'a, 'b, const KERNEL: usize, const STRIDE: usize> {
    pub(crate) convolution: &'a Convolution<'a>,
    pub(crate) sources: &'a Sources,
    pub(crate) block: Block<'b, f32>,
    pub(crate) scratch: &'a mut Scratch,
}

impl<const KERNEL: usize, const STRIDE: usize> WithSimd for Planes<'_, '_, KERNEL, STRIDE> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { convolution, sources: Sources { rows, columns }, mut block, scratch } = self;
        let taps = KERNEL * KERNEL;
        let (out_len, out_width) = (convolution.out_plane_len(), convolution.out_width());
        let copy_len = rows.len() * columns.len() * LANES;
        let in_len = convolution.in_plane_len();
        let lengths = [copy_len, in_len * LANES, (taps + 1) * LANES, (out_len + OUTPUTS) * LANES];
        let [copy, cells, weight, sums] = scratch.buffers(lengths)?;
        copy.fill(0.0);
        let out_channels = convolution.problem.out_channels;
        let limits = limits(convolution.problem.activation);
        for (first, outputs) in (block.plane..).step_by(LANES).zip(block.pieces.chunks_mut(LANES)) {
            let mut inputs = [&[][..]; LANES];
            let mut filters = [&[][..]; LANES];
            let (taps_of_lanes, bias) = weight.split_at_mut(taps * LANES);
            for lane in 0..LANES {
                // Lanes beyond the last plane have it again.
                let plane = first + lane.min(outputs.len() - 1);
                let filter = plane % out_channels;
                inputs[lane] = convolution.group_input(plane);
                filters[lane] = &convolution.weight[filter * taps..][..taps];
                bias[lane] = convolution.bias(filter);
            }
            to_lanes(&inputs, cells.as_chunks_mut().0);
            to_lanes(&filters, taps_of_lanes.as_chunks_mut().0);
            pad::<S>([rows, columns], &convolution.problem.horizontal, cells, copy);
            let is_finite = taps_of_lanes.iter().fold(true, |all, tap| all & tap.is_finite());
            let copied = Copied::<KERNEL, STRIDE> { rows, width: columns.len(), copy, out_width };
            copied.compute(simd, weight, limits, sums);
            from_lanes(sums.as_chunks().0, outputs);
            if !is_finite || limits.is_none() {
                for (plane, output) in (first..).zip(outputs) {
                    convolution.repair_and_activate(plane, 0, !is_finite, output);
                }
            }
        }
        Ok(())
    }
}

/// Copies cells to where they are in the padded input.
#[inline(always)]
fn pad<S: Simd>(
    [rows, columns]: [&[Option<usize>]; 2],
    horizontal: &Axis,
    cells: &[f32],
    copy: &mut [f32],
) {
    let (cells, copy) = (S::as_simd_f32s(cells).0, S::as_mut_simd_f32s(copy).0);
    let begin = horizontal.pad_begin.min(columns.len());
    let end = (horizontal.pad_begin + horizontal.input_size).min(columns.len());
    for (source, copy) in rows.iter().zip(copy.chunks_exact_mut(columns.len())) {
        let Some(source) = *source else { continue };
        let cells = &cells[source * horizontal.input_size..][..horizontal.input_size];
        copy[begin..end].copy_from_slice(&cells[..end - begin]);
        for column in (0..begin).chain(end..columns.len()) {
            if let Some(source) = columns[column] {
                copy[column] = cells[source];
            }
        }
    }
}

/// The padded inputs of as many planes as a vector has lanes.
struct Copied<'a, const KERNEL: usize, const STRIDE: usize> {
    rows: &'a [Option<usize>],
    /// Vectors of a row.
    width: usize,
    copy: &'a [f32],
    out_width: usize,
}

impl<const KERNEL: usize, const STRIDE: usize> Copied<'_, KERNEL, STRIDE> {
    /// The outputs, of weights behind which the biases are; what follows the last is arbitrary.
    #[inline(always)]
    fn compute<S: Simd>(
        &self,
        simd: S,
        weight: &[f32],
        limits: Option<[f32; 2]>,
        outputs: &mut [f32],
    ) {
        let &Self { rows, width, copy, out_width } = self;
        let (lanes, zero) = (S::F32_LANES, simd.splat_f32s(0.0));
        let weight = S::as_simd_f32s(weight).0;
        let Some((&bias, weight)) = weight.split_last() else { return };
        let mut taps = [[zero; KERNEL]; KERNEL];
        for (taps, weight) in taps.iter_mut().zip(weight.as_chunks::<KERNEL>().0) {
            *taps = *weight;
        }
        let outputs = S::as_mut_simd_f32s(outputs).0;
        for (out_y, rows) in rows.windows(KERNEL).step_by(STRIDE).enumerate() {
            for x in (0..out_width).step_by(OUTPUTS) {
                let x = x.min(out_width.saturating_sub(OUTPUTS));
                let mut sums = [bias; OUTPUTS];
                for tap_y in 0..KERNEL {
                    if rows[tap_y].is_none() {
                        continue;
                    }
                    let cell = (out_y * STRIDE + tap_y) * width + x * STRIDE;
                    let len = (OUTPUTS - 1) * STRIDE + KERNEL;
                    let cells = S::as_simd_f32s(&copy[cell * lanes..][..len * lanes]).0;
                    for tap_x in 0..KERNEL {
                        for output in 0..OUTPUTS {
                            let (tap, cell) = (taps[tap_y][tap_x], cells[output * STRIDE + tap_x]);
                            sums[output] = simd.mul_add_e_f32s(tap, cell, sums[output]);
                        }
                    }
                }
                let outputs = &mut outputs[out_y * out_width + x..][..OUTPUTS];
                for (output, sum) in outputs.iter_mut().zip(sums) {
                    *output = limit(simd, limits, sum);
                }
            }
        }
    }
}
