//! What the CPU can do: multiply-adds in registers.

use crate::cpu::kit::simd;
use std::hint::black_box;

use pulp::{Simd, WithSimd};

/// Chains of multiply-adds in as many vectors.
struct Chains<const N: usize> {
    rounds: u32,
    factor: f32,
    addend: f32,
}

impl<const N: usize> WithSimd for Chains<N> {
    type Output = (f32, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let (factor, addend) = (simd.splat_f32s(self.factor), simd.splat_f32s(self.addend));
        let mut sums = [simd.splat_f32s(0.0); N];
        for _ in 0..self.rounds {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, addend);
            }
        }
        let total = sums.into_iter().map(|sum| simd.reduce_sum_f32s(sum)).sum();
        (total, S::F32_LANES)
    }
}

fn chains<const N: usize>(rounds: u32) -> (f32, usize) {
    let chains = Chains::<N> { rounds, factor: black_box(0.5), addend: black_box(1.0) };
    simd::dispatch(chains)
}

/// `rounds` multiply-adds in each of `accumulators` vectors (64, or else 12) on every thread: how
/// many these were, and the mean of the chains, which tends to 2.
pub(crate) fn multiply_adds(accumulators: u32, rounds: u32) -> (f64, f32) {
    let chain_count: usize = if accumulators == 64 { 64 } else { 12 };
    let sums = rayon::broadcast(|_| match chain_count {
        64 => chains::<64>(rounds),
        _ => chains::<12>(rounds),
    });
    let chains: usize = sums.iter().map(|&(_, lanes)| lanes * chain_count).sum();
    let total: f32 = sums.iter().map(|&(total, _)| total).sum();
    #[allow(clippy::cast_precision_loss, reason = "some thousands of chains")]
    let chains = chains as f64;
    #[allow(clippy::cast_possible_truncation, reason = "a mean of numbers near 2")]
    let mean = (f64::from(total) / chains) as f32;
    (chains * f64::from(rounds), mean)
}
