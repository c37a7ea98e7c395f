//! A map that keeps what was used of late, at the price of a look-up.

use std::hash::{BuildHasher, BuildHasherDefault, Hash};
use std::mem;

use rustc_hash::{FxHashMap, FxHasher};

/// A hash for what is kept, which needs to withstand nobody.
pub(crate) fn hash_of(value: &impl Hash) -> u64 {
    BuildHasherDefault::<FxHasher>::default().hash_one(value)
}

/// As many values as `most` by their keys, and up to as many more that were used before those.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    young: FxHashMap<K, V>,
    old: FxHashMap<K, V>,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { young: FxHashMap::default(), old: FxHashMap::default(), most }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        if let Some(found) = self.young.get(key) {
            return Some(found.clone());
        }
        let (key, found) = self.old.remove_entry(key)?;
        self.insert(key, found.clone());
        Some(found)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.most {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    /// Lets go of all whose keys this does not hold of.
    pub(crate) fn retain(&mut self, holds: impl Fn(&K) -> bool) {
        self.young.retain(|key, _| holds(key));
        self.old.retain(|key, _| holds(key));
    }

    /// Lets go of all.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::Kept;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut kept = Kept::new(4);
        for key in 0..100 {
            kept.insert(key, key);
            assert_eq!(kept.get(&0), Some(0), "{key}");
            assert!(kept.young.len() <= 4 && kept.old.len() <= 4);
        }
        assert_eq!((kept.get(&99), kept.get(&50)), (Some(99), None));
        kept.retain(|&key| key != 99);
        assert_eq!((kept.get(&99), kept.get(&0)), (None, Some(0)));
        kept.clear();
        assert_eq!(kept.get(&0), None);
    }
}
