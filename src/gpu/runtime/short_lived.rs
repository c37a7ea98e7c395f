//! Whether what is allocated is soon let go of.

use std::cell::Cell;

thread_local!(static SHORT_LIVED: Cell<bool> = const { Cell::new(false) });

/// Puts back what was said before, however the work ends.
struct Before(bool);

impl Drop for Before {
    fn drop(&mut self) {
        SHORT_LIVED.set(self.0);
    }
}

/// Says of what `work` allocates on this thread whether it is soon let go of: then it may lie in free
/// buffers that are larger than it needs.
pub(crate) fn short_lived<T>(is_short_lived: bool, work: impl FnOnce() -> T) -> T {
    let _before = Before(SHORT_LIVED.replace(is_short_lived));
    work()
}

/// How many times as large as needed a free buffer or texture may be that is handed out now. More than
/// three times would let few values hold the memory of many.
pub(crate) fn largest_fit() -> u32 {
    if SHORT_LIVED.get() { 3 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_short_lived_may_lie_in_larger_buffers() {
        assert_eq!(largest_fit(), 1);
        short_lived(true, || {
            assert_eq!(largest_fit(), 3);
            short_lived(false, || assert_eq!(largest_fit(), 1));
            let _caught = std::panic::catch_unwind(|| short_lived(false, || panic!("at work")));
            assert_eq!(largest_fit(), 3);
        });
        assert_eq!(largest_fit(), 1);
    }
}
