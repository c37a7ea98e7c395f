//! AvgPool2d. Sums are taken in f64, so that a mean is within an ulp whatever the window.

use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Scratch};
use crate::cpu::kit::simd;
use crate::cpu::kit::sum::sum;
use crate::cpu::pool2d::row::{RowWindows, fold};
use crate::cpu::pool2d::slide::{Join, LANES, Sliding};
use crate::memory::{self, NoMemory, collected, filled, zeros};
use crate::ops::{AvgPool2dProblem, PoolWindows};
use crate::window::Axis;
use pulp::{Simd, WithSimd};

/// Outputs of a row from which on neighbouring windows are faster row by row: a column converts
/// every cell once for each tap.
const LONG_ROW: usize = 48;

/// The sum of every window inside the input over its divisor, as in
/// [`AvgPool2d`](crate::AvgPool2d).
pub(crate) fn avg_pool2d(
    problem: &AvgPool2dProblem,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let (vertical, horizontal) = (&problem.windows.vertical, &problem.windows.horizontal);
    let mut factors = factors(problem)?;
    let short = horizontal.stride > 1 || horizontal.output_size <= LONG_ROW;
    if short
        && !is_global(&problem.windows)
        && let Some(sliding) = Sliding::new(&problem.windows)?
    {
        let lanes = horizontal.output_size.next_multiple_of(LANES);
        factors[1].resize(lanes, 0.0);
        let work = output.len() / 2;
        return blocks::for_each(sliding.split(&problem.windows, output)?, work, |block| {
            Scratch::with(|scratch| {
                let (sliding, factors) = (&sliding, &factors);
                simd::dispatch(SlidingMeans { problem, sliding, factors, input, block, scratch })
            })
        });
    }
    let windows = RowWindows::new(horizontal)?;
    let (out_width, in_width) = (horizontal.output_size, horizontal.input_size);
    let taps_y = vertical.kernel_size.min(vertical.input_size);
    let work = output.len().saturating_mul(taps_y.saturating_add(windows.tap_count())) / 4;
    let in_len = vertical.input_size * in_width;
    let blocks = blocks::split_planes(output, out_width, vertical.output_size, in_len)?;
    blocks::for_each(blocks, work, |block| {
        let (windows, factors) = (&windows, &factors);
        simd::dispatch(BlockMeans { problem, windows, factors, input, block })
    })
}

/// One over the divisors: the product of a vertical and a horizontal factor.
#[allow(clippy::cast_precision_loss, reason = "a divisor beyond 2^53 is rounded")]
pub(crate) fn factors(problem: &AvgPool2dProblem) -> Result<[Vec<f64>; 2], NoMemory> {
    let (vertical, horizontal) = (&problem.windows.vertical, &problem.windows.horizontal);
    if let Some(divisor) = problem.divisor_override {
        let factor = 1.0 / divisor as f64;
        return Ok([filled(factor, vertical.output_size)?, filled(1.0, horizontal.output_size)?]);
    }
    let factors = |axis: &Axis| {
        let cells = |out| window_cells(axis, out, problem.count_include_pad);
        collected((0..axis.output_size).map(|out| 1.0 / cells(out) as f64))
    };
    Ok([factors(vertical)?, factors(horizontal)?])
}

/// The cells of window `out` along an axis: inside the padded input, or inside the input.
fn window_cells(axis: &Axis, out: usize, include_pad: bool) -> usize {
    let begin = out * axis.stride;
    let padded_size = axis.input_size + axis.pad_begin + axis.pad_end;
    let end = begin.saturating_add(axis.kernel_size).min(padded_size);
    if include_pad {
        end - begin
    } else {
        let inside = axis.pad_begin..axis.pad_begin + axis.input_size;
        end.min(inside.end).saturating_sub(begin.max(inside.start))
    }
}

/// Whether one window holds the plane.
fn is_global(windows: &PoolWindows) -> bool {
    [&windows.vertical, &windows.horizontal]
        .iter()
        .all(|axis| axis.output_size == 1 && axis.taps_inside(0).1 == axis.input_size)
}

