//! Memory of dropped tensors of the CPU, for the next ones.
//!
//! An operation that gets the memory of one of its earlier outputs need not ask the system for pages,
//! which would be cleared first, and often finds it in the caches.

use std::any::Any;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::memory::{NoMemory, extend, zeros};

/// Elements below which memory is not worth keeping.
const LEAST: usize = 1 << 12;

/// Elements of all kept memory.
const MOST: usize = 1 << 23;

/// What was dropped, from the oldest to the youngest.
struct Recycled(Mutex<Vec<Vec<f32>>>);

static RECYCLED: Recycled = Recycled(Mutex::new(Vec::new()));

/// So many elements, which are arbitrary.
pub(crate) fn elements(len: usize) -> Result<Vec<f32>, NoMemory> {
    let Some(mut elements) = RECYCLED.take(len) else { return zeros(len) };
    elements.truncate(len);
    let missing = len - elements.len();
    extend(&mut elements, std::iter::repeat_n(0.0, missing))?;
    Ok(elements)
}

/// Keeps the memory of elements of `f32`.
pub(crate) fn keep<T: 'static>(mut elements: Vec<T>) {
    if let Some(elements) = (&mut elements as &mut dyn Any).downcast_mut::<Vec<f32>>() {
        RECYCLED.keep(std::mem::take(elements));
    }
}

impl Recycled {
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<f32>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The youngest that has room for so many elements, and not for many more.
    fn take(&self, len: usize) -> Option<Vec<f32>> {
        let capacities = len.max(LEAST)..=len.saturating_mul(2);
        let mut dropped = self.lock();
        let index = dropped.iter().rposition(|kept| capacities.contains(&kept.capacity()))?;
        Some(dropped.remove(index))
    }

    fn keep(&self, elements: Vec<f32>) {
        if !(LEAST..=MOST).contains(&elements.capacity()) {
            return;
        }
        let mut dropped = self.lock();
        dropped.push(elements);
        let mut all: usize = dropped.iter().map(Vec::capacity).sum();
        let mut oldest = 0;
        while all > MOST {
            all -= dropped[oldest].capacity();
            oldest += 1;
        }
        let given_back: Vec<_> = dropped.drain(..oldest).collect();
        // Not behind the lock: the system may take its time.
        std::mem::drop(dropped);
        std::mem::drop(given_back);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_kept_for_the_next_of_its_size_and_only_so_much_of_it() {
        let recycled = Recycled(Mutex::default());
        let len = LEAST + 12_345;
        let first = vec![7.0; len];
        let place = first.as_ptr();
        recycled.keep(first);
        assert!(recycled.take(len / 3).is_none(), "too large by far");
        assert!(recycled.take(len + 1).is_none(), "too small");
        let taken = recycled.take(len - 5).unwrap();
        assert_eq!(taken.as_ptr(), place);
        assert!(recycled.take(len).is_none(), "it was taken");

        for _ in 0..20 {
            recycled.keep(vec![0.0; MOST / 8]);
            assert!(recycled.lock().iter().map(Vec::capacity).sum::<usize>() <= MOST);
        }
        assert_eq!(recycled.lock().len(), 8);
        recycled.keep(vec![0.0; MOST + 1]);
        recycled.keep(vec![0.0; LEAST - 1]);
        assert_eq!(recycled.lock().len(), 8);
    }

    #[test]
    fn elements_are_as_many_as_asked_for_whatever_was_dropped() {
        for len in [0, 1, LEAST, 3 * LEAST / 2, 2 * LEAST, LEAST + 1] {
            let elements = elements(len).unwrap();
            assert_eq!(elements.len(), len);
            keep(elements);
            keep(vec![0_u32; len]);
        }
    }
}
