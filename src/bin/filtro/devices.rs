//! The list of devices.

use std::io::Write;

use clap::Args;
use filtro::{Device, DeviceChoice, DeviceKind};
use serde_json::json;

use crate::failure::Failure;
use crate::table;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let devices = Device::available();
    if options.json {
        let list: Vec<_> = devices
            .iter()
            .map(|info| {
                json!({
                    "name": info.name,
                    "kind": info.kind.to_string(),
                    "backend": info.backend,
                    "driver": info.driver,
                })
            })
            .collect();
        writeln!(out, "{:#}", json!(list))?;
        return Ok(());
    }
    let rows = devices
        .iter()
        .map(|info| {
            let flag = match info.kind {
                DeviceKind::Cpu => "cpu".into(),
                _ => format!("{:?}", info.name.split(" (").next().unwrap_or(&info.name)),
            };
            let fields = [&info.name, &info.kind.to_string(), &info.backend, &info.driver, &flag];
            fields.map(String::from).into()
        })
        .collect();
    table::print(out, &["device", "kind", "backend", "driver", "--device"], 5, rows)?;
    match Device::open(&DeviceChoice::from_env()) {
        Ok(device) => writeln!(out, "\nWithout --device: {device}")?,
        Err(error) => writeln!(out, "\nFILTRO_DEVICE asks for what is not there: {error}")?,
    }
    if devices.len() == 1 {
        for line in crate::chosen::describe(&Device::cpu()).iter().skip(1) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
