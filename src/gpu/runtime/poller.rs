//! Who asks wgpu for what has finished.
//!
//! Natively wgpu reports to whoever polls the device. A browser reports by itself.

use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(target_arch = "wasm32"))]
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[cfg(not(target_arch = "wasm32"))]
use crate::Result;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::report::Report;
#[cfg(not(target_arch = "wasm32"))]
use crate::gpu::runtime::report::Waits;

/// Polls a device for as long as somebody waits for a report of it: one thread for all of them,
/// which holds the device and not the context.
#[derive(Debug, Default)]
pub(crate) struct Poller {
    submissions: AtomicU64,
    #[cfg(not(target_arch = "wasm32"))]
    waiting: Arc<Waiting<wgpu::SubmissionIndex>>,
}

/// A submission, and its number among those of its device.
#[derive(Debug)]
pub(crate) struct Submission<I = wgpu::SubmissionIndex> {
    number: u64,
    index: I,
}

impl Poller {
    /// The submission that was made last. The caller holds the gate.
    pub(crate) fn submission(&self, index: wgpu::SubmissionIndex) -> Submission {
        Submission { number: self.submissions.fetch_add(1, Ordering::Relaxed), index }
    }
}

impl Context {
    /// What wgpu reports of a submission, or of all that is on the queue; nothing if it never will.
    #[cfg_attr(
        target_arch = "wasm32",
        expect(unused_variables, reason = "a browser needs no poll")
    )]
    pub(crate) async fn reported<T>(
        &self,
        report: &mut Report<T>,
        submission: Option<Submission>,
    ) -> Option<T>
    where
        T: Send + std::fmt::Debug + 'static,
    {
        #[cfg(not(target_arch = "wasm32"))]
        self.poller.watch(self.device(), report, submission);
        report.await
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Context {
    /// Waits until all that was submitted has run.
    pub(crate) fn wait(&self, operation: &'static str) -> Result<()> {
        let is_polled = poll(self.device(), wgpu::PollType::wait_indefinitely());
        self.check_lost()?;
        let message = "the device's work could not be waited for";
        if is_polled { Ok(()) } else { Err(self.failure(operation, message)) }
    }
}

/// Polls a device once; whether it still reports anything.
///
/// No wait may have a time limit: where one ends while another thread submits, wgpu-core 30 fails
/// an assertion of its own and loses the reports that it had gathered.
#[cfg(not(target_arch = "wasm32"))]
fn poll(device: &wgpu::Device, how: wgpu::PollType) -> bool {
    // wgpu panics in a poll that finds that the driver has lost the device.
    let poll = std::panic::AssertUnwindSafe(|| device.poll(how));
    matches!(std::panic::catch_unwind(poll), Ok(Ok(_)))
}

/// Who waits, and whether somebody polls for them.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
struct Waiting<I> {
    state: Mutex<State<I>>,
    came: Condvar,
}

#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
struct State<I> {
    reports: Vec<Awaited<I>>,
    is_polled: bool,
    /// Whether a report came to wait since the last poll began.
    has_new: bool,
}

/// A report, and the submission that it is of; nothing for all that is on the queue.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
struct Awaited<I> {
    submission: Option<Submission<I>>,
    report: Arc<dyn Waits>,
}

#[cfg(not(target_arch = "wasm32"))]
impl<I> Default for Waiting<I> {
    fn default() -> Self {
        let state = State { reports: Vec::new(), is_polled: false, has_new: false };
        Self { state: Mutex::new(state), came: Condvar::new() }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Poller {
    /// Sees to it that the device is polled until the report is there.
    fn watch<T: Send + std::fmt::Debug + 'static>(
        &self,
        device: &wgpu::Device,
        report: &Report<T>,
        submission: Option<Submission>,
    ) {
        if !report.is_pending() {
            return;
        }
        poll(device, wgpu::PollType::Poll);
        if !self.waiting.add(report, submission) {
            return;
        }
        let run = |waiting: &Waiting<_>, device: &wgpu::Device| {
            waiting.run(|submission_index| {
                poll(device, wgpu::PollType::Wait { submission_index, timeout: None })
            });
        };
        let (waiting, polled) = (self.waiting.clone(), device.clone());
        let thread = std::thread::Builder::new().name("filtro-poll".into());
        if thread.spawn(move || run(&waiting, &polled)).is_err() {
            run(&self.waiting, device);
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl<I: Clone> Waiting<I> {
    /// The longest wait for what another thread has polled and is about to report.
    const PATIENCE: std::time::Duration = std::time::Duration::from_millis(1);

    fn state(&self) -> MutexGuard<'_, State<I>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a report that is waited for; whether the caller now has to [`run`](Self::run).
    fn add<T: Send + std::fmt::Debug + 'static>(
        &self,
        report: &Report<T>,
        submission: Option<Submission<I>>,
    ) -> bool {
        if !report.is_pending() {
            return false;
        }
        let mut state = self.state();
        state.reports.push(Awaited { submission, report: report.waits() });
        state.has_new = true;
        self.came.notify_one();
        !std::mem::replace(&mut state.is_polled, true)
    }

    /// Polls until nobody waits: for the earliest submission that is waited for, so that it is
    /// reported before later ones are done. A poll tells whether the device still reports.
    fn run(&self, mut poll: impl FnMut(Option<I>) -> bool) {
        loop {
            let earliest = {
                let mut state = self.state();
                state.reports.retain(|awaited| awaited.report.is_pending());
                if state.reports.is_empty() {
                    state.is_polled = false;
                    return;
                }
                state.has_new = false;
                let submissions = state.reports.iter().filter_map(|it| it.submission.as_ref());
                submissions.min_by_key(|it| it.number).map(|it| it.index.clone())
            };
            if !poll(earliest) {
                let reports = std::mem::take(&mut self.state().reports);
                reports.iter().for_each(|awaited| awaited.report.give_up());
            }
            let state = self.state();
            if !state.has_new && state.reports.iter().any(|awaited| awaited.report.is_pending()) {
                drop(self.came.wait_timeout(state, Self::PATIENCE));
            }
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::gpu::runtime::report::report;

    type Waiters = Waiting<char>;

    fn submission(number: u64, index: char) -> Option<Submission<char>> {
        Some(Submission { number, index })
    }

    #[test]
    fn whoever_comes_first_polls_for_the_earliest_until_all_have_their_reports() {
        let waiting = Waiters::default();
        let submissions = [None, submission(7, 'c'), submission(3, 'a'), submission(5, 'b')];
        let (mut reporters, mut reports) = (Vec::new(), Vec::new());
        for (index, submission) in submissions.into_iter().enumerate() {
            let (reporter, report) = report();
            assert_eq!(waiting.add(&report, submission), index == 0);
            reporters.push(Some(reporter));
            reports.push(report);
        }
        let order = [(Some('a'), 2), (Some('b'), 3), (Some('c'), 1), (None, 0)];
        let mut polls = order.into_iter();
        waiting.run(|earliest| {
            let (expected, next) = polls.next().unwrap();
            assert_eq!(earliest, expected);
            reporters[next].take().unwrap().send(next);
            true
        });
        assert_eq!(polls.next(), None);
        for (index, report) in reports.into_iter().enumerate() {
            assert_eq!(pollster::block_on(report), Some(index));
        }
        let (_reporter, report) = report::<u8>();
        assert!(waiting.add(&report, None));
    }

    #[test]
    fn a_device_that_fails_leaves_nobody_waiting() {
        let waiting = Waiters::default();
        let reports: Vec<_> = (0..5).map(|_| report::<u8>()).collect();
        for (index, (_, report)) in reports.iter().enumerate() {
            assert_eq!(waiting.add(report, None), index == 0);
        }
        waiting.run(|_| false);
        for (_reporter, report) in reports {
            assert_eq!(pollster::block_on(report), None);
        }
    }

    #[test]
    fn a_dropped_report_is_not_polled_for() {
        let waiting = Waiters::default();
        let (_reporter, report) = report::<u8>();
        assert!(waiting.add(&report, None));
        let mut report = Some(report);
        waiting.run(|_| {
            assert!(report.take().is_some());
            true
        });
    }

    #[test]
    fn what_another_thread_is_about_to_report_is_waited_for_without_a_hot_loop() {
        let waiting = Waiters::default();
        let (reporter, report) = report();
        assert!(waiting.add(&report, None));
        let (mut polls, start) = (0_u32, Instant::now());
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(30));
                reporter.send(1);
            });
            waiting.run(|_| {
                polls += 1;
                true
            });
        });
        assert!(u128::from(polls) <= start.elapsed().as_millis() + 2, "{polls} polls");
    }

    /// Nobody is forgotten between the last look of one thread that polls and its end.
    #[test]
    fn no_report_is_lost_between_two_pollers() {
        let waiting = &Waiters::default();
        let (send, receive) = mpsc::channel();
        // In place of a device: what is polled reports all that was submitted before.
        let submitted = &Mutex::new(Vec::new());
        let poll = move |_| {
            let reporters = std::mem::take(&mut *submitted.lock().unwrap());
            for reporter in reporters {
                crate::gpu::runtime::report::Reporter::send(reporter, ());
            }
            true
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let send = send.clone();
                scope.spawn(move || {
                    for _ in 0..2000 {
                        let (reporter, report) = report();
                        submitted.lock().unwrap().push(reporter);
                        if waiting.add(&report, None) {
                            scope.spawn(move || waiting.run(poll));
                        }
                        send.send(report).unwrap();
                    }
                });
            }
            drop(send);
            let mut count = 0;
            for report in receive {
                let start = Instant::now();
                while report.is_pending() {
                    assert!(start.elapsed() < Duration::from_secs(20), "report {count} is lost");
                    std::thread::yield_now();
                }
                count += 1;
            }
            assert_eq!(count, 8000);
        });
    }
}
