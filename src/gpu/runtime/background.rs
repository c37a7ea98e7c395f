//! Work that would hold up an executor.

#[cfg(not(target_arch = "wasm32"))]
use std::sync::{Arc, Mutex, PoisonError};

use crate::Result;
#[cfg(not(target_arch = "wasm32"))]
use crate::{Error, gpu::runtime::report::report};

/// What `work` gives, done on a thread of its own, which begins now; in a browser, which has no
/// threads, at once.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn in_background<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send + 'static {
    let (reporter, report) = report();
    let work = Arc::new(Mutex::new(Some(move || reporter.send(work()))));
    let on_the_thread = work.clone();
    let thread = std::thread::Builder::new().name("filtro-work".into());
    if thread.spawn(move || run(&on_the_thread)).is_err() {
        run(&work);
    }
    async move {
        let panicked = || {
            let message = "the thread that worked on it has panicked".into();
            Err(Error::Gpu { operation, message })
        };
        report.await.unwrap_or_else(panicked)
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn run(work: &Mutex<Option<impl FnOnce()>>) {
    let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(work) = work {
        work();
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) fn in_background<T>(
    _: &'static str,
    work: impl FnOnce() -> Result<T>,
) -> impl Future<Output = Result<T>> {
    std::future::ready(work())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn work_begins_before_anybody_waits_and_on_another_thread() {
        let (send, receive) = std::sync::mpsc::channel();
        let work = in_background("a test", move || {
            send.send(std::thread::current().id()).unwrap();
            Ok(5)
        });
        assert_ne!(receive.recv().unwrap(), std::thread::current().id());
        assert_eq!(pollster::block_on(work).unwrap(), 5);
    }

    #[test]
    fn a_panic_is_an_error_of_whoever_waits() {
        let work = in_background("a test", || -> Result<u8> { panic!("on purpose") });
        let error = pollster::block_on(work).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a test: the GPU reports: the thread that worked on it has panicked"
        );
    }
}
