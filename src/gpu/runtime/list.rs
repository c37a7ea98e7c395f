//! Lists of recorded work, and what knows which of them may still use a buffer or a texture.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::gpu::runtime::kept::hash_of;

/// Where a list is on its way to the device's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Place {
    /// It is being recorded, or about to be submitted: what is recorded from now on comes after it.
    Recorded,
    /// It is in an encoder of the caller, who has not been seen to submit it.
    Encoded,
    /// It is on the queue.
    Queued,
    /// It never runs, since its encoder was dropped or its submit failed, or not as it should, since
    /// what it comes after does not.
    Dropped,
}

/// A list of recorded work.
#[derive(Debug)]
pub(crate) struct List {
    place: AtomicU8,
    /// By its hash, which tells it from all others that live, the encoder that it was put into.
    encoder: OnceLock<u64>,
}

impl Default for List {
    fn default() -> Self {
        Self { place: AtomicU8::new(Place::Recorded as u8), encoder: OnceLock::new() }
    }
}

impl List {
    pub(crate) fn place(&self) -> Place {
        const PLACES: [Place; 4] = [Place::Recorded, Place::Encoded, Place::Queued, Place::Dropped];
        PLACES[usize::from(self.place.load(Ordering::Acquire) % 4)]
    }

    pub(crate) fn set(&self, place: Place) {
        self.place.store(place as u8, Ordering::Release);
    }

    /// It is put into an encoder.
    pub(crate) fn put_into(&self, encoder: &wgpu::CommandEncoder) {
        let _once = self.encoder.set(hash_of(encoder));
        self.set(Place::Encoded);
    }

    pub(crate) fn is_in(&self, encoder: &wgpu::CommandEncoder) -> bool {
        self.encoder.get() == Some(&hash_of(encoder))
    }

    /// Whether work that is recorded from now on surely comes after it.
    pub(crate) fn comes_first(&self) -> bool {
        self.place() != Place::Encoded
    }

    /// Whether what the host writes to the queue from now on surely comes after it.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.place(), Place::Queued | Place::Dropped)
    }
}

/// The lists that a buffer or a texture is used by.
#[derive(Debug, Default)]
pub(crate) struct Uses(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    latest: Option<Arc<List>>,
    /// Earlier ones that may not be on the queue.
    earlier: Vec<Arc<List>>,
    /// The one that wrote the elements, if it was a list.
    written: Option<Arc<List>>,
}

impl Uses {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A list reads it, or writes it; gives the list that wrote it before, if that is another one.
    pub(crate) fn add(&self, list: &Arc<List>, writes: bool) -> Option<Arc<List>> {
        let mut state = self.state();
        let before = state.written.clone().filter(|written| !Arc::ptr_eq(written, list));
        if writes {
            state.written = Some(list.clone());
        }
        if state.latest.as_ref().is_some_and(|latest| Arc::ptr_eq(latest, list)) {
            return before;
        }
        let earlier = state.latest.replace(list.clone());
        state.earlier.extend(earlier);
        state.earlier.retain(|list| !list.is_over());
        before
    }

    /// The list that wrote it.
    pub(crate) fn written(&self) -> Option<Arc<List>> {
        self.state().written.clone()
    }

    /// Whether this holds for all lists that may use it.
    pub(crate) fn all(&self, holds: impl Fn(&List) -> bool) -> bool {
        let state = self.state();
        state.latest.iter().chain(&state.earlier).all(|list| holds(list))
    }

    /// As it is when another tensor takes the memory over: these lists may still use it.
    pub(crate) fn left(&self) -> Self {
        let mut state = std::mem::take(&mut *self.state());
        state.written = None;
        Self(Mutex::new(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_tells_who_wrote_before_and_who_may_still_use_it() {
        let [first, second, third] = [(); 3].map(|()| Arc::new(List::default()));
        let uses = Uses::default();
        assert!(uses.add(&first, true).is_none() && uses.add(&first, false).is_none());
        first.set(Place::Encoded);
        assert!(Arc::ptr_eq(&uses.add(&second, false).unwrap(), &first));
        second.set(Place::Queued);
        uses.add(&third, false);
        assert!(!uses.all(List::comes_first) && !uses.all(List::is_over));
        let left = uses.left();
        first.set(Place::Dropped);
        assert!(left.all(List::comes_first) && !left.all(List::is_over));
        assert!(left.written().is_none() && uses.all(List::is_over));
        third.set(Place::Queued);
        assert!(left.all(List::is_over));
    }
}
