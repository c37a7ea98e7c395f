//! Sweeps as tables and as JSON.

use std::io::Write;
use std::time::Duration;

use filtro::{Device, DeviceKind};
use serde_json::{Value, json};

use super::sweep::{Row, Sweep};
use super::{environment, wgpu_version};
use crate::failure::Failure;
use crate::table;

pub(crate) fn text(out: &mut dyn Write, device: &Device, sweeps: &[Sweep]) -> Result<(), Failure> {
    for line in environment(device) {
        writeln!(out, "{line}")?;
    }
    if device.info().kind == DeviceKind::Software {
        writeln!(out, "A software adapter is not a GPU: it runs the shaders on the CPU.")?;
    }
    let name = name(device);
    for sweep in sweeps {
        writeln!(out)?;
        table::heading(out, &sweep.title)?;
        let headers = [
            "input",
            "multiply-\nadds",
            &format!("{name}\ncold ms"),
            &format!("{name}\nms"),
            "with trans-\nfer ms",
            "CPU\nms",
            &format!("{name}\nGFLOP/s"),
            "CPU\nGFLOP/s",
            &format!("{name}\nGB/s"),
            &format!("CPU time\n/ {name}"),
        ];
        let rows = sweep.rows.iter().map(cells).collect();
        table::print(out, &headers, 1, rows)?;
        for line in crossovers(sweep, name) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

pub(crate) fn json(device: &Device, sweeps: &[Sweep]) -> Value {
    let info = device.info();
    let sweeps: Vec<_> = sweeps
        .iter()
        .map(|sweep| {
            json!({
                "operation": sweep.title,
                "rows": sweep.rows.iter().map(row).collect::<Vec<_>>(),
                "left_out": sweep.left_out,
                "crossover": crossover(sweep, |row| row.on_device),
                "crossover_with_transfer": crossover(sweep, |row| row.with_transfer),
            })
        })
        .collect();
    json!({
        "filtro": env!("CARGO_PKG_VERSION"),
        "wgpu": wgpu_version(),
        "device": {
            "name": info.name,
            "kind": info.kind.to_string(),
            "backend": info.backend,
            "driver": info.driver,
        },
        "cpu": Device::cpu().info().name,
        "sweeps": sweeps,
    })
}

pub(crate) fn name(device: &Device) -> &'static str {
    match device.info().kind {
        DeviceKind::Gpu => "GPU",
        DeviceKind::Software => "software",
        _ => "CPU",
    }
}

fn cells(row: &Row) -> Vec<String> {
    let per_second = |number: f64, time: Duration| {
        if number == 0.0 {
            "-".into()
        } else {
            format!("{:.2}", number / time.as_secs_f64() * 1e-9)
        }
    };
    let flops = flops(row);
    #[allow(clippy::cast_precision_loss, reason = "a number of bytes is far below 2^53")]
    let bytes = row.bytes as f64;
    let multiply_adds =
        if row.multiply_adds == 0 { "-".into() } else { table::count(row.multiply_adds) };
    vec![
        format!("{0} x {0}", row.size),
        multiply_adds,
        table::milliseconds(row.cold),
        table::milliseconds(row.on_device),
        table::milliseconds(row.with_transfer),
        table::milliseconds(row.on_cpu),
        per_second(flops, row.on_device),
        per_second(flops, row.on_cpu),
        per_second(bytes, row.on_device),
        format!("{:.2}", row.on_cpu.as_secs_f64() / row.on_device.as_secs_f64()),
    ]
}

fn row(row: &Row) -> Value {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    json!({
        "size": row.size,
        "multiply_adds": u64::try_from(row.multiply_adds).unwrap_or(u64::MAX),
        "bytes": row.bytes,
        "cold_ms": milliseconds(row.cold),
        "device_ms": milliseconds(row.on_device),
        "with_transfer_ms": milliseconds(row.with_transfer),
        "cpu_ms": milliseconds(row.on_cpu),
    })
}

/// Two operations for every multiply-add.
#[allow(clippy::cast_precision_loss, reason = "a rate of three digits")]
fn flops(row: &Row) -> f64 {
    2.0 * row.multiply_adds as f64
}

/// The smallest size from which on the device is faster than the CPU.
fn crossover(sweep: &Sweep, time: impl Fn(&Row) -> Duration) -> Option<usize> {
    let faster = sweep.rows.iter().rev().take_while(|row| time(row) < row.on_cpu);
    faster.last().map(|row| row.size)
}

fn crossovers(sweep: &Sweep, name: &str) -> Vec<String> {
    let line = |what: &str, size: Option<usize>| match (size, sweep.rows.last()) {
        (Some(size), _) => {
            format!("{what}, the {name} is faster than the CPU from {size} x {size} on.")
        }
        (None, Some(last)) => {
            format!("{what}, the CPU is faster at {0} x {0}: no crossover up to there.", last.size)
        }
        (None, None) => String::new(),
    };
    if name == "CPU" {
        return Vec::new();
    }
    let mut lines = vec![
        line("With the data on the device", crossover(sweep, |row| row.on_device)),
        line("With transfers", crossover(sweep, |row| row.with_transfer)),
    ];
    if !sweep.left_out.is_empty() {
        let sizes: Vec<_> = sweep.left_out.iter().map(usize::to_string).collect();
        lines.push(format!("Left out, since one run would take seconds: {}.", sizes.join(", ")));
    }
    lines
}
