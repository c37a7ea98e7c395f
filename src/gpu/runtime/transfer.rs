//! Between host and device.

use std::sync::{Arc, Mutex, PoisonError};

use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::list::{List, Place};
use crate::gpu::runtime::mapping::Mapping;
use crate::{Error, Result};

/// Uploads go with the next submit, of which they hold copies until then, unless these are more.
const MOST_WAITING_BYTES: u64 = 16 << 20;

/// Elements on their way to the host.
#[derive(Debug)]
struct Staged {
    mapping: Mapping,
    /// The list that wrote them: that its submit was refused, a browser tells only when they come.
    written: Option<Arc<List>>,
}

impl Context {
    /// A buffer that holds these elements.
    pub(crate) fn upload<T: bytemuck::NoUninit>(
        self: &Arc<Self>,
        operation: &'static str,
        elements: &[T],
    ) -> Result<GpuBuffer> {
        let bytes: &[u8] = bytemuck::cast_slice(elements);
        let buffer = self.allocate(operation, bytes.len() as u64, Reuse::HostWrite)?;
        if bytes.is_empty() {
            return self.check_lost().map(|()| buffer);
        }
        self.guarded(operation, None, || {
            if !self.write_mapped(buffer.raw(), bytes) {
                self.queue().write_buffer(buffer.raw(), 0, bytes);
                let waiting = self.writes(bytes.len() as u64);
                // wgpu would map the buffer while this write still waits, and write it later over
                // what the next upload puts there.
                if self.handle.maps_tensors() || waiting >= MOST_WAITING_BYTES {
                    self.submit(None);
                }
            }
        })?;
        Ok(buffer)
    }

    /// Writes straight into the buffer if the host reaches it and no work still uses it.
    fn write_mapped(&self, buffer: &wgpu::Buffer, bytes: &[u8]) -> bool {
        if !self.handle.maps_tensors() {
            return false;
        }
        let mapped = Arc::new(Mutex::new(None));
        let report = mapped.clone();
        let slice = buffer.slice(..bytes.len() as u64);
        slice.map_async(wgpu::MapMode::Write, move |result| {
            *report.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.is_ok());
        });
        let polled = self.device().poll(wgpu::PollType::Poll);
        let is_mapped =
            polled.is_ok() && *mapped.lock().unwrap_or_else(PoisonError::into_inner) == Some(true);
        let written = is_mapped
            && slice.get_mapped_range_mut().map(|mut view| view.copy_from_slice(bytes)).is_ok();
        buffer.unmap();
        written
    }

    /// The first `len` elements of a buffer, once all that was recorded has run.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn download<T: bytemuck::Pod>(
        self: &Arc<Self>,
        operation: &'static str,
        buffer: &GpuBuffer,
        len: usize,
    ) -> Result<Vec<T>> {
        let bytes = (size_of::<T>() * len) as u64;
        if self.handle.maps_tensors() && buffer.is_own() && len > 0 {
            let _gate = self.gate();
            // As long as the gate is closed no work of the caller comes to use it.
            if self.handle.maps_tensors() {
                self.check_written(operation, buffer)?;
                let submitted = self.flush_then(operation, None, |_| ())?;
                let submitted = self.poller.submission(submitted);
                let mapping =
                    Mapping::begin(self, operation, buffer.raw(), bytes, Some(submitted))?;
                self.wait(operation)?;
                return pollster::block_on(mapping.read(len));
            }
        }
        let Some(staged) = self.stage(operation, buffer, bytes)? else { return Ok(Vec::new()) };
        self.wait(operation)?;
        pollster::block_on(self.read_staged(operation, staged, len))
    }

    /// As [`download`](Self::download), without blocking: all is submitted now, the future waits.
    pub(crate) fn begin_download<T: bytemuck::Pod>(
        self: &Arc<Self>,
        operation: &'static str,
        buffer: &GpuBuffer,
        len: usize,
    ) -> Result<impl Future<Output = Result<Vec<T>>> + use<T>> {
        let staged = self.stage(operation, buffer, (size_of::<T>() * len) as u64)?;
        let late = self.handle.late_reports();
        let context = self.clone();
        Ok(async move {
            context.check_late(late).await?;
            match staged {
                Some(staged) => context.read_staged(operation, staged, len).await,
                None => Ok(Vec::new()),
            }
        })
    }

    /// Submits all that was recorded, and a copy of a buffer's first bytes to where the host reads
    /// them; `None` for no bytes.
    fn stage(
        self: &Arc<Self>,
        operation: &'static str,
        buffer: &GpuBuffer,
        bytes: u64,
    ) -> Result<Option<Staged>> {
        let size = bytes.next_multiple_of(4);
        if size == 0 {
            self.check_written(operation, buffer)?;
            self.flush(operation)?;
            return Ok(None);
        }
        let (staging, submitted) = {
            let _gate = self.gate();
            self.check_written(operation, buffer)?;
            let staging = match self.staging.take(size) {
                Some(staging) => staging,
                None => self.create(operation, size, |device| {
                    device.create_buffer(&wgpu::BufferDescriptor {
                        label: Some("staging"),
                        size,
                        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                        mapped_at_creation: false,
                    })
                })?,
            };
            // What is there does not have to wait for what cannot be submitted.
            let is_recorded = buffer.uses.place() == Place::Recorded;
            let is_held_up = !is_recorded && self.pending().is_held_up();
            let copy = |encoder: &mut wgpu::CommandEncoder| {
                let first = buffer.first_byte();
                encoder.copy_buffer_to_buffer(buffer.raw(), first, &staging, 0, size);
            };
            let submitted = match is_held_up {
                true => self.submit_first(operation, copy)?,
                false => self.flush_then(operation, None, copy)?,
            };
            (staging, self.poller.submission(submitted))
        };
        let mapping = Mapping::begin(self, operation, &staging, bytes, Some(submitted))?;
        Ok(Some(Staged { mapping, written: buffer.uses.written() }))
    }

    async fn read_staged<T: bytemuck::Pod>(
        &self,
        operation: &'static str,
        Staged { mapping, written }: Staged,
        len: usize,
    ) -> Result<Vec<T>> {
        let staging = mapping.buffer().clone();
        let elements = mapping.read(len).await?;
        self.staging.keep(staging);
        match written {
            Some(list) if list.place() == Place::Dropped => Err(Error::LostWork { operation }),
            _ => Ok(elements),
        }
    }
}
