//! Recorded work in the caller's command encoders.
//!
//! When a caller submits is his. What is recorded goes to the queue in that order or in another, or
//! never, and memory that such a list uses is not handed out to work that could come before it. wgpu
//! tells of a submit by mapping a buffer then: one that nothing else uses is mapped at once, so that
//! looking needs no waiting, and one that the encoder writes shows whether its work runs.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::list::{List, Place, Uses};
use crate::gpu::runtime::recording::{Chunk, Pending};
use crate::{Error, Result};

/// Whether a look tells of all submits so far. A browser tells of one when the task is over that
/// it came in, so that there the order is the caller's alone.
const TELLS_IN_TIME: bool = cfg!(not(target_arch = "wasm32"));

/// So many frames may be on the device before another probe has to be made.
const PROBES: usize = 4;

/// What was put into the caller's encoders.
#[derive(Debug, Default)]
pub(crate) struct Encoders {
    out: Arc<Out>,
    /// Parameters of lists in encoders.
    chunks: Mutex<Vec<(Chunk, Arc<List>)>>,
}

#[derive(Debug, Default)]
struct Out {
    /// How many encoders were not seen to be submitted or dropped.
    waiting: AtomicUsize,
    /// Probes that no encoder has.
    probes: Mutex<Vec<Probe>>,
}

impl Out {
    fn probes(&self) -> MutexGuard<'_, Vec<Probe>> {
        self.probes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two buffers that are mapped when an encoder's work is submitted.
#[derive(Debug, Clone)]
struct Probe {
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
const PROBE_BYTES: u64 = ONE.len() as u64;

impl Probe {
    fn new(device: &wgpu::Device) -> Self {
        let buffer = |label, usage, mapped_at_creation| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size: PROBE_BYTES,
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
            false => encoder.copy_buffer_to_buffer(&self.one, 0, &self.work, 0, PROBE_BYTES),
        }
    }

    /// Whether the mapped buffer holds what the encoder was to write.
    fn is_written(&self) -> bool {
        let expected = u8::from(!self.holds_one);
        self.work.get_mapped_range(..).is_ok_and(|view| view[0] == expected)
    }
}

/// Goes with a list into an encoder, and tells what became of it.
#[derive(Debug)]
struct Ticket {
    list: Arc<List>,
    /// What has to be submitted before.
    after: Vec<Arc<List>>,
    out: Arc<Out>,
    is_waiting: AtomicBool,
    probe: Probe,
    /// Whether the encoder wrote the probe.
    is_written: AtomicBool,
}

impl Ticket {
    /// Has wgpu tell of the submit.
    fn put_into(self, encoder: &mut wgpu::CommandEncoder) {
        self.probe.write(encoder);
        let ticket = Arc::new(self);
        let Probe { submit, work, .. } = &ticket.probe;
        // The first is reported only now if the submit failed, and then before the second.
        let worked = ticket.clone();
        encoder.map_buffer_on_submit(work, wgpu::MapMode::Read, .., move |mapped| {
            worked.worked(mapped.is_ok());
        });
        let submitted = ticket.clone();
        encoder.map_buffer_on_submit(submit, wgpu::MapMode::Read, .., move |mapped| {
            submitted.submitted(mapped.is_ok());
        });
    }

    /// The work is done, or the submit failed.
    fn worked(&self, is_mapped: bool) {
        if !is_mapped {
            return;
        }
        let is_written = self.probe.is_written();
        self.probe.work.unmap();
        self.is_written.store(is_written, Ordering::Release);
        if !is_written {
            self.list.set(Place::Dropped);
        }
    }

    /// The work was submitted, in the order of the submits: what is not on the queue yet comes too
    /// late.
    fn submitted(&self, is_mapped: bool) {
        let is_missing = |list: &Arc<List>| match list.place() {
            Place::Encoded => TELLS_IN_TIME,
            Place::Dropped => true,
            Place::Recorded | Place::Queued => false,
        };
        if self.list.place() == Place::Encoded {
            let lost = self.after.iter().any(is_missing);
            self.list.set(if lost { Place::Dropped } else { Place::Queued });
        }
        if is_mapped {
            self.probe.submit.unmap();
        }
        self.no_longer_waits();
    }

