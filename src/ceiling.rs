//! What a device can do at most: multiply-adds in registers and copies, measured.
//!
//! Measuring blocks, and there is none of it in a browser: it is no work for a frame.
//!
//! A time says little alone. Beside the ceilings of the same device in the same run it says how
//! much is left.
//!
//! ```
//! use filtro::{Device, ceiling};
//!
//! let device = Device::cpu();
//! let flops = 2.0 * ceiling::multiply_adds(&device, 12)?;
//! let bytes = ceiling::copy(&device, 1 << 20)?;
//! println!("{:.0} GFLOP/s, {:.0} GB/s", flops * 1e-9, bytes * 1e-9);
//! # Ok::<(), filtro::Error>(())
//! ```

use std::time::Duration;

use crate::device::Backend;
use crate::memory::{NoMemory, collected, zeros};
use crate::{DType, Device, DeviceKind, Error, Result, Shape, cpu, gpu};

const OPERATION: &str = "ceiling";
/// Runs of which the best counts: a ceiling is what a device can do, not what it does on average.
const RUNS: usize = 5;
/// The least time of one run.
const LONG_ENOUGH: Duration = Duration::from_millis(40);
/// Workgroups that fill a software adapter, and those that fill the largest of cards several times.
const FEW_WORKGROUPS: usize = 2048;
const MANY_WORKGROUPS: usize = 1 << 15;

/// The most multiply-adds per second in f32, in `accumulators` independent chains per invocation:
/// 12 or 64. More chains hide more latency and need more registers.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for another number of accumulators; [`Error::Gpu`] if a sum is wrong
/// or the device reports an error, [`Error::OutOfMemory`], [`Error::DeviceLost`].
pub fn multiply_adds(device: &Device, accumulators: u32) -> Result<f64> {
    if !gpu::ceiling::ACCUMULATORS.contains(&accumulators) {
        let rule = "there are shaders for 12 and 64";
        return Err(Error::argument(OPERATION, "accumulators", accumulators, rule));
    }
    // So many that all chains end at their limit, and the sum can be checked.
    let mut rounds = 128;
    let mut best = 0.0;
    let mut counted = 0;
    while counted < RUNS {
        let (count, seconds) = run_multiply_adds(device, accumulators, rounds)?;
        if seconds < LONG_ENOUGH.as_secs_f64() && rounds < 1 << 26 {
            rounds *= 2;
        } else {
            best = f64::max(best, count / seconds);
            counted += 1;
        }
    }
    Ok(best)
}

/// How many multiply-adds there were, and in how many seconds.
fn run_multiply_adds(device: &Device, accumulators: u32, rounds: u32) -> Result<(f64, f64)> {
    let wrong = |mean: f32, limit: f32| Error::Gpu {
        operation: OPERATION,
        message: format!("the chains of multiply-adds end at {mean} and not at {limit}"),
    };
    match device.backend() {
        Backend::Cpu => {
            let timed = device.time(|| Ok(cpu::ceiling::multiply_adds(accumulators, rounds)))?;
            let (count, mean) = timed.value;
            if (mean - 2.0).abs() > 1e-3 {
                return Err(wrong(mean, 2.0));
            }
            Ok((count, timed.wall.as_secs_f64()))
        }
        Backend::Gpu(context) => {
            // A round of the shader is several multiply-adds already.
            let rounds = rounds / gpu::ceiling::steps(accumulators);
            let software = context.limits().software;
            let workgroups = if software { FEW_WORKGROUPS } else { MANY_WORKGROUPS };
            let timed = device
                .time(|| gpu::ceiling::multiply_adds(context, accumulators, workgroups, rounds))?;
            let sums: Vec<f32> = context.download(OPERATION, &timed.value, workgroups * 64)?;
            #[allow(clippy::cast_precision_loss, reason = "12 or 64")]
            let chains = accumulators as f32;
            if let Some(sum) = sums
                .iter()
                .find(|&&sum| sum.is_nan() || (sum / chains - gpu::ceiling::LIMIT).abs() > 0.01)
            {
                return Err(wrong(sum / chains, gpu::ceiling::LIMIT));
            }
            #[allow(clippy::cast_precision_loss, reason = "a number of invocations")]
            let invocations = sums.len() as f64;
            let per_chain = f64::from(gpu::ceiling::steps(accumulators)) * f64::from(rounds);
            let count = invocations * f64::from(accumulators) * per_chain;
            Ok((count, seconds(device, timed.wall, timed.device)))
        }
    }
}

/// The most bytes per second that a copy of `bytes` bytes reads and writes, both counted. Where
/// they fit a cache, that cache is measured.
///
/// # Errors
///
/// [`Error::DeviceLimit`] for more than the device takes; [`Error::Gpu`] if the copy is wrong or
/// the device reports an error, [`Error::OutOfMemory`], [`Error::DeviceLost`].
pub fn copy(device: &Device, bytes: usize) -> Result<f64> {
    let len = (bytes / 4).next_multiple_of(4).max(4);
    if let Backend::Gpu(context) = device.backend() {
        let shape = Shape::new(1, 1, 1, len);
        gpu::check_buffers(OPERATION, &[shape], DType::F32, context.limits())?;
    }
    let no_memory = |missing: NoMemory| missing.during(OPERATION);
    #[allow(clippy::cast_precision_loss, reason = "four patterns are enough to see a gap")]
    let input = collected((0..len).map(|index| (index % 8191) as f32)).map_err(no_memory)?;
    let wrong = || Error::Gpu { operation: OPERATION, message: "the copy is wrong".into() };
    let mut times = Vec::new();
    match device.backend() {
        Backend::Cpu => {
            let mut output = zeros(len).map_err(no_memory)?;
            for _ in 0..RUNS {
                let copy = || cpu::copy(&input, &mut output).map_err(no_memory);
                let timed = device.time(copy)?;
                times.push(timed.wall.as_secs_f64());
            }
            if input != output {
                return Err(wrong());
            }
        }
        Backend::Gpu(context) => {
            let resident = context.upload(OPERATION, &input)?;
            let ways = 1 + usize::from(gpu::ceiling::fits_texture(context, len));
            for by_texture in [false, true].into_iter().take(ways) {
                let run =
                    || device.time(|| gpu::ceiling::copy(context, &resident, len, by_texture));
                if context.download::<f32>(OPERATION, &run()?.value, len)? != input {
                    return Err(wrong());
                }
                for _ in 0..RUNS {
                    let timed = run()?;
                    times.push(seconds(device, timed.wall, timed.device));
                }
            }
        }
    }
    let best = times.into_iter().fold(f64::INFINITY, f64::min);
    #[allow(clippy::cast_precision_loss, reason = "a number of bytes is far below 2^53")]
    let moved = 2.0 * len as f64 * size_of::<f32>() as f64;
    Ok(moved / best.max(1e-9))
}

/// The device's own time, or the host's for a software adapter, whose timestamps are the host's.
fn seconds(device: &Device, wall: Duration, on_device: Option<Duration>) -> f64 {
    let time = match on_device {
        Some(time) if device.info().kind == DeviceKind::Gpu && !time.is_zero() => time,
        _ => wall,
    };
    time.as_secs_f64().max(1e-9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_multiplies_adds_and_copies() {
        let device = Device::cpu();
        assert!(multiply_adds(&device, 12).unwrap() > 1e6);
        assert!(copy(&device, 1000).unwrap() > 1e3);
        assert!(matches!(multiply_adds(&device, 5), Err(Error::InvalidArgument { .. })));
    }
}
