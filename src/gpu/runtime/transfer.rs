//! Between host and device.

use std::sync::{Arc, Mutex, PoisonError};

use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::memory::zeros;
use crate::{Error, Result};

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
                // wgpu would map the buffer while this write still waits, and write it later over
                // what the next upload puts there.
                self.submit(None);
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
        &self,
        operation: &'static str,
        buffer: &GpuBuffer,
        len: usize,
    ) -> Result<Vec<T>> {
        let bytes = size_of::<T>() * len;
        self.check_written(operation, buffer)?;
        if self.handle.maps_tensors() && buffer.is_own() && len > 0 {
            let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.flush_then(operation, None, |_| ())?;
            let mapping = self.map(operation, buffer.raw(), bytes)?;
            self.wait(operation)?;
            return pollster::block_on(self.read(operation, buffer.raw(), mapping, len));
        }
        let staged = self.stage(operation, buffer, bytes)?;
        self.wait(operation)?;
        pollster::block_on(self.read_staged(operation, staged, len))
    }

    /// As [`download`](Self::download), without blocking.
    pub(crate) async fn download_async<T: bytemuck::Pod>(
        &self,
        operation: &'static str,
        buffer: &GpuBuffer,
        len: usize,
    ) -> Result<Vec<T>> {
        let staged = self.stage(operation, buffer, size_of::<T>() * len)?;
        #[cfg(not(target_arch = "wasm32"))]
        {
            // Natively a mapping is reported to whoever polls; a thread does, so that the caller's
            // executor is not held up.
            let device = self.device().clone();
            let polls = std::thread::Builder::new().name("filtro-poll".into()).spawn(move || {
                let _reported_by_the_mapping = device.poll(wgpu::PollType::wait_indefinitely());
            });
            if polls.is_err() {
                self.wait(operation)?;
            }
        }
        #[cfg(target_arch = "wasm32")]
        self.handle.late_reports().await?;
        self.read_staged(operation, staged, len).await
    }

    /// Waits until all that was submitted has run.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn wait(&self, operation: &'static str) -> Result<()> {
        let waited = self.device().poll(wgpu::PollType::wait_indefinitely());
        self.check_lost()?;
        waited.map(drop).map_err(|error| self.failure(operation, error))
    }

    fn stage(
        &self,
        operation: &'static str,
        buffer: &GpuBuffer,
        bytes: usize,
    ) -> Result<Option<(wgpu::Buffer, Mapping)>> {
        self.check_written(operation, buffer)?;
        let size = (bytes as u64).next_multiple_of(4);
        if size == 0 {
            self.flush(operation)?;
            return Ok(None);
        }
        let staging = match self.staging.take(size) {
            Some(staging) => staging,
            None => self.guarded(operation, Some(size), || {
                self.device().create_buffer(&wgpu::BufferDescriptor {
                    label: Some("staging"),
                    size,
                    usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            })?,
        };
        {
            let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.flush_then(operation, None, |encoder| {
                let first = buffer.first_byte();
                encoder.copy_buffer_to_buffer(buffer.raw(), first, &staging, 0, size);
            })?;
        }
        let mapping = self.map(operation, &staging, bytes)?;
        Ok(Some((staging, mapping)))
    }

    fn map(&self, operation: &'static str, buffer: &wgpu::Buffer, bytes: usize) -> Result<Mapping> {
        let mapping = Mapping::default();
        let report = mapping.clone();
        let size = (bytes as u64).next_multiple_of(4);
        self.guarded(operation, None, || {
            buffer.slice(..size).map_async(wgpu::MapMode::Read, move |result| {
                let failed = |error: wgpu::BufferAsyncError| Error::Gpu {
                    operation,
                    message: error.to_string(),
                };
                report.set(result.map_err(failed));
            });
        })?;
        Ok(mapping)
    }

    async fn read<T: bytemuck::Pod>(
        &self,
        operation: &'static str,
        buffer: &wgpu::Buffer,
        mapping: Mapping,
        len: usize,
    ) -> Result<Vec<T>> {
        let mapped = mapping.await;
        self.check_lost()?;
        mapped?;
        let bytes = size_of::<T>() * len;
        let elements = buffer
            .slice(..(bytes as u64).next_multiple_of(4))
            .get_mapped_range()
            .map_err(|error| self.failure(operation, error))
            .and_then(|view| {
                let mut elements = zeros(len).map_err(|missing| missing.during(operation))?;
                bytemuck::cast_slice_mut(&mut elements).copy_from_slice(&view[..bytes]);
                Ok(elements)
            });
        self.guarded(operation, None, || buffer.unmap())?;
        elements
    }

    async fn read_staged<T: bytemuck::Pod>(
        &self,
        operation: &'static str,
        staged: Option<(wgpu::Buffer, Mapping)>,
        len: usize,
    ) -> Result<Vec<T>> {
        let Some((staging, mapping)) = staged else { return Ok(Vec::new()) };
        let elements = self.read(operation, &staging, mapping, len).await?;
        self.staging.keep(staging);
        Ok(elements)
    }
}

/// Resolves when a buffer is mapped.
#[derive(Debug, Clone, Default)]
struct Mapping(Arc<Mutex<MappingState>>);

#[derive(Debug, Default)]
struct MappingState {
    result: Option<Result<()>>,
    waker: Option<std::task::Waker>,
}

impl Mapping {
    fn set(&self, result: Result<()>) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.result = Some(result);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Mapping {
    type Output = Result<()>;

    fn poll(
        self: std::pin::Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.result.take() {
            Some(result) => std::task::Poll::Ready(result),
            None => {
                state.waker = Some(task.waker().clone());
                std::task::Poll::Pending
            }
        }
    }
}
