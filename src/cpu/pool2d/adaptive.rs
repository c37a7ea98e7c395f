//! Adaptive and global pooling.

use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Block, Task};
use crate::cpu::kit::simd;
use crate::cpu::kit::sum::sum;
use crate::cpu::pool2d::max::{larger, scan};
use crate::memory::{NoMemory, collected};
use crate::ops::AdaptivePool2dProblem;

/// The mean of every window, summed in f64.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a mean in f64 becomes an f32 output; a plane has fewer than 2^53 cells"
)]
pub(crate) fn adaptive_avg_pool2d(
    problem: &AdaptivePool2dProblem,
    input: &[f32],
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let windows = &Windows::new(problem)?;
    let work = input.len().max(output.len()) / 3;
    windows.fill(
        (input, output),
        work,
        #[inline(always)]
        |rows, [begin, end]| {
            let width = windows.in_width;
            let total = if end - begin == width {
                sum(rows)
            } else {
                rows.chunks_exact(width).map(|row| sum(&row[begin..end])).sum()
            };
            (total / (rows.len() / width * (end - begin)) as f64) as f32
        },
    )
}

/// The largest element of every window, with the rules of [`max_pool2d`](crate::cpu::pool2d::max).
pub(crate) fn adaptive_max_pool2d(
    problem: &AdaptivePool2dProblem,
    input: &[f32],
    output: &mut [f32],
    indices: Option<&mut [u32]>,
) -> Result<(), NoMemory> {
    let windows = &Windows::new(problem)?;
    let work = input.len().max(output.len());
    let Some(indices) = indices else {
        return windows.fill(
            (input, output),
            work,
            #[inline(always)]
            |rows, [begin, end]| {
                let rows = rows.chunks_exact(windows.in_width);
                let cells = rows.flat_map(|row| &row[begin..end]);
                cells.copied().fold(f32::NEG_INFINITY, larger)
            },
        );
    };
    let (tasks, index_tasks) = (windows.split(output)?, windows.split(indices)?);
    blocks::for_each_of_both(tasks, index_tasks, work, |block, index_block| {
        let vertical = &windows.vertical[block.start / windows.horizontal.len()..];
        let planes = input[block.plane * windows.in_len..].chunks_exact(windows.in_len);
        for ((plane, output), indices) in planes.zip(block.pieces).zip(index_block.pieces) {
            let each = vertical.iter();
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

    /// Splits an output.
    fn split<'a, T>(&self, output: &'a mut [T]) -> Result<Vec<Task<'a, T>>, NoMemory> {
        blocks::split_planes(output, self.horizontal.len(), self.vertical.len(), self.in_len)
    }

    /// Fills the output with the values of its windows, of which `value` is given the rows and the columns.
    fn fill(
        &self,
        (input, output): (&[f32], &mut [f32]),
        work: usize,
        value: impl Fn(&[f32], [usize; 2]) -> f32 + Sync + Send,
    ) -> Result<(), NoMemory> {
        blocks::for_each(self.split(output)?, work, |block| {
            simd::dispatch(
                #[inline(always)]
                || self.fill_block((input, block), &value),
            );
            Ok(())
        })
    }

    /// A block of them.
    #[inline(always)]
    fn fill_block(
        &self,
        (input, block): (&[f32], Block<'_, f32>),
        value: impl Fn(&[f32], [usize; 2]) -> f32,
    ) {
        let vertical = &self.vertical[block.start / self.horizontal.len()..];
        let planes = input[block.plane * self.in_len..].chunks_exact(self.in_len);
        for (plane, output) in planes.zip(block.pieces) {
            let out_rows = output.chunks_exact_mut(self.horizontal.len());
            for (output, &[begin, end]) in out_rows.zip(vertical) {
                let rows = &plane[begin * self.in_width..end * self.in_width];
                for (output, &columns) in output.iter_mut().zip(&self.horizontal) {
                    *output = value(rows, columns);
                }
            }
        }
    }
}
