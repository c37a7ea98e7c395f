//! The two pretrained networks of the examples, from the host's memory and back, on every device.
//!
//!     cargo bench --bench networks
//!     cargo bench --bench networks -- --only esrgan_slim --device cpu --input x.f32 --output y.f32
//!
//! What a network gives is compared with PyTorch's numbers before it is timed.

#![allow(missing_docs, reason = "a bench has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use filtro::nn::{Graph, Layer, StateDict};
use filtro::{Device, DeviceChoice, Result};

use crate::frozen::{difference, frozen};
use crate::kit::devices;

#[path = "../examples/networks/efficientnet_lite0.rs"]
mod efficientnet_lite0;
#[path = "../examples/networks/esrgan_slim.rs"]
#[allow(dead_code, reason = "without tiles")]
mod esrgan_slim;
#[path = "../tests/it/networks/formula.rs"]
mod formula;
#[path = "../tests/it/networks/frozen.rs"]
mod frozen;
#[path = "kit/devices.rs"]
mod kit;

#[derive(Parser)]
struct Arguments {
    /// The one network to time
    #[arg(long)]
    only: Option<String>,
    /// The one device to time it on
    #[arg(long)]
    device: Option<String>,
    /// The network's input, as little-endian f32; by default, numbers of a formula
    #[arg(long)]
    input: Option<PathBuf>,
    /// Where its output goes
    #[arg(long)]
    output: Option<PathBuf>,
    /// The parameters of EfficientNet-Lite0
    #[arg(long, default_value = "target/efficientnet_lite0.safetensors")]
    weights: PathBuf,
    /// Only to check
    #[arg(long)]
    test: bool,
    /// What cargo adds
    #[arg(long)]
    bench: bool,
}

struct Network {
    name: &'static str,
    input: [usize; 4],
    /// The largest difference from PyTorch's numbers on a device.
    check: fn(&Device) -> Result<f64>,
    load: fn(&Device, &Path) -> Result<Option<Graph>>,
}

const NETWORKS: [Network; 2] = [
    Network {
        name: "esrgan_slim",
        input: [1, 3, 128, 192],
        check: |device| {
            let file = include_bytes!("../tests/data/esrgan_slim_x2.safetensors");
            let input = frozen(file, "input", |word| f64::from(f32::from_le_bytes(word)));
            let network = super_resolution(device)?;
            let output = output(&network, device, &narrow(&input), [1, 3, 13, 19])?;
            Ok(difference(&output, &frozen(file, "output", f64::from_le_bytes)))
        },
        load: |device, _| super_resolution(device).map(Some),
    },
    Network {
        name: "efficientnet_lite0",
        input: [1, 3, efficientnet_lite0::SIZE, efficientnet_lite0::SIZE],
        check: |device| {
            let file = include_bytes!("../tests/data/efficientnet_lite0.safetensors");
            let input: Vec<_> = formula::noise("input", 2 * 3 * 64 * 96).collect();
            let mut network = efficientnet_lite0::efficientnet_lite0(device)?;
            formula::fill(&mut network)?;
            let network = network.fold_batch_norms()?;
            let output = output(&network, device, &narrow(&input), [2, 3, 64, 96])?;
            Ok(difference(&output, &frozen(file, "logits", f64::from_le_bytes)))
        },
        load: |device, weights| {
            if !weights.exists() {
                return Ok(None);
            }
            let mut network = efficientnet_lite0::efficientnet_lite0(device)?;
            network.load(weights)?;
            network.fold_batch_norms().map(Some)
        },
    },
];

fn super_resolution(device: &Device) -> Result<Graph> {
    let mut network = esrgan_slim::esrgan_slim(device)?;
    network.load_safetensors(include_bytes!("../examples/data/esrgan_slim_x2.safetensors"))?;
    network.fold_batch_norms()
}

#[allow(clippy::cast_possible_truncation, reason = "to the nearest is what is meant")]
fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}

fn output(network: &Graph, device: &Device, input: &[f32], shape: [usize; 4]) -> Result<Vec<f32>> {
    network.infer(&device.upload_slice(input, shape)?)?.to_vec()
}

/// The median of the calls of a second and a half.
fn median(mut run: impl FnMut()) -> Duration {
    let mut times = Vec::new();
    let begin = Instant::now();
    while times.len() < 5 || begin.elapsed() < Duration::from_millis(1_500) {
        let start = Instant::now();
        run();
        times.push(start.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let arguments = Arguments::parse();
    let devices = devices(&match &arguments.device {
        Some(name) => vec![name.parse().unwrap()],
        None => vec![DeviceChoice::Cpu, DeviceChoice::Software, DeviceChoice::Gpu],
    });
    let mut timed = 0;
    for network in &NETWORKS {
        if arguments.only.as_ref().is_some_and(|only| only != network.name) {
            continue;
        }
        let len = network.input.iter().product();
        let input = match &arguments.input {
            Some(path) => {
                let bytes = std::fs::read(path).unwrap();
                bytes.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect()
            }
            None => narrow(&formula::noise("timed", len).collect::<Vec<_>>()),
        };
        assert_eq!(input.len(), len, "{} takes {:?}", network.name, network.input);
        for (_, device) in &devices {
            let furthest = (network.check)(device).unwrap();
            assert!(furthest <= 1e-4, "{} on {device} is {furthest:.1e} off", network.name);
            if arguments.test {
                println!("{} {} is right", network.name, device.info().kind);
                timed += 1;
                continue;
            }
            let Some(loaded) = (network.load)(device, &arguments.weights).unwrap() else {
                eprintln!(
                    "{} is left out: there is no {}, examples/data/make_efficientnet_lite0.py fetches it",
                    network.name,
                    arguments.weights.display()
                );
                continue;
            };
            let run = || output(&loaded, device, &input, network.input).unwrap();
            let result = run();
            if let Some(path) = &arguments.output {
                let bytes: Vec<u8> = result.iter().flat_map(|value| value.to_le_bytes()).collect();
                std::fs::write(path, bytes).unwrap();
            }
            let time = median(|| drop(run()));
            println!("{} {} {:.3} ms", network.name, device.info().kind, time.as_secs_f64() * 1e3);
            timed += 1;
        }
    }
    assert!(timed > 0 || arguments.only.is_none(), "nothing was timed");
}
