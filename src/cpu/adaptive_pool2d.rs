//! Adaptive and global pooling: window by window.

use super::blocks;
use super::max_pool2d::{larger, scan};
use crate::ops::AdaptivePool2dProblem;
use pulp::Arch;

/// The mean of every window, summed in f64.
pub(crate) fn adaptive_avg_pool2d(
    problem: &AdaptivePool2dProblem,
    input: &[f32],
    output: &mut [f32],
) {
    let windows = Windows::new(problem);
    let arch = Arch::new();
    blocks::for_each(
        windows.planes(output),
        input.len() / 4,
        |(plane, output): (_, &mut [f32])| {
            arch.dispatch(
                #[inline(always)]
                || {
                    windows.for_each(
                        &input[plane * windows.in_len..],
                        output,
                        |rows, [begin, end]| mean(rows, begin, end),
                    );
                },
            );
        },
    );
}

/// The largest element of every window, with the rules of [`max_pool2d`](super::max_pool2d).
pub(crate) fn adaptive_max_pool2d(
    problem: &AdaptivePool2dProblem,
    input: &[f32],
    output: &mut [f32],
    indices: Option<&mut [u32]>,
) {
    let windows = Windows::new(problem);
    let arch = Arch::new();
    let work = input.len();
    let Some(indices) = indices else {
        blocks::for_each(windows.planes(output), work, |(plane, output): (_, &mut [f32])| {
            arch.dispatch(
                #[inline(always)]
                || {
                    let plane = &input[plane * windows.in_len..];
                    windows.for_each(plane, output, |rows, [begin, end]| {
                        rows.map(|row| {
                            row[begin..end].iter().copied().fold(f32::NEG_INFINITY, larger)
                        })
                        .fold(f32::NEG_INFINITY, larger)
                    });
                },
            );
        });
        return;
    };
    let index_planes = windows.planes(indices).into_iter().map(|(_, indices)| indices);
    let tasks = windows.planes(output).into_iter().zip(index_planes).collect();
    blocks::for_each(tasks, work, |((plane, output), indices)| {
        let plane = &input[plane * windows.in_len..][..windows.in_len];
        let outputs = output.iter_mut().zip(indices);
        let vertical = windows.vertical.iter();
        let each = vertical.flat_map(|&y| windows.horizontal.iter().map(move |&x| (y, x)));
        for ((output, index), ([begin_y, end_y], [begin_x, end_x])) in outputs.zip(each) {
            let cells = (begin_y..end_y)
                .flat_map(|in_y| (begin_x..end_x).map(move |in_x| in_y * windows.in_width + in_x));
            (*output, *index) = scan(plane, cells);
        }
    });
}

/// The windows of both axes.
pub(super) struct Windows {
    pub(super) vertical: Vec<[usize; 2]>,
    pub(super) horizontal: Vec<[usize; 2]>,
    in_width: usize,
    in_len: usize,
}

impl Windows {
    pub(super) fn new(problem: &AdaptivePool2dProblem) -> Self {
        let [out_height, out_width] = problem.output_size;
        let (in_height, in_width) = (problem.input.height, problem.input.width);
        let windows = |in_size, out_size| {
            let window = |out| AdaptivePool2dProblem::window(in_size, out_size, out);
            (0..out_size).map(window).collect()
        };
        Self {
            vertical: windows(in_height, out_height),
            horizontal: windows(in_width, out_width),
            in_width,
            in_len: in_height * in_width,
        }
    }

    /// The planes of an output and their numbers.
    fn planes<'a, T>(&self, output: &'a mut [T]) -> Vec<(usize, &'a mut [T])> {
        let len = self.vertical.len() * self.horizontal.len();
        output.chunks_exact_mut(len).enumerate().collect()
    }

    /// Sets every output of a plane to what `value` makes of the rows of its window and the range
    /// of columns.
    #[inline(always)]
    fn for_each<'a>(
        &self,
        plane: &'a [f32],
        output: &mut [f32],
        value: impl Fn(std::iter::Take<std::slice::ChunksExact<'a, f32>>, [usize; 2]) -> f32,
    ) {
        let out_rows = output.chunks_exact_mut(self.horizontal.len()).zip(&self.vertical);
        for (output, &[begin_y, end_y]) in out_rows {
            let rows = plane[begin_y * self.in_width..].chunks_exact(self.in_width);
            let rows = rows.take(end_y - begin_y);
            for (output, &window) in output.iter_mut().zip(&self.horizontal) {
                *output = value(rows.clone(), window);
            }
        }
    }
}

#[inline(always)]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a mean in f64 becomes an f32 output; a plane has fewer than 2^53 cells"
)]
fn mean<'a>(rows: impl ExactSizeIterator<Item = &'a [f32]>, begin: usize, end: usize) -> f32 {
    let cells = rows.len() * (end - begin);
    let sum: f64 = rows.map(|row| sum(&row[begin..end])).sum();
    (sum / cells as f64) as f32
}

/// The sum in f64, in eight lanes.
#[inline(always)]
pub(super) fn sum(values: &[f32]) -> f64 {
    let (chunks, rest) = values.as_chunks::<8>();
    let mut sums = [0.0_f64; 8];
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(value);
        }
    }
    sums.iter().sum::<f64>() + rest.iter().copied().map(f64::from).sum::<f64>()
}
