//! Memory on the host that dropped tensors leave for the next ones.
//!
//! An allocator gives large blocks back to the system or has to clear them; either costs as much as
//! a small operation.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes below which allocating costs nothing.
const LEAST_BYTES: usize = 1 << 14;
/// Bytes that are kept at most.
const MOST_BYTES: usize = 1 << 26;
/// Allocations that are kept at most.
const MOST: usize = 256;

/// Allocations of dropped tensors, the latest last.
#[derive(Debug)]
pub(crate) struct Kept<T>(Mutex<Vec<Vec<T>>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

const fn bytes<T>(elements: &Vec<T>) -> usize {
    elements.capacity() * size_of::<T>()
}

impl<T> Kept<T> {
    fn list(&self) -> MutexGuard<'_, Vec<Vec<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all.
    pub(crate) fn bytes(&self) -> usize {
        self.list().iter().map(bytes).sum()
    }

    /// Lets go of all.
    pub(crate) fn trim(&self) {
        // Dropped without the lock.
        let _all = std::mem::take(&mut *self.list());
    }

    fn put(&self, elements: Vec<T>) {
        if !(LEAST_BYTES..=MOST_BYTES).contains(&bytes(&elements)) {
            return;
        }
        let mut list = self.list();
        let mut room = MOST_BYTES - bytes(&elements);
        let fitting = list.iter().rev().take(MOST - 1).take_while(|kept| {
            let fits = bytes(kept) <= room;
            room = room.saturating_sub(bytes(kept));
            fits
        });
        let too_many = list.len() - fitting.count();
        let oldest: Vec<_> = list.drain(..too_many).collect();
        list.push(elements);
        drop(list);
        drop(oldest);
    }
}

impl<T: Copy> Kept<T> {
    /// The allocation that fits so many elements best, with any elements; `None` if none does well.
    pub(crate) fn take(&self, len: usize, fill: T) -> Option<Vec<T>> {
        let most = len.saturating_add(len / 4);
        let mut list = self.list();
        let fits =
            list.iter().enumerate().filter(|(_, kept)| (len..=most).contains(&kept.capacity()));
        let (index, _) = fits.rev().min_by_key(|(_, kept)| kept.capacity())?;
        let mut elements = list.remove(index);
        drop(list);
        elements.resize(len, fill);
        Some(elements)
    }
}

/// The elements of a tensor on the host. Their memory is kept when they are dropped.
#[derive(Debug)]
pub(crate) struct Elements<T> {
    elements: Vec<T>,
    keeper: Option<Arc<Kept<T>>>,
}

impl<T> Elements<T> {
    pub(crate) const fn kept_by(elements: Vec<T>, keeper: Arc<Kept<T>>) -> Self {
        Self { elements, keeper: Some(keeper) }
    }
}

/// Whose memory nobody keeps.
impl<T> From<Vec<T>> for Elements<T> {
    fn from(elements: Vec<T>) -> Self {
        Self { elements, keeper: None }
    }
}

impl<T> Default for Elements<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T> Deref for Elements<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.elements
    }
}

impl<T> Drop for Elements<T> {
    fn drop(&mut self) {
        if let Some(keeper) = &self.keeper {
            keeper.put(std::mem::take(&mut self.elements));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: usize = LEAST_BYTES / 4;

    fn drop_into(kept: &Arc<Kept<f32>>, len: usize) -> *const f32 {
        let elements = Elements::kept_by(vec![1.0; len], kept.clone());
        elements.as_ptr()
    }

    #[test]
    fn what_fits_best_is_taken_once() {
        let kept = Arc::default();
        let addresses = [LEAST, 2 * LEAST, 2 * LEAST - 8].map(|len| drop_into(&kept, len));
        let taken = kept.take(2 * LEAST - 10, 0.0).unwrap();
        assert_eq!((taken.as_ptr(), taken.len()), (addresses[2], 2 * LEAST - 10));
        let taken = kept.take(2 * LEAST - 10, 0.0).unwrap();
        assert_eq!((taken.as_ptr(), taken.len()), (addresses[1], 2 * LEAST - 10));
        assert_eq!(kept.take(2 * LEAST - 10, 0.0), None);
        assert_eq!(kept.take(LEAST / 2, 0.0), None);
        assert_eq!(kept.bytes(), LEAST_BYTES);
        kept.trim();
        assert_eq!((kept.bytes(), kept.take(LEAST, 0.0)), (0, None));
    }

    #[test]
    fn small_and_huge_ones_are_not_kept_and_the_oldest_go_first() {
        let kept = Arc::default();
        for len in [0, LEAST - 1, MOST_BYTES / 4 + 1] {
            drop_into(&kept, len);
            assert_eq!(kept.bytes(), 0, "{len}");
        }
        for _ in 0..MOST + 9 {
            drop_into(&kept, LEAST);
        }
        assert_eq!(kept.bytes(), MOST * LEAST_BYTES);
        drop_into(&kept, MOST_BYTES / 4 - LEAST);
        assert_eq!(kept.bytes(), MOST_BYTES);
        drop_into(&kept, LEAST + 1);
        assert_eq!(kept.bytes(), LEAST_BYTES + 4);
    }
}
