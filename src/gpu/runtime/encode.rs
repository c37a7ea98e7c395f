//! Recorded work in the caller's command encoders.
//!
//! When a caller submits is his. What is recorded goes to the queue in that order or in another, or
//! never, and memory that such a list uses is not handed out to work that could come before it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::list::{List, Place, Uses};
use crate::gpu::runtime::recording::{Chunk, Pending};
use crate::gpu::runtime::ticket::{PROBE_BYTES, PROBES, Probe, TELLS_IN_TIME, Ticket, Tickets};
use crate::{Error, Result};

/// What was put into the caller's encoders.
#[derive(Debug, Default)]
pub(crate) struct Encoders {
    tickets: Arc<Tickets>,
    /// Parameters of lists in encoders.
    chunks: Mutex<Vec<(Chunk, Arc<List>)>>,
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

    /// Lets go of what no encoder needs.
    pub(crate) fn trim(&self) {
        self.chunks().retain(|(_, list)| !list.is_over());
        self.tickets.probes().clear();
    }
}

impl Context {
    /// Looks which of the caller's encoders were submitted; whether there was any to look at.
    pub(crate) fn look_at_encoders(&self) -> bool {
        let tickets = &self.encoders.tickets;
        let any = tickets.any_waits();
        if any {
            if let Err(error) = self.device().poll(wgpu::PollType::Poll) {
                log::debug!("polling the device: {error}");
            }
            tickets.look();
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

    /// As [`check_written`](Self::check_written), and the gate, so that it stays so.
    pub(crate) fn gate_of_written(
        &self,
        operation: &'static str,
        buffer: &GpuBuffer,
    ) -> Result<MutexGuard<'_, ()>> {
        loop {
            self.check_written(operation, buffer)?;
            self.look_at_awaited_encoders();
            let gate = self.gate();
            // Meanwhile another thread may have put it into an encoder.
            let is_encoded = |list: Arc<List>| list.place() == Place::Encoded;
            if !TELLS_IN_TIME || !buffer.uses.written().is_some_and(is_encoded) {
                return Ok(gate);
            }
        }
    }

    /// This error, or that the device is lost.
    fn or_lost<T>(&self, error: Error) -> Result<T> {
        self.check_lost().and(Err(error))
    }

    /// Looks at the encoders that what is recorded comes after, before the gate is closed: polling
    /// runs callbacks, which may want it open.
    pub(crate) fn look_at_awaited_encoders(&self) {
        let waits = self.pending().waits();
        if waits {
            self.look_at_encoders();
        }
    }

    /// Whether what is recorded cannot be submitted now.
    pub(crate) fn is_held_up(&self) -> bool {
        let pending = self.pending();
        pending.waits() || pending.is_lost()
    }

    /// All that was recorded: for an encoder of the caller, or else to be submitted, which is an error
    /// if it comes after work in an encoder that was not. What comes after work that was lost is
    /// lost as well. The caller holds the gate.
    pub(crate) fn take_recorded(
        &self,
        operation: &'static str,
        encoder: Option<&wgpu::CommandEncoder>,
    ) -> Result<Pending> {
        let mut pending = self.pending();
        if pending.is_lost() {
            let chunks = std::mem::take(&mut pending.chunks);
            let lost = std::mem::replace(&mut *pending, Pending { chunks, ..Default::default() });
            drop(pending);
            lost.list.set(Place::Dropped);
            return self.or_lost(Error::LostWork { operation });
        }
        let chunks = match encoder {
            Some(encoder) => {
                pending.list.put_into(encoder);
                Vec::new()
            }
            None if TELLS_IN_TIME && pending.waits() => {
                drop(pending);
                return self.or_lost(Error::NotSubmitted { operation });
            }
            None => pending.chunks.clone(),
        };
        Ok(std::mem::replace(&mut *pending, self.next_list(chunks)))
    }

    /// Puts all that was recorded into an encoder of the caller.
    pub(crate) fn encode(
        &self,
        operation: &'static str,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<()> {
        self.look_at_encoders();
        let _gate = self.gate();
        self.handle.share();
        if self.nothing_recorded() {
            return self.check_lost();
        }
        let probe = self.probe(operation)?;
        let work = self.take_recorded(operation, Some(&*encoder))?;
        let tickets = self.encoders.tickets.clone();
        self.guarded(operation, None, || {
            work.write_params(self.queue());
            work.encode(encoder, None);
            Ticket::put_into(encoder, work.list.clone(), work.after.clone(), tickets, probe);
        })?;
        let chunks = work.chunks.iter().map(|chunk| (chunk.clone(), work.list.clone()));
        self.encoders.chunks().extend(chunks);
        self.keep_room(work);
        Ok(())
    }

    fn probe(&self, operation: &'static str) -> Result<Probe> {
        let tickets = &self.encoders.tickets;
        if let Some(kept) = tickets.probes().pop() {
            return Ok(kept);
        }
        let make = || self.create(operation, PROBE_BYTES, Probe::new);
        let spare = (1..PROBES).map(|_| make()).collect::<Result<Vec<_>>>()?;
        tickets.probes().extend(spare);
        make()
    }
}
