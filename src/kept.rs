//! Memory on the host that dropped tensors leave for the next ones.
//!
//! An allocator gives large blocks back to the system or has to clear them; either costs as much as
//! a small operation.

use std::ops::{Deref, DerefMut, Range};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytemuck::Zeroable;

use crate::memory::{NoMemory, from_line, line, zeros};

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

impl<T: Copy + Zeroable> Kept<T> {
    /// So many elements, of any value.
    pub(crate) fn elements(self: &Arc<Self>, len: usize) -> Result<Elements<T>, NoMemory> {
        if let Some(elements) = self.take(len) {
            return Ok(elements);
        }
        let room = zeros(len.saturating_add(line::<T>())).map_err(|_| NoMemory::of::<T>(len))?;
        Ok(Elements::of_line(room, len, self))
    }

    /// So many elements in the allocation that fits them best; `None` if none does well.
    fn take(self: &Arc<Self>, len: usize) -> Option<Elements<T>> {
        let most = len.saturating_add(len / 4);
        let mut list = self.list();
        let fits =
            list.iter().enumerate().filter(|(_, kept)| (len..=most).contains(&kept.capacity()));
        let (index, _) = fits.rev().min_by_key(|(_, kept)| kept.capacity())?;
        let mut elements = list.remove(index);
        drop(list);
        let room = elements.capacity().min(len.saturating_add(line::<T>()));
        if elements.len() < room {
            elements.resize(room, T::zeroed());
        }
        Some(Elements::of_line(elements, len, self))
    }
}

/// The elements of a tensor on the host. Their memory is kept when they are dropped.
#[derive(Debug)]
pub(crate) struct Elements<T> {
    elements: Vec<T>,
    /// Which of these are the tensor's.
    range: Range<usize>,
    keeper: Option<Arc<Kept<T>>>,
}

impl<T> Elements<T> {
    /// So many, from the begin of a line of the caches on where there is room.
    fn of_line(elements: Vec<T>, len: usize, keeper: &Arc<Kept<T>>) -> Self {
        Self { range: from_line(&elements, len), elements, keeper: Some(keeper.clone()) }
    }

    pub(crate) const fn kept_by(elements: Vec<T>, keeper: Arc<Kept<T>>) -> Self {
        Self { range: 0..elements.len(), elements, keeper: Some(keeper) }
    }
}

/// Whose memory nobody keeps.
impl<T> From<Vec<T>> for Elements<T> {
    fn from(elements: Vec<T>) -> Self {
        Self { range: 0..elements.len(), elements, keeper: None }
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
        &self.elements[self.range.clone()]
    }
}

impl<T> DerefMut for Elements<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.elements[self.range.clone()]
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
    use crate::memory::LINE;

    const LEAST: usize = LEAST_BYTES / 4;

    fn drop_into(kept: &Arc<Kept<f32>>, len: usize) -> *const f32 {
        let elements = Elements::kept_by(vec![1.0; len], kept.clone());
        elements.as_ptr()
    }

    #[test]
    fn what_fits_best_is_taken_once() {
        let kept = Arc::default();
        let addresses = [LEAST, 2 * LEAST, 2 * LEAST - 8].map(|len| drop_into(&kept, len));
        let taken = [(); 2].map(|()| kept.take(2 * LEAST - 10).unwrap());
        assert!(taken.iter().all(|taken| taken.len() == 2 * LEAST - 10));
        let skipped = [(&taken[0], addresses[2]), (&taken[1], addresses[1])]
            .map(|(taken, address)| taken.as_ptr().addr() - address.addr());
        assert!(skipped.iter().all(|&bytes| bytes < LINE), "{skipped:?}");
        assert!(kept.take(2 * LEAST - 10).is_none());
        assert!(kept.take(LEAST / 2).is_none());
        assert_eq!(kept.bytes(), LEAST_BYTES);
        kept.trim();
        assert_eq!((kept.bytes(), kept.take(LEAST).is_none()), (0, true));
    }

    #[test]
    fn elements_begin_with_a_line_and_are_those_that_were_left() {
        let kept: Arc<Kept<f32>> = Arc::default();
        for len in [LEAST, LEAST + 1, LEAST + 30] {
            kept.trim();
            for value in [0.0, 1.0, 2.0] {
                let mut elements = kept.elements(len).unwrap();
                assert_eq!((elements.len(), elements.as_ptr().addr() % LINE), (len, 0));
                // Shorter ones between do not take from what is there.
                assert!(elements.iter().all(|&element| element == value));
                elements.fill(value + 1.0);
                drop(elements);
                drop(kept.elements(len - 9).unwrap());
            }
            assert_eq!(kept.bytes(), 4 * len + LINE);
        }
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
