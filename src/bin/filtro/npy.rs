//! Operations on arrays in NumPy's files.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d, Device,
    Indices, MaxPool2d, Padding, PaddingMode, Tensor,
};
use ndarray::{Array, Array1, Array4, ArrayD, Axis, Dimension, Ix1, Ix4};
use ndarray_npy::{ReadNpyError, ReadNpyExt, WritableElement, WriteNpyExt};

use crate::chosen::DeviceFlag;
use crate::failure::Failure;
use crate::options::{self, Pair};
use crate::output;

/// Where an operation reads, writes and runs.
#[derive(Debug, Args)]
struct Common {
    /// The input: a .npy file of float32, [batch, channels, height, width] or one without a batch;
    /// `-` is stdin
    input: PathBuf,
    /// The output: a .npy file; `-` is stdout
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Pins the algorithm on a GPU
    #[arg(long, value_name = "NAME", value_parser = options::algorithm)]
    algorithm: Option<Algorithm>,
    #[command(flatten)]
    device: DeviceFlag,
}

#[derive(Debug, Args)]
pub(crate) struct Conv2dOptions {
    #[command(flatten)]
    common: Common,
    /// The weight: float32, [out_channels, in_channels / groups, kernel_height, kernel_width]
    weight: PathBuf,
    /// The bias: float32, [out_channels]
    #[arg(long, value_name = "FILE")]
    bias: Option<PathBuf>,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    stride: Pair,
    /// same, valid, N, HEIGHT,WIDTH or TOP,BOTTOM,LEFT,RIGHT
    #[arg(long, value_name = "N", default_value = "0", value_parser = options::padding, allow_hyphen_values = true)]
    padding: Padding,
    /// What the padding holds
    #[arg(long, value_name = "MODE", default_value = "zeros", value_parser = options::padding_mode())]
    padding_mode: PaddingMode,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    dilation: Pair,
    /// Groups of channels that do not see each other
    #[arg(long, value_name = "N", default_value_t = 1)]
    groups: usize,
    /// relu, relu6, leaky_relu[:SLOPE], silu, hard_swish, sigmoid or tanh
    #[arg(long, value_name = "NAME", value_parser = options::activation)]
    activation: Option<Activation>,
}

