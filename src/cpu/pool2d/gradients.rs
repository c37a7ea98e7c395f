//! Gradients of pooling: every plane by itself, in f64.

use crate::Shape;
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::cpu::pool2d::adaptive::Windows;
use crate::cpu::pool2d::average::factors;
use crate::memory::{NoMemory, collected, zeros};
use crate::ops::{AdaptivePool2dProblem, AvgPool2dProblem};

/// Runs `plane_gradient` on every plane of `grad_input` and the same plane of `grad_output`.
fn for_each_plane(
    [input, output]: [Shape; 2],
    grad_output: &[f32],
    grad_input: &mut [f32],
    plane_gradient: impl Fn(usize, &[f32], &mut [f64]) -> Result<(), NoMemory> + Sync + Send,
) -> Result<(), NoMemory> {
    let (in_len, out_len) = (input.height * input.width, output.height * output.width);
    if grad_input.is_empty() || out_len == 0 {
        return Ok(());
    }
    let work = grad_input.len() + grad_output.len();
    let planes = grad_output.chunks_exact(out_len).zip(grad_input.chunks_exact_mut(in_len));
    let tasks = collected(planes.enumerate())?;
    threads::for_each(
        tasks,
        work,
        |(plane, (grad_output, grad_input)): (_, (&[f32], &mut [f32]))| {
            simd::dispatch(
                #[inline(always)]
                || {
                    let mut sums = zeros(in_len)?;
                    plane_gradient(plane, grad_output, &mut sums)?;
                    narrow(&sums, grad_input);
                    Ok(())
                },
            )
        },
    )
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
fn narrow(sums: &[f64], gradients: &mut [f32]) {
    for (gradient, &sum) in gradients.iter_mut().zip(sums) {
        *gradient = sum as f32;
    }
}

/// Adds every output's gradient to the cell that won its window. An index of no cell, such as
/// `u32::MAX`, is passed over.
pub(crate) fn max_pool2d_grad_input(
    shapes: [Shape; 2],
    indices: &[u32],
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    let out_len = shapes[1].height * shapes[1].width;
    for_each_plane(shapes, grad_output, grad_input, |plane, grad_output, sums| {
        let indices = &indices[plane * out_len..][..out_len];
        for (&index, &grad) in indices.iter().zip(grad_output) {
            if let Some(sum) = usize::try_from(index).ok().and_then(|index| sums.get_mut(index)) {
                *sum += f64::from(grad);
            }
        }
        Ok(())
    })
}

/// Adds every output's gradient over its divisor to the cells of its window.
pub(crate) fn avg_pool2d_grad_input(
    problem: &AvgPool2dProblem,
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    let windows = &problem.windows;
    let (vertical, horizontal) = (&windows.vertical, &windows.horizontal);
    let columns =
        collected((0..horizontal.output_size).map(|out_x| horizontal.taps_inside(out_x)))?;
    let [factors_y, factors_x] = factors(problem)?;
    let (in_width, out_width) = (horizontal.input_size, horizontal.output_size);
    let shapes = [windows.input_shape(), windows.output_shape()];
    for_each_plane(shapes, grad_output, grad_input, |_, grad_output, sums| {
        let mut row_sums: Vec<f64> = zeros(in_width)?;
        for (out_y, grad_row) in grad_output.chunks_exact(out_width).enumerate() {
            let (_, count, start) = vertical.taps_inside(out_y);
            row_sums.fill(0.0);
            for ((&grad, &factor), &(_, count, start)) in
                grad_row.iter().zip(&factors_x).zip(&columns)
            {
                let share = f64::from(grad) * factor;
                row_sums[start..start + count].iter_mut().for_each(|sum| *sum += share);
            }
            for sums in sums[start * in_width..].chunks_exact_mut(in_width).take(count) {
                add_scaled(sums, &row_sums, factors_y[out_y]);
            }
        }
        Ok(())
    })
}

#[inline(always)]
fn add_scaled(sums: &mut [f64], addends: &[f64], factor: f64) {
    for (sum, &addend) in sums.iter_mut().zip(addends) {
        *sum += addend * factor;
    }
}

/// Adds every output's gradient over its number of cells to the cells of its window.
#[allow(clippy::cast_precision_loss, reason = "a window has fewer than 2^53 cells")]
pub(crate) fn adaptive_avg_pool2d_grad_input(
    problem: &AdaptivePool2dProblem,
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    let windows = Windows::new(problem)?;
    let in_width = problem.input.width;
    let shapes = [problem.input, problem.output_shape()];
    for_each_plane(shapes, grad_output, grad_input, |_, grad_output, sums| {
        let mut row_sums: Vec<f64> = zeros(in_width)?;
        let rows = grad_output.chunks_exact(windows.horizontal.len()).zip(&windows.vertical);
        for (grad_row, &[begin_y, end_y]) in rows {
            row_sums.fill(0.0);
            for (&grad, &[begin, end]) in grad_row.iter().zip(&windows.horizontal) {
                let share = f64::from(grad) / (end - begin) as f64;
                row_sums[begin..end].iter_mut().for_each(|sum| *sum += share);
            }
            let factor = 1.0 / (end_y - begin_y) as f64;
            for sums in sums[begin_y * in_width..end_y * in_width].chunks_exact_mut(in_width) {
                add_scaled(sums, &row_sums, factor);
            }
        }
        Ok(())
    })
}
