//! Tasks on several threads.
//!
//! A caller that is a thread of a rayon pool shares its tasks with that pool. Any other shares them with
//! helpers of our own, one fewer than rayon's global pool has threads, since the caller works, too. After
//! a task they stay awake for a moment: to wake up takes longer than a small operation, and networks are
//! chains of these.

use std::cell::Cell;
use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{thread, vec};

use rayon::{Scope, ThreadPool, ThreadPoolBuilder, Yield};

use crate::memory::NoMemory;

/// Work below which sharing it costs more than it saves, in units of about a nanosecond.
const SERIAL_WORK: usize = 20_000;

/// Work of a task that is worth taking it.
const TASK_WORK: usize = 8_000;

/// How long a helper looks for the next operation before it sleeps.
const LINGER: Duration = Duration::from_micros(100);

/// How long it does so without offering its processor to others.
const HURRY: Duration = Duration::from_micros(20);

/// How often a caller looks whether the others have ended before it sleeps.
const PATIENCE: usize = 2000;

/// Runs `run` on every task, on as many threads as `work`, about the nanoseconds that one thread
/// needs, is worth.
///
/// The caller's thread begins at once, from the first task on; those that join it take tasks from the
/// last on, so that what one thread wrote is mostly read by it again in the next operation.
pub(crate) fn for_each<T: Send>(
    tasks: Vec<T>,
    work: usize,
    run: impl Fn(T) -> Result<(), NoMemory> + Sync + Send,
) -> Result<(), NoMemory> {
    let others =
        (work / SERIAL_WORK).min(tasks.len().saturating_sub(1)).min(count().saturating_sub(1));
    if others == 0 {
        return tasks.into_iter().try_for_each(run);
    }
    let helpers = if rayon::current_thread_index().is_none() { helpers() } else { None };
    let team = Team {
        tasks: Mutex::new(tasks.into_iter()),
        missing: OnceLock::new(),
        busy: AtomicUsize::new(others),
        run,
        of_helpers: helpers.is_some(),
    };
    match helpers {
        Some(pool) => pool.in_place_scope(|scope| team.lead(scope, others)),
        None => rayon::in_place_scope(|scope| team.lead(scope, others)),
    }
    team.missing.into_inner().map_or(Ok(()), Err)
}

/// Into how many tasks so much work should be split, so that no thread waits long for the last of them.
pub(crate) fn task_count(work: usize) -> usize {
    (work / TASK_WORK).clamp(1, most_tasks())
}

/// The most tasks that this is.
pub(crate) fn most_tasks() -> usize {
    4 * count()
}

/// The threads that share tasks.
pub(crate) fn count() -> usize {
    rayon::current_num_threads()
}

/// Units of a part at the least, if that leaves one for every thread.
const LEAST_UNITS: usize = 6;

/// Into about how many parts, `about` as [`task_count`] says, so many equal units of each of some problems
/// should be split, so that all threads end at once. A part takes as long as half a unit more.
pub(crate) fn parts(units: usize, problems: usize, about: usize) -> usize {
    let fewest = (units / LEAST_UNITS).clamp(about.div_ceil(4), about.div_ceil(2));
    let counts = (fewest..=about).map(|count| units.div_ceil(units.div_ceil(count)));
    let longest = |&count: &usize| {
        let size = units.div_ceil(count);
        let last = units - (count - 1) * size;
        longest_share(problems * count, [2 * size + 1, 2 * last + 1])
    };
    counts.min_by_key(longest).unwrap_or(1)
}

/// The longest work of a thread where that of `tasks` tasks is `full`, but `last` of the last.
pub(crate) fn longest_share(tasks: usize, [full, last]: [usize; 2]) -> usize {
    let threads = count();
    let (share, rest) = (tasks / threads, tasks % threads);
    match rest {
        0 => share.saturating_mul(full),
        1 => share.saturating_mul(full).saturating_add(last),
        _ => (share + 1).saturating_mul(full),
    }
}

/// The helpers; `None` where threads cannot be started.
fn helpers() -> Option<&'static ThreadPool> {
    static HELPERS: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let start = || {
        let count = count() - 1;
        let pool = ThreadPoolBuilder::new().num_threads(count);
        pool.thread_name(|index| format!("filtro-{index}")).build().ok()
    };
    HELPERS.get_or_init(start).as_ref()
}

