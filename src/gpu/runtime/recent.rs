//! A map that keeps what was used last.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// At most so many values by their keys; beyond that the one goes that was not used for longest.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    /// With the time of the last use.
    kept: FxHashMap<K, (V, u64)>,
    most: usize,
    /// Counts the uses.
    time: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Recent<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self { kept: FxHashMap::default(), most, time: 0 }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        let (value, used) = self.kept.get_mut(key)?;
        self.time += 1;
        *used = self.time;
        Some(value.clone())
    }

    pub(crate) fn insert(&mut self, key: &K, value: V) {
        self.time += 1;
        self.kept.insert(key.clone(), (value, self.time));
        while self.kept.len() > self.most {
            let oldest = self.kept.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            self.kept.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn what_was_not_used_for_longest_goes() {
        let mut recent = Recent::new(3);
        for (key, value) in [(1, "one"), (2, "two"), (3, "three")] {
            recent.insert(&key, value);
        }
        assert_eq!(recent.get(&1), Some("one"));
        recent.insert(&4, "four");
        let kept = [1, 2, 3, 4].map(|key| recent.get(&key));
        assert_eq!(kept, [Some("one"), None, Some("three"), Some("four")]);
        recent.insert(&3, "again");
        recent.insert(&2, "two");
        let kept = [1, 2, 3, 4].map(|key| recent.get(&key));
        assert_eq!(kept, [None, Some("two"), Some("again"), Some("four")]);
    }

    #[test]
    fn never_more_than_the_most_are_kept() {
        let mut recent = Recent::new(5);
        for key in 0..1000 {
            recent.insert(&key, key);
            assert!(recent.kept.len() <= 5);
        }
        assert_eq!((995..1000).filter_map(|key| recent.get(&key)).count(), 5);
    }
}
