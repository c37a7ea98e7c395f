//! Operations between convolutions on arrays in NumPy's files.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filtro::{
    Activation, Arithmetic, BatchNorm2d, Cat, Interpolate, InterpolationMode, PRelu, Pad, Padding,
    PaddingMode, PixelShuffle, Softmax, Tensor,
};
use ndarray::Array1;

use crate::arrays::{read_bias, read_channels};
use crate::failure::Failure;
use crate::npy_common::Common;
use crate::options::{self, Factors, Pair};

type Result<T, E = Failure> = std::result::Result<T, E>;

#[derive(Debug, Args)]
pub(crate) struct ArithmeticOptions {
    #[command(flatten)]
    common: Common,
    /// The other operand: a .npy file with as many numbers along every axis as the input, or one
    other: PathBuf,
    /// What is applied to every output; a function of `filtro activation`
    #[arg(long, value_name = "NAME", value_parser = options::activation)]
    activation: Option<Activation>,
}

#[derive(Debug, Args)]
pub(crate) struct CatOptions {
    #[command(flatten)]
    common: Common,
    /// The others: .npy files that differ from the input in their channels alone
    others: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PReluOptions {
    #[command(flatten)]
    common: Common,
    /// The slopes below zero: [channels], or [1] for all
    weight: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SoftmaxOptions {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct BatchNorm2dOptions {
    #[command(flatten)]
    common: Common,
    /// The running means: [channels]
    #[arg(long, value_name = "FILE")]
    mean: PathBuf,
    /// The running variances: [channels]
    #[arg(long, value_name = "FILE")]
    var: PathBuf,
    /// What the normalised numbers are multiplied by: [channels]
    #[arg(long, value_name = "FILE")]
    weight: Option<PathBuf>,
    /// What is added to that: [channels]
    #[arg(long, value_name = "FILE")]
    bias: Option<PathBuf>,
    /// What is added to the variances
    #[arg(long, value_name = "X", default_value_t = 1e-5, allow_hyphen_values = true)]
    eps: f32,
}

#[derive(Debug, Args)]
pub(crate) struct InterpolateOptions {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    target: Target,
    /// What becomes of the numbers between those of the input
    #[arg(long, value_name = "MODE", default_value = "nearest", ignore_case = true, value_parser = options::interpolation_mode())]
    mode: InterpolationMode,
    /// The corners of the output are those of the input, with --mode bilinear
    #[arg(long)]
    align_corners: bool,
}

/// The size of an output.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// N or HEIGHT,WIDTH of the output
    #[arg(long, value_name = "N", value_parser = options::pair, allow_hyphen_values = true)]
    size: Option<Pair>,
    /// X or HEIGHT,WIDTH that the sizes of the input are multiplied by
    #[arg(long, value_name = "X", value_parser = options::factors, allow_hyphen_values = true)]
    scale_factor: Option<Factors>,
}

#[derive(Debug, Args)]
pub(crate) struct PixelShuffleOptions {
    #[command(flatten)]
    common: Common,
    /// How many times as high and as wide the output is
    #[arg(value_parser = options::at_least_one, allow_hyphen_values = true)]
    upscale_factor: usize,
}

#[derive(Debug, Args)]
pub(crate) struct PadOptions {
    #[command(flatten)]
    common: Common,
    /// N, HEIGHT,WIDTH or TOP,BOTTOM,LEFT,RIGHT
    #[arg(long, value_name = "N", value_parser = options::padding, allow_hyphen_values = true)]
    padding: Padding,
    /// What the padding holds; with zeros it is --value
    #[arg(long, value_name = "MODE", default_value = "zeros", ignore_case = true, value_parser = options::padding_mode())]
    mode: PaddingMode,
    /// The number that is padded with
    #[arg(long, value_name = "X", default_value_t = 0.0, allow_hyphen_values = true)]
    value: f32,
}

pub(crate) fn arithmetic(
    operation: Arithmetic,
    options: &ArithmeticOptions,
    out: &mut dyn Write,
) -> Result<()> {
    let operation = operation.activation(options.activation);
    options.common.run_all(out, std::slice::from_ref(&options.other), |inputs| {
        operation.forward(&inputs[0], &inputs[1])
    })
}

pub(crate) fn cat(options: &CatOptions, out: &mut dyn Write) -> Result<()> {
    options.common.run_all(out, &options.others, |inputs| {
        Cat.forward(&inputs.iter().collect::<Vec<&Tensor>>())
    })
}

pub(crate) fn prelu(options: &PReluOptions, out: &mut dyn Write) -> Result<()> {
    let weight = read_channels(&options.weight, "a weight has")?;
    options.common.run(out, |input| PRelu.forward(input, &input.device().upload(&weight)?))
}

pub(crate) fn softmax(options: &SoftmaxOptions, out: &mut dyn Write) -> Result<()> {
    options.common.run(out, |input| Softmax.forward(input))
}

pub(crate) fn batch_norm2d(options: &BatchNorm2dOptions, out: &mut dyn Write) -> Result<()> {
    let mean = read_channels(&options.mean, "a mean has")?;
    let var = read_channels(&options.var, "a variance has")?;
    let weight = options.weight.as_deref().map(|path| read_channels(path, "a weight has"));
    let bias = options.bias.as_deref().map(read_bias).transpose()?;
    let weight = weight.transpose()?;
    let norm = BatchNorm2d::new(mean.len()).eps(options.eps);
    options.common.run(out, |input| {
        let upload = |array: &Array1<f32>| input.device().upload(array);
        let weight = weight.as_ref().map(upload).transpose()?;
        let bias = bias.as_ref().map(upload).transpose()?;
        norm.forward(input, &upload(&mean)?, &upload(&var)?, weight.as_ref(), bias.as_ref())
    })
}

pub(crate) fn interpolate(options: &InterpolateOptions, out: &mut dyn Write) -> Result<()> {
    let interpolate = match (options.target.size, options.target.scale_factor) {
        (Some(Pair(size)), _) => Interpolate::size(size),
        // The group has one of the two.
        (None, factors) => Interpolate::scale_factor(factors.unwrap_or_default().0),
    };
    let interpolate = interpolate.mode(options.mode).align_corners(options.align_corners);
    options.common.run(out, |input| interpolate.forward(input))
}

pub(crate) fn pixel_shuffle(options: &PixelShuffleOptions, out: &mut dyn Write) -> Result<()> {
    let shuffle = PixelShuffle::new(options.upscale_factor);
    options.common.run(out, |input| shuffle.forward(input))
}

pub(crate) fn pad(options: &PadOptions, out: &mut dyn Write) -> Result<()> {
    let pad = Pad::new(options.padding).mode(options.mode).value(options.value);
    options.common.run(out, |input| pad.forward(input))
}
