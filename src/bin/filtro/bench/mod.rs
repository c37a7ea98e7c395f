//! The benchmarks of the command: each checks its results before it times them.

mod report;
mod sweep;

use std::io::Write;
use std::time::Duration;

use clap::Args;
use filtro::Device;
use indicatif::{ProgressBar, ProgressStyle};

use crate::chosen::DeviceFlag;
use crate::failure::Failure;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Operations to sweep
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_enum,
          default_values_t = [sweep::Operation::Conv2d, sweep::Operation::Depthwise, sweep::Operation::MaxPool2d])]
    op: Vec<sweep::Operation>,
    /// Heights and widths of the input to sweep
    #[arg(long, value_name = "SIZES", value_delimiter = ',',
          default_values_t = [8, 16, 32, 64, 128, 256],
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=4096))]
    sizes: Vec<usize>,
    /// Milliseconds that each time is measured for
    #[arg(long, value_name = "MS", default_value_t = 300,
          value_parser = clap::value_parser!(u64).range(1..=60_000))]
    budget: u64,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    device: DeviceFlag,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let device = options.device.open_best()?;
    let mut sizes = options.sizes.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let progress = progress(options.op.len() * sizes.len());
    let budget = Duration::from_millis(options.budget);
    let mut sweeps = Vec::new();
    for &operation in &options.op {
        sweeps.push(sweep::run(operation, &sizes, &device, budget, &progress)?);
    }
    progress.finish_and_clear();
    if options.json {
        return report::json(out, &device, &sweeps);
    }
    report::text(out, &device, &sweeps)
}

/// A bar on stderr; none where stderr is no terminal.
fn progress(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps.try_into().unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The lines above every table: what ran where.
fn environment(device: &Device) -> [String; 3] {
    [
        format!("Device: {device}"),
        format!("CPU: {}", Device::cpu()),
        format!(
            "filtro {}, {} {}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::ARCH,
            std::env::consts::OS
        ),
    ]
}
