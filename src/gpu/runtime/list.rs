//! Lists of recorded work, and what knows which of them may still use a buffer or a texture.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
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
    /// Whether its submit has begun, and not ended: it is not known yet whether wgpu refuses it.
    is_being_submitted: AtomicBool,
    /// Whether memory that it uses was overwritten by work that came too early.
    is_spoiled: AtomicBool,
}

impl Default for List {
    fn default() -> Self {
        Self {
            place: AtomicU8::new(Place::Recorded as u8),
            encoder: OnceLock::new(),
            is_being_submitted: AtomicBool::new(false),
            is_spoiled: AtomicBool::new(false),
        }
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

    /// Its encoder is on the queue, unless wgpu has refused it.
    pub(crate) fn begin_submit(&self) {
        self.is_being_submitted.store(true, Ordering::Release);
    }

    /// Whether it waits in an encoder for a submit that has not begun.
    pub(crate) fn waits(&self) -> bool {
        self.place() == Place::Encoded && !self.is_being_submitted.load(Ordering::Acquire)
    }

    /// Memory that it uses is overwritten before it runs.
    pub(crate) fn spoil(&self) {
        self.is_spoiled.store(true, Ordering::Release);
    }

    pub(crate) fn is_spoiled(&self) -> bool {
        self.is_spoiled.load(Ordering::Acquire)
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

/// A list that another one comes after.
#[derive(Debug, Clone)]
pub(crate) struct After {
    pub(crate) list: Arc<List>,
    /// Whether what it computes is read.
    pub(crate) is_read: bool,
    /// Whether memory that it uses is written.
    pub(crate) is_overwritten: bool,
}

impl After {
    /// Whether what is read of it was lost.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_read && self.list.place() == Place::Dropped
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

    /// A list reads it, or writes it. Tells which other lists that one has to come after: the one
    /// that wrote it, whose elements it needs, and before it writes it those in encoders that may
    /// still use it, whose memory alone it takes over.
    pub(crate) fn add(
        &self,
        list: &Arc<List>,
        writes: bool,
        mut after: impl FnMut(&Arc<List>, bool),
    ) {
        let mut state = self.state();
        let is_other = |other: &&Arc<List>| !Arc::ptr_eq(other, list);
        state.written.iter().filter(is_other).for_each(|written| after(written, true));
        if writes {
            let used = state.latest.iter().chain(&state.earlier);
            let used = used.filter(is_other).filter(|used| !used.comes_first());
            used.for_each(|used| after(used, false));
            state.written = Some(list.clone());
        }
        if state.latest.as_ref().is_some_and(|latest| Arc::ptr_eq(latest, list)) {
            return;
        }
        let earlier = state.latest.replace(list.clone());
        state.earlier.extend(earlier);
        state.earlier.retain(|list| !list.is_over());
    }

    /// The list that wrote it.
    pub(crate) fn written(&self) -> Option<Arc<List>> {
        self.state().written.clone()
    }

    /// Where the work is that wrote it.
    pub(crate) fn place(&self) -> Place {
        self.state().written.as_ref().map_or(Place::Queued, |written| written.place())
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
    fn a_use_tells_what_it_comes_after_and_who_may_still_use_it() {
        let [first, second, third] = [(); 3].map(|()| Arc::new(List::default()));
        let uses = Uses::default();
        let add = |uses: &Uses, list, writes| {
            let mut told = Vec::new();
            uses.add(list, writes, |after, needs| told.push((after.clone(), needs)));
            told
        };
        assert!(add(&uses, &first, true).is_empty() && add(&uses, &first, false).is_empty());
        first.set(Place::Encoded);
        let told = add(&uses, &second, false);
        assert!(told.len() == 1 && Arc::ptr_eq(&told[0].0, &first) && told[0].1);
        second.set(Place::Queued);
        add(&uses, &third, false);
        assert!(!uses.all(List::comes_first) && !uses.all(List::is_over));
        let left = uses.left();
        // Whoever takes the memory over comes after what may still use it, and needs none of it.
        let told = add(&left, &third, true);
        assert!(told.len() == 1 && Arc::ptr_eq(&told[0].0, &first) && !told[0].1);
        let left = left.left();
        first.set(Place::Dropped);
        assert!(left.all(List::comes_first) && !left.all(List::is_over));
        assert!(left.written().is_none() && uses.all(List::is_over));
        third.set(Place::Queued);
        assert!(left.all(List::is_over));
    }
}
