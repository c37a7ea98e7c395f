//! The command `filtro`: convolution and pooling on pictures and arrays.

#[cfg(target_arch = "wasm32")]
compile_error!("the command is not for wasm32: build the library, `--lib --no-default-features`");

mod apply;
mod arrays;
mod bench;
mod check;
mod chosen;
mod demo;
mod devices;
mod failure;
mod layer;
mod maps;
mod measure;
mod npy;
mod npy_between;
mod npy_common;
mod npy_file;
mod npy_write;
mod options;
mod output;
mod shaders;
mod stdout;
mod table;
mod tune;
mod tuning_file;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use filtro::Arithmetic;

/// Convolution and pooling in PyTorch's terms, on any GPU and on the CPU.
///
/// Without a command it runs the demo: classic filters and pooling on a picture, checked and timed.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: demo::Options,
}

const AFTER_HELP: &str = "\
Devices: --device auto|gpu|software|cpu, a part of an adapter's name, or a backend such as vulkan; \
without the flag the environment variable FILTRO_DEVICE decides, else it is the best there is; only the demo, bench and \
tune take a software adapter unasked. Arrays: .npy files of floating point or whole numbers or \
booleans, rounded to the nearest float32 with a warning where that changes one. Names of filters, \
modes and functions may be in upper or lower case. RUST_LOG=info shows more on stderr. Exit codes: 0 done, \
1 a check or a device failed, 2 a file or an option is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Filters and pools a picture with the best device there is, checks it, and times it
    Demo(demo::Options),
    /// Filters and pools a picture; writes the feature maps as PNG
    Apply(apply::Options),
    /// Convolves an array in a .npy file
    #[command(name = "conv2d")]
    Conv2d(npy::Conv2dOptions),
    /// Convolves an array in a .npy file the other way round: a number becomes a window
    #[command(name = "conv-transpose2d")]
    ConvTranspose2d(npy::ConvTranspose2dOptions),
    /// Takes the maximum of every window of an array in a .npy file
    #[command(name = "max-pool2d")]
    MaxPool2d(npy::MaxPool2dOptions),
    /// Takes the mean of every window of an array in a .npy file
    #[command(name = "avg-pool2d")]
    AvgPool2d(npy::AvgPool2dOptions),
    /// Takes the maximum of windows that divide an array in a .npy file
    #[command(name = "adaptive-max-pool2d")]
    AdaptiveMaxPool2d(npy::AdaptiveMaxPool2dOptions),
    /// Takes the mean of windows that divide an array in a .npy file
    #[command(name = "adaptive-avg-pool2d")]
    AdaptiveAvgPool2d(npy::AdaptiveAvgPool2dOptions),
    /// Takes a function of every number of an array in a .npy file
    Activation(npy::ActivationOptions),
    /// Adds an array in a .npy file to another
    Add(npy_between::ArithmeticOptions),
    /// Subtracts an array in a .npy file from another
    Sub(npy_between::ArithmeticOptions),
    /// Multiplies an array in a .npy file by another, number by number
    Mul(npy_between::ArithmeticOptions),
    /// Puts the channels of arrays in .npy files behind each other
    Cat(npy_between::CatOptions),
    /// Multiplies what is negative in an array in a .npy file by the slope of its channel
    Prelu(npy_between::PReluOptions),
    /// Takes the exponentials of the channels of an array in a .npy file, over their sum
    Softmax(npy_between::SoftmaxOptions),
    /// Normalises the channels of an array in a .npy file by means and variances
    #[command(name = "batch-norm2d")]
    BatchNorm2d(npy_between::BatchNorm2dOptions),
    /// Makes the images in a .npy file larger or smaller
    Interpolate(npy_between::InterpolateOptions),
    /// Makes images larger of which the channels of an array in a .npy file hold the pixels
    PixelShuffle(npy_between::PixelShuffleOptions),
    /// Pads an array in a .npy file
    Pad(npy_between::PadOptions),
    /// Lists the filters that `apply --filter` knows
    Filters,
    /// Lists the devices of this machine
    Devices(devices::Options),
    /// Times the GPU against the CPU
    Bench(bench::Options),
    /// Writes every composed shader as a standalone WGSL file
    Shaders(shaders::Options),
    /// Times the algorithms for given shapes and writes the fastest to a file that devices load
    Tune(tune::Options),
}

/// Mesa's drivers ask for the display's devices through libwayland, which prints an error to stderr
/// where a machine has no folder for a display's sockets. It looks in vain in one that is not there.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the process has one thread")]
fn without_a_display() {
    const VARIABLE: &str = "XDG_RUNTIME_DIR";
    let folder = std::env::var_os(VARIABLE).map(std::path::PathBuf::from);
    if !folder.is_some_and(|folder| folder.is_absolute()) {
        // SAFETY: called first in `main`, before there is a second thread.
        unsafe { std::env::set_var(VARIABLE, "/nonexistent") };
    }
}

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    without_a_display();
    let cli = Cli::parse();
    env_logger::Builder::from_env(
        env_logger::Env::default().default_filter_or("error,filtro=warn"),
    )
    .target(env_logger::Target::Stderr)
    .init();
    let mut out = anstream::stdout();
    match run(cli, &mut out).and_then(|()| Ok(out.flush()?)) {
        Ok(()) | Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where stderr is closed too, the exit code has to do.
            let _ = writeln!(io::stderr(), "filtro: {failure}");
            failure.exit_code()
        }
    }
}

fn run(cli: Cli, out: &mut dyn Write) -> Result<(), Failure> {
    match cli.command {
        None => demo::run(&cli.demo, out),
        Some(Command::Demo(options)) => demo::run(&options, out),
        Some(Command::Apply(options)) => apply::run(&options, out),
        Some(Command::Conv2d(options)) => npy::conv2d(&options, out),
        Some(Command::ConvTranspose2d(options)) => npy::conv_transpose2d(&options, out),
        Some(Command::MaxPool2d(options)) => npy::max_pool2d(&options, out),
        Some(Command::AvgPool2d(options)) => npy::avg_pool2d(&options, out),
        Some(Command::AdaptiveMaxPool2d(options)) => npy::adaptive_max_pool2d(&options, out),
        Some(Command::AdaptiveAvgPool2d(options)) => npy::adaptive_avg_pool2d(&options, out),
        Some(Command::Activation(options)) => npy::activation(&options, out),
        Some(Command::Add(options)) => npy_between::arithmetic(Arithmetic::add(), &options, out),
        Some(Command::Sub(options)) => npy_between::arithmetic(Arithmetic::sub(), &options, out),
        Some(Command::Mul(options)) => npy_between::arithmetic(Arithmetic::mul(), &options, out),
        Some(Command::Cat(options)) => npy_between::cat(&options, out),
        Some(Command::Prelu(options)) => npy_between::prelu(&options, out),
        Some(Command::Softmax(options)) => npy_between::softmax(&options, out),
        Some(Command::BatchNorm2d(options)) => npy_between::batch_norm2d(&options, out),
        Some(Command::Interpolate(options)) => npy_between::interpolate(&options, out),
        Some(Command::PixelShuffle(options)) => npy_between::pixel_shuffle(&options, out),
        Some(Command::Pad(options)) => npy_between::pad(&options, out),
        Some(Command::Filters) => apply::list_filters(out),
        Some(Command::Devices(options)) => devices::run(&options, out),
        Some(Command::Bench(options)) => bench::run(&options, out),
        Some(Command::Shaders(options)) => shaders::run(&options, out),
        Some(Command::Tune(options)) => tune::run(&options, out),
    }
}
