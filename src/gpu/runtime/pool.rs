//! Pools: buffers and textures that nothing holds any more are kept and handed out again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What those that can stand for one another have in common.
pub(crate) trait Kind: Copy + Eq + Hash {
    /// How much memory one takes.
    fn bytes(self) -> u64;
}

/// What nothing of one device holds, and how much memory all of them take.
#[derive(Debug)]
pub(crate) struct Pool<K, T>(Mutex<State<K, T>>);

#[derive(Debug)]
struct State<K, T> {
    free: HashMap<K, Vec<Free<T>>>,
    allocated: u64,
    free_bytes: u64,
}

/// Recorded work up to `list` may still use it.
#[derive(Debug)]
struct Free<T> {
    item: T,
    list: u64,
}

impl<K, T> Default for Pool<K, T> {
    fn default() -> Self {
        Self(Mutex::new(State { free: HashMap::new(), allocated: 0, free_bytes: 0 }))
    }
}

impl<K: Kind, T> Pool<K, T> {
    fn state(&self) -> MutexGuard<'_, State<K, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One of a kind was allocated.
    pub(crate) fn add(&self, kind: K) {
        self.state().allocated += kind.bytes();
    }

    /// Takes back what recorded work up to a list may still use.
    pub(crate) fn put(&self, kind: K, item: T, list: u64) {
        let mut state = self.state();
        state.free_bytes += kind.bytes();
        state.free.entry(kind).or_default().push(Free { item, list });
    }

    /// One of a kind that no list from `before_list` on may use.
    pub(crate) fn take(&self, kind: K, before_list: u64) -> Option<T> {
        let mut state = self.state();
        let free = state.free.get_mut(&kind)?;
        let index = free.iter().rposition(|free| free.list < before_list)?;
        let item = free.swap_remove(index).item;
        state.free_bytes -= kind.bytes();
        Some(item)
    }

    pub(crate) fn has(&self, kind: K) -> bool {
        self.state().free.get(&kind).is_some_and(|free| !free.is_empty())
    }

    /// Bytes of all, in use and kept.
    pub(crate) fn allocated(&self) -> u64 {
        self.state().allocated
    }

    /// Lets go of all that nothing holds.
    pub(crate) fn trim(&self) {
        let mut state = self.state();
        state.allocated -= state.free_bytes;
        state.free_bytes = 0;
        state.free.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_taken_once_and_not_while_a_list_may_use_it() {
        let pool = Pool::<u64, _>::default();
        pool.add(3);
        pool.add(3);
        pool.put(3, "first", 0);
        pool.put(3, "second", 1);
        assert_eq!((pool.allocated(), pool.has(3), pool.has(4)), (6, true, false));
        assert_eq!((pool.take(3, 0), pool.take(4, 9)), (None, None));
        assert_eq!(pool.take(3, 1), Some("first"));
        assert_eq!(pool.take(3, 1), None);
        pool.trim();
        assert_eq!((pool.allocated(), pool.take(3, 9)), (3, None));
    }
}
