//! What tells of an encoder of the caller whether it was submitted, and whether that was in time.
//!
//! wgpu asks for buffers to be mapped at the submit, when the encoder says so. For one that is mapped
//! already it is refused at once: on the thread that submits, before the submit returns, so in the
//! order of the submits and without a poll. One that the encoder writes shows once it is mapped whether
//! the work runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gpu::runtime::list::{After, List, Place};

/// So many frames may be on the device before another probe has to be made.
pub(crate) const PROBES: usize = 4;

/// Probes that no encoder has.
#[derive(Debug, Default)]
pub(crate) struct Probes(Mutex<Vec<Probe>>);

impl Probes {
    pub(crate) fn kept(&self) -> MutexGuard<'_, Vec<Probe>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Two buffers that are asked for when an encoder's work is submitted.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// Always mapped.
    mapped: wgpu::Buffer,
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
        let one = buffer("one", wgpu::BufferUsages::COPY_SRC, true);
        if let Ok(mut view) = one.get_mapped_range_mut(..) {
            view.copy_from_slice(&ONE);
        }
        one.unmap();
        let read = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let [mapped, work] = [("mapped", true), ("works", false)]
            .map(|(label, mapped_at_creation)| buffer(label, read, mapped_at_creation));
        Self { mapped, work, holds_one: false, one }
    }

    /// Has the encoder write what is not there.
    fn write(&self, encoder: &mut wgpu::CommandEncoder) {
        match self.holds_one {
            true => encoder.clear_buffer(&self.work, 0, None),
            false => encoder.copy_buffer_to_buffer(&self.one, 0, &self.work, 0, BUFFER_BYTES),
        }
    }

    /// Whether it holds what the encoder was to write; nothing while it is not mapped.
    fn is_written(&self) -> Option<bool> {
        let view = self.work.get_mapped_range(..).ok()?;
        Some(view[0] == u8::from(!self.holds_one))
    }
}

/// Goes with a list into an encoder, and tells what became of it.
#[derive(Debug)]
pub(crate) struct Ticket {
    list: Arc<List>,
    /// What has to be submitted before.
    after: Vec<After>,
    probes: Arc<Probes>,
    probe: Probe,
    /// Whether the probe is written, as was reported. Whoever has this looks into the probe.
    is_written: Mutex<Option<bool>>,
}

impl Ticket {
    /// Has wgpu tell what becomes of a list that an encoder holds.
    pub(crate) fn put_into(
        encoder: &mut wgpu::CommandEncoder,
        device: &wgpu::Device,
        list: Arc<List>,
        after: Vec<After>,
        (probes, probe): (Arc<Probes>, Probe),
    ) {
        probe.write(encoder);
        let ticket = Arc::new(Self { list, after, probes, probe, is_written: Mutex::default() });
        let (Probe { work, mapped, .. }, read) = (&ticket.probe, wgpu::MapMode::Read);
        let worked = ticket.clone();
        encoder.map_buffer_on_submit(work, read, .., move |mapped| worked.worked(mapped.is_ok()));
        let (submitted, device) = (ticket.clone(), device.clone());
        encoder.map_buffer_on_submit(mapped, read, .., move |_| submitted.submitted(&device));
    }

    fn is_written(&self) -> MutexGuard<'_, Option<bool>> {
        self.is_written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was submitted right now. Other threads see so at the end, when it is known whether wgpu has
    /// refused it.
    fn submitted(&self, device: &wgpu::Device) {
        self.list.begin_submit();
        let mut is_lost = self.list.is_spoiled();
        // What still waits is too late.
        for After { list, is_overwritten, .. } in self.after.iter().filter(|it| it.list.waits()) {
            is_lost = true;
            if *is_overwritten {
                list.spoil();
            }
        }
        // What no work uses, since it was refused, is mapped with the next poll. A browser tells later.
        // The poll runs callbacks of the application's, which may submit what comes next.
        if let Err(error) = device.poll(wgpu::PollType::Poll) {
            log::debug!("polling the device: {error}");
        }
        let seen = || if cfg!(target_arch = "wasm32") { None } else { self.probe.is_written() };
        let reported = self.is_written();
        is_lost |= reported.or_else(seen) == Some(false) || self.after.iter().any(After::is_lost);
        self.list.set(if is_lost { Place::Dropped } else { Place::Queued });
    }

    /// The work is done, or the submit failed.
    fn worked(&self, is_mapped: bool) {
        if !is_mapped {
            return;
        }
        let mut reported = self.is_written();
        let is_written = self.probe.is_written();
        self.probe.work.unmap();
        *reported = is_written;
        // What it comes after may have been refused at the same time.
        if is_written == Some(false) || self.after.iter().any(After::is_lost) {
            self.list.set(Place::Dropped);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.list.place() == Place::Encoded {
            self.list.set(Place::Dropped);
        }
        let is_written = *self.is_written() == Some(true);
        let probe = Probe { holds_one: self.probe.holds_one ^ is_written, ..self.probe.clone() };
        self.probes.kept().push(probe);
    }
}
