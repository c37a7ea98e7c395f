//! What tells of an encoder of the caller whether it was submitted.
//!
//! wgpu maps two buffers at the submit: one that nothing else uses is mapped as soon as somebody
//! polls, and one that the encoder writes shows whether its work runs. wgpu maps in the order of the
//! submits, by whoever polls first, and reports later, each report on the thread of that poll. So a
//! report may be late, or overtaken, where others poll as well; whether a buffer is mapped is not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, ThreadId};

use crate::gpu::runtime::list::{List, Place};
use crate::gpu::runtime::recording::After;

/// Whether a look tells of all submits so far. A browser tells of one when the task is over that
/// it came in, so that there the order is the caller's alone.
pub(crate) const TELLS_IN_TIME: bool = cfg!(not(target_arch = "wasm32"));

/// So many frames may be on the device before another probe has to be made.
pub(crate) const PROBES: usize = 4;

/// The tickets of all encoders that something is still to be told of, and probes that none has.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    out: Mutex<Vec<Weak<Ticket>>>,
    probes: Mutex<Vec<Probe>>,
}

impl Tickets {
    pub(crate) fn probes(&self) -> MutexGuard<'_, Vec<Probe>> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that are out, in the order in which they were handed out.
    fn out(&self) -> Vec<Arc<Ticket>> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::with_capacity(out.len());
        out.retain(|ticket| ticket.upgrade().map(|ticket| found.push(ticket)).is_some());
        found
    }

    /// Whether an encoder was not seen to be submitted or dropped.
    pub(crate) fn any_waits(&self) -> bool {
        self.out().iter().any(|ticket| ticket.list.place() == Place::Encoded)
    }

    /// Sees which encoders were submitted, as far as wgpu knows after a poll.
    pub(crate) fn look(&self) {
        let out = self.out();
        out.iter().for_each(|ticket| ticket.look(&out));
    }
}

/// Two buffers that are mapped when an encoder's work is submitted.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// Nothing writes it.
    submit: wgpu::Buffer,
    /// The encoder writes a one where there is a zero, and the other way round.
    work: wgpu::Buffer,
    holds_one: bool,
    /// Where a one is.
    one: wgpu::Buffer,
}

/// A one, and what mapping and copying ask for beside it.
const ONE: [u8; 8] = [1, 0, 0, 0, 0, 0, 0, 0];
const BUFFER_BYTES: u64 = ONE.len() as u64;

/// What the buffers of a probe take.
pub(crate) const PROBE_BYTES: u64 = 3 * BUFFER_BYTES;

impl Probe {
    pub(crate) fn new(device: &wgpu::Device) -> Self {
        let buffer = |label, usage, mapped_at_creation| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size: BUFFER_BYTES,
                usage,
                mapped_at_creation,
            })
        };
        let read = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let one = buffer("one", wgpu::BufferUsages::COPY_SRC, true);
        if let Ok(mut view) = one.get_mapped_range_mut(..) {
            view.copy_from_slice(&ONE);
        }
        one.unmap();
        let [submit, work] = ["submitted", "works"].map(|label| buffer(label, read, false));
        Self { submit, work, holds_one: false, one }
    }

    /// Has the encoder write what is not there.
    fn write(&self, encoder: &mut wgpu::CommandEncoder) {
        match self.holds_one {
            true => encoder.clear_buffer(&self.work, 0, None),
            false => {
                encoder.copy_buffer_to_buffer(&self.one, 0, &self.work, 0, BUFFER_BYTES);
            }
        }
    }

    /// Whether the one buffer is mapped, which the caller has not unmapped.
    fn is_submitted(&self) -> bool {
        first_byte(&self.submit).is_some()
    }

    /// Whether the other one holds what the encoder was to write; nothing while it is not mapped.
    fn is_written(&self) -> Option<bool> {
        first_byte(&self.work).map(|byte| byte == u8::from(!self.holds_one))
    }
}

/// Of a buffer, if it is mapped.
fn first_byte(buffer: &wgpu::Buffer) -> Option<u8> {
    buffer.get_mapped_range(..).ok().map(|view| view[0])
}

/// Goes with a list into an encoder, and tells what became of it.
#[derive(Debug)]
pub(crate) struct Ticket {
    list: Arc<List>,
    /// What has to be submitted before.
    after: Vec<After>,
    tickets: Arc<Tickets>,
    probe: Probe,
    state: Mutex<State>,
}

