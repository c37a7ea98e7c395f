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
    mut work: impl FnMut() -> filtro::Result<T>,
) -> Result<Duration, Failure> {
    device.time(&mut work)?;
    let begin = Instant::now();
    let mut times = Vec::new();
    while times.len() < 3 || (begin.elapsed() < budget && times.len() < 100) {
        times.push(device.time(&mut work)?.wall);
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
