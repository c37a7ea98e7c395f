//! The fast path against plain f64 loops of its own.

#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test may panic, and rounds f64 results to compare them with f32"
)]

mod activation;
pub(crate) mod conv2d;
mod pair;
mod pool;
mod products;
mod widths;

/// Numbers in -1..1 from a linear congruential generator.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    pub(crate) fn values(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.below(20_001) as f32 / 10_000.0 - 1.0).collect()
    }

    pub(crate) fn range(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    pub(crate) fn pair(&mut self, low: usize, high: usize) -> [usize; 2] {
        [self.range(low, high), self.range(low, high)]
    }
}
