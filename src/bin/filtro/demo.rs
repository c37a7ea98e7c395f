//! The demo: classic filters and pooling on a picture, checked, timed and painted.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use filtro::filters::{self, Filter};
use filtro::picture::{self, ColourMap, ContactSheet, Scale, Tile};
use filtro::{AvgPool2d, Conv2d, Device, DeviceKind, MaxPool2d, PaddingMode, Shape};
use ndarray::{Array4, s};

use crate::check::{Difference, Expected};
use crate::chosen::{self, DeviceFlag};
use crate::failure::Failure;
use crate::layer::{Layer, Pool2d};
use crate::maps::{Look, Painted};
use crate::{measure, output, table};

/// By Stéfan van der Walt, CC0.
const PICTURE: &[u8] = include_bytes!("../../../examples/data/chelsea.png");

const FILTERS: [Filter; 6] = crate::apply::CLASSICS;

/// How long a step is timed for.
const BUDGET: Duration = Duration::from_millis(300);

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    device: DeviceFlag,
    /// The folder for the pictures
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
}

/// A step, what it gave and what it took.
struct Step {
    name: String,
    output: Array4<f32>,
    cost: Option<(usize, u128)>,
    times: Times,
    device_difference: Difference,
    cpu_difference: Difference,
    between: Difference,
}

struct Times {
    on_device: Duration,
    with_transfer: Duration,
    on_cpu: Duration,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let device = options.device.open_best()?;
    let colour = picture::decode(PICTURE)?;
    let grey = picture::grey(&colour);

    let conv = Layer::Conv2d {
        options: Conv2d::new(1, FILTERS.len(), [3, 3])
            .padding([1, 1])
            .padding_mode(PaddingMode::Reflect),
        weight: filters::bank(&FILTERS),
        bias: None,
    };
    let max = Layer::Pool2d(Pool2d::Max(MaxPool2d::new([2, 2])));
    let avg = Layer::Pool2d(Pool2d::Avg(AvgPool2d::new([2, 2])));

