//! Buffers that the host reads.

use std::sync::Arc;

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::poller::Submission;
use crate::gpu::runtime::report::{Report, report};
use crate::memory::zeros;
use crate::{Error, Result};

/// A buffer that is mapped as soon as the work that was submitted with it has run. It is unmapped
/// when it was read, and when it is dropped before.
///
/// A buffer that was unmapped before it was mapped must not be mapped again while that work runs:
/// wgpu would map it when the earlier work is done, and not the later.
#[derive(Debug)]
pub(crate) struct Mapping {
    context: Arc<Context>,
    operation: &'static str,
    buffer: wgpu::Buffer,
    bytes: u64,
    /// The work; nothing for all that is on the queue.
    submitted: Option<Submission>,
    report: Report<std::result::Result<(), wgpu::BufferAsyncError>>,
}

impl Mapping {
    /// Asks for a buffer's first bytes.
    pub(crate) fn begin(
        context: &Arc<Context>,
        operation: &'static str,
        buffer: &wgpu::Buffer,
        bytes: u64,
        submitted: Option<Submission>,
    ) -> Result<Self> {
        let (reporter, report) = report();
        context.guarded(operation, None, || {
            let slice = buffer.slice(..bytes.next_multiple_of(4));
            slice.map_async(wgpu::MapMode::Read, move |result| reporter.send(result));
        })?;
        let (context, buffer) = (context.clone(), buffer.clone());
        Ok(Self { context, operation, buffer, bytes, submitted, report })
    }

    pub(crate) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// The buffer's first elements.
    pub(crate) async fn read<T: bytemuck::Pod>(mut self, len: usize) -> Result<Vec<T>> {
        let reported = self.context.reported(&mut self.report, self.submitted.take()).await;
        self.context.check_lost()?;
        let failed =
            |message: &str| Error::Gpu { operation: self.operation, message: message.to_string() };
        match reported {
            Some(mapped) => mapped.map_err(|error| failed(&error.to_string()))?,
            None => return Err(failed("the device did not report that a buffer is mapped")),
        }
        let view = self
            .buffer
            .slice(..self.bytes.next_multiple_of(4))
            .get_mapped_range()
            .map_err(|error| self.context.failure(self.operation, error))?;
        let mut elements = zeros(len).map_err(|missing| missing.during(self.operation))?;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut elements);
        bytes.copy_from_slice(&view[..bytes.len()]);
        Ok(elements)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // Of a buffer that could not be mapped wgpu says so once more.
        let _reported = self.context.guarded(self.operation, None, || self.buffer.unmap());
    }
}
