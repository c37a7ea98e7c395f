//! Sweeps as plots: times over sizes, on the device and on the CPU.

use std::time::Duration;

use filtro::Device;
use plotters::prelude::*;

use super::report;
use super::sweep::{Row, Sweep};
use crate::failure::Failure;

const WIDTH: u32 = 520;
const HEIGHT: u32 = 460;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// One panel per operation, side by side.
pub(crate) fn svg(device: &Device, sweeps: &[Sweep]) -> Result<String, Failure> {
    let mut text = String::new();
    draw(&mut text, device, sweeps).map_err(|error| Failure::Work(format!("the plot: {error}")))?;
    Ok(text)
}

fn draw(text: &mut String, device: &Device, sweeps: &[Sweep]) -> Drawn {
    let count = u32::try_from(sweeps.len())?;
    let root = SVGBackend::with_string(text, (WIDTH * count.max(1), HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, sweep) in root.split_evenly((1, sweeps.len().max(1))).iter().zip(sweeps) {
        draw_panel(area, device, sweep)?;
    }
    root.present()?;
    Ok(())
}

fn draw_panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    device: &Device,
    sweep: &Sweep,
) -> Drawn {
    type Time = fn(&Row) -> Duration;
    let name = report::name(device);
    let mut lines: Vec<(String, RGBColor, Time)> =
        vec![("CPU".into(), RGBColor(200, 80, 30), |row| row.on_cpu)];
    if name != "CPU" {
        let blue = RGBColor(0, 95, 160);
        lines.push((format!("{name}, data there"), blue, |row| row.on_device));
        let pale = RGBColor(110, 170, 210);
        lines.push((format!("{name}, with transfer"), pale, |row| row.with_transfer));
    }
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let all =
        || sweep.rows.iter().flat_map(|row| lines.iter().map(|line| milliseconds(line.2(row))));
    let (lowest, highest) =
        all().fold((f64::INFINITY, 0.0), |(low, high), time| (time.min(low), time.max(high)));
    let (Some(first), Some(last)) = (sweep.rows.first(), sweep.rows.last()) else { return Ok(()) };
    let size = |row: &Row| u32::try_from(row.size).map(f64::from).unwrap_or(f64::MAX);
    let mut chart = ChartBuilder::on(area)
        .caption(&sweep.title, ("sans-serif", 15))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (size(first) * 0.8..size(last) * 1.25).log_scale().base(2.0),
            (lowest * 0.5..highest * 2.0).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("height and width of the input")
        .y_desc("milliseconds")
        .x_label_formatter(&|size| format!("{size:.0}"))
        .light_line_style(RGBColor(240, 240, 240))
        .bold_line_style(RGBColor(215, 215, 215))
        .label_style(("sans-serif", 13))
        .draw()?;
    for (label, colour, time) in lines {
        let points: Vec<_> =
            sweep.rows.iter().map(|row| (size(row), milliseconds(time(row)))).collect();
        chart.draw_series(points.iter().map(|&at| Circle::new(at, 3, colour.filled())))?;
        chart
            .draw_series([PathElement::new(points, colour.stroke_width(2))])?
            .label(label)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(RGBColor(215, 215, 215))
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}
