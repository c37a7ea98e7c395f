//! A workload on one device: checked, then timed cold, warm and with transfers.

use std::time::{Duration, Instant};

use filtro::{Algorithm, Device, DeviceKind, ceiling};
use ndarray::{Array4, Axis};

use super::workloads::{Work, Workload};
use crate::check::{self, Expected};
use crate::failure::Failure;
use crate::layer::Layer;
use crate::measure;

/// The medians of one shape on one device.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) algorithm: Option<Algorithm>,
    /// The first call on a newly opened device, which compiles.
    pub(crate) cold: Duration,
    /// From recording to the end of the work; all tensors are on the device.
    pub(crate) warm: Duration,
    /// The same work on the device's clock.
    pub(crate) on_device: Option<Duration>,
    /// Upload of the input, the work, download of the output.
    pub(crate) with_transfer: Duration,
    /// One call of a chain of them, without waiting for the work.
    pub(crate) recording: Duration,
}

impl Times {
    /// The seconds that rates are computed from: a GPU's own where it has a clock.
    pub(crate) fn seconds(&self, kind: DeviceKind) -> f64 {
        match self.on_device {
            Some(time) if kind == DeviceKind::Gpu && !time.is_zero() => time.as_secs_f64(),
            _ => self.warm.as_secs_f64(),
        }
    }
}

/// What a device can do at most.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ceilings {
    /// Operations per second with 64 and with 12 accumulators; a multiply-add counts as two.
    pub(crate) flops: [f64; 2],
    /// Bytes per second that a copy reads and writes.
    pub(crate) bytes: f64,
}

/// Bytes of the copy: about the larger of the workloads' tensors.
pub(crate) const COPY: usize = 16 << 20;

/// Calls that are recorded together to time one.
const CHAIN: u32 = 16;

impl Ceilings {
    pub(crate) fn of(device: &Device) -> Result<Self, Failure> {
        Ok(Self {
            flops: [
                2.0 * ceiling::multiply_adds(device, 64)?,
                2.0 * ceiling::multiply_adds(device, 12)?,
            ],
            bytes: ceiling::copy(device, COPY)?,
        })
    }

    pub(crate) fn best_flops(&self) -> f64 {
        self.flops[0].max(self.flops[1])
    }

    /// The share of what the ceilings allow: 1 is the roof.
    pub(crate) fn share(&self, work: Work, seconds: f64) -> f64 {
        (work.operations / self.best_flops()).max(work.bytes / self.bytes) / seconds
    }
}

/// Times a workload on a device and checks what it gives; `cold` is the same device, newly opened.
pub(crate) fn measure(
    workload: &Workload,
    device: &Device,
    cold: &Device,
    budget: Duration,
) -> Result<(Times, Array4<f32>), Failure> {
    let (layer, input) = (&workload.layer, &workload.input);
    let (loaded, tensor) = (layer.on(cold)?, cold.upload(input)?);
    let first = cold.time(|| loaded.forward(&tensor))?;
    let output = first.value.download()?;
    check_against_reference(workload, &output)?;

    let (loaded, tensor) = (layer.on(device)?, device.upload(input)?);
    let (warm, on_device) = measure::medians(device, budget, || loaded.forward(&tensor))?;
    let with_transfer =
        measure::median(device, budget, || loaded.forward(&device.upload(input)?)?.download())?;
    let recording = match device.info().kind {
        DeviceKind::Cpu => warm,
        _ => {
            let mut times = Vec::new();
            let begin = Instant::now();
            while times.len() < 3 || (begin.elapsed() < budget && times.len() < 100) {
                let start = Instant::now();
                for _ in 0..CHAIN {
                    loaded.forward(&tensor)?;
                }
                times.push(start.elapsed() / CHAIN);
                device.synchronize()?;
            }
            times.sort_unstable();
            times[times.len() / 2]
        }
    };
    let algorithm = workload.algorithm(device)?;
    let times = Times { algorithm, cold: first.wall, warm, on_device, with_transfer, recording };
    Ok((times, output))
}

/// Of a dense convolution the first and the last channel, of everything else all.
fn check_against_reference(workload: &Workload, output: &Array4<f32>) -> Result<(), Failure> {
    let compare = |layer: &Layer, output: &Array4<f32>| {
        let difference = Expected::of(layer, &workload.input)?.compare(output);
        if difference.within {
            return Ok(());
        }
        Err(wrong(workload, "the result and the reference", difference.largest))
    };
    match &workload.layer {
        Layer::Conv2d { options, weight, bias } if options.groups == 1 => {
            for one in [0, options.out_channels - 1] {
                let mut options = options.clone();
                options.out_channels = 1;
                let layer = Layer::Conv2d {
                    options,
                    weight: weight.select(Axis(0), &[one]),
                    bias: bias.as_ref().map(|bias| bias.select(Axis(0), &[one])),
                };
                if output.dim().1 <= one {
                    return Err(wrong(workload, "the shapes", f64::NAN));
                }
                compare(&layer, &output.select(Axis(1), &[one]))?;
            }
            Ok(())
        }
        layer => compare(layer, output),
    }
}

/// The outputs of two devices, all elements.
pub(crate) fn check_against_each_other(
    workload: &Workload,
    one: &Array4<f32>,
    other: &Array4<f32>,
) -> Result<(), Failure> {
    let difference = check::agree(&workload.layer, &workload.input, one, other)?;
    if difference.within {
        return Ok(());
    }
    Err(wrong(workload, "the device and the CPU", difference.largest))
}

fn wrong(workload: &Workload, what: &str, largest: f64) -> Failure {
    let name = &workload.name;
    Failure::Work(format!("{name}: {what} differ by {largest:.1e}, beyond rounding"))
}
