//! Random numbers from a seed.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

/// Random numbers from a seed, the same on every machine and in every version of this crate.
///
/// The generator is PCG64 (`rand_pcg::Pcg64`, seeded by `seed_from_u64`). A uniform number takes
/// the upper 24 bits of the next 32, a shuffle is Fisher and Yates' from the last element down.
///
/// # Examples
///
/// ```
/// use filtro::nn::Rng;
///
/// let mut order = [0, 1, 2, 3];
/// Rng::new(7).shuffle(&mut order);
/// let mut again = [0, 1, 2, 3];
/// Rng::new(7).shuffle(&mut again);
/// assert_eq!(order, again);
/// ```
///
/// Source: O'Neill, *PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
/// Random Number Generation*, HMC-CS-2014-0905.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rng(Pcg64);

impl Rng {
    /// The generator of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Pcg64::seed_from_u64(seed))
    }

    /// A number of `0..1`, one of 2^24 equally probable ones.
    #[must_use]
    pub fn unit(&mut self) -> f32 {
        let bits = self.0.next_u32() >> 8;
        bits as f32 / (1_u32 << 24) as f32
    }

    /// A number of `-bound..bound`.
    #[must_use]
    pub fn symmetric(&mut self, bound: f32) -> f32 {
        (2.0 * self.unit() - 1.0) * bound
    }

    /// A whole number below `count`, which is at least 1.
    #[must_use]
    pub fn below(&mut self, count: usize) -> usize {
        // The upper half of the product is below count; its unevenness is below 2^-32 for any
        // count that fits 32 bits.
        let product = u128::from(self.0.next_u64()) * count as u128;
        usize::try_from(product >> 64).unwrap_or(0)
    }

    /// Puts elements into a random order.
    pub fn shuffle<T>(&mut self, elements: &mut [T]) {
        for last in (1..elements.len()).rev() {
            elements.swap(last, self.below(last + 1));
        }
    }
}
