//! How futures end that nobody awaits, or whose device is lost; what they leave behind.

use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use filtro::{Activation, Device, Error};

use crate::asynchronous::{TOO_LONG, Task, busy, look, run};
use crate::tested::{is_software, open_tested, wgpu_device};

/// Futures of every kind that wait for the same work.
fn waiting(device: &Device) -> Vec<Task<filtro::Result<()>>> {
    fn task<T>(
        future: impl Future<Output = filtro::Result<T>> + Send + 'static,
    ) -> Task<filtro::Result<()>> {
        Box::pin(async move { future.await.map(drop) })
    }
    vec![
        task(busy(device).download_async()),
        task(device.synchronize_async()),
        task(device.time_async(|| Ok(()))),
        task(device.synchronize_async()),
    ]
}

fn is_lost(result: &filtro::Result<()>) -> bool {
    matches!(result, Err(Error::DeviceLost { .. }))
}

#[test]
fn a_device_that_is_lost_while_futures_wait_leaves_none_waiting() {
    for round in 0..6 {
        let (raw, queue) = wgpu_device(&Default::default());
        let device = Device::from_wgpu(raw.clone(), queue);
        let mut tasks = waiting(&device);
        // Some wait already, and all in every other round.
        let (mut count, all) = (0, tasks.len());
        for index in (0..all).step_by(1 + round % 2).rev() {
            // A fast adapter may be done already.
            match look(&mut tasks[index]) {
                Poll::Pending => count += 1,
                Poll::Ready(_) => drop(tasks.swap_remove(index)),
            }
        }
        assert!(!is_software() || count == all.div_ceil(1 + round % 2), "{count}");
        let destroy = thread::spawn(move || {
            thread::sleep(Duration::from_millis(5 * (round / 2) as u64));
            raw.destroy();
        });
        if round < 2 {
            destroy.join().unwrap();
            for task in tasks {
                let result = run(task);
                assert!(is_lost(&result) || !is_software(), "round {round}: {result:?}");
            }
        } else {
            let running: Vec<_> =
                tasks.into_iter().map(|task| thread::spawn(|| run(task))).collect();
            for task in running {
                let result = task.join().unwrap();
                assert!(is_lost(&result) || !is_software(), "round {round}: {result:?}");
            }
            destroy.join().unwrap();
        }
    }
}

#[test]
fn a_device_that_is_dropped_first_is_there_for_those_who_wait() {
    let device = open_tested();
    let tasks = waiting(&device);
    drop(device);
    for task in tasks {
        run(task).unwrap();
    }
}

#[cfg(target_os = "linux")]
mod left_behind {
    use super::*;
    use crate::devices::ramp;
    use crate::repetitions::{memory, runs_alone};
    use crate::tested::open_tested;

    /// The threads of this process that are this crate's.
    fn threads() -> usize {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap();
        let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")));
        names.filter(|name| name.as_ref().is_ok_and(|name| name.starts_with("filtro-"))).count()
    }

    fn wait_for_the_threads_to_end() {
        let start = Instant::now();
        while threads() > 0 {
            assert!(start.elapsed() < TOO_LONG, "{} threads", threads());
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn dropped_futures_leave_no_memory_and_no_thread() {
        let name = "asynchronous_ends::left_behind::dropped_futures_leave_no_memory_and_no_thread";
        if !runs_alone(name) {
            return;
        }
        let device = open_tested();
        let x = device.upload(&ramp([1, 8, 64, 64])).unwrap();
        let (mut before, mut pending, mut most) = ((0, 0, 0), 0, 0);
        for repetition in 1..=6000 {
            let y = Activation::Relu.forward(&x).unwrap();
            let (download, end) = (y.download_async(), device.synchronize_async());
            let timed = device.time_async(|| Ok(()));
            let mut tasks: Vec<Task<filtro::Result<()>>> = vec![
                Box::pin(async { download.await.map(drop) }),
                Box::pin(end),
                Box::pin(async { timed.await.map(drop) }),
            ];
            // Some are dropped before they wait, some while they wait, the others are awaited.
            let looked_at = repetition % 4;
            let mut index = 0;
            tasks.retain_mut(|task| {
                index += 1;
                index > looked_at || look(task).is_pending()
            });
            pending += tasks.len();
            if repetition % 5 == 0 {
                tasks.into_iter().for_each(|task| run(task).unwrap());
            } else {
                drop(tasks);
            }
            // One that polls, and those before it that are about to end.
            most = most.max(threads());
            if repetition % 500 > 0 {
                continue;
            }
            drop(y);
            device.synchronize().unwrap();
            wait_for_the_threads_to_end();
            let ((mappings, kilobytes), allocated) = (memory(), device.memory_use().allocated);
            let now = (mappings, kilobytes, allocated);
            if repetition == 500 {
                before = now;
                continue;
            }
            let grew = now.0 > before.0 + 16 || now.1 > before.1 + 4096 || now.2 != before.2;
            assert!(!grew, "repetition {repetition}: {before:?} to {now:?}");
        }
        assert!(pending > 6000 && most <= 4, "{pending} waited, {most} threads at once");
    }

    #[test]
    fn a_thousand_futures_that_wait_at_once_are_woken_by_one_thread() {
        let name = "asynchronous_ends::left_behind::\
                    a_thousand_futures_that_wait_at_once_are_woken_by_one_thread";
        if !runs_alone(name) {
            return;
        }
        let device = open_tested();
        for _ in 0..3 {
            busy(&device);
            device.flush().unwrap();
            let mut tasks: Vec<_> = (0..1000).map(|_| waiting_for(&device)).collect();
            tasks.retain_mut(|task| look(task).is_pending());
            assert!(!is_software() || tasks.len() == 1000, "{}", tasks.len());
            let mut most = 0;
            for task in tasks.into_iter().rev().step_by(2) {
                run(task).unwrap();
                most = most.max(threads());
            }
            assert!(most <= 1, "{most} threads");
            wait_for_the_threads_to_end();
        }
    }

    fn waiting_for(device: &Device) -> Task<filtro::Result<()>> {
        Box::pin(device.synchronize_async())
    }
}
