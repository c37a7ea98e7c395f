//! The benchmarks of the command: each checks its results before it times them.

mod compare;
mod crossover;
mod document;
mod report;
mod roofline;
mod shapes;
mod sweep;
mod timing;
mod workload_report;
mod workloads;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use filtro::{Device, DeviceKind, DeviceOptions};
use indicatif::{ProgressBar, ProgressStyle};

use crate::chosen::DeviceFlag;
use crate::failure::Failure;
use crate::layer::Layer;
use crate::tuning_file;
pub(crate) use workloads::{Selection, What, Workload};

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
    /// Times the 20 shapes of benches/workloads.json in place of a sweep
    #[arg(long, conflicts_with_all = ["op", "sizes"])]
    workloads: bool,
    /// Only the shapes whose name contains this
    #[arg(long, value_name = "NAME", requires = "workloads")]
    only: Option<String>,
    /// Times the shapes in this file, of the format of benches/workloads.json, in place of those
    #[arg(long, value_name = "FILE", requires = "workloads")]
    shapes: Option<PathBuf>,
    /// Multiplies the batch of every shape
    #[arg(long, value_name = "N", requires = "workloads", default_value_t = 1,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1 << 20))]
    batch: usize,
    /// Times the gradients of the convolutions too
    #[arg(long, requires = "workloads")]
    gradients: bool,
    /// Times every shape with tensors of f16 too
    #[arg(long, requires = "workloads")]
    f16: bool,
    /// Opens the device with cooperative matrices (tensor cores), which convolutions of f16 then use
    #[arg(long, requires = "f16")]
    cooperative: bool,
    /// Calls between two stamps [default: 20 on a GPU, else 1]
    #[arg(long, value_name = "N", requires = "workloads",
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    calls: Option<u32>,
    /// Inputs that the calls take in turn; one stays in a cache if it is small [default: as many
    /// as exceed the caches of a GPU, else 1]
    #[arg(long, value_name = "N", requires = "workloads",
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1024))]
    inputs: Option<usize>,
    /// Computes on the CPU what the results are checked by, but does not time it
    #[arg(long, requires = "workloads")]
    skip_cpu: bool,
    /// Plans with the tuning in this file, see `filtro tune`
    #[arg(long, value_name = "FILE", requires = "workloads")]
    tuning: Option<PathBuf>,
    /// Writes a plot: times over sizes, or with --workloads a roofline of the shapes
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Prints JSON in place of tables, or writes it to a file beside them, with --workloads after
    /// every shape
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Compares with an earlier run, whose --json this file is: times before and after and their
    /// ratios in place of tables
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceFlag,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    if options.workloads {
        return run_workloads(options, out);
    }
    let mut sizes = options.sizes.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let name = |op: &sweep::Operation| {
        let op = op.title();
        sizes.iter().map(|size| document::name_at(&op, size)).collect::<Vec<_>>()
    };
    let before = before(options, &options.op.iter().flat_map(name).collect::<Vec<_>>())?;
    let device = options.device.open_best()?;
    let progress = progress(options.op.len() * sizes.len());
    let budget = Duration::from_millis(options.budget);
    let mut sweeps = Vec::new();
    for &operation in &options.op {
        sweeps.push(sweep::run(operation, &sizes, &device, budget, &progress)?);
    }
    progress.finish_and_clear();
    if let Some(file) = &options.svg {
        crate::output::write(file, crossover::svg(&device, &sweeps)?.as_bytes())?;
    }
    let document = report::json(&device, &sweeps);
    if let Some(file) = json_file(options) {
        write_json_file(file, &document)?;
    }
    if prints_json(options) {
        return Ok(writeln!(out, "{document:#}")?);
    }
    match before {
        Some(before) => compare(out, &before, &device, &document),
        None => report::text(out, &device, &sweeps),
    }
}

