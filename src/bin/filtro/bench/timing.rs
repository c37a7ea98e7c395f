//! A workload on one device: checked, then timed cold, warm and with transfers.

use std::time::{Duration, Instant};

use filtro::{Algorithm, Conv2d, Device, DeviceKind, ceiling};
use ndarray::{Array4, Axis};

use super::workloads::{Given, What, Work, Workload};
use crate::check::{self, Expected};
use crate::failure::Failure;
use crate::layer::Layer;
use crate::measure::{self, Timing};

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
    /// Inputs that the calls took in turn.
    pub(crate) inputs: usize,
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
    /// Bytes of that copy.
    pub(crate) copied: usize,
}

/// Bytes of the copy: about the larger of the workloads' tensors, and on a GPU more than its caches
/// hold.
fn copied(device: &Device) -> usize {
    let most = device.limits().map_or(u64::MAX, |limits| limits.max_binding_bytes);
    let wanted = if device.info().kind == DeviceKind::Gpu { 512 << 20 } else { 16 << 20 };
    usize::try_from(most).map_or(wanted, |most| most.min(wanted))
}

/// Calls that are recorded together to time one.
const CHAIN: u32 = 16;

impl Ceilings {
    pub(crate) fn of(device: &Device) -> Result<Self, Failure> {
        let copied = copied(device);
        Ok(Self {
            copied,
            flops: [
                2.0 * ceiling::multiply_adds(device, 64)?,
                2.0 * ceiling::multiply_adds(device, 12)?,
            ],
            bytes: ceiling::copy(device, copied)?,
        })
    }

    pub(crate) fn best_flops(&self) -> f64 {
        self.flops[0].max(self.flops[1])
    }

    /// The share of what the ceilings allow: 1 is the roof.
    pub(crate) fn share(&self, work: Work, seconds: f64) -> f64 {
        (work.operations / self.best_flops()).max(work.bytes / self.bytes) / seconds
    }

    /// Which of them a work is bound by.
    pub(crate) fn bound(&self, work: Work) -> &'static str {
        let by_bytes = work.bytes / self.bytes > work.operations / self.best_flops();
        if by_bytes { "copy" } else { "multiply-adds" }
    }
}

/// How the calls of a workload are timed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calls {
    pub(crate) budget: Duration,
    /// Calls between two stamps.
    pub(crate) calls: Option<u32>,
    /// Inputs that the calls take in turn.
    pub(crate) inputs: Option<usize>,
}

/// Calls between two stamps on a GPU, of which most small shapes take a few microseconds.
const GPU_CALLS: u32 = 20;
/// Bytes of the tensors that a GPU is given in turn: more than its caches hold.
const BEYOND_CACHES: f64 = 256e6;
const MOST_INPUTS: f64 = 64.0;

