//! Steps of optimizers, in the order of operations of the shaders.

use rayon::prelude::*;

use crate::ops::training::{AdamStep, SgdStep};

const BLOCK_LEN: usize = 1 << 13;

/// The parameter after a step of gradient descent without momentum.
pub(crate) fn sgd(step: &SgdStep, parameter: &[f32], gradient: &[f32], output: &mut [f32]) {
    output
        .par_chunks_mut(BLOCK_LEN)
        .zip(parameter.par_chunks(BLOCK_LEN))
        .zip(gradient.par_chunks(BLOCK_LEN))
        .for_each(|((output, parameter), gradient)| {
            for ((output, &parameter), &gradient) in output.iter_mut().zip(parameter).zip(gradient)
            {
                let slope = gradient + step.weight_decay * parameter;
                *output = parameter - step.learning_rate * slope;
            }
        });
}

/// As [`sgd`] with momentum; updates the velocity.
pub(crate) fn sgd_with_momentum(
    step: &SgdStep,
    parameter: &[f32],
    gradient: &[f32],
    velocity: &mut [f32],
    output: &mut [f32],
) {
    output
        .par_chunks_mut(BLOCK_LEN)
        .zip(velocity.par_chunks_mut(BLOCK_LEN))
        .zip(parameter.par_chunks(BLOCK_LEN))
        .zip(gradient.par_chunks(BLOCK_LEN))
        .for_each(|(((output, velocity), parameter), gradient)| {
            for (((output, velocity), &parameter), &gradient) in
                output.iter_mut().zip(velocity).zip(parameter).zip(gradient)
            {
                let slope = gradient + step.weight_decay * parameter;
                *velocity = step.momentum * *velocity + slope;
                let direction =
                    if step.nesterov { slope + step.momentum * *velocity } else { *velocity };
                *output = parameter - step.learning_rate * direction;
            }
        });
}

/// The parameter after a step of Adam; updates the running mean and mean square.
pub(crate) fn adam(
    step: &AdamStep,
    parameter: &[f32],
    gradient: &[f32],
    mean: &mut [f32],
    square: &mut [f32],
    output: &mut [f32],
) {
    output
        .par_chunks_mut(BLOCK_LEN)
        .zip(mean.par_chunks_mut(BLOCK_LEN))
        .zip(square.par_chunks_mut(BLOCK_LEN))
        .zip(parameter.par_chunks(BLOCK_LEN))
        .zip(gradient.par_chunks(BLOCK_LEN))
        .for_each(|((((output, mean), square), parameter), gradient)| {
            for ((((output, mean), square), &parameter), &gradient) in
                output.iter_mut().zip(mean).zip(square).zip(parameter).zip(gradient)
            {
                let slope = gradient + step.weight_decay * parameter;
                *mean += step.one_minus_beta1 * (slope - *mean);
                *square = step.beta2 * *square + step.one_minus_beta2 * slope * slope;
                let denominator = square.sqrt() / step.root_correction + step.epsilon;
                *output = parameter - step.step_size * *mean / denominator;
            }
        });
}