/// Keeps this thread awake for the next operation.
fn linger() {
    thread_local! {
        static LINGERS: Cell<bool> = const { Cell::new(false) };
    }
    if LINGERS.get() {
        return;
    }
    rayon::spawn(|| {
        // Another thread may have taken this job.
        if LINGERS.replace(true) {
            return;
        }
        let mut idle = Instant::now();
        while idle.elapsed() < LINGER {
            match rayon::yield_now() {
                Some(Yield::Executed) => idle = Instant::now(),
                _ if idle.elapsed() < HURRY => hint::spin_loop(),
                // Whoever else needs the processor gets it.
                _ => thread::yield_now(),
            }
        }
        LINGERS.set(false);
    });
}

/// Tasks, and what the threads that share them do.
struct Team<T, F> {
    tasks: Mutex<vec::IntoIter<T>>,
    /// The first error, after which no task is begun.
    missing: OnceLock<NoMemory>,
    /// Threads beside the caller's that have not ended.
    busy: AtomicUsize,
    run: F,
    of_helpers: bool,
}

impl<T: Send, F: Fn(T) -> Result<(), NoMemory> + Sync> Team<T, F> {
    /// Shares the tasks with so many other threads until all have ended.
    fn lead<'a>(&'a self, scope: &Scope<'a>, others: usize) {
        self.wake(scope, others);
        self.work(vec::IntoIter::next);
        // The others end about now, sooner than this thread could sleep and wake up.
        for _ in 0..PATIENCE {
            if self.busy.load(Ordering::Acquire) == 0 {
                break;
            }
            hint::spin_loop();
        }
    }

    /// Wakes `count` threads, each of which wakes a part of the rest.
    fn wake<'a>(&'a self, scope: &Scope<'a>, mut count: usize) {
        while count > 0 {
            let half = count.div_ceil(2);
            scope.spawn(move |scope| {
                self.wake(scope, half - 1);
                self.work(vec::IntoIter::next_back);
                if self.of_helpers {
                    linger();
                }
                self.busy.fetch_sub(1, Ordering::Release);
            });
            count -= half;
        }
    }

    /// Runs tasks until there are none.
    fn work(&self, take: impl Fn(&mut vec::IntoIter<T>) -> Option<T>) {
        let next = || take(&mut self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        while self.missing.get().is_none()
            && let Some(task) = next()
        {
            if let Err(missing) = (self.run)(task) {
                // Another thread may have been the first.
                let _ = self.missing.set(missing);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: usize = 1 << 30;

    fn sum_of(tasks: usize) -> Result<usize, NoMemory> {
        let sum = AtomicUsize::new(0);
        for_each((0..tasks).collect(), LONG, |task| {
            sum.fetch_add(task, Ordering::Relaxed);
            Ok(())
        })?;
        Ok(sum.into_inner())
    }

    #[test]
    fn every_task_runs_once_on_any_thread() {
        let on_threads = |threads: usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sum_of(1000)).unwrap()
        };
        let expected = 999 * 1000 / 2;
        assert_eq!([1, 2, 7].map(on_threads), [expected; 3]);
        // The caller is none of rayon's threads, once, again while helpers are awake, and asleep.
        for pause in [0, 0, 1, 0] {
            thread::sleep(Duration::from_millis(pause));
            assert_eq!(sum_of(1000).unwrap(), expected);
        }
        thread::scope(|scope| {
            let callers =
                [(); 5].map(|()| scope.spawn(|| (0..200).all(|_| sum_of(9).unwrap() == 36)));
            assert!(callers.into_iter().all(|caller| caller.join().unwrap()));
        });
    }

    #[test]
    fn an_error_ends_the_work_and_is_told() {
        let missing = NoMemory::of::<f32>(3);
        let result = for_each((0..1000).collect(), LONG, |task| {
            if task == 500 { Err(NoMemory::of::<f32>(3)) } else { Ok(()) }
        });
        assert_eq!(format!("{:?}", result.unwrap_err()), format!("{missing:?}"));
    }

    #[test]
    fn a_panic_of_a_task_reaches_the_caller_and_harms_no_later_work() {
        for _ in 0..3 {
            let panic = std::panic::catch_unwind(|| {
                for_each((0..100).collect(), LONG, |task| {
                    assert!(task != 70 && task != 99, "of a test");
                    Ok(())
                })
            });
            assert!(panic.is_err());
            assert_eq!(sum_of(1000).unwrap(), 999 * 1000 / 2);
        }
    }
}
