//! How long sums are cut into blocks, so that a result keeps the bound of [`DType`](crate::DType)
//! whatever the data.
//!
//! A sum is taken in three steps: products in a register, these in a block in memory, and blocks in
//! a total. Every addition may round, so that a result is as many units away as additions may lie
//! behind one of its products.

use std::ops::Range;

use pulp::Simd;

/// The most products that are summed in a register: as many as leave room for the additions of the
/// blocks, and so few that what they read stays in the first cache.
pub(crate) fn register_terms(terms: usize) -> usize {
    // The greater root of `c + terms / c = 54 + 2 * sqrt(terms)`. What remains of the bound are the
    // addition of a bias, products that are rounded where there is no fused multiply-add, and sums
    // that are short since channels end.
    let root = terms.isqrt();
    usize::midpoint(54 + 2 * root, (54 * 54 + 4 * 54 * root).isqrt()).clamp(1, 128)
}

/// The most products that a sum of no more has in a register: one addition less than the bound, which
/// a bias takes.
const MOST_ALONE: usize = 80;

/// How many of a number of register sums are summed in a block before they join the total.
pub(crate) fn block_sums(register_sums: usize) -> usize {
    register_sums.isqrt().max(16)
}

/// Sums in registers: of so many rows of weights and vectors of inputs.
pub(crate) type Sums<S, const ROWS: usize, const VECTORS: usize> =
    [[<S as Simd>::f32s; VECTORS]; ROWS];

/// What is summed.
pub(crate) trait Products<S: Simd, const ROWS: usize, const VECTORS: usize> {
    /// Adds some terms to sums in registers.
    fn add_to(
        &self,
        simd: S,
        sums: Sums<S, ROWS, VECTORS>,
        terms: Range<usize>,
    ) -> Sums<S, ROWS, VECTORS>;
}

/// The three steps of a sum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    terms: usize,
    /// Terms of a sum in registers.
    chunk: usize,
    /// Of these sums in a block.
    block_chunks: usize,
}

impl Steps {
    /// For so many terms.
    pub(crate) fn new(terms: usize) -> Self {
        let chunks = if terms <= MOST_ALONE { 1 } else { terms.div_ceil(register_terms(terms)) };
        Self { terms, chunk: terms.div_ceil(chunks).max(1), block_chunks: block_sums(chunks) }
    }
}

/// The sums over all terms, and what they start with.
#[inline(always)]
pub(crate) fn sum<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    products: &impl Products<S, ROWS, VECTORS>,
    start: Sums<S, ROWS, VECTORS>,
    Steps { terms, chunk, block_chunks }: Steps,
) -> Sums<S, ROWS, VECTORS> {
    let mut block = products.add_to(simd, start, 0..chunk.min(terms));
    let mut total = None;
    for (index, first) in (0..terms).step_by(chunk).enumerate().skip(1) {
        let zero = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
        let sums = products.add_to(simd, zero, first..(first + chunk).min(terms));
        if index.is_multiple_of(block_chunks) {
            add(simd, total.get_or_insert(zero), &block);
            block = sums;
        } else {
            add(simd, &mut block, &sums);
        }
    }
    if let Some(total) = &total {
        add(simd, &mut block, total);
    }
    block
}

#[inline(always)]
fn add<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    totals: &mut Sums<S, ROWS, VECTORS>,
    sums: &Sums<S, ROWS, VECTORS>,
) {
    for (totals, sums) in totals.iter_mut().zip(sums) {
        for (total, &sum) in totals.iter_mut().zip(sums) {
            *total = simd.add_f32s(*total, sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_product_has_more_additions_behind_it_than_the_bound_says() {
        let sizes = (1..5_000).chain((12..28).flat_map(|power| [1 << power, (1 << power) + 1]));
        for terms in sizes {
            let most = register_terms(terms);
            let bound = 64.0 + 2.0 * (terms as f64).sqrt();
            // The steps of a sum, that start with a bias.
            let Steps { chunk, block_chunks, .. } = Steps::new(terms);
            let chunks = terms.div_ceil(chunk);
            let chain = chunk.min(terms) + (chunks - 1).min(block_chunks) + chunks / block_chunks;
            assert!(1.0 + chain as f64 <= bound, "{terms}: {chunk} in {block_chunks}: {bound}");
            // Whole channels make a register sum shorter than it may be, or leave a short rest.
            for register in [most, most / 2 + 1, most / 2] {
                let sums = terms.div_ceil(register.max(1)) * if register == most { 2 } else { 1 };
                let block = block_sums(sums);
                let totals = if sums > block { sums.div_ceil(block) } else { 0 };
                let chain = register.min(terms) + block.min(sums) + totals;
                assert!(chain as f64 <= bound, "{terms}: {register} + {sums} in {block}: {bound}");
            }
            // Planes of one output.
            let block = block_sums(terms);
            assert!((1 + block + terms.div_ceil(block)) as f64 <= bound, "{terms}");
        }
    }
}
