//! Recorded work in the caller's command encoders.
//!
//! When a caller submits is his. What is recorded goes to the queue in that order or in another, or
//! never, and memory that such a list uses is not handed out to work that could come before it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::list::{List, Place};
use crate::gpu::runtime::recording::{Chunk, Pending};
use crate::gpu::runtime::ticket::{PROBE_BYTES, PROBES, Probe, Probes, Ticket};
use crate::{Error, Result};

/// What was put into the caller's encoders.
#[derive(Debug, Default)]
pub(crate) struct Encoders {
    probes: Arc<Probes>,
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
        self.probes.kept().clear();
    }
}

impl Context {
    /// An error if the elements of a buffer are not there by what is on the queue and what is
    /// recorded.
    pub(crate) fn check_written(&self, operation: &'static str, buffer: &GpuBuffer) -> Result<()> {
        match buffer.uses.place() {
            Place::Encoded => self.or_lost(Error::NotSubmitted { operation }),
            Place::Dropped => self.or_lost(Error::LostWork { operation }),
            Place::Recorded | Place::Queued => Ok(()),
        }
    }

    /// This error, or that the device is lost.
    fn or_lost<T>(&self, error: Error) -> Result<T> {
        self.check_lost().and(Err(error))
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
            self.next_of(&mut pending).list.set(Place::Dropped);
            drop(pending);
            return self.or_lost(Error::LostWork { operation });
        }
        let Some(encoder) = encoder else {
            if pending.waits() {
                drop(pending);
                return self.or_lost(Error::NotSubmitted { operation });
            }
            return Ok(self.next_of(&mut pending));
        };
        pending.list.put_into(encoder);
        Ok(std::mem::replace(&mut *pending, self.next_list(Vec::new())))
    }

    /// Puts all that was recorded into an encoder of the caller.
    pub(crate) fn encode(
        &self,
        operation: &'static str,
        encoder: &mut wgpu::CommandEncoder,
    ) -> Result<()> {
        let _gate = self.gate();
        self.handle.share();
        if self.nothing_recorded() {
            return self.check_lost();
        }
        let probe = self.probe(operation)?;
        let work = self.take_recorded(operation, Some(&*encoder))?;
        let probe = (self.encoders.probes.clone(), probe);
        self.guarded(operation, None, || {
            work.write_params(self.queue());
            work.encode(encoder, None);
            let (list, after) = (work.list.clone(), work.after.clone());
            Ticket::put_into(encoder, self.device(), list, after, probe);
        })?;
        let chunks = work.chunks.iter().map(|chunk| (chunk.clone(), work.list.clone()));
        self.encoders.chunks().extend(chunks);
        self.keep_room(work);
        Ok(())
    }

    fn probe(&self, operation: &'static str) -> Result<Probe> {
        let probes = &self.encoders.probes;
        if let Some(kept) = probes.kept().pop() {
            return Ok(kept);
        }
        let make = || self.create(operation, PROBE_BYTES, Probe::new);
        let spare = (1..PROBES).map(|_| make()).collect::<Result<Vec<_>>>()?;
        probes.kept().extend(spare);
        make()
    }
}
