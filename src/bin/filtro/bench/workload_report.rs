//! The 20 shapes as tables and as JSON.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use filtro::{DType, Device, DeviceKind};
use serde_json::{Value, json};

use super::timing::{Ceilings, Times};
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
    /// None where the CPU is not timed.
    pub(crate) cpu_ceilings: Option<Ceilings>,
    /// By how much every batch was multiplied.
    pub(crate) batch: usize,
    /// Calls between two stamps on the device.
    pub(crate) calls: u32,
    /// The file of the device's tuning.
    pub(crate) tuning: Option<PathBuf>,
    pub(crate) rows: Vec<Row>,
}

/// One shape.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Images of a call.
    pub(crate) images: usize,
    /// What the tensors are of.
    pub(crate) dtype: DType,
    pub(crate) work: Work,
    /// Whether there are no multiply-adds.
    pub(crate) is_pooling: bool,
    /// On the device; none where it is the CPU.
    pub(crate) times: Option<Times>,
    /// None where the CPU is not timed.
    pub(crate) cpu: Option<Times>,
}

pub(crate) fn text(out: &mut dyn Write, run: &Run) -> Result<(), Failure> {
    for line in environment(&run.device) {
        writeln!(out, "{line}")?;
    }
    if let Some(file) = &run.tuning {
        writeln!(out, "Tuning: {}", file.display())?;
    }
    if run.batch > 1 {
        writeln!(out, "Batch: that of every shape times {}", run.batch)?;
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
            "bound by",
            "CPU time\n/ device",
        ];
        let rows = run.rows.iter().filter_map(|row| device_cells(row, ceilings, kind)).collect();
        table::print(out, &headers, 2, rows)?;
    }
    if let Some(ceilings) = &run.cpu_ceilings {
        writeln!(out)?;
        table::heading(out, &format!("CPU: {}", ceilings_line(ceilings)))?;
        let headers = [
            "shape",
            "cold\nms",
            "warm\nms",
            "with trans-\nfer ms",
            "GFLOP/s",
            "GB/s",
            "% of\nroof",
        ];
        let rows = run.rows.iter().filter_map(|row| cpu_cells(row, ceilings)).collect();
        table::print(out, &headers, 1, rows)?;
    }
    if run.rows.iter().any(|row| row.dtype == DType::F16) {
        writeln!(
            out,
            "\nRows of f16 have the roof of multiply-adds of f32: tensor cores are not bound by it."
        )?;
    }
    let calls = match run.calls {
        1 => String::new(),
        calls => format!(" of one of {calls} calls between two stamps"),
    };
    writeln!(
        out,
        "\nMedians{calls}. The roof is the larger of the two least times: operations at the best \
         rate of multiply-adds, bytes at the rate of a copy."
    )?;
    let most = run.rows.iter().filter_map(|row| row.times.as_ref()).map(|times| times.inputs);
    if most.max().is_some_and(|most| most > 1) {
        writeln!(out, "Calls take several inputs in turn, so that these do not stay in a cache.")?;
    }
    Ok(())
}

fn ceilings_line(ceilings: &Ceilings) -> String {
    let [many, few] = ceilings.flops.map(|flops| flops * 1e-9);
    let (bytes, size) = (ceilings.bytes * 1e-9, ceilings.copied >> 20);
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
    cells.extend(rates(row.work, times.seconds(kind), ceilings, row.is_pooling));
    cells.push(ceilings.bound(row.work).into());
    let gain = |cpu: &Times| cpu.warm.as_secs_f64() / times.warm.as_secs_f64();
    cells.push(row.cpu.as_ref().map_or("-".into(), |cpu| format!("{:.2}", gain(cpu))));
    Some(cells)
}

fn cpu_cells(row: &Row, ceilings: &Ceilings) -> Option<Vec<String>> {
    let times = row.cpu.as_ref()?;
    let mut cells = vec![
        row.name.clone(),
        table::milliseconds(times.cold),
        table::milliseconds(times.warm),
        table::milliseconds(times.with_transfer),
    ];
    let seconds = times.seconds(DeviceKind::Cpu);
    cells.extend(rates(row.work, seconds, ceilings, row.is_pooling));
    Some(cells)
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
        "cpu_ceilings": run.cpu_ceilings.as_ref().map(ceilings_json),
        "batch": run.batch,
        "calls": run.calls,
        "rows": run.rows.iter().map(|row| row_json(row, run)).collect::<Vec<_>>(),
    })
}

fn ceilings_json(ceilings: &Ceilings) -> Value {
    json!({
        "gflops_64_accumulators": ceilings.flops[0] * 1e-9,
        "gflops_12_accumulators": ceilings.flops[1] * 1e-9,
        "copy_gbytes_per_second": ceilings.bytes * 1e-9,
        "copy_bytes": ceilings.copied,
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
            "bound_by": ceilings.bound(row.work),
            "inputs": times.inputs,
        })
    };
    let kind = run.device.info().kind;
    json!({
        "name": row.name,
        "images": row.images,
        "dtype": row.dtype.to_string(),
        "operations": row.work.operations,
        "bytes": row.work.bytes,
        "device": row.times.as_ref().zip(run.ceilings.as_ref())
            .map(|(of_device, ceilings)| times(of_device, ceilings, kind)),
        "cpu": row.cpu.as_ref().zip(run.cpu_ceilings.as_ref())
            .map(|(of_cpu, ceilings)| times(of_cpu, ceilings, DeviceKind::Cpu)),
    })
}
