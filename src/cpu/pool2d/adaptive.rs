//! Adaptive and global pooling.

use crate::cpu::kit::simd;
use crate::cpu::kit::sum::sum;
use crate::cpu::kit::threads;
use crate::cpu::pool2d::max::{larger, scan};
use crate::memory::{NoMemory, collected};
use crate::ops::AdaptivePool2dProblem;
use pulp::{Simd, WithSimd};

/// The mean of every window, summed in f64.
pub(crate) fn adaptive_avg_pool2d(
    problem: &AdaptivePool2dProblem,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let windows = Windows::new(problem)?;
    let work = input.len().max(output.len()) / 4;
    threads::for_each(windows.planes(output)?, work, |(plane, output)| {
        simd::dispatch(PlaneMeans {
            windows: &windows,
            plane: windows.plane(input, plane),
            output,
        });
        Ok(())
    })
}

/// The largest element of every window, with the rules of [`max_pool2d`](crate::cpu::pool2d::max).
pub(crate) fn adaptive_max_pool2d(
    problem: &AdaptivePool2dProblem,
    input: &[f32],
    output: &mut [f32],
    indices: Option<&mut [u32]>,
) -> Result<(), NoMemory> {
    let windows = Windows::new(problem)?;
    let work = input.len().max(output.len());
    let Some(indices) = indices else {
        return threads::for_each(windows.planes(output)?, work, |(plane, output)| {
            let plane = windows.plane(input, plane);
            simd::dispatch(PlaneMaxima { windows: &windows, plane, output });
            Ok(())
        });
    };
    let index_planes = windows.planes(indices)?.into_iter().map(|(_, indices)| indices);
    let tasks = collected(windows.planes(output)?.into_iter().zip(index_planes))?;
    threads::for_each(tasks, work, |((plane, output), indices)| {
        let plane = windows.plane(input, plane);
        let each =
            windows.vertical.iter().flat_map(|&y| windows.horizontal.iter().map(move |&x| (y, x)));
        for ((output, index), ([begin_y, end_y], [begin_x, end_x])) in
            output.iter_mut().zip(indices).zip(each)
        {
            let cells = (begin_y..end_y)
                .flat_map(|in_y| (begin_x..end_x).map(move |in_x| in_y * windows.in_width + in_x));
            (*output, *index) = scan(plane, cells);
        }
        Ok(())
    })
}

/// The windows of both axes, `[begin, end]`.
pub(crate) struct Windows {
    pub(crate) vertical: Vec<[usize; 2]>,
    pub(crate) horizontal: Vec<[usize; 2]>,
    in_width: usize,
    in_len: usize,
}

impl Windows {
    pub(crate) fn new(problem: &AdaptivePool2dProblem) -> Result<Self, NoMemory> {
        let [out_height, out_width] = problem.output_size;
        let (in_height, in_width) = (problem.input.height, problem.input.width);
        let windows = |in_size, out_size| {
            let window = |out| AdaptivePool2dProblem::window(in_size, out_size, out);
            collected((0..out_size).map(window))
        };
        Ok(Self {
            vertical: windows(in_height, out_height)?,
            horizontal: windows(in_width, out_width)?,
            in_width,
            in_len: in_height * in_width,
        })
    }

    /// The planes of an output and their numbers.
    fn planes<'a, T>(&self, output: &'a mut [T]) -> Result<Vec<(usize, &'a mut [T])>, NoMemory> {
        let len = self.vertical.len() * self.horizontal.len();
        collected(output.chunks_exact_mut(len).enumerate())
    }

    /// A plane of the input.
    fn plane<'a>(&self, input: &'a [f32], plane: usize) -> &'a [f32] {
        &input[plane * self.in_len..][..self.in_len]
    }
}

struct PlaneMeans<'a> {
    windows: &'a Windows,
    plane: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for PlaneMeans<'_> {
    type Output = ();

    #[inline(always)]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a mean in f64 becomes an f32 output; a plane has fewer than 2^53 cells"
    )]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { windows, plane, output } = self;
        let out_rows = output.chunks_exact_mut(windows.horizontal.len()).zip(&windows.vertical);
        for (output, &[begin_y, end_y]) in out_rows {
            let rows = &plane[begin_y * windows.in_width..end_y * windows.in_width];
            for (output, &[begin_x, end_x]) in output.iter_mut().zip(&windows.horizontal) {
                let total = if end_x - begin_x == windows.in_width {
                    sum(rows)
                } else {
                    rows.chunks_exact(windows.in_width).map(|row| sum(&row[begin_x..end_x])).sum()
                };
                *output = (total / ((end_y - begin_y) * (end_x - begin_x)) as f64) as f32;
            }
        }
    }
}

struct PlaneMaxima<'a> {
    windows: &'a Windows,
    plane: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for PlaneMaxima<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { windows, plane, output } = self;
        let out_rows = output.chunks_exact_mut(windows.horizontal.len()).zip(&windows.vertical);
        for (output, &[begin_y, end_y]) in out_rows {
            let rows = &plane[begin_y * windows.in_width..end_y * windows.in_width];
            for (output, &[begin_x, end_x]) in output.iter_mut().zip(&windows.horizontal) {
                let cells =
                    rows.chunks_exact(windows.in_width).flat_map(|row| &row[begin_x..end_x]);
                *output = cells.copied().fold(f32::NEG_INFINITY, larger);
            }
        }
    }
}
