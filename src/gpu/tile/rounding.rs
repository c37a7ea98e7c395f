//! What the stated bound of rounding allows.

/// The most roundings that one product of a sum of so many goes through: what the stated bound
/// allows, less two for what a caller adds to the sum.
pub(crate) fn most_roundings(products: u64) -> u64 {
    62_u64.saturating_add(products.saturating_mul(4).isqrt())
}
