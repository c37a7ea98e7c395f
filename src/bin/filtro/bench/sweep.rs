//! One operation over a range of sizes, on the device and on the CPU.

use std::time::{Duration, Instant};

use clap::ValueEnum;
use filtro::{Conv2d, Device, MaxPool2d, Shape};
use indicatif::ProgressBar;
use ndarray::{Array1, Array4, s};

use crate::check::{self, Expected};
use crate::failure::Failure;
use crate::layer::{Layer, Pool2d};
use crate::measure;

/// What is swept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    #[value(name = "conv2d")]
    Conv2d,
    Depthwise,
    #[value(name = "max-pool2d")]
    MaxPool2d,
}

/// The times of an operation over sizes.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) title: String,
    pub(crate) rows: Vec<Row>,
    /// The sizes that were left out because one before them took too long.
    pub(crate) left_out: Vec<usize>,
}

/// One size.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) size: usize,
    pub(crate) multiply_adds: u128,
    /// Bytes of the input, the weights and the output.
    pub(crate) bytes: usize,
    /// The first run, which compiles the shader where none of its variant was compiled before.
    pub(crate) cold: Duration,
    pub(crate) on_device: Duration,
    pub(crate) with_transfer: Duration,
    pub(crate) on_cpu: Duration,
}

/// A size whose run takes longer than this ends the sweep.
const TOO_LONG: Duration = Duration::from_secs(2);

const CHANNELS: usize = 32;

impl Operation {
    pub(crate) fn title(self) -> String {
        match self {
            Self::Conv2d => format!("conv2d 3x3, {CHANNELS} to {CHANNELS} channels, padding 1"),
            Self::Depthwise => format!("conv2d 3x3 depthwise, {CHANNELS} channels, padding 1"),
            Self::MaxPool2d => format!("max_pool2d 3x3, stride 2, {CHANNELS} channels, padding 1"),
        }
    }

    fn layer(self) -> Layer {
        let convolution = |groups: usize| Layer::Conv2d {
            options: Conv2d::new(CHANNELS, CHANNELS, [3, 3]).padding([1, 1]).groups(groups),
            weight: noise(Shape::new(CHANNELS, CHANNELS / groups, 3, 3)),
            bias: Some(Array1::linspace(-0.5, 0.5, CHANNELS)),
        };
        match self {
            Self::Conv2d => convolution(1),
            Self::Depthwise => convolution(CHANNELS),
            Self::MaxPool2d => {
                Layer::Pool2d(Pool2d::Max(MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1])))
            }
        }
    }
}

/// Numbers between -1 and 1 without a pattern.
pub(crate) fn noise(shape: Shape) -> Array4<f32> {
    let mut state = 1_u32;
    Array4::from_shape_simple_fn(shape.dims(), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32_768.0 - 1.0
    })
}

pub(crate) fn run(
    operation: Operation,
    sizes: &[usize],
    device: &Device,
    budget: Duration,
    progress: &ProgressBar,
) -> Result<Sweep, Failure> {
    let layer = operation.layer();
    let mut sweep = Sweep { title: operation.title(), rows: Vec::new(), left_out: Vec::new() };
    for &size in sizes {
        progress.set_message(format!("{} at {size}", layer.name()));
        if sweep.rows.last().is_some_and(|row: &Row| row.on_device.max(row.on_cpu) > TOO_LONG) {
            sweep.left_out.push(size);
        } else {
            sweep.rows.push(measure(&layer, size, device, budget)?);
        }
        progress.inc(1);
    }
    Ok(sweep)
}

fn measure(layer: &Layer, size: usize, device: &Device, budget: Duration) -> Result<Row, Failure> {
    let shape = Shape::new(1, CHANNELS, size, size);
    let input = noise(shape);
    let cpu = Device::cpu();
    let begin = Instant::now();
    let output = layer.on(device)?.forward(&device.upload(&input)?)?.download()?;
    let cold = begin.elapsed();
    let cpu_output = layer.on(&cpu)?.forward(&cpu.upload(&input)?)?.download()?;
    verify(layer, &input, &output, &cpu_output)?;

    let (loaded, tensor) = (layer.on(device)?, device.upload(&input)?);
    let on_device = measure::median(device, budget, || loaded.forward(&tensor))?;
    let with_transfer =
        measure::median(device, budget, || loaded.forward(&device.upload(&input)?)?.download())?;
    let (loaded, tensor) = (layer.on(&cpu)?, cpu.upload(&input)?);
    let on_cpu = measure::median(&cpu, budget, || loaded.forward(&tensor))?;
    let (weights, multiply_adds) = layer.cost(shape)?.unwrap_or_default();
    Ok(Row {
        size,
        multiply_adds,
        bytes: (input.len() + weights + output.len()) * size_of::<f32>(),
        cold,
        on_device,
        with_transfer,
        on_cpu,
    })
}

/// The device against the CPU everywhere, and the CPU against the reference in the first rows.
fn verify(
    layer: &Layer,
    input: &Array4<f32>,
    output: &Array4<f32>,
    cpu_output: &Array4<f32>,
) -> Result<(), Failure> {
    let wrong = |what: &str, largest: f64| {
        let (name, shape) = (layer.name(), input.shape());
        Failure::Work(format!(
            "{name} of {shape:?}: {what} differ by {largest:.1e}, beyond rounding"
        ))
    };
    let between = check::agree(layer, input, output, cpu_output)?;
    if !between.within {
        return Err(wrong("the device and the CPU", between.largest));
    }
    const STRIP: usize = 8;
    let height = input.dim().2.min(STRIP);
    let strip = input.slice(s![.., .., ..height, ..]).to_owned();
    // In the last rows of the strip windows reach beyond it.
    let rows = if input.dim().2 > STRIP { 3 } else { output.dim().2 };
    let expected = Expected::of(layer, &strip)?.first_rows(rows);
    let difference = expected.compare(&cpu_output.slice(s![.., .., ..rows, ..]).to_owned());
    if !difference.within {
        return Err(wrong("the CPU and the reference", difference.largest));
    }
    Ok(())
}
