//! Pools: buffers and textures that nothing holds any more are kept and handed out again.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::gpu::runtime::bind_groups::Id;
use crate::gpu::runtime::list::{List, Uses};

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
    free: FxHashMap<K, Vec<Free<T>>>,
    allocated: u64,
    free_bytes: u64,
    /// What was made before this is not handed out again.
    distrusted: Option<Id>,
}

/// Lists of recorded work may still use it.
#[derive(Debug)]
struct Free<T> {
    item: T,
    uses: Uses,
}

impl<K, T> Default for Pool<K, T> {
    fn default() -> Self {
        let free = FxHashMap::default();
        Self(Mutex::new(State { free, allocated: 0, free_bytes: 0, distrusted: None }))
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

    /// One of a kind that somebody holds is no longer this device's.
    pub(crate) fn forget(&self, kind: K) {
        self.state().allocated -= kind.bytes();
    }

    /// Takes back what lists of recorded work may still use; whether it is kept.
    pub(crate) fn put(&self, kind: K, id: Id, item: T, uses: Uses) -> bool {
        let mut state = self.state();
        if state.distrusted.is_some_and(|distrusted| id < distrusted) {
            state.allocated -= kind.bytes();
            return false;
        }
        state.free_bytes += kind.bytes();
        state.free.entry(kind).or_default().push(Free { item, uses });
        true
    }

    /// One of a kind of whose uses this holds, and the uses that it had.
    pub(crate) fn take(&self, kind: K, holds: impl Fn(&List) -> bool) -> Option<(T, Uses)> {
        let mut state = self.state();
        let free = state.free.get_mut(&kind)?;
        let index = free.iter().rposition(|free| free.uses.all(&holds))?;
        let Free { item, uses } = free.swap_remove(index);
        state.free_bytes -= kind.bytes();
        Some((item, uses))
    }

    /// As [`take`](Self::take), of the first of these kinds in their order that there is, and which
    /// that is.
    pub(crate) fn take_fitting(
        &self,
        kinds: &RangeInclusive<K>,
        holds: impl Fn(&List) -> bool,
    ) -> Option<(K, T, Uses)>
    where
        K: Ord,
    {
        let take = |kind: K| self.take(kind, &holds).map(|(item, uses)| (kind, item, uses));
        if kinds.start() == kinds.end() {
            return take(*kinds.start());
        }
        let free = |(kind, free): (&K, &Vec<_>)| (!free.is_empty()).then_some(*kind);
        let found: BTreeSet<K> = self.state().free.iter().filter_map(free).collect();
        found.range(kinds.clone()).find_map(|&kind| take(kind))
    }

    pub(crate) fn has(&self, kind: K) -> bool {
        self.state().free.get(&kind).is_some_and(|free| !free.is_empty())
    }

    /// Bytes of all, in use and kept.
    pub(crate) fn allocated(&self) -> u64 {
        self.state().allocated
    }

    /// Hands out nothing again that was made up to now.
    pub(crate) fn distrust(&self) {
        self.state().distrusted = Some(Id::new());
        self.trim();
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
    use std::sync::Arc;

    use super::*;
    use crate::gpu::runtime::list::Place;

    #[test]
    fn what_was_put_is_taken_once_and_not_while_a_list_may_use_it() {
        let pool = Pool::<u64, _>::default();
        let lists = [(); 2].map(|()| Arc::new(List::default()));
        pool.add(3);
        pool.add(3);
        for (item, list) in ["first", "second"].into_iter().zip(&lists) {
            let uses = Uses::default();
            uses.add(list, true, |_, _| ());
            assert!(pool.put(3, Id::new(), item, uses));
        }
        assert_eq!((pool.allocated(), pool.has(3), pool.has(4)), (6, true, false));
        let take = |kind| pool.take(kind, List::is_over).map(|(item, _)| item);
        assert_eq!((take(3), take(4)), (None, None));
        lists[0].set(Place::Queued);
        assert_eq!((take(3), take(3)), (Some("first"), None));
        pool.trim();
        lists[1].set(Place::Queued);
        assert_eq!((pool.allocated(), take(3)), (3, None));
        pool.forget(3);
        assert_eq!(pool.allocated(), 0);
    }

    #[test]
    fn what_is_distrusted_is_not_taken_again() {
        let pool = Pool::<u64, _>::default();
        let ids = [(); 3].map(|()| Id::new());
        ids.iter().for_each(|_| pool.add(5));
        assert!(pool.put(5, ids[0], "free", Uses::default()));
        pool.distrust();
        assert_eq!((pool.allocated(), pool.has(5)), (10, false));
        assert!(!pool.put(5, ids[1], "held", Uses::default()));
        assert_eq!((pool.allocated(), pool.has(5)), (5, false));
        assert!(pool.put(5, Id::new(), "new", Uses::default()));
        assert_eq!(pool.take(5, List::is_over).map(|(item, _)| item), Some("new"));
    }

    #[test]
    fn the_smallest_that_fits_is_taken() {
        let pool = Pool::<u64, _>::default();
        for size in [3, 9, 5, 5, 20] {
            pool.put(size, Id::new(), size, Uses::default());
        }
        let take = |sizes| pool.take_fitting(&sizes, List::is_over).map(|(_, item, _)| item);
        assert_eq!(
            [take(4..=12), take(4..=12), take(4..=12), take(4..=12)],
            [Some(5), Some(5), Some(9), None]
        );
        assert_eq!([take(3..=3), take(3..=3), take(4..=20)], [Some(3), None, Some(20)]);
    }
}
