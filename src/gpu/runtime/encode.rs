//! Recorded work in the caller's command encoders.
//!
//! When a caller submits is his. What is recorded goes to the queue in that order or in another, or
//! never, and memory that such a list uses is not handed out to work that could come before it. wgpu
//! tells of a submit by mapping a buffer then, which nothing else uses, so that looking needs no
//! waiting.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::list::{List, Place, Uses};
use crate::gpu::runtime::recording::{Chunk, Pending};
use crate::{Error, Result};

/// Whether a look tells of all submits so far. A browser tells of one when the task is over that
/// it came in, so that there the order is the caller's alone.
const TELLS_IN_TIME: bool = cfg!(not(target_arch = "wasm32"));

/// What was put into the caller's encoders.
#[derive(Debug, Default)]
pub(crate) struct Encoders {
    /// How many were not seen to be submitted or dropped.
    out: Arc<AtomicUsize>,
    /// Buffers that are mapped when an encoder's work is submitted.
    probes: Arc<Mutex<Vec<wgpu::Buffer>>>,
    /// Parameters of lists in encoders.
    chunks: Mutex<Vec<(Chunk, Arc<List>)>>,
}

/// Goes with a list into an encoder, and tells what became of it.
#[derive(Debug)]
struct Ticket {
    list: Arc<List>,
    /// What has to be submitted before.
    after: Vec<Arc<List>>,
    out: Arc<AtomicUsize>,
    probe: wgpu::Buffer,
    probes: Arc<Mutex<Vec<wgpu::Buffer>>>,
}

impl Ticket {
    /// The encoder's work was submitted, and the probe is mapped, in the order of the submits: what
    /// is not on the queue yet comes too late.
    fn submitted(self, mapped: bool) {
        let is_missing = |list: &Arc<List>| match list.place() {
            Place::Encoded => TELLS_IN_TIME,
            Place::Dropped => true,
            Place::Recorded | Place::Queued => false,
        };
        let lost = self.after.iter().any(is_missing);
        self.list.set(if lost { Place::Dropped } else { Place::Queued });
        if mapped {
            self.probe.unmap();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.list.place() == Place::Encoded {
            self.list.set(Place::Dropped);
        }
        self.out.fetch_sub(1, Ordering::AcqRel);
        self.probes.lock().unwrap_or_else(PoisonError::into_inner).push(self.probe.clone());
    }
}

impl Encoders {
    fn chunks(&self) -> std::sync::MutexGuard<'_, Vec<(Chunk, Arc<List>)>> {
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
        let any = self.encoders.out.load(Ordering::Acquire) > 0;
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
            pending.list.set(Place::Encoded);
            let next = Pending::with_room_of(self.take_room(), Vec::new());
            std::mem::replace(&mut *pending, next)
        };
        let Encoders { out, probes, .. } = &self.encoders;
        out.fetch_add(1, Ordering::AcqRel);
        let ticket = Ticket {
            list: work.list.clone(),
            after: work.after.clone(),
            out: out.clone(),
            probe: probe.clone(),
            probes: probes.clone(),
        };
        self.guarded(operation, None, || {
            work.write_params(self.queue());
            work.encode(encoder, None);
        })?;
        encoder.map_buffer_on_submit(&probe, wgpu::MapMode::Read, .., |mapped| {
            ticket.submitted(mapped.is_ok());
        });
        let chunks = work.chunks.iter().map(|chunk| (chunk.clone(), work.list.clone()));
        self.encoders.chunks().extend(chunks);
        self.keep_room(work);
        Ok(())
    }

    fn probe(&self, operation: &'static str) -> Result<wgpu::Buffer> {
        let kept = self.encoders.probes.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let make = || {
            self.create(operation, wgpu::MAP_ALIGNMENT, |device| {
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("submitted"),
                    size: wgpu::MAP_ALIGNMENT,
                    usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            })
        };
        kept.map_or_else(make, Ok)
    }
}
