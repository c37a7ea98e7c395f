//! Splitting: what exceeds one binding is done in parts whose elements each lie in one.

use std::ops::Range;

/// Ranges of at most `step` that cover `0..total`.
pub(crate) fn chunks(total: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    let step = step.max(1);
    (0..total).step_by(step).map(move |first| first..(first + step).min(total))
}

/// The largest step of at most `total` for which `fits` holds, found by halving; `None` if not
/// even one fits.
pub(crate) fn largest(total: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let mut step = total.max(1);
    while !fits(step) {
        if step == 1 {
            return None;
        }
        step = step.div_ceil(2);
    }
    Some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_everything_once() {
        let covered: Vec<usize> = chunks(10, 4).flatten().collect();
        assert_eq!(covered, (0..10).collect::<Vec<_>>());
        assert_eq!(chunks(0, 4).count(), 0);
    }

    #[test]
    fn the_largest_step_is_found_by_halving() {
        assert_eq!(largest(100, |step| step <= 13), Some(13));
        assert_eq!(largest(100, |step| step <= 12), Some(7));
        assert_eq!(largest(7, |_| false), None);
        assert_eq!(largest(7, |_| true), Some(7));
    }
}
