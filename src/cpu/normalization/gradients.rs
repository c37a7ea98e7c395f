//! Gradients of BatchNorm2d. Sums are taken in f64, always in the same order.

use crate::cpu::kit::simd;
use crate::cpu::normalization::batch_norm2d::{Blocks, each_piece};
use crate::memory::{NoMemory, collected};
use crate::ops::BatchNorm2dProblem;

/// What is applied to the elements of a channel:
/// `((grad_output - offset) - (x - pivot) * slope) * scale`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct GradFactors {
    pub(crate) pivot: f32,
    pub(crate) offset: f32,
    pub(crate) slope: f32,
    pub(crate) scale: f32,
}

/// The sum of gradients, and of their products with how far elements are from the mean; in eight
/// sums each.
#[inline(always)]
fn sums_of(elements: &[f32], gradients: &[f32], mean: f64) -> [f64; 2] {
    let (mut sums, mut products) = ([0.0; 8], [0.0; 8]);
    let mut add = |elements: &[f32], gradients: &[f32]| {
        let totals = sums.iter_mut().zip(&mut products);
        for ((sum, product), (&x, &grad)) in totals.zip(elements.iter().zip(gradients)) {
            *sum += f64::from(grad);
            *product += f64::from(grad) * (f64::from(x) - mean);
        }
    };
    let mut elements = elements.chunks_exact(8);
    let mut gradients = gradients.chunks_exact(8);
    for (elements, gradients) in (&mut elements).zip(&mut gradients) {
        add(elements, gradients);
    }
    add(elements.remainder(), gradients.remainder());
    [sums.iter().sum(), products.iter().sum()]
}

/// Of every channel of a tensor that is not empty the sum of the output's gradient, and that of its
/// products with how far the input is from the mean.
pub(crate) fn batch_norm2d_grad_sums(
    problem: &BatchNorm2dProblem,
    input: &[f32],
    grad_output: &[f32],
    mean: impl Fn(usize) -> f64 + Sync + Send,
) -> Result<Vec<[f64; 2]>, NoMemory> {
    let blocks = Blocks::new(problem);
    let sums = blocks.each(|channel, block| {
        simd::dispatch(
            #[inline(always)]
            || {
                let (mut total, mut total_product) = (0.0, 0.0);
                for range in blocks.ranges(channel, block) {
                    let pieces = (&input[range.clone()], &grad_output[range]);
                    let [sum, product] = sums_of(pieces.0, pieces.1, mean(channel));
                    total += sum;
                    total_product += product;
                }
                [total, total_product]
            },
        )
    })?;
    let of_channel = |blocks: &[[f64; 2]]| {
        [0, 1].map(|place| blocks.iter().map(|sums| sums[place]).sum::<f64>())
    };
    collected(sums.chunks_exact(blocks.of_channel()).map(of_channel))
}

/// The gradient of the input with the factors of each channel.
pub(crate) fn batch_norm2d_grad_input(
    problem: &BatchNorm2dProblem,
    input: &[f32],
    grad_output: &[f32],
    factors: impl Fn(usize) -> GradFactors + Sync + Send,
    grad_input: &mut [f32],
) -> Result<(), NoMemory> {
    each_piece(
        problem,
        grad_input,
        #[inline(always)]
        |channel, first, grad_input| {
            let GradFactors { pivot, offset, slope, scale } = factors(channel);
            let elements = input[first..].iter().zip(&grad_output[first..]);
            for (gradient, (&x, &grad)) in grad_input.iter_mut().zip(elements) {
                *gradient = ((grad - offset) - (x - pivot) * slope) * scale;
            }
        },
    )
}