/// The window of a pooling.
#[derive(Debug, Args)]
struct Window {
    /// N or HEIGHT,WIDTH
    #[arg(long, short, value_name = "N", value_parser = options::pair, allow_hyphen_values = true)]
    kernel_size: Pair,
    /// N or HEIGHT,WIDTH [default: the kernel size]
    #[arg(long, value_name = "N", value_parser = options::pair, allow_hyphen_values = true)]
    stride: Option<Pair>,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "0", value_parser = options::pair, allow_hyphen_values = true)]
    padding: Pair,
    /// Rounds the output size up
    #[arg(long)]
    ceil_mode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MaxPool2dOptions {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    window: Window,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    dilation: Pair,
    /// Writes where the maxima are too: int64, y * width + x in the input's plane, -1 for none
    #[arg(long, value_name = "FILE")]
    indices: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AvgPool2dOptions {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    window: Window,
    /// Whether padding counts in the divisor
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    count_include_pad: bool,
    /// What every sum is divided by
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    divisor_override: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct AdaptiveOptions {
    #[command(flatten)]
    common: Common,
    /// N or HEIGHT,WIDTH of the output
    #[arg(long, value_name = "N", value_parser = options::pair, allow_hyphen_values = true)]
    output_size: Pair,
}

pub(crate) fn conv2d(options: &Conv2dOptions, out: &mut dyn Write) -> Result<(), Failure> {
    let weight = read_weight(&options.weight)?;
    let bias = options.bias.as_deref().map(read_bias).transpose()?;
    let (out_channels, group_in_channels, kernel_height, kernel_width) = weight.dim();
    let in_channels = group_in_channels.saturating_mul(options.groups);
    let conv = Conv2d::new(in_channels, out_channels, [kernel_height, kernel_width])
        .stride(options.stride.0)
        .padding(options.padding)
        .padding_mode(options.padding_mode)
        .dilation(options.dilation.0)
        .groups(options.groups)
        .activation(options.activation)
        .algorithm(options.common.algorithm);
    options.common.run(out, |input| {
        let device = input.device();
        let bias = bias.map(|bias| device.upload(&bias)).transpose()?;
        conv.forward(input, &device.upload(&weight)?, bias.as_ref())
    })
}

pub(crate) fn max_pool2d(options: &MaxPool2dOptions, out: &mut dyn Write) -> Result<(), Failure> {
    let window = &options.window;
    let pool = MaxPool2d::new(window.kernel_size.0)
        .stride(window.stride.unwrap_or(window.kernel_size).0)
        .padding(window.padding.0)
        .dilation(options.dilation.0)
        .ceil_mode(window.ceil_mode)
        .algorithm(options.common.algorithm);
    match &options.indices {
        None => options.common.run(out, |input| pool.forward(input)),
        Some(path) => options.common.run_max(out, path, |input| pool.forward_with_indices(input)),
    }
}

pub(crate) fn avg_pool2d(options: &AvgPool2dOptions, out: &mut dyn Write) -> Result<(), Failure> {
    let window = &options.window;
    let pool = AvgPool2d::new(window.kernel_size.0)
        .stride(window.stride.unwrap_or(window.kernel_size).0)
        .padding(window.padding.0)
        .ceil_mode(window.ceil_mode)
        .count_include_pad(options.count_include_pad)
        .divisor_override(options.divisor_override)
        .algorithm(options.common.algorithm);
    options.common.run(out, |input| pool.forward(input))
}

pub(crate) fn adaptive_max_pool2d(
    options: &AdaptiveOptions,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let pool = AdaptiveMaxPool2d::new(options.output_size.0).algorithm(options.common.algorithm);
    options.common.run(out, |input| pool.forward(input))
}

pub(crate) fn adaptive_avg_pool2d(
    options: &AdaptiveOptions,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let pool = AdaptiveAvgPool2d::new(options.output_size.0).algorithm(options.common.algorithm);
    options.common.run(out, |input| pool.forward(input))
}

impl Common {
    /// Reads the input to the device, runs an operation, and writes its output.
    fn run(
        &self,
        out: &mut dyn Write,
        operation: impl FnOnce(&Tensor) -> filtro::Result<Tensor>,
    ) -> Result<(), Failure> {
        let (device, input, has_batch) = self.input()?;
        let timed = device.time(|| operation(&device.upload(&input)?)?.download())?;
        write(out, &self.out, with_rank(timed.value, has_batch))?;
        self.report(out, &device, timed.wall, &[&self.out])
    }

    fn run_max(
        &self,
        out: &mut dyn Write,
        indices_path: &Path,
        operation: impl FnOnce(&Tensor) -> filtro::Result<(Tensor, Indices)>,
    ) -> Result<(), Failure> {
        let (device, input, has_batch) = self.input()?;
        let timed = device.time(|| {
            let (output, indices) = operation(&device.upload(&input)?)?;
            Ok((output.download()?, indices.download()?))
        })?;
        let (output, indices) = timed.value;
        let indices = indices.mapv(|index| if index == u32::MAX { -1 } else { i64::from(index) });
        write(out, &self.out, with_rank(output, has_batch))?;
        write(out, indices_path, with_rank(indices, has_batch))?;
        self.report(out, &device, timed.wall, &[&self.out, indices_path])
    }

    /// The device, the input, and whether it has an axis for the batch.
    fn input(&self) -> Result<(Device, ArrayD<f32>, bool)> {
        let input = read(&self.input, "an input has", &[4, 3])?;
        let has_batch = input.ndim() == 4;
        Ok((self.device.open()?, input, has_batch))
    }

    fn report(
        &self,
        out: &mut dyn Write,
        device: &Device,
        wall: std::time::Duration,
        paths: &[&Path],
    ) -> Result<(), Failure> {
        if paths.iter().any(|path| is_std(path)) {
            return Ok(());
        }
        let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        let time = crate::table::milliseconds(wall);
        writeln!(out, "{} in {time} ms on {device}", names.join(" and "))?;
        Ok(())
    }
}

type Result<T, E = Failure> = std::result::Result<T, E>;

fn is_std(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Takes the batch away that an input without one was given.
fn with_rank<T>(array: Array4<T>, has_batch: bool) -> ArrayD<T> {
    if has_batch { array.into_dyn() } else { array.index_axis_move(Axis(0), 0).into_dyn() }
}

pub(crate) fn read_weight(path: &Path) -> Result<Array4<f32>> {
    read(path, "a weight has", &[4])?.into_dimensionality::<Ix4>().map_err(Failure::input)
}

pub(crate) fn read_bias(path: &Path) -> Result<Array1<f32>> {
    read(path, "a bias has", &[1])?.into_dimensionality::<Ix1>().map_err(Failure::input)
}

/// An array of float32 with one of these numbers of axes.
fn read(path: &Path, what: &str, ranks: &[usize]) -> Result<ArrayD<f32>> {
    let failed = |error: &dyn std::fmt::Display| {
        let name = if is_std(path) { "stdin".into() } else { path.display().to_string() };
        Failure::input(format!("{name}: {error}"))
    };
    let bytes = if is_std(path) {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(path)
    };
    let bytes = bytes.map_err(|error| failed(&error))?;
    let unreadable = |error: &dyn std::fmt::Display| {
        failed(&format!("not a .npy file that can be read: {error}"))
    };
    if claimed_elements(&bytes).is_some_and(|elements| elements > bytes.len() as u128) {
        return Err(unreadable(&"it is shorter than its header says"));
    }
    let array = ArrayD::<f32>::read_npy(&bytes[..]).map_err(|error| match error {
        ReadNpyError::WrongDescriptor(descriptor) => failed(&format!(
            "holds {descriptor}, but it must hold float32; in NumPy: array.astype('float32')"
        )),
        error => unreadable(&error),
    })?;
    if !ranks.contains(&array.ndim()) {
        let ranks: Vec<_> = ranks.iter().map(usize::to_string).collect();
        let (shape, ranks) = (array.shape(), ranks.join(" or "));
        return Err(failed(&format!("has {} axes, {shape:?}, but {what} {ranks}", array.ndim())));
    }
    Ok(array)
}

/// The number of elements that the header of a .npy file speaks of, for which the reader would
/// allocate before it looks how many there are.
fn claimed_elements(bytes: &[u8]) -> Option<u128> {
    // The header is a Python dictionary, after a few bytes that say how long it is.
    let header = String::from_utf8_lossy(bytes.get(..bytes.len().min(1 << 16))?);
    let (_, shape) = header.split_once("'shape'")?;
    let (shape, _) = shape.split_once('(')?.1.split_once(')')?;
    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
    // A size that does not fit is more than any file has.
    let sizes: Vec<u128> = sizes.map(|size| size.parse().unwrap_or(u128::MAX)).collect();
    if sizes.contains(&0) {
        return Some(0);
    }
    Some(sizes.into_iter().fold(1, u128::saturating_mul))
}

/// The bytes of a .npy file.
pub(crate) fn bytes<T: WritableElement, D: Dimension>(array: &Array<T, D>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).map_err(Failure::input)?;
    Ok(bytes)
}

fn write<T: WritableElement, D: Dimension>(
    out: &mut dyn Write,
    path: &Path,
    array: Array<T, D>,
) -> Result<()> {
    let bytes = bytes(&array)?;
    if is_std(path) {
        // `out` takes escape sequences out of what goes to a file.
        out.flush()?;
        let mut stdout = io::stdout().lock();
        return Ok(stdout.write_all(&bytes).and_then(|()| stdout.flush())?);
    }
    output::write(path, &bytes)
}
