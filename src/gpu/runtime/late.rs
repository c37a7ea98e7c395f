//! What wgpu reports of calls: natively before they return, in a browser later.

use std::sync::Arc;

use crate::Result;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::handle::Handle;
use crate::gpu::runtime::list::List;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{Late, LateReports};
#[cfg(target_arch = "wasm32")]
pub(crate) use web::{Late, LateReports};

/// What calls into wgpu are of.
#[derive(Debug)]
pub(crate) struct Of {
    pub(crate) operation: &'static str,
    /// What they allocate.
    pub(crate) bytes: Option<u64>,
    /// What they submit.
    #[cfg_attr(
        not(target_arch = "wasm32"),
        allow(dead_code, reason = "whoever submits learns at once whether it failed")
    )]
    pub(crate) list: Option<Arc<List>>,
}

impl Context {
    /// The first error of these reports, once all are there.
    pub(crate) async fn check_late(&self, late: LateReports) -> Result<()> {
        let checked = late.check(&self.handle).await;
        if checked.is_err() {
            self.distrust();
        }
        checked
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use super::*;

    /// Nothing is late.
    #[derive(Debug, Default)]
    pub(crate) struct Late(());

    /// The reports of all calls up to a moment: none is late.
    #[derive(Debug)]
    pub(crate) struct LateReports;

    impl LateReports {
        #[allow(clippy::unused_async, reason = "a browser waits")]
        pub(super) async fn check(self, _: &Handle) -> Result<()> {
            Ok(())
        }
    }

    impl Handle {
        /// The first error of calls.
        pub(in crate::gpu::runtime) fn reported(
            &self,
            of: Of,
            reports: impl Iterator<Item = impl Future<Output = Option<wgpu::Error>>>,
        ) -> Result<()> {
            let mut failed = None;
            // To the last: each ends the scope that it reports.
            for error in reports.filter_map(pollster::block_on) {
                failed.get_or_insert_with(|| self.error(&of, &error));
            }
            failed.map_or(Ok(()), Err)
        }

        /// The reports of all calls up to now that nobody has asked for.
        pub(crate) fn late_reports(&self) -> LateReports {
            let Late(()) = self.late;
            LateReports
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod web {
    use std::pin::Pin;
    use std::sync::{Mutex, PoisonError};
    use std::task::{self, Poll, Waker};

    use super::*;
    use crate::gpu::runtime::list::Place;

    /// The reports that nobody has asked for.
    #[derive(Debug, Default)]
    pub(crate) struct Late(Mutex<LateReports>);

    /// The reports of all calls up to a moment, which come when the browser has looked at them.
    #[derive(Default)]
    pub(crate) struct LateReports {
        reports: Vec<LateReport>,
        /// How many were left when those that had come were last let go of.
        left: usize,
    }

    struct LateReport {
        of: Of,
        error: Pin<Box<dyn Future<Output = Option<wgpu::Error>> + Send>>,
    }

    /// So many reports may wait in any case.
    const FEW: usize = 256;

    impl std::fmt::Debug for LateReports {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("LateReports").field("len", &self.reports.len()).finish_non_exhaustive()
        }
    }

    impl LateReports {
        /// Lets go of those that tell of no error: a program that downloads nothing asks for none.
        fn let_go(&mut self) {
            let mut task = task::Context::from_waker(Waker::noop());
            self.reports.retain_mut(|report| match report.error.as_mut().poll(&mut task) {
                Poll::Pending => true,
                Poll::Ready(None) => false,
                Poll::Ready(error) => {
                    report.error = Box::pin(std::future::ready(error));
                    true
                }
            });
            self.left = self.reports.len();
        }

        /// The first error. Lists whose submit failed never run.
        pub(super) async fn check(self, handle: &Handle) -> Result<()> {
            let mut failed = None;
            for LateReport { of, error } in self.reports {
                let Some(error) = error.await else { continue };
                if let Some(list) = &of.list {
                    list.set(Place::Dropped);
                }
                failed.get_or_insert_with(|| handle.error(&of, &error));
            }
            failed.map_or(Ok(()), Err)
        }
    }

    impl Handle {
        /// Keeps the reports of calls for whoever asks.
        pub(in crate::gpu::runtime) fn reported(
            &self,
            of: Of,
            reports: impl Iterator<Item = impl Future<Output = Option<wgpu::Error>> + Send + 'static>,
        ) -> Result<()> {
            let Of { operation, bytes, list } = of;
            let mut late = self.late.0.lock().unwrap_or_else(PoisonError::into_inner);
            if late.reports.len() >= FEW + 2 * late.left {
                late.let_go();
            }
            late.reports.extend(reports.map(|report| LateReport {
                of: Of { operation, bytes, list: list.clone() },
                error: Box::pin(report),
            }));
            Ok(())
        }

        /// The reports of all calls up to now that nobody has asked for.
        pub(crate) fn late_reports(&self) -> LateReports {
            std::mem::take(&mut *self.late.0.lock().unwrap_or_else(PoisonError::into_inner))
        }
    }
}
