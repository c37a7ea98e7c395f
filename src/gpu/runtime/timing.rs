//! Timing recorded work on the device's own clock.

use std::sync::PoisonError;
use std::time::Duration;

use crate::Result;
use crate::gpu::runtime::context::Context;

/// What takes the times of one submit.
#[derive(Debug)]
pub(crate) struct Timer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    readable: wgpu::Buffer,
}

const BYTES: u64 = 2 * wgpu::QUERY_SIZE as u64;

impl Context {
    /// A timer, where the device has timestamps.
    pub(crate) fn timer(&self, operation: &'static str) -> Result<Option<Timer>> {
        if !self.device().features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Ok(None);
        }
        let timer = self.guarded(operation, Some(BYTES), || {
            let device = self.device();
            let buffer = |usage| {
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("timestamps"),
                    size: BYTES,
                    usage,
                    mapped_at_creation: false,
                })
            };
            Timer {
                queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                    label: Some("timestamps"),
                    ty: wgpu::QueryType::Timestamp,
                    count: 2,
                }),
                resolved: buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC),
                readable: buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST),
            }
        })?;
        Ok(Some(timer))
    }

    /// Submits all that was recorded and waits; whether that was anything.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn flush_timed(
        &self,
        operation: &'static str,
        timer: Option<&Timer>,
    ) -> Result<bool> {
        let anything = !self.nothing_recorded();
        {
            let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            let timer = timer.filter(|_| anything);
            self.flush_then(operation, timer.map(|timer| &timer.queries), |encoder| {
                if let Some(Timer { queries, resolved, readable }) = timer {
                    encoder.resolve_query_set(queries, 0..2, resolved, 0);
                    encoder.copy_buffer_to_buffer(resolved, 0, readable, 0, BYTES);
                }
            })?;
        }
        self.wait(operation)?;
        Ok(anything)
    }

    /// What a timer took.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn read_timer(&self, operation: &'static str, timer: &Timer) -> Result<Duration> {
        let slice = timer.readable.slice(..);
        self.guarded(operation, None, || slice.map_async(wgpu::MapMode::Read, |_| ()))?;
        self.wait(operation)?;
        let view = slice.get_mapped_range().map_err(|error| self.failure(operation, error))?;
        let ticks: Vec<u64> = bytemuck::allocation::pod_collect_to_vec(&view[..]);
        let nanoseconds = match ticks[..] {
            #[allow(
                clippy::cast_precision_loss,
                reason = "a difference of ticks is far below 2^53"
            )]
            [begin, end] => {
                end.saturating_sub(begin) as f64 * f64::from(self.queue().get_timestamp_period())
            }
            _ => 0.0,
        };
        Ok(Duration::from_secs_f64(nanoseconds * 1e-9))
    }
}
