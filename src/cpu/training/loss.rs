//! Losses and their gradients. Sums are taken in f64 and always in the same order.

use rayon::prelude::*;

use crate::memory::{NoMemory, zeros};
use crate::ops::training::CrossEntropyProblem;

/// The mean cross-entropy, and its gradient into `gradient`.
pub(crate) fn cross_entropy(
    problem: &CrossEntropyProblem,
    logits: &[f32],
    labels: &[u32],
    gradient: &mut [f32],
) -> Result<f64, NoMemory> {
    let (classes, plane) = (problem.classes, problem.plane);
    let scale = 1.0 / problem.positions() as f64;
    let mut losses: Vec<f64> = zeros(problem.batch)?;
    gradient
        .par_chunks_mut(classes * plane)
        .zip(logits.par_chunks(classes * plane))
        .zip(labels.par_chunks(plane))
        .zip(&mut losses)
        .for_each(|(((gradient, logits), labels), loss)| {
            let mut image_loss = 0.0;
            for (cell, &label) in labels.iter().enumerate() {
                let logit = |class: usize| f64::from(logits[class * plane + cell]);
                let largest = (0..classes).map(logit).fold(f64::NEG_INFINITY, f64::max);
                let total: f64 = (0..classes).map(|class| (logit(class) - largest).exp()).sum();
                image_loss += total.ln() + (largest - logit(label as usize));
                for class in 0..classes {
                    let expected = if class == label as usize { 1.0 } else { 0.0 };
                    let probability = (logit(class) - largest).exp() / total;
                    gradient[class * plane + cell] = narrow((probability - expected) * scale);
                }
            }
            *loss = image_loss;
        });
    Ok(losses.iter().sum::<f64>() * scale)
}

/// The mean squared error, and its gradient into `gradient`.
pub(crate) fn mse(input: &[f32], expected: &[f32], gradient: &mut [f32]) -> Result<f64, NoMemory> {
    const BLOCK_LEN: usize = 1 << 13;
    let scale = 1.0 / input.len() as f64;
    let mut squares: Vec<f64> = zeros(input.len().div_ceil(BLOCK_LEN))?;
    gradient
        .par_chunks_mut(BLOCK_LEN)
        .zip(input.par_chunks(BLOCK_LEN))
        .zip(expected.par_chunks(BLOCK_LEN))
        .zip(&mut squares)
        .for_each(|(((gradient, input), expected), squares)| {
            for ((gradient, &input), &expected) in gradient.iter_mut().zip(input).zip(expected) {
                let difference = f64::from(input) - f64::from(expected);
                *squares += difference * difference;
                *gradient = narrow(2.0 * difference * scale);
            }
        });
    Ok(squares.iter().sum::<f64>() * scale)
}

/// A result in the precision of a tensor.
#[allow(clippy::cast_possible_truncation, reason = "tensors hold f32")]
pub(crate) const fn narrow(value: f64) -> f32 {
    value as f32
}
