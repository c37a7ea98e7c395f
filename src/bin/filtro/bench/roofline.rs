//! Rooflines: every shape a dot under the two ceilings of its device.

use filtro::DeviceKind;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::report;
use super::timing::Ceilings;
use super::workload_report::Run;
use super::workloads::Work;
use crate::failure::Failure;

const WIDTH: u32 = 900;
const HEIGHT: u32 = 620;
const ROOF: RGBColor = RGBColor(90, 90, 90);
const DOT: RGBColor = RGBColor(0, 95, 160);

/// A device with its shapes.
struct Panel<'a> {
    title: String,
    ceilings: &'a Ceilings,
    dots: Vec<Dot<'a>>,
}

/// A shape.
struct Dot<'a> {
    name: &'a str,
    /// Operations per byte, and operations per second.
    at: (f64, f64),
}

/// One panel for the device and one for the CPU, side by side.
pub(crate) fn svg(run: &Run) -> Result<String, Failure> {
    let mut panels = Vec::new();
    if let Some(ceilings) = &run.ceilings {
        let kind = run.device.info().kind;
        let dots = run.rows.iter().filter_map(|row| {
            let seconds = row.times.as_ref()?.seconds(kind);
            let Work { operations, bytes } = row.work;
            Some(Dot { name: &row.name, at: (operations / bytes, operations / seconds) })
        });
        let title = format!("{}: {}", report::name(&run.device), run.device.info().name);
        panels.push(Panel { title, ceilings, dots: dots.collect() });
    }
    if let Some(ceilings) = &run.cpu_ceilings {
        let dots = run.rows.iter().filter_map(|row| {
            let seconds = row.cpu.as_ref()?.seconds(DeviceKind::Cpu);
            let Work { operations, bytes } = row.work;
            Some(Dot { name: &row.name, at: (operations / bytes, operations / seconds) })
        });
        let title = format!("CPU: {}", filtro::Device::cpu().info().name);
        panels.push(Panel { title, ceilings, dots: dots.collect() });
    }

    let mut text = String::new();
    draw(&mut text, &panels).map_err(|error| Failure::Work(format!("the plot: {error}")))?;
    Ok(text)
}

type Drawn = Result<(), Box<dyn std::error::Error>>;

fn draw(text: &mut String, panels: &[Panel<'_>]) -> Drawn {
    let count = u32::try_from(panels.len()).unwrap_or(1);
    let root = SVGBackend::with_string(text, (WIDTH * count, HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((1, panels.len())).iter().zip(panels) {
        draw_panel(area, panel)?;
    }
    root.present()?;
    Ok(())
}

fn draw_panel(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    panel: &Panel<'_>,
) -> Drawn {
    let Ceilings { bytes, flops, .. } = *panel.ceilings;
    let best = panel.ceilings.best_flops();
    let intensities = panel.dots.iter().map(|dot| dot.at.0);
    let left = 10_f64.powf(intensities.clone().fold(1.0, f64::min).log10().floor()) * 0.5;
    let right = intensities.fold(best / bytes * 4.0, f64::max) * 2.0;
    let lowest = panel.dots.iter().map(|dot| dot.at.1).fold(best * 0.1, f64::min);
    let mut chart = ChartBuilder::on(area)
        .caption(&panel.title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(
            (left..right).log_scale(),
            (lowest * 0.4 * 1e-9..best * 3.0 * 1e-9).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("operations per byte of input, weights and output")
        .y_desc("10^9 operations per second")
        .light_line_style(RGBColor(240, 240, 240))
        .bold_line_style(RGBColor(215, 215, 215))
        .label_style(("sans-serif", 13))
        .draw()?;
    let ridge = best / bytes;
    let roof = [(left, left * bytes), (ridge, best), (right, best)];
    let roof = roof.map(|(x, y)| (x, y * 1e-9));
    chart.draw_series([PathElement::new(roof.to_vec(), ROOF.stroke_width(2))])?;
    let anchor = |h, v| ("sans-serif", 13).into_font().color(&ROOF).pos(Pos::new(h, v));
    let many = if flops[0] >= flops[1] { 64 } else { 12 };
    let label = format!("{:.1} GFLOP/s: multiply-adds, {many} accumulators", best * 1e-9);
    let above = best * 1.1 * 1e-9;
    chart.draw_series([Text::new(label, (right, above), anchor(HPos::Right, VPos::Bottom))])?;
    let label = format!("{:.1} GB/s: copy", bytes * 1e-9);
    let start = (left * 1.1, left * bytes * 1.6e-9);
    chart.draw_series([Text::new(label, start, anchor(HPos::Left, VPos::Bottom))])?;

    let name = ("sans-serif", 12).into_font().color(&BLACK);
    let name = name.pos(Pos::new(HPos::Left, VPos::Center));
    let mut taken: Vec<(i32, i32, i32)> = Vec::new();
    for dot in &panel.dots {
        let at = (dot.at.0, dot.at.1 * 1e-9);
        chart.draw_series([Circle::new(at, 4, DOT.filled())])?;
        let (x, y) = chart.backend_coord(&at);
        let width = i32::try_from(dot.name.len() * 7).unwrap_or(100);
        let to_left = x + width + 20 > right_edge(area);
        let from = if to_left { x - width - 8 } else { x + 8 };
        let (from, line) = free_line(&mut taken, from, width, y);
        let (origin_x, origin_y) = area.get_base_pixel();
        area.draw(&Text::new(dot.name.to_string(), (from - origin_x, line - origin_y), &name))?;
    }
    Ok(())
}

fn right_edge(area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> i32 {
    area.get_pixel_range().0.end
}

/// The line nearest to `y` where a label of this width covers no other.
fn free_line(taken: &mut Vec<(i32, i32, i32)>, from: i32, width: i32, y: i32) -> (i32, i32) {
    const LINE: i32 = 12;
    let free = |line: i32| {
        taken.iter().all(|&(other, end, at)| {
            (at - line).abs() >= LINE || other >= from + width || end <= from
        })
    };
    let lines = (0..12).flat_map(|step| [y - step * 5, y + step * 5]);
    let line = lines.into_iter().find(|&line| free(line)).unwrap_or(y);
    taken.push((from, from + width, line));
    (from, line)
}
