//! Operations on arrays in NumPy's files.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d,
    ConvTranspose2d, MaxPool2d, Padding, PaddingMode,
};

use crate::arrays::{read_bias, read_weight};
use crate::failure::Failure;
use crate::npy_common::Common;
use crate::options::{self, Pair};

type Result<T, E = Failure> = std::result::Result<T, E>;

/// What only operations of more than one algorithm take.
#[derive(Debug, Args)]
struct Pin {
    /// Pins the algorithm on a GPU
    #[arg(long, value_name = "NAME", value_parser = options::algorithm)]
    algorithm: Option<Algorithm>,
}

#[derive(Debug, Args)]
pub(crate) struct Conv2dOptions {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    pin: Pin,
    /// The weight: [out_channels, in_channels / groups, kernel_height, kernel_width], or one matrix
    weight: PathBuf,
    /// The bias: [out_channels]
    #[arg(long, value_name = "FILE")]
    bias: Option<PathBuf>,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    stride: Pair,
    /// same, same_upper, same_lower, valid, N, HEIGHT,WIDTH or TOP,BOTTOM,LEFT,RIGHT
    #[arg(long, value_name = "N", default_value = "0", value_parser = options::padding, allow_hyphen_values = true)]
    padding: Padding,
    /// What the padding holds
    #[arg(long, value_name = "MODE", default_value = "zeros", ignore_case = true, value_parser = options::padding_mode())]
    padding_mode: PaddingMode,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    dilation: Pair,
    /// Groups of channels that do not see each other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = options::at_least_one, allow_hyphen_values = true)]
    groups: usize,
    /// relu, relu6, leaky_relu[:SLOPE], silu, hard_swish, hard_sigmoid, sigmoid or tanh
    #[arg(long, value_name = "NAME", value_parser = options::activation)]
    activation: Option<Activation>,
}

