//! How long sums are cut into blocks, so that a result keeps the bound of [`DType`](crate::DType)
//! whatever the data.
//!
//! A sum is taken in three steps: products in a register, these in a block in memory, and blocks in
//! a total. Every addition may round, so that a result is as many units away as additions may lie
//! behind one of its products.

/// The most products that are summed in a register: as many as leave room for the additions of the
/// blocks, and so few that what they read stays in the first cache.
pub(crate) fn register_terms(terms: usize) -> usize {
    // The greater root of `c + terms / c = 54 + 2 * sqrt(terms)`. What remains of the bound are the
    // addition of a bias, products that are rounded where there is no fused multiply-add, and sums
    // that are short since channels end.
    let root = terms.isqrt();
    usize::midpoint(54 + 2 * root, (54 * 54 + 4 * 54 * root).isqrt()).clamp(1, 128)
}

/// How many of a number of register sums are summed in a block before they join the total.
pub(crate) fn block_sums(register_sums: usize) -> usize {
    register_sums.isqrt().max(16)
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
