//! The command `filtro`: convolution and pooling on pictures and arrays.

mod check;
mod chosen;
mod demo;
mod devices;
mod failure;
mod layer;
mod maps;
mod measure;
mod options;
mod output;
mod table;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;

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
Devices: --device auto|gpu|software|cpu or a part of an adapter's name; without the flag the \
environment variable FILTRO_DEVICE decides. RUST_LOG=info shows more on stderr. Exit codes: 0 done, \
1 a check or a device failed, 2 a file or an option is wrong.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Filters and pools a picture with the best device there is, checks it, and times it
    Demo(demo::Options),
    /// Lists the devices of this machine
    Devices(devices::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("error,filtro=warn"))
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
        Some(Command::Devices(options)) => devices::run(&options, out),
    }
}
