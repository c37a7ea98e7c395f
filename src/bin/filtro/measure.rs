//! Times of work on a device.

use std::time::{Duration, Instant};

use filtro::Device;

use crate::failure::Failure;

/// The median time of some work, with all that it waits for, after a first run that does not count.
///
/// Runs it at least three times, and until `budget` is spent or a hundred times.
pub(crate) fn median<T>(
    device: &Device,
    budget: Duration,
    work: impl FnMut() -> filtro::Result<T>,
) -> Result<Duration, Failure> {
    Ok(medians(device, budget, work)?.0)
}

/// As [`median`], and the median on the device's clock where it has one.
pub(crate) fn medians<T>(
    device: &Device,
    budget: Duration,
    mut work: impl FnMut() -> filtro::Result<T>,
) -> Result<(Duration, Option<Duration>), Failure> {
    device.time(&mut work)?;
    let begin = Instant::now();
    let (mut walls, mut on_device) = (Vec::new(), Vec::new());
    while walls.len() < 3 || (begin.elapsed() < budget && walls.len() < 100) {
        let timed = device.time(&mut work)?;
        walls.push(timed.wall);
        on_device.extend(timed.device);
    }
    walls.sort_unstable();
    on_device.sort_unstable();
    Ok((walls[walls.len() / 2], on_device.get(on_device.len() / 2).copied()))
}
