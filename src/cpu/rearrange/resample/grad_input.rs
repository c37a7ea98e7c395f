//! The gradients of interpolation and padding: every element adds up those of its readers, rows
//! first, in f64.

use crate::cpu::kit::blocks;
use crate::cpu::kit::simd;
use crate::memory::{NoMemory, zeros};
use crate::ops::Resampling;

/// Adds up what reads each element of the input.
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
pub(crate) fn resampling_grad_input(
    problem: &Resampling,
    grad_output: &[f32],
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    let output = problem.output_shape();
    let (rows, columns) = (problem.vertical.readers()?, problem.horizontal.readers()?);
    let (in_width, out_width) = (problem.input.width, output.width);
    let plane_len = output.height * out_width;
    let work = grad_output.len().saturating_mul(2).saturating_add(grad_input.len());
    let blocks = blocks::split_planes(grad_input, in_width, rows.len(), plane_len)?;
    blocks::for_each(blocks, work, |block| {
        let first = block.start / in_width;
        let planes = grad_output[block.plane * plane_len..].chunks_exact(plane_len);
        let mut sums: Vec<f64> = zeros(out_width)?;
        for (piece, plane) in block.pieces.into_iter().zip(planes) {
            for (at, gradients) in piece.chunks_exact_mut(in_width).enumerate() {
                simd::dispatch(
                    #[inline(always)]
                    || {
                        sums.fill(0.0);
                        for tap in rows.of(first + at) {
                            let weight = f64::from(tap.weight);
                            let grads = &plane[tap.at * out_width..][..out_width];
                            for (sum, &grad) in sums.iter_mut().zip(grads) {
                                *sum += weight * f64::from(grad);
                            }
                        }
                        for (in_x, gradient) in gradients.iter_mut().enumerate() {
                            let shares = columns.of(in_x).iter();
                            let shares = shares.map(|tap| f64::from(tap.weight) * sums[tap.at]);
                            *gradient = shares.sum::<f64>() as f32;
                        }
                    },
                );
            }
        }
        Ok(())
    })
}
