//! Operations between convolutions on arrays in NumPy's files.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use filtro::{Activation, Arithmetic, Cat, PRelu, Tensor};

use crate::arrays::read_channels;
use crate::failure::Failure;
use crate::npy_common::Common;
use crate::options;

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
