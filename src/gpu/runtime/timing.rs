//! Timing recorded work on the device's own clock.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use std::time::Instant;

use std::sync::Arc;
use std::time::Duration;

#[cfg(target_arch = "wasm32")]
pub(crate) use web_time::Instant;

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::late::LateReports;
use crate::gpu::runtime::mapping::Mapping;
use crate::gpu::runtime::report::{Report, report};
use crate::{Error, Result};

/// What takes the times of one submit.
#[derive(Debug)]
pub(crate) struct Timer {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    readable: wgpu::Buffer,
}

/// Work that was submitted with a timer, if there was any.
#[derive(Debug)]
pub(crate) struct TimedRun {
    end: End,
    timer: Option<Timer>,
    is_empty: bool,
}

/// The end of all that was submitted up to now.
#[derive(Debug)]
pub(crate) struct End {
    context: Arc<Context>,
    operation: &'static str,
    report: Report<Instant>,
    late: LateReports,
}

const BYTES: u64 = 2 * wgpu::QUERY_SIZE as u64;

impl Context {
    /// Submits all that was recorded.
    pub(crate) fn flush_to_end(self: &Arc<Self>, operation: &'static str) -> Result<End> {
        // Some drivers take the next submission, even an empty one, only when the last has run.
        if self.nothing_recorded() {
            // What another thread is about to submit is part of it.
            drop(self.gate());
        } else {
            self.flush(operation)?;
        }
        Ok(self.end(operation))
    }

    fn end(self: &Arc<Self>, operation: &'static str) -> End {
        let (reporter, report) = report();
        self.queue().on_submitted_work_done(move || reporter.send(Instant::now()));
        End { context: self.clone(), operation, report, late: self.handle.late_reports() }
    }

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

    /// Submits all that was recorded, with a timer if there is one.
    pub(crate) fn submit_timed(
        self: &Arc<Self>,
        operation: &'static str,
        timer: Option<Timer>,
    ) -> Result<TimedRun> {
        let is_empty = self.nothing_recorded();
        {
            let _gate = self.gate();
            let timer = timer.as_ref().filter(|_| !is_empty);
            self.flush_then(operation, timer.map(|timer| &timer.queries), |encoder| {
                if let Some(Timer { queries, resolved, readable }) = timer {
                    encoder.resolve_query_set(queries, 0..2, resolved, 0);
                    encoder.copy_buffer_to_buffer(resolved, 0, readable, 0, BYTES);
                }
            })?;
        }
        Ok(TimedRun { end: self.end(operation), timer, is_empty })
    }
}

impl End {
    /// When all had run.
    pub(crate) async fn reached(self) -> Result<Instant> {
        let Self { context, operation, mut report, late } = self;
        context.check_late(late).await?;
        let end = context.reported(&mut report, None).await;
        context.check_lost()?;
        let message = "the device did not report the end of its work".into();
        end.ok_or(Error::Gpu { operation, message })
    }
}

impl TimedRun {
    /// When the work had run, and how long it took on the device's clock, if it has one.
    pub(crate) async fn times(self) -> Result<(Instant, Option<Duration>)> {
        let (context, operation) = (self.end.context.clone(), self.end.operation);
        let end = self.end.reached().await?;
        let duration = match self.timer {
            Some(timer) if !self.is_empty => Some(timer.duration(&context, operation).await?),
            Some(_) => Some(Duration::ZERO),
            None => None,
        };
        Ok((end, duration))
    }
}

impl Timer {
    /// What it took.
    async fn duration(self, context: &Arc<Context>, operation: &'static str) -> Result<Duration> {
        let mapping = Mapping::begin(context, operation, &self.readable, BYTES, None)?;
        let ticks = mapping.read::<u64>(2).await?;
        let nanoseconds = match ticks[..] {
            #[allow(
                clippy::cast_precision_loss,
                reason = "a difference of ticks is far below 2^53"
            )]
            [begin, end] => {
                end.saturating_sub(begin) as f64 * f64::from(context.queue().get_timestamp_period())
            }
            _ => 0.0,
        };
        Ok(Duration::from_secs_f64(nanoseconds * 1e-9))
    }
}
