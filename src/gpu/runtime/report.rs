//! What is reported once, later, from a callback or another thread.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// The two ends: one to report by, and a future of the report, `None` if there will never be one.
pub(crate) fn report<T>() -> (Reporter<T>, Report<T>) {
    let shared = Arc::new(Shared(Mutex::new(State::Pending(None))));
    (Reporter(shared.clone()), Report(shared))
}

/// Reports once. Dropped before, it tells that there will never be a report.
#[derive(Debug)]
pub(crate) struct Reporter<T>(Arc<Shared<T>>);

/// Resolves to what was reported. Dropped, it waits for nothing.
#[derive(Debug)]
pub(crate) struct Report<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T>(Mutex<State<T>>);

#[derive(Debug)]
enum State<T> {
    Pending(Option<Waker>),
    Reported(T),
    /// There will be no report, or it was taken.
    Over,
}

/// Whoever waits for a report, whatever is reported.
pub(crate) trait Waits: Send + Sync + std::fmt::Debug {
    /// Whether the report is waited for and has not come.
    fn is_pending(&self) -> bool;
    /// Tells that there will never be a report.
    fn give_up(&self);
}

impl<T> Shared<T> {
    fn is_pending(&self) -> bool {
        matches!(*self.0.lock().unwrap_or_else(PoisonError::into_inner), State::Pending(_))
    }

    /// Ends the waiting, unless it has ended.
    fn end(&self, end: State<T>) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let State::Pending(waker) = &mut *state else { return };
            let waker = waker.take();
            *state = end;
            waker
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T: Send + std::fmt::Debug> Waits for Shared<T> {
    fn is_pending(&self) -> bool {
        self.is_pending()
    }

    fn give_up(&self) {
        self.end(State::Over);
    }
}

impl<T> Reporter<T> {
    pub(crate) fn send(self, value: T) {
        self.0.end(State::Reported(value));
    }
}

impl<T> Drop for Reporter<T> {
    fn drop(&mut self) {
        self.0.end(State::Over);
    }
}

impl<T> Report<T> {
    /// Whether nothing was reported yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.0.is_pending()
    }
}

impl<T: Send + std::fmt::Debug + 'static> Report<T> {
    /// To be asked and told from elsewhere.
    pub(crate) fn waits(&self) -> Arc<dyn Waits> {
        self.0.clone()
    }
}

impl<T> Drop for Report<T> {
    fn drop(&mut self) {
        let state = {
            let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *state, State::Over)
        };
        // After the lock: a waker's drop is not this crate's code.
        drop(state);
    }
}

impl<T> Future for Report<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<T>> {
        let waker = task.waker().clone();
        let (result, _earlier_waker) = {
            let mut state = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
            match std::mem::replace(&mut *state, State::Over) {
                State::Reported(value) => (Poll::Ready(Some(value)), None),
                State::Over => (Poll::Ready(None), None),
                State::Pending(earlier) => {
                    *state = State::Pending(Some(waker));
                    (Poll::Pending, earlier)
                }
            }
        };
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll<T>(report: &mut Report<T>, woken: &Arc<Woken>) -> Poll<Option<T>> {
        let waker = woken.clone().into();
        Pin::new(report).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn a_report_wakes_the_last_task_that_asked() {
        let (reporter, mut report) = report();
        let tasks = [Arc::<Woken>::default(), Arc::default()];
        for task in &tasks {
            assert_eq!(poll(&mut report, task), Poll::Pending);
        }
        assert!(report.waits().is_pending());
        reporter.send(7);
        assert!(!report.waits().is_pending());
        assert_eq!(tasks.each_ref().map(|task| task.0.load(Ordering::Relaxed)), [0, 1]);
        assert_eq!(poll(&mut report, &tasks[1]), Poll::Ready(Some(7)));
        assert_eq!(poll(&mut report, &tasks[1]), Poll::Ready(None));
    }

    #[test]
    fn what_will_never_be_reported_wakes_as_well() {
        for give_up in [true, false] {
            let (reporter, mut report) = report::<u8>();
            let task = Arc::<Woken>::default();
            assert_eq!(poll(&mut report, &task), Poll::Pending);
            match give_up {
                true => report.waits().give_up(),
                false => drop(reporter),
            }
            assert_eq!(task.0.load(Ordering::Relaxed), 1);
            assert_eq!(poll(&mut report, &task), Poll::Ready(None));
        }
    }

    #[test]
    fn nobody_waits_for_what_was_dropped() {
        let (reporter, mut report) = report::<u8>();
        let task = Arc::<Woken>::default();
        assert_eq!(poll(&mut report, &task), Poll::Pending);
        let waits = report.waits();
        drop(report);
        assert!(!waits.is_pending());
        assert_eq!(Arc::strong_count(&task), 1);
        reporter.send(1);
        assert_eq!(task.0.load(Ordering::Relaxed), 0);
    }
}
