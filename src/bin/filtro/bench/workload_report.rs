//! The 20 shapes as tables and as JSON.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use filtro::{Device, DeviceKind};
use serde_json::{Value, json};

use super::timing::{COPY, Ceilings, Times};
use super::workloads::Work;
use super::{environment, report, wgpu_version};
use crate::failure::Failure;
use crate::table;

/// All that one run measured.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) device: Device,
    /// Of the device; none where it is the CPU.
    pub(crate) ceilings: Option<Ceilings>,
    pub(crate) cpu_ceilings: Ceilings,
    /// The file of the device's tuning.
    pub(crate) tuning: Option<PathBuf>,
    pub(crate) rows: Vec<Row>,
}

/// One shape.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) work: Work,
    /// On the device; none where it is the CPU.
    pub(crate) times: Option<Times>,
    pub(crate) cpu: Times,
}

pub(crate) fn text(out: &mut dyn Write, run: &Run) -> Result<(), Failure> {
    for line in environment(&run.device) {
        writeln!(out, "{line}")?;
    }
    if let Some(file) = &run.tuning {
        writeln!(out, "Tuning: {}", file.display())?;
    }
    let kind = run.device.info().kind;
    if kind == DeviceKind::Software {
        writeln!(out, "A software adapter is not a GPU: it runs the shaders on the CPU.")?;
    }
    if let Some(ceilings) = &run.ceilings {
        let name = report::name(&run.device);
        writeln!(out)?;
        table::heading(out, &format!("{name}: {}", ceilings_line(ceilings)))?;
        let headers = [
            "shape",
            "algorithm",
            "cold\nms",
            "warm\nms",
            "device\nclock ms",
            "with trans-\nfer ms",
            "record-\ning µs",
            "GFLOP/s",
            "GB/s",
            "% of\nroof",
            "CPU time\n/ device",
        ];
        let rows = run.rows.iter().filter_map(|row| device_cells(row, ceilings, kind)).collect();
        table::print(out, &headers, 2, rows)?;
    }
    writeln!(out)?;
    table::heading(out, &format!("CPU: {}", ceilings_line(&run.cpu_ceilings)))?;
    let headers =
        ["shape", "cold\nms", "warm\nms", "with trans-\nfer ms", "GFLOP/s", "GB/s", "% of\nroof"];
    let rows = run.rows.iter().map(|row| cpu_cells(row, &run.cpu_ceilings)).collect();
    table::print(out, &headers, 1, rows)?;
    writeln!(
        out,
        "\nMedians. The roof is the larger of the two least times: operations at the best rate of \
         multiply-adds, bytes at the rate of a copy."
    )?;
    Ok(())
}

fn ceilings_line(ceilings: &Ceilings) -> String {
    let [many, few] = ceilings.flops.map(|flops| flops * 1e-9);
    let (bytes, size) = (ceilings.bytes * 1e-9, COPY >> 20);
    format!(
        "multiply-adds {many:.1} GFLOP/s with 64 accumulators, {few:.1} with 12; a copy of {size} \
         MiB {bytes:.1} GB/s"
    )
}

fn rates(work: Work, seconds: f64, ceilings: &Ceilings, pooling: bool) -> [String; 3] {
    [
        if pooling { "-".into() } else { format!("{:.2}", work.operations / seconds * 1e-9) },
        format!("{:.2}", work.bytes / seconds * 1e-9),
        format!("{:.1}", ceilings.share(work, seconds) * 100.0),
    ]
}

fn is_pooling(row: &Row) -> bool {
    ["max_", "avg_", "global_"].iter().any(|kind| row.name.starts_with(kind))
}

fn device_cells(row: &Row, ceilings: &Ceilings, kind: DeviceKind) -> Option<Vec<String>> {
    let times = row.times.as_ref()?;
    let mut cells = vec![
        row.name.clone(),
        times.algorithm.map_or("-".into(), |algorithm| algorithm.to_string()),
        table::milliseconds(times.cold),
        table::milliseconds(times.warm),
        times.on_device.map_or("-".into(), table::milliseconds),
        table::milliseconds(times.with_transfer),
        format!("{:.1}", times.recording.as_secs_f64() * 1e6),
    ];
    cells.extend(rates(row.work, times.seconds(kind), ceilings, is_pooling(row)));
    cells.push(format!("{:.2}", row.cpu.warm.as_secs_f64() / times.warm.as_secs_f64()));
    Some(cells)
}

fn cpu_cells(row: &Row, ceilings: &Ceilings) -> Vec<String> {
    let mut cells = vec![
        row.name.clone(),
        table::milliseconds(row.cpu.cold),
        table::milliseconds(row.cpu.warm),
        table::milliseconds(row.cpu.with_transfer),
    ];
    let seconds = row.cpu.seconds(DeviceKind::Cpu);
    cells.extend(rates(row.work, seconds, ceilings, is_pooling(row)));
    cells
}

pub(crate) fn json(run: &Run) -> Value {
    let info = run.device.info();
    json!({
        "filtro": env!("CARGO_PKG_VERSION"),
        "wgpu": wgpu_version(),
        "device": {
            "name": info.name,
            "kind": info.kind.to_string(),
            "backend": info.backend,
            "driver": info.driver,
        },
        "tuning": run.tuning.as_ref().map(|file| file.display().to_string()),
        "cpu": Device::cpu().info().name,
        "ceilings": run.ceilings.as_ref().map(ceilings_json),
        "cpu_ceilings": ceilings_json(&run.cpu_ceilings),
        "rows": run.rows.iter().map(|row| row_json(row, run)).collect::<Vec<_>>(),
    })
}

fn ceilings_json(ceilings: &Ceilings) -> Value {
    json!({
        "gflops_64_accumulators": ceilings.flops[0] * 1e-9,
        "gflops_12_accumulators": ceilings.flops[1] * 1e-9,
        "copy_gbytes_per_second": ceilings.bytes * 1e-9,
        "copy_bytes": COPY,
    })
}

fn row_json(row: &Row, run: &Run) -> Value {
    let times = |times: &Times, ceilings: &Ceilings, kind: DeviceKind| {
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        let seconds = times.seconds(kind);
        json!({
            "algorithm": times.algorithm.map(|algorithm| algorithm.to_string()),
            "cold_ms": milliseconds(times.cold),
            "warm_ms": milliseconds(times.warm),
            "device_clock_ms": times.on_device.map(milliseconds),
            "with_transfer_ms": milliseconds(times.with_transfer),
            "recording_us": times.recording.as_secs_f64() * 1e6,
            "gflops": row.work.operations / seconds * 1e-9,
            "gbytes_per_second": row.work.bytes / seconds * 1e-9,
            "share_of_roof": ceilings.share(row.work, seconds),
        })
    };
    let kind = run.device.info().kind;
    json!({
        "name": row.name,
        "operations": row.work.operations,
        "bytes": row.work.bytes,
        "device": row.times.as_ref().zip(run.ceilings.as_ref())
            .map(|(of_device, ceilings)| times(of_device, ceilings, kind)),
        "cpu": times(&row.cpu, &run.cpu_ceilings, DeviceKind::Cpu),
    })
}