/// What is known of a submit. The probe is unmapped by whoever has this.
#[derive(Debug, Default)]
struct State {
    /// Whether the probe is written, as was reported.
    is_written: Option<bool>,
    /// Whether the submit was reported.
    is_reported: bool,
    /// Lists that come after this one, whose submits were reported first, and on which threads.
    reported_before: Vec<(Arc<List>, ThreadId)>,
}

impl Ticket {
    /// Has wgpu tell what becomes of a list that an encoder holds.
    pub(crate) fn put_into(
        encoder: &mut wgpu::CommandEncoder,
        list: Arc<List>,
        after: Vec<After>,
        tickets: Arc<Tickets>,
        probe: Probe,
    ) {
        probe.write(encoder);
        let ticket = Arc::new(Self { list, after, tickets, probe, state: Mutex::default() });
        let mut out = ticket.tickets.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.push(Arc::downgrade(&ticket));
        drop(out);
        let Probe { submit, work, .. } = &ticket.probe;
        // A submit that fails has this one mapped at once, before the other.
        let worked = ticket.clone();
        encoder.map_buffer_on_submit(work, wgpu::MapMode::Read, .., move |mapped| {
            worked.worked(mapped.is_ok());
        });
        let submitted = ticket.clone();
        encoder.map_buffer_on_submit(submit, wgpu::MapMode::Read, .., move |mapped| {
            submitted.submitted(mapped.is_ok());
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees whether it was submitted, reported or not.
    fn look(&self, out: &[Arc<Self>]) {
        if !TELLS_IN_TIME || self.list.place() != Place::Encoded {
            return;
        }
        let state = self.state();
        if self.probe.is_submitted() {
            self.tell(&state, out);
        }
    }

    /// Tells what became of the list, now that it was submitted: what is not on the queue yet comes
    /// too late.
    fn tell(&self, state: &State, out: &[Arc<Self>]) {
        let is_missing = |after: &After| {
            let list = &after.list;
            if let Some(ticket) = find(out, list) {
                ticket.look(out);
            }
            match list.place() {
                Place::Encoded => TELLS_IN_TIME,
                Place::Dropped => after.is_read,
                Place::Recorded | Place::Queued => false,
            }
        };
        if self.list.place() == Place::Encoded {
            let seen = || if TELLS_IN_TIME { self.probe.is_written() } else { None };
            let is_written = state.is_written.or_else(seen);
            let is_lost = is_written == Some(false) || self.after.iter().any(is_missing);
            self.list.set(if is_lost { Place::Dropped } else { Place::Queued });
        }
    }

    /// The work is done, or the submit failed.
    fn worked(&self, is_mapped: bool) {
        if !is_mapped {
            return;
        }
        let mut state = self.state();
        state.is_written = self.probe.is_written();
        self.probe.work.unmap();
        if state.is_written == Some(false) {
            self.list.set(Place::Dropped);
        }
    }

    fn submitted(&self, is_mapped: bool) {
        let out = self.tickets.out();
        let mut state = self.state();
        self.tell(&state, &out);
        if is_mapped {
            self.probe.submit.unmap();
        }
        state.is_reported = true;
        let reported_before = std::mem::take(&mut state.reported_before);
        drop(state);
        if !TELLS_IN_TIME {
            return;
        }
        // One thread reports in the order of the submits.
        let thread = thread::current().id();
        for (list, _) in reported_before.iter().filter(|(_, of)| *of == thread) {
            list.set(Place::Dropped);
        }
        for before in self.after.iter().filter_map(|after| find(&out, &after.list)) {
            let mut before = before.state();
            if !before.is_reported {
                before.reported_before.push((self.list.clone(), thread));
            }
        }
    }
}

/// The ticket of a list.
fn find<'a>(out: &'a [Arc<Ticket>], list: &Arc<List>) -> Option<&'a Arc<Ticket>> {
    out.iter().find(|ticket| Arc::ptr_eq(&ticket.list, list))
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.list.place() == Place::Encoded {
            self.list.set(Place::Dropped);
        }
        let is_written = self.state().is_written == Some(true);
        let probe = Probe { holds_one: self.probe.holds_one ^ is_written, ..self.probe.clone() };
        self.tickets.probes().push(probe);
    }
}
