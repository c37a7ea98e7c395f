//! Timing recorded work on the device's own clock.

use std::sync::PoisonError;
use std::time::Duration;

use super::context::Context;
use crate::{Error, Result};

impl Context {
    /// Submits all that was recorded and waits; gives the device's time for it where it has
    /// timestamps.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn flush_timed(&self, operation: &'static str) -> Result<Option<Duration>> {
        if !self.device().features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            self.flush(operation)?;
            self.wait(operation)?;
            return Ok(None);
        }
        let bytes = 2 * u64::from(wgpu::QUERY_SIZE);
        let (queries, resolved, readable) = self.guarded(operation, Some(bytes), || {
            let device = self.device();
            let buffer = |usage| {
                device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("timestamps"),
                    size: bytes,
                    usage,
                    mapped_at_creation: false,
                })
            };
            let queries = device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            });
            (
                queries,
                buffer(wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC),
                buffer(wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST),
            )
        })?;
        let nothing = self.nothing_recorded();
        {
            let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
            self.flush_then(operation, Some(&queries), |encoder| {
                if !nothing {
                    encoder.resolve_query_set(&queries, 0..2, &resolved, 0);
                    encoder.copy_buffer_to_buffer(&resolved, 0, &readable, 0, bytes);
                }
            })?;
        }
        self.wait(operation)?;
        if nothing {
            return Ok(Some(Duration::ZERO));
        }
        self.guarded(operation, None, || {
            readable.slice(..).map_async(wgpu::MapMode::Read, |_| ());
        })?;
        self.wait(operation)?;
        let view = readable
            .slice(..)
            .get_mapped_range()
            .map_err(|error| Error::Gpu { operation, message: error.to_string() })?;
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
        Ok(Some(Duration::from_secs_f64(nanoseconds * 1e-9)))
    }
}
