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
    let work = input.len().max(output.len()) / 3;
    threads::for_each(windows.planes(output)?, work, |planes| {
        simd::dispatch(PlaneMeans { windows: &windows, input, planes });
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
        return threads::for_each(windows.planes(output)?, work, |planes| {
            simd::dispatch(PlaneMaxima { windows: &windows, input, planes });
            Ok(())
        });
    };
    let index_planes = windows.planes(indices)?.into_iter();
    let tasks = collected(windows.planes(output)?.into_iter().zip(index_planes))?;
    threads::for_each(tasks, work, |(planes, index_planes)| {
        for ((plane, output), (_, indices)) in
            windows.each(input, planes).zip(windows.each(input, index_planes))
        {
            let each = windows.vertical.iter();
            let each = each.flat_map(|&y| windows.horizontal.iter().map(move |&x| (y, x)));
            for ((output, index), ([begin_y, end_y], [begin_x, end_x])) in
                output.iter_mut().zip(indices).zip(each)
            {
                let row = |in_y| (begin_x..end_x).map(move |in_x| in_y * windows.in_width + in_x);
                (*output, *index) = scan(plane, (begin_y..end_y).flat_map(row));
            }
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

    fn out_len(&self) -> usize {
        self.vertical.len() * self.horizontal.len()
    }

    /// An output in tasks of some planes.
    fn planes<'a, T>(&self, output: &'a mut [T]) -> Result<Vec<Planes<'a, T>>, NoMemory> {
        let count = (TASK_CELLS / self.in_len.max(self.out_len())).max(1);
        let tasks = output.chunks_mut(count * self.out_len()).enumerate();
        collected(tasks.map(|(index, output)| Planes { first: index * count, output }))
    }

    /// Each plane of an output with that of the input.
    #[inline(always)]
    fn each<'a, 'b, T>(
        &self,
        input: &'b [f32],
        Planes { first, output }: Planes<'a, T>,
    ) -> impl Iterator<Item = (&'b [f32], &'a mut [T])> {
        let inputs = input.chunks_exact(self.in_len).skip(first);
        inputs.zip(output.chunks_exact_mut(self.out_len()))
    }
}

/// Cells of a task at the least.
const TASK_CELLS: usize = 1 << 13;

/// Some planes of an output.
struct Planes<'a, T> {
    first: usize,
    output: &'a mut [T],
}

struct PlaneMeans<'a> {
    windows: &'a Windows,
    input: &'a [f32],
    planes: Planes<'a, f32>,
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
        let Self { windows, input, planes } = self;
        for (plane, output) in windows.each(input, planes) {
            let out_rows = output.chunks_exact_mut(windows.horizontal.len());
            for (output, &[begin_y, end_y]) in out_rows.zip(&windows.vertical) {
                let rows = &plane[begin_y * windows.in_width..end_y * windows.in_width];
                for (output, &[begin_x, end_x]) in output.iter_mut().zip(&windows.horizontal) {
                    let total = if end_x - begin_x == windows.in_width {
                        sum(rows)
                    } else {
                        let rows = rows.chunks_exact(windows.in_width);
                        rows.map(|row| sum(&row[begin_x..end_x])).sum()
                    };
                    *output = (total / ((end_y - begin_y) * (end_x - begin_x)) as f64) as f32;
                }
            }
        }
    }
}

struct PlaneMaxima<'a> {
    windows: &'a Windows,
    input: &'a [f32],
    planes: Planes<'a, f32>,
}

impl WithSimd for PlaneMaxima<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        let Self { windows, input, planes } = self;
        for (plane, output) in windows.each(input, planes) {
            let out_rows = output.chunks_exact_mut(windows.horizontal.len());
            for (output, &[begin_y, end_y]) in out_rows.zip(&windows.vertical) {
                let rows = &plane[begin_y * windows.in_width..end_y * windows.in_width];
                for (output, &[begin_x, end_x]) in output.iter_mut().zip(&windows.horizontal) {
                    let rows = rows.chunks_exact(windows.in_width);
                    let cells = rows.flat_map(|row| &row[begin_x..end_x]);
                    *output = cells.copied().fold(f32::NEG_INFINITY, larger);
                }
            }
        }
    }
}
