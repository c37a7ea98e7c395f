//! Times of work on a device.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use filtro::{Device, DeviceKind, Timed};

use crate::failure::Failure;

/// The least and the longest that is waited for a GPU's clocks to settle: after seconds of rest, in
/// which shaders were compiled, one stays at a fifth of its clocks for some tenths of a second.
const SETTLING: Duration = Duration::from_millis(300);
const UNSETTLED: Duration = Duration::from_secs(2);

/// How long the CPU works first: processors that slept are slow for some milliseconds.
const AWAKE: Duration = Duration::from_millis(50);

/// How work is timed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// How long it is repeated for.
    pub(crate) budget: Duration,
    /// Calls between two stamps.
    pub(crate) calls: u32,
    /// Results, one or more, that are kept while later calls run, so that these write elsewhere.
    pub(crate) kept: usize,
    /// Whether a GPU runs first until its clocks have settled.
    pub(crate) settles: bool,
}

impl Timing {
    /// One call at a time.
    pub(crate) const fn of_one(budget: Duration) -> Self {
        Self { budget, calls: 1, kept: 1, settles: false }
    }
}

/// The median time of some work, with all that it waits for, after first runs that do not count.
///
/// Runs it at least three times, and until `budget` is spent or a hundred times.
pub(crate) fn median<T>(
    device: &Device,
    budget: Duration,
    work: impl FnMut() -> filtro::Result<T>,
) -> Result<Duration, Failure> {
    Ok(medians(device, Timing::of_one(budget), work)?.0)
}

/// As [`median`], of one call of several, and the median on the device's clock where it has one.
pub(crate) fn medians<T>(
    device: &Device,
    timing: Timing,
    mut work: impl FnMut() -> filtro::Result<T>,
) -> Result<(Duration, Option<Duration>), Failure> {
    let mut kept = VecDeque::new();
    let mut run = || -> filtro::Result<Timed<()>> {
        device.time(|| {
            for _ in 0..timing.calls {
                if kept.len() >= timing.kept {
                    kept.pop_front();
                }
                kept.push_back(work()?);
            }
            Ok(())
        })
    };
    run()?;
    if device.info().kind == DeviceKind::Cpu {
        let begin = Instant::now();
        while begin.elapsed() < AWAKE.min(timing.budget) {
            run()?;
        }
    }
    let settles = timing.settles && device.info().kind == DeviceKind::Gpu;
    if settles {
        settle(&mut run)?;
    }
    let mut before = None;
    loop {
        let begin = Instant::now();
        let (mut walls, mut on_device) = (Vec::new(), Vec::new());
        while walls.len() < 3 || (begin.elapsed() < timing.budget && walls.len() < 100) {
            let timed = run()?;
            walls.push(timed.wall / timing.calls);
            on_device.extend(timed.device.map(|time| time / timing.calls));
        }
        walls.sort_unstable();
        on_device.sort_unstable();
        let medians = (walls[walls.len() / 2], on_device.get(on_device.len() / 2).copied());
        let time = medians.1.unwrap_or(medians.0);
        // Clocks that still rise make the next times shorter.
        if !settles || before.is_some_and(|before| time >= before * 49 / 50) {
            return Ok(medians);
        }
        before = Some(time);
    }
}

/// Runs the work until three times in a row are within 2 %: a GPU's clocks rise when it has
/// something to do.
fn settle(mut run: impl FnMut() -> filtro::Result<Timed<()>>) -> Result<(), Failure> {
    let begin = Instant::now();
    let mut times = Vec::new();
    let is_steady = |times: &[Duration]| {
        let last = times.iter().rev().take(3);
        let (least, most) = (last.clone().min(), last.max());
        times.len() >= 3 && least.zip(most).is_some_and(|(least, most)| *most <= *least * 51 / 50)
    };
    while begin.elapsed() < SETTLING || (!is_steady(&times) && begin.elapsed() < UNSETTLED) {
        let timed = run()?;
        times.push(timed.device.unwrap_or(timed.wall));
    }
    Ok(())
}