    for (index, line) in chosen::describe(&device).iter().enumerate() {
        if index == 0 {
            table::heading(out, &format!("Device: {line}"))?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    let (_, _, height, width) = grey.dim();
    writeln!(
        out,
        "Picture: a cat, grey, {height} x {width}; {} filters of 3 x 3\n",
        FILTERS.len()
    )?;

    let convolved = step(&device, &conv, &grey)?;
    let steps = [step(&device, &max, &convolved.output)?, step(&device, &avg, &convolved.output)?];
    let [maxima, means] = &steps;
    let steps = [&convolved, maxima, means];
    report(out, &device, &steps)?;
    if let Layer::Conv2d { options, .. } = &conv {
        let dense = options.dense_weights(shape_of(&grey))?;
        writeln!(
            out,
            "A dense layer to the outputs of the convolution would need {} weights.",
            table::count(dense)
        )?;
    }

    output::make_folder(&options.out)?;
    let mut written = 0;
    for (suffix, step) in [("", &convolved), ("-max", maxima), ("-avg", means)] {
        for (channel, filter) in FILTERS.iter().enumerate() {
            let map = step.output.slice(s![0, channel, .., ..]);
            let path = options.out.join(format!("{}{suffix}.png", filter.name()));
            output::write(&path, &Painted::new(map, look(filter)).png()?)?;
            written += 1;
        }
    }
    let sheet = options.out.join("feature-maps.png");
    output::write(&sheet, &picture::encode_small_png(&draw(&colour, &steps))?)?;
    writeln!(
        out,
        "\nWrote {written} feature maps to {}, and all of them on one sheet, {}",
        options.out.display(),
        sheet.display()
    )?;

    let failed: Vec<_> =
        steps.iter().filter(|step| !step.is_right()).map(|step| &step.name[..]).collect();
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::Work(format!(
        "{} on {device}: the difference is beyond rounding",
        failed.join(", ")
    )))
}

impl Step {
    fn is_right(&self) -> bool {
        self.device_difference.within && self.cpu_difference.within && self.between.within
    }
}

/// Runs a layer on the device, on the CPU and by the reference, on the same input.
fn step(device: &Device, layer: &Layer, input: &Array4<f32>) -> Result<Step, Failure> {
    let cpu = Device::cpu();
    let timed = |device: &Device| -> Result<(Array4<f32>, Duration, Duration), Failure> {
        let loaded = layer.on(device)?;
        let tensor = device.upload(input)?;
        let on_device = measure::median(device, BUDGET, || loaded.forward(&tensor))?;
        let with_transfer =
            measure::median(device, BUDGET, || loaded.forward(&device.upload(input)?)?.download())?;
        Ok((loaded.forward(&tensor)?.download()?, on_device, with_transfer))
    };
    let (output, on_device, with_transfer) = timed(device)?;
    let (cpu_output, on_cpu, _) = timed(&cpu)?;
    let expected = Expected::of(layer, input)?;
    Ok(Step {
        name: layer.name(),
        cost: layer.cost(shape_of(input))?,
        times: Times { on_device, with_transfer, on_cpu },
        device_difference: expected.compare(&output),
        cpu_difference: expected.compare(&cpu_output),
        between: expected.compare_two(&output, &cpu_output),
        output,
    })
}

fn shape_of(array: &Array4<f32>) -> Shape {
    let (batch, channels, height, width) = array.dim();
    Shape::new(batch, channels, height, width)
}

fn look(filter: &Filter) -> Look {
    if filter.is_signed() { Look::Signed } else { Look::Picture }
}

fn report(out: &mut dyn Write, device: &Device, steps: &[&Step]) -> Result<(), Failure> {
    let on_cpu = device.info().kind == DeviceKind::Cpu;
    let name = match device.info().kind {
        DeviceKind::Software => "software",
        DeviceKind::Gpu => "GPU",
        _ => "CPU",
    };
    let mut headers = vec![
        "step".to_owned(),
        "output".into(),
        "weights".into(),
        "multiply-\nadds".into(),
        format!("{name}\nms"),
    ];
    if !on_cpu {
        headers.extend(["with trans-\nfer ms".into(), "CPU\nms".into()]);
        headers.push(format!("{name} off\nreference"));
    }
    headers.push("CPU off\nreference".into());
    if !on_cpu {
        headers.push(format!("{name}\noff CPU"));
    }
    let rows = steps
        .iter()
        .map(|step| {
            let (weights, multiply_adds) = step.cost.map_or_else(
                || ("-".into(), "-".into()),
                |(weights, multiply_adds)| (table::count(weights), table::count(multiply_adds)),
            );
            let output = shape_of(&step.output).to_string();
            let mut row = vec![step.name.clone(), output, weights, multiply_adds];
            row.push(table::milliseconds(step.times.on_device));
            if !on_cpu {
                row.push(table::milliseconds(step.times.with_transfer));
                row.push(table::milliseconds(step.times.on_cpu));
                row.push(step.device_difference.text());
            }
            row.push(step.cpu_difference.text());
            if !on_cpu {
                row.push(step.between.text());
            }
            row
        })
        .collect();
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    table::print(out, &headers, 2, rows)?;
    let inputs = if on_cpu { "" } else { "; the device keeps the input, or is sent it" };
    writeln!(
        out,
        "\nTimes are medians of warm runs{inputs}. The reference is plain loops in f64:\n\
         a sum may be off by 8 roundings of its magnitudes, a maximum by nothing.",
    )?;
    Ok(())
}

/// The contact sheet: a column a filter, a row a step.
fn draw(colour: &Array4<f32>, steps: &[&Step]) -> picture::RgbImage {
    let (_, _, height, width) = colour.dim();
    let mut sheet = ContactSheet::new("What six filters see", FILTERS.len())
        .lead(picture::to_image(colour))
        .line(format!(
            "A picture of {height} x {width}, grey, convolved with six filters of 3 x 3,"
        ))
        .line("then the largest and the mean of every 2 x 2 window.")
        .legend(
            Scale { low: -1.0, high: 1.0, colours: ColourMap::BlueRed },
            ["negative", "0", "positive"],
        )
        .legend(Scale::PICTURE, ["0", "", "1"])
        .row(
            "The weights",
            FILTERS
                .iter()
                .map(|filter| {
                    let kernel = picture::kernel_tile(filter.kernel().view(), 84);
                    Tile::beside(kernel, filter.name(), filter.about())
                })
                .collect(),
        );
    for step in steps {
        let tiles = FILTERS.iter().enumerate().map(|(channel, filter)| {
            let map = step.output.slice(s![0, channel, .., ..]);
            Painted::new(map, look(filter)).tile(filter.name())
        });
        sheet = sheet.row(format!("{}: {}", step.name, shape_of(&step.output)), tiles.collect());
    }
    sheet.draw()
}
