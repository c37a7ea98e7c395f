//! Which algorithm a problem is solved by, where it was measured.

pub(crate) mod key;

use std::collections::BTreeMap;

use crate::Algorithm;
use key::Key;

/// A table from problems to algorithms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Choices(pub(crate) BTreeMap<Key, Algorithm>);

impl Choices {
    pub(crate) fn get(&self, key: &Key) -> Option<Algorithm> {
        self.0.get(key).copied()
    }
}