#[derive(Debug, Args)]
pub(crate) struct ConvTranspose2dOptions {
    #[command(flatten)]
    common: Common,
    /// The weight: [in_channels, out_channels / groups, kernel_height, kernel_width], or one matrix
    weight: PathBuf,
    /// The bias: [out_channels]
    #[arg(long, value_name = "FILE")]
    bias: Option<PathBuf>,
    /// N or HEIGHT,WIDTH of the step in the output
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    stride: Pair,
    /// N or HEIGHT,WIDTH of what is cut off the output on both sides
    #[arg(long, value_name = "N", default_value = "0", value_parser = options::pair, allow_hyphen_values = true)]
    padding: Pair,
    /// N or HEIGHT,WIDTH of what is added to the output at the bottom and the right
    #[arg(long, value_name = "N", default_value = "0", value_parser = options::pair, allow_hyphen_values = true)]
    output_padding: Pair,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    dilation: Pair,
    /// Groups of channels that do not see each other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = options::at_least_one, allow_hyphen_values = true)]
    groups: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ActivationOptions {
    #[command(flatten)]
    common: Common,
    /// relu, relu6, leaky_relu[:SLOPE], silu, hard_swish, hard_sigmoid, sigmoid or tanh
    #[arg(value_name = "FUNCTION", value_parser = options::activation)]
    function: Activation,
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
    /// same, same_upper, same_lower, valid, N, HEIGHT,WIDTH or TOP,BOTTOM,LEFT,RIGHT
    #[arg(long, value_name = "N", default_value = "0", value_parser = options::padding, allow_hyphen_values = true)]
    padding: Padding,
    /// Rounds the output size up
    #[arg(long)]
    ceil_mode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MaxPool2dOptions {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    pin: Pin,
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
    pin: Pin,
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
pub(crate) struct AdaptiveAvgPool2dOptions {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    pin: Pin,
    /// N or HEIGHT,WIDTH of the output
    #[arg(long, value_name = "N", value_parser = options::pair, allow_hyphen_values = true)]
    output_size: Pair,
}

#[derive(Debug, Args)]
pub(crate) struct AdaptiveMaxPool2dOptions {
    #[command(flatten)]
    adaptive: AdaptiveAvgPool2dOptions,
    /// Writes where the maxima are too: int64, y * width + x in the input's plane
    #[arg(long, value_name = "FILE")]
    indices: Option<PathBuf>,
}

pub(crate) fn conv2d(options: &Conv2dOptions, out: &mut dyn Write) -> Result<()> {
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
        .algorithm(options.pin.algorithm);
    options.common.run(out, |input| {
        let device = input.device();
        let bias = bias.map(|bias| device.upload(&bias)).transpose()?;
        conv.forward(input, &device.upload(&weight)?, bias.as_ref())
    })
}

pub(crate) fn conv_transpose2d(
    options: &ConvTranspose2dOptions,
    out: &mut dyn Write,
) -> Result<()> {
    let weight = read_weight(&options.weight)?;
    let bias = options.bias.as_deref().map(read_bias).transpose()?;
    let (in_channels, group_out_channels, kernel_height, kernel_width) = weight.dim();
    let out_channels = group_out_channels.saturating_mul(options.groups);
    let conv = ConvTranspose2d::new(in_channels, out_channels, [kernel_height, kernel_width])
        .stride(options.stride.0)
        .padding(options.padding.0)
        .output_padding(options.output_padding.0)
        .dilation(options.dilation.0)
        .groups(options.groups);
    options.common.run(out, |input| {
        let device = input.device();
        let bias = bias.map(|bias| device.upload(&bias)).transpose()?;
        conv.forward(input, &device.upload(&weight)?, bias.as_ref())
    })
}

pub(crate) fn max_pool2d(options: &MaxPool2dOptions, out: &mut dyn Write) -> Result<()> {
    let window = &options.window;
    let pool = MaxPool2d::new(window.kernel_size.0)
        .stride(window.stride.unwrap_or(window.kernel_size).0)
        .padding(window.padding)
        .dilation(options.dilation.0)
        .ceil_mode(window.ceil_mode)
        .algorithm(options.pin.algorithm);
    match &options.indices {
        None => options.common.run(out, |input| pool.forward(input)),
        Some(path) => options.common.run_max(out, path, |input| pool.forward_with_indices(input)),
    }
}

pub(crate) fn avg_pool2d(options: &AvgPool2dOptions, out: &mut dyn Write) -> Result<()> {
    let window = &options.window;
    let pool = AvgPool2d::new(window.kernel_size.0)
        .stride(window.stride.unwrap_or(window.kernel_size).0)
        .padding(window.padding)
        .ceil_mode(window.ceil_mode)
        .count_include_pad(options.count_include_pad)
        .divisor_override(options.divisor_override)
        .algorithm(options.pin.algorithm);
    options.common.run(out, |input| pool.forward(input))
}

pub(crate) fn adaptive_max_pool2d(
    options: &AdaptiveMaxPool2dOptions,
    out: &mut dyn Write,
) -> Result<()> {
    let AdaptiveAvgPool2dOptions { common, pin, output_size } = &options.adaptive;
    let pool = AdaptiveMaxPool2d::new(output_size.0).algorithm(pin.algorithm);
    match &options.indices {
        None => common.run(out, |input| pool.forward(input)),
        Some(path) => common.run_max(out, path, |input| pool.forward_with_indices(input)),
    }
}

pub(crate) fn adaptive_avg_pool2d(
    options: &AdaptiveAvgPool2dOptions,
    out: &mut dyn Write,
) -> Result<()> {
    let pool = AdaptiveAvgPool2d::new(options.output_size.0).algorithm(options.pin.algorithm);
    options.common.run(out, |input| pool.forward(input))
}

pub(crate) fn activation(options: &ActivationOptions, out: &mut dyn Write) -> Result<()> {
    options.common.run(out, |input| options.function.forward(input))
}
