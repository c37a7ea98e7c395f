//! Times the algorithms that serve a shape and writes down the fastest.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser};
use filtro::tuning::{Operation, Tuned, Tuning};
use filtro::{Algorithm, Conv2d, Padding, PaddingMode, Shape};

use crate::bench::{self, Selection, What, Workload};
use crate::chosen::DeviceFlag;
use crate::failure::Failure;
use crate::layer::{Layer, Pool2d};
use crate::options::{self, Pair};
use crate::{output, table};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Tunes the 20 shapes of benches/workloads.json; so it does without --conv2d
    #[arg(long, conflicts_with = "conv2d")]
    workloads: bool,
    /// Tunes this convolution in their place, "BATCHxCHANNELSxHEIGHTxWIDTH OUT_CHANNELS KERNEL_SIZE"
    /// and after them --stride, --padding, --padding-mode, --dilation and --groups as `filtro
    /// conv2d` has them; more than once for several
    #[arg(long, value_name = "SHAPE", value_parser = convolution)]
    conv2d: Vec<Convolution>,
    /// Only the shapes whose name contains this
    #[arg(long, value_name = "NAME", conflicts_with = "conv2d")]
    only: Option<String>,
    /// Milliseconds that each algorithm is timed for
    #[arg(long, value_name = "MS", default_value_t = 100,
          value_parser = clap::value_parser!(u64).range(1..=60_000))]
    budget: u64,
    /// The file for the tuning, which is replaced
    #[arg(long, short, value_name = "FILE", default_value = "filtro-tuning.txt")]
    out: PathBuf,
    #[command(flatten)]
    device: DeviceFlag,
}

/// A convolution and the shape of its input, as a line of their own.
#[derive(Debug, Clone, Parser)]
#[command(no_binary_name = true, disable_help_flag = true)]
struct Convolution {
    #[arg(value_name = "BATCHxCHANNELSxHEIGHTxWIDTH", value_parser = options::shape)]
    input: Shape,
    out_channels: usize,
    #[arg(value_parser = options::pair)]
    kernel_size: Pair,
    #[arg(long, default_value = "1", value_parser = options::pair)]
    stride: Pair,
    #[arg(long, default_value = "0", value_parser = options::padding)]
    padding: Padding,
    #[arg(long, default_value = "zeros", value_parser = options::padding_mode())]
    padding_mode: PaddingMode,
    #[arg(long, default_value = "1", value_parser = options::pair)]
    dilation: Pair,
    #[arg(long, default_value_t = 1)]
    groups: usize,
}

fn convolution(text: &str) -> Result<Convolution, String> {
    Convolution::try_parse_from(text.split_whitespace()).map_err(|error| {
        let text = error.to_string();
        let message = text.split("\n\n").next().unwrap_or_default();
        let words: Vec<_> = message.trim_start_matches("error: ").split_whitespace().collect();
        words.join(" ")
    })
}

/// What is tuned, with its name in the table.
struct Problem {
    name: String,
    operation: Operation,
    input: Shape,
}

impl From<&Convolution> for Problem {
    fn from(shape: &Convolution) -> Self {
        let Shape { batch, channels, height, width } = shape.input;
        let (out_channels, kernel_size) = (shape.out_channels, shape.kernel_size);
        let name =
            format!("conv2d {batch}x{channels}x{height}x{width} {out_channels} {kernel_size}");
        let conv = Conv2d::new(channels, out_channels, kernel_size.0)
            .stride(shape.stride.0)
            .padding(shape.padding)
            .padding_mode(shape.padding_mode)
            .dilation(shape.dilation.0)
            .groups(shape.groups);
        Self { name, operation: conv.into(), input: shape.input }
    }
}

impl Problem {
    fn of(workload: &Workload) -> Option<Self> {
        let What::Forward(layer) = workload.what.clone() else { return None };
        let operation = match layer {
            Layer::Conv2d { options, .. } => options.into(),
            Layer::Pool2d(Pool2d::Max(options)) => options.into(),
            Layer::Pool2d(Pool2d::Avg(options)) => options.into(),
            Layer::Pool2d(Pool2d::AdaptiveMax(options)) => options.into(),
            Layer::Pool2d(Pool2d::AdaptiveAvg(options)) => options.into(),
        };
        Some(Self { name: workload.name.clone(), operation, input: workload.shape })
    }
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let problems: Vec<Problem> = if options.conv2d.is_empty() {
        let only = options.only.as_deref();
        let selection = Selection { only, file: None, batch: 1, gradients: false, halves: false };
        Workload::all(selection)?.iter().filter_map(Problem::of).collect()
    } else {
        options.conv2d.iter().map(Problem::from).collect()
    };
    let device = options.device.open_best()?;
    let mut tuning = Tuning::new(&device)?;
    let budget = Duration::from_millis(options.budget);
    let progress = bench::progress(problems.len());
    let mut rows = Vec::new();
    for problem in problems {
        progress.set_message(problem.name.clone());
        let tuned = tuning.tune(&device, problem.operation, problem.input, budget)?;
        rows.push((problem.name, tuned));
        progress.inc(1);
    }
    progress.finish_and_clear();
    output::write(&options.out, tuning.to_string().as_bytes())?;
    for line in bench::environment(&device) {
        writeln!(out, "{line}")?;
    }
    writeln!(out)?;
    print(out, &rows)?;
    let problems = match tuning.len() {
        1 => "1 problem".into(),
        count => format!("{count} problems"),
    };
    writeln!(
        out,
        "\nMedians in ms; - where an algorithm does not serve the shape. Another than the planned \
         one is chosen where it is more than 3 % faster.\nWrote {problems} to {}, for this adapter, \
         driver and version.",
        options.out.display()
    )?;
    Ok(())
}

fn print(out: &mut dyn Write, rows: &[(String, Tuned)]) -> Result<(), Failure> {
    let time = |tuned: &Tuned, algorithm| {
        tuned.times.iter().find(|(of, _)| *of == algorithm).map(|&(_, time)| time)
    };
    let timed: Vec<Algorithm> = Algorithm::ALL
        .iter()
        .copied()
        .filter(|&algorithm| rows.iter().any(|(_, tuned)| time(tuned, algorithm).is_some()))
        .collect();
    let mut headers = vec!["shape", "planned", "chosen", "planned\n/ chosen"];
    headers.extend(timed.iter().map(|algorithm| algorithm.name()));
    let cells = rows.iter().map(|(name, tuned)| {
        let gain = time(tuned, tuned.planned)
            .zip(time(tuned, tuned.chosen))
            .map(|(planned, chosen)| planned.as_secs_f64() / chosen.as_secs_f64());
        let mut cells = vec![
            name.clone(),
            tuned.planned.to_string(),
            tuned.chosen.to_string(),
            gain.map_or("-".into(), |gain| format!("{gain:.2}")),
        ];
        cells.extend(
            timed
                .iter()
                .map(|&algorithm| time(tuned, algorithm).map_or("-".into(), table::milliseconds)),
        );
        cells
    });
    Ok(table::print(out, &headers, 3, cells.collect())?)
}