impl Calls {
    pub(crate) fn calls(&self, device: &Device) -> u32 {
        let is_gpu = device.info().kind == DeviceKind::Gpu;
        self.calls.unwrap_or(if is_gpu { GPU_CALLS } else { 1 })
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 64")]
    pub(crate) fn inputs(&self, device: &Device, work: Work) -> usize {
        let beyond = (BEYOND_CACHES / work.bytes).ceil().clamp(1.0, MOST_INPUTS) as usize;
        let is_gpu = device.info().kind == DeviceKind::Gpu;
        self.inputs.unwrap_or(if is_gpu { beyond } else { 1 })
    }
}

/// What a workload gives on a device, checked by the reference.
pub(crate) fn checked(
    workload: &Workload,
    given: &Given,
    device: &Device,
) -> Result<Array4<f32>, Failure> {
    let output = workload.on(device)?.ready(device, given)?.call()?.download()?;
    check_against_reference(workload, given, &output, device)?;
    Ok(output)
}

/// Times a workload on a device and checks what it gives; `cold` is the same device, newly opened.
pub(crate) fn measure(
    workload: &Workload,
    given: &Given,
    [device, cold]: [&Device; 2],
    calls: Calls,
) -> Result<(Times, Array4<f32>), Failure> {
    let (first, output) = {
        let weights = workload.on(cold)?;
        let ready = weights.ready(cold, given)?;
        let first = cold.time(|| ready.call())?;
        (first.wall, first.value.download()?)
    };
    check_against_reference(workload, given, &output, cold)?;

    let weights = workload.on(device)?;
    let inputs = calls.inputs(device, workload.work);
    let ready: Vec<_> =
        (0..inputs).map(|_| weights.ready(device, given)).collect::<filtro::Result<_>>()?;
    let mut turns = ready.iter().cycle();
    let mut call = || turns.next().unwrap_or(&ready[0]).call();
    let timing =
        Timing { budget: calls.budget, calls: calls.calls(device), kept: inputs, settles: true };
    let (warm, on_device) = measure::medians(device, timing, &mut call)?;
    let with_transfer =
        measure::median(device, calls.budget, || weights.ready(device, given)?.call()?.download())?;
    let recording = match device.info().kind {
        DeviceKind::Cpu => warm,
        _ => {
            let mut times = Vec::new();
            let begin = Instant::now();
            while times.len() < 3 || (begin.elapsed() < calls.budget && times.len() < 100) {
                // Behind others: on a software adapter the work itself has left the caches cold.
                for _ in 0..CHAIN / 4 {
                    call()?;
                }
                let start = Instant::now();
                for _ in 0..CHAIN {
                    call()?;
                }
                times.push(start.elapsed() / CHAIN);
                device.synchronize()?;
            }
            times.sort_unstable();
            times[times.len() / 2]
        }
    };
    let algorithm = workload.algorithm(device)?;
    let times = Times { algorithm, cold: first, warm, on_device, with_transfer, recording, inputs };
    Ok((times, output))
}

/// Of a dense convolution the first and the last channel, of gradients the first and the last
/// channel or filter, of everything else all; of the first and the last image where these do not
/// hang on the others.
fn check_against_reference(
    workload: &Workload,
    given: &Given,
    output: &Array4<f32>,
    device: &Device,
) -> Result<(), Failure> {
    let halves = workload.bound_of_halves(device)?;
    let images: Vec<_> = match workload.shape.batch {
        0 | 1 => vec![0],
        batch => vec![0, batch - 1],
    };
    let of_images = |array: &Array4<f32>| array.select(Axis(0), &images);
    let compare = |expected: Expected, output: &Array4<f32>| {
        let expected = match halves {
            Some(times) => expected.in_f16(times),
            None => expected,
        };
        let difference = expected.compare(output);
        if difference.within {
            return Ok(());
        }
        Err(wrong(workload, "the result and the reference", difference.largest))
    };
    if output.shape() != workload.output_shape()?.dims() {
        return Err(wrong(workload, "the shapes", f64::NAN));
    }
    match &workload.what {
        What::Forward(Layer::Conv2d { options, weight, bias }) if options.groups == 1 => {
            let (input, output) = (of_images(&given.input), of_images(output));
            for one in [0, options.out_channels - 1] {
                let mut options = options.clone();
                options.out_channels = 1;
                let layer = Layer::Conv2d {
                    options,
                    weight: weight.select(Axis(0), &[one]),
                    bias: bias.as_ref().map(|bias| bias.select(Axis(0), &[one])),
                };
                compare(Expected::of(&layer, &input)?, &output.select(Axis(1), &[one]))?;
            }
        }
        What::Forward(layer) => {
            compare(Expected::of(layer, &of_images(&given.input))?, &of_images(output))?;
        }
        What::GradInput { options, weight } => {
            let (grad_output, output) = (of_images(&given.grad_output), of_images(output));
            for [channel, group, in_group, _] in ends(options) {
                let [_, _, height, width] = workload.shape.dims();
                let input = Array4::zeros([images.len(), 1, height, width]);
                let filters = filters_of(options, group);
                let weight = weight.select(Axis(0), &filters).select(Axis(1), &[in_group]);
                let grad_output = grad_output.select(Axis(1), &filters);
                let options = with_channels(options, 1, filters.len());
                let [expected, _] =
                    Expected::of_gradients(&options, [&input, &weight, &grad_output])?;
                compare(expected, &output.select(Axis(1), &[channel]))?;
            }
        }
        What::GradWeight { options } => {
            for [channel, _, in_group, filter] in ends(options) {
                let [height, width] = options.kernel_size;
                let input = given.input.select(Axis(1), &[channel]);
                let grad_output = given.grad_output.select(Axis(1), &[filter]);
                let weight = Array4::zeros([1, 1, height, width]);
                let options = with_channels(options, 1, 1);
                let [_, expected] =
                    Expected::of_gradients(&options, [&input, &weight, &grad_output])?;
                let output = output.select(Axis(0), &[filter]).select(Axis(1), &[in_group]);
                compare(expected, &output)?;
            }
        }
    }
    Ok(())
}

/// The first and the last channel of the input, each with its group, its place in that and a filter
/// of the group.
fn ends(options: &Conv2d) -> [[usize; 4]; 2] {
    let (channels, filters) = (options.in_channels, options.out_channels);
    let last_in_group = channels / options.groups - 1;
    [[0, 0, 0, 0], [channels - 1, options.groups - 1, last_in_group, filters - 1]]
}

/// The filters of a group.
fn filters_of(options: &Conv2d, group: usize) -> Vec<usize> {
    let filters = options.out_channels / options.groups;
    (group * filters..(group + 1) * filters).collect()
}

/// The same in one group.
fn with_channels(options: &Conv2d, in_channels: usize, out_channels: usize) -> Conv2d {
    let mut options = options.clone();
    (options.in_channels, options.out_channels, options.groups) = (in_channels, out_channels, 1);
    options
}

/// The outputs of a device and of the CPU, all elements.
pub(crate) fn check_against_each_other(
    workload: &Workload,
    given: &Given,
    device: &Device,
    [one, other]: [&Array4<f32>; 2],
) -> Result<(), Failure> {
    let magnitude = match &workload.what {
        What::Forward(layer) if layer.is_maximum() => None,
        _ => {
            let cpu = Device::cpu();
            let given = Given {
                input: given.input.mapv(f32::abs),
                grad_output: given.grad_output.mapv(f32::abs),
            };
            let sums = workload.of_magnitudes();
            let sums = sums.on(&cpu)?.ready(&cpu, &given)?.call()?;
            Some(sums.download()?)
        }
    };
    let halves = workload.bound_of_halves(device)?;
    let difference = check::agree_within(magnitude, halves, one, other);
    if difference.within {
        return Ok(());
    }
    Err(wrong(workload, "the device and the CPU", difference.largest))
}

fn wrong(workload: &Workload, what: &str, largest: f64) -> Failure {
    let name = &workload.name;
    Failure::Work(format!("{name}: {what} differ by {largest:.1e}, beyond rounding"))
}