struct SlidingMeans<'a, 'b> {
    problem: &'a AvgPool2dProblem,
    sliding: &'a Sliding,
    factors: &'a [Vec<f64>; 2],
    input: &'a [f32],
    block: Block<'b, f32>,
    scratch: &'a mut Scratch,
}

impl WithSimd for SlidingMeans<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { problem, sliding, factors, input, block, scratch } = self;
        let sum = Sum { factors };
        let (vertical, horizontal) = (&problem.windows.vertical, &problem.windows.horizontal);
        let in_len = vertical.input_size * horizontal.input_size;
        let count = block.pieces.first().map_or(0, |piece| piece.len());
        let mut means = sliding.block([block.start, count], 0.0, scratch)?;
        for (output, plane) in
            block.pieces.into_iter().zip(input[block.plane * in_len..].chunks(in_len))
        {
            means.run(simd, &sum, plane, output);
        }
        Ok(())
    }
}

/// Sums in f64, and one over their divisors.
#[derive(Debug)]
struct Sum<'a> {
    factors: &'a [Vec<f64>; 2],
}

impl Join for Sum<'_> {
    type Value = f64;
    const START: f64 = 0.0;

    #[inline(always)]
    fn convert(cell: f32) -> f64 {
        cell.into()
    }

    #[inline(always)]
    fn join(one: f64, other: f64) -> f64 {
        one + other
    }

    #[inline(always)]
    fn finish(&self, out_y: usize, out_x: usize, mut sums: [f64; LANES]) -> [f32; LANES] {
        let [factors_y, factors_x] = self.factors;
        let (factor_y, factors_x) = (factors_y[out_y], &factors_x[out_x..][..LANES]);
        for lane in 0..LANES {
            sums[lane] *= factor_y * factors_x[lane];
        }
        sums.map(narrow)
    }
}

struct BlockMeans<'a, 'b> {
    problem: &'a AvgPool2dProblem,
    windows: &'a RowWindows,
    factors: &'a [Vec<f64>; 2],
    input: &'a [f32],
    block: Block<'b, f32>,
}

impl WithSimd for BlockMeans<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> Self::Output {
        let Self { problem, windows, factors: [factors_y, factors_x], input, block } = self;
        let (vertical, horizontal) = (&problem.windows.vertical, &problem.windows.horizontal);
        let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
        let in_len = vertical.input_size * in_width;
        let planes = block.pieces.into_iter().zip(input[block.plane * in_len..].chunks(in_len));
        if is_global(&problem.windows) {
            for (output, plane) in planes {
                store(output, &[sum(plane)], factors_y[0], factors_x);
            }
            return Ok(());
        }
        let first_y = block.start / out_width;
        let mut columns = zeros(in_width)?;
        let mut sums = zeros(out_width)?;
        let mut phases = zeros(windows.scratch_len())?;
        let mut offsets = Vec::new();
        for (output, plane) in planes {
            for (out_y, output) in (first_y..).zip(output.chunks_exact_mut(out_width)) {
                let (_, count, start) = vertical.taps_inside(out_y);
                offsets.clear();
                let rows = (start..start + count).map(|in_y| in_y * in_width);
                memory::extend(&mut offsets, rows)?;
                fold(plane, &offsets, 0.0, |sum, value| sum + f64::from(value), &mut columns);
                windows.fold(&columns, &mut phases, 0.0, |sum, value| sum + value, &mut sums);
                store(output, &sums, factors_y[out_y], factors_x);
            }
        }
        Ok(())
    }
}

#[inline(always)]
fn store(output: &mut [f32], sums: &[f64], factor_y: f64, factors_x: &[f64]) {
    for ((output, &sum), &factor_x) in output.iter_mut().zip(sums).zip(factors_x) {
        *output = narrow(sum * (factor_y * factor_x));
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a mean in f64 becomes an f32 output")]
fn narrow(mean: f64) -> f32 {
    mean as f32
}