    fn no_longer_waits(&self) {
        if self.is_waiting.swap(false, Ordering::AcqRel) {
            self.out.waiting.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.list.place() == Place::Encoded {
            self.list.set(Place::Dropped);
        }
        self.no_longer_waits();
        let holds_one = self.probe.holds_one ^ self.is_written.load(Ordering::Acquire);
        self.out.probes().push(Probe { holds_one, ..self.probe.clone() });
    }
}

impl Encoders {
    fn chunks(&self) -> MutexGuard<'_, Vec<(Chunk, Arc<List>)>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer for parameters that no list in an encoder needs any more.
    pub(crate) fn take_chunk(&self) -> Option<Chunk> {
        let mut chunks = self.chunks();
        let free = chunks.iter().position(|(_, list)| list.is_over())?;
        Some(chunks.remove(free).0)
    }
}

impl Context {
    /// Looks which of the caller's encoders were submitted; whether there was any to look at.
    pub(crate) fn look_at_encoders(&self) -> bool {
        let any = self.encoders.out.waiting.load(Ordering::Acquire) > 0;
        if any && let Err(error) = self.device().poll(wgpu::PollType::Poll) {
            log::debug!("polling the device: {error}");
        }
        any
    }

    /// Where the work is that wrote something, as of now.
    pub(crate) fn place_of(&self, uses: &Uses) -> Place {
        let Some(written) = uses.written() else { return Place::Queued };
        if written.place() == Place::Encoded {
            self.look_at_encoders();
        }
        written.place()
    }

    /// An error if the elements of a buffer are not there by what is on the queue and what is
    /// recorded.
    pub(crate) fn check_written(&self, operation: &'static str, buffer: &GpuBuffer) -> Result<()> {
        match self.place_of(&buffer.uses) {
            Place::Encoded if !TELLS_IN_TIME => Ok(()),
            Place::Encoded => self.or_lost(Error::NotSubmitted { operation }),
            Place::Dropped => self.or_lost(Error::LostWork { operation }),
            Place::Recorded | Place::Queued => Ok(()),
        }
    }

    /// This error, or that the device is lost.
    fn or_lost(&self, error: Error) -> Result<()> {
        self.check_lost().and(Err(error))
    }

    /// An error if what is recorded comes after work in an encoder that was not submitted. What
    /// comes after work that was lost is lost as well.
    pub(crate) fn check_encoders(&self, operation: &'static str) -> Result<()> {
        if self.awaits_encoders() {
            return self.or_lost(Error::NotSubmitted { operation });
        }
        self.check_lost_work(operation)
    }

    /// Looks at the encoders that what is recorded comes after, before the gate is closed: polling
    /// runs callbacks, which may want it open.
    pub(crate) fn look_at_awaited_encoders(&self) {
        if self.awaits_encoders() {
            self.look_at_encoders();
        }
    }

    /// Whether what is recorded cannot be submitted now.
    pub(crate) fn is_held_up(&self) -> bool {
        self.pending().after.iter().any(|list| list.place() != Place::Queued)
    }

    fn awaits_encoders(&self) -> bool {
        let waits = |list: &Arc<List>| list.place() == Place::Encoded;
        TELLS_IN_TIME && self.pending().after.iter().any(waits)
    }

    fn check_lost_work(&self, operation: &'static str) -> Result<()> {
        {
            let mut pending = self.pending();
            if pending.after.iter().all(|list| list.place() != Place::Dropped) {
                return Ok(());
            }
            let chunks = std::mem::take(&mut pending.chunks);
            let lost = std::mem::replace(&mut *pending, Pending { chunks, ..Default::default() });
            lost.list.set(Place::Dropped);
        }
        self.or_lost(Error::LostWork { operation })
    }

    /// Puts all that was recorded into an encoder of the caller.
    pub(crate) fn encode(
        &self,
        operation: &'static str,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<()> {
        self.look_at_encoders();
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.handle.share();
        if self.nothing_recorded() {
            return self.check_lost();
        }
        self.check_lost_work(operation)?;
        let probe = self.probe(operation)?;
        let work = {
            let mut pending = self.pending();
            pending.list.put_into(encoder);
            std::mem::replace(&mut *pending, self.next_list(Vec::new()))
        };
        let out = self.encoders.out.clone();
        out.waiting.fetch_add(1, Ordering::AcqRel);
        let ticket = Ticket {
            list: work.list.clone(),
            after: work.after.clone(),
            out,
            is_waiting: AtomicBool::new(true),
            probe,
            is_written: AtomicBool::new(false),
        };
        self.guarded(operation, None, || {
            work.write_params(self.queue());
            work.encode(encoder, None);
            ticket.put_into(encoder);
        })?;
        let chunks = work.chunks.iter().map(|chunk| (chunk.clone(), work.list.clone()));
        self.encoders.chunks().extend(chunks);
        self.keep_room(work);
        Ok(())
    }

    fn probe(&self, operation: &'static str) -> Result<Probe> {
        if let Some(kept) = self.encoders.out.probes().pop() {
            return Ok(kept);
        }
        let make = || self.create(operation, 3 * PROBE_BYTES, Probe::new);
        let spare = (1..PROBES).map(|_| make()).collect::<Result<Vec<_>>>()?;
        self.encoders.out.probes().extend(spare);
        make()
    }
}