fn run_workloads(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let workloads = Workload::all(Selection {
        only: options.only.as_deref(),
        file: options.shapes.as_deref(),
        batch: options.batch,
        gradients: options.gradients,
        halves: options.f16,
    })?;
    let names: Vec<_> = workloads.iter().map(|workload| workload.name.clone()).collect();
    let before = before(options, &names)?;
    let open = || {
        let with = DeviceOptions::new().cooperative_matrices(options.cooperative);
        options.device.open_best_with(with)
    };
    let device = open()?;
    if let Some(limits) = device.limits() {
        if options.f16 && !limits.shader_f16 {
            return Err(Failure::input(format!("--f16: {device} has no shaders with f16")));
        }
        if options.cooperative && !limits.cooperative_matrices {
            return Err(Failure::input(format!(
                "--cooperative: {device} has no matrices of f16 with sums of f32"
            )));
        }
    }
    let tuning = options.tuning.as_deref().map(|path| Ok((path, tuning_file::load(path)?)));
    let tuning = tuning.transpose().map_err(|error: Failure| error)?;
    let tuned = |device: Device| match &tuning {
        Some((path, tuning)) => match device.set_tuning(tuning.clone()) {
            Ok(()) => Ok(device),
            Err(error) => Err(tuning_file::in_file(path, error)),
        },
        None => Ok(device),
    };
    let device = tuned(device)?;
    let cpu = Device::cpu();
    let budget = Duration::from_millis(options.budget);
    let calls = timing::Calls { budget, calls: options.calls, inputs: options.inputs };
    let progress = progress(workloads.len() + 1);
    progress.set_message("ceilings");
    let on_cpu = device.info().kind == DeviceKind::Cpu;
    if on_cpu && options.skip_cpu {
        return Err(Failure::input("--skip-cpu leaves nothing to time on the CPU"));
    }
    let mut run = workload_report::Run {
        ceilings: if on_cpu { None } else { Some(timing::Ceilings::of(&device)?) },
        cpu_ceilings: if options.skip_cpu { None } else { Some(timing::Ceilings::of(&cpu)?) },
        batch: options.batch,
        calls: calls.calls(&device),
        rows: Vec::new(),
        tuning: options.tuning.clone(),
        device,
    };
    progress.inc(1);
    for workload in workloads {
        progress.set_message(workload.name.clone());
        let given = workload.given()?;
        let (cpu_times, cpu_output) = if options.skip_cpu {
            (None, timing::checked(&workload, &given, &cpu)?)
        } else {
            let one = timing::Calls { budget, calls: Some(1), inputs: Some(1) };
            let (times, output) = timing::measure(&workload, &given, [&cpu, &cpu], one)?;
            (Some(times), output)
        };
        let mut times = None;
        if !on_cpu {
            let cold = tuned(open()?)?;
            let (measured, output) =
                timing::measure(&workload, &given, [&run.device, &cold], calls)?;
            timing::check_against_each_other(
                &workload,
                &given,
                &run.device,
                [&output, &cpu_output],
            )?;
            times = Some(measured);
        }
        run.rows.push(workload_report::Row {
            is_pooling: matches!(workload.what, What::Forward(Layer::Pool2d(_))),
            name: workload.name,
            images: workload.shape.batch,
            dtype: workload.dtype,
            work: workload.work,
            times,
            cpu: cpu_times,
        });
        // A run that is cut off has the shapes until then.
        if let Some(file) = json_file(options) {
            write_json_file(file, &workload_report::json(&run))?;
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    if let Some(file) = &options.svg {
        crate::output::write(file, roofline::svg(&run)?.as_bytes())?;
    }
    let document = workload_report::json(&run);
    if prints_json(options) {
        return Ok(writeln!(out, "{document:#}")?);
    }
    match before {
        Some(before) => compare(out, &before, &run.device, &document),
        None => workload_report::text(out, &run),
    }
}

/// The run to compare with, if one is asked for, known to be one before anything is timed.
fn before(options: &Options, names: &[String]) -> Result<Option<compare::Before>, Failure> {
    let Some(file) = &options.compare else { return Ok(None) };
    if prints_json(options) {
        return Err(Failure::input(
            "--compare prints a table where --json without a file prints JSON: give --json a file",
        ));
    }
    compare::Before::load(file, options.workloads, names).map(Some)
}

fn compare(
    out: &mut dyn Write,
    before: &compare::Before,
    device: &Device,
    document: &serde_json::Value,
) -> Result<(), Failure> {
    for line in environment(device) {
        writeln!(out, "{line}")?;
    }
    let after = document::Document::read(document)
        .map_err(|error| Failure::Work(format!("this run: it {error}")))?;
    before.print(out, report::name(device), &after)
}

/// Whether stdout is to have JSON in place of tables.
fn prints_json(options: &Options) -> bool {
    options.json.as_deref() == Some(Path::new("-"))
}

/// The file that JSON is written to, if it is to one.
fn json_file(options: &Options) -> Option<&Path> {
    options.json.as_deref().filter(|_| !prints_json(options))
}

fn write_json_file(file: &Path, document: &serde_json::Value) -> Result<(), Failure> {
    crate::output::write(file, format!("{document:#}\n").as_bytes())
}

/// A bar on stderr; none where stderr is no terminal.
pub(crate) fn progress(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps.try_into().unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The lines above every table: what ran where.
pub(crate) fn environment(device: &Device) -> [String; 3] {
    [
        format!("Device: {device}"),
        format!("CPU: {}", Device::cpu()),
        format!(
            "filtro {}, wgpu {}, {} {}",
            env!("CARGO_PKG_VERSION"),
            wgpu_version(),
            std::env::consts::ARCH,
            std::env::consts::OS
        ),
    ]
}

/// The version of wgpu that the lock file names.
fn wgpu_version() -> &'static str {
    let lock = include_str!("../../../../Cargo.lock");
    let version = || lock.split("\nname = \"wgpu\"\nversion = \"").nth(1)?.split('"').next();
    version().unwrap_or("30")
}
