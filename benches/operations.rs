//! Every operation on the 20 shapes of `workloads.json`, forward and backward, on every device.
//!
//! Each result is compared with the reference before it is timed. `benches/README.md` says how to
//! read the numbers.

#![allow(missing_docs, reason = "a bench has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use filtro::{
    AvgPool2d, Conv2d, DType, Device, DeviceChoice, MaxPool2d, Result, Tensor, reference,
};
use ndarray::{Array1, Array4, ArrayView4, Axis};
use serde_json::Value;

use crate::kit::devices;

#[path = "kit/devices.rs"]
mod kit;

#[derive(Clone)]
enum Layer {
    Conv2d(Conv2d),
    MaxPool2d(MaxPool2d),
    AvgPool2d(AvgPool2d),
}

struct Workload {
    name: String,
    layer: Layer,
    input: Array4<f32>,
    weight: Array4<f32>,
    bias: Array1<f32>,
}

fn number(row: &Value, name: &str) -> usize {
    usize::try_from(row[name].as_u64().unwrap()).unwrap()
}

fn pair(row: &Value, name: &str) -> [usize; 2] {
    [0, 1].map(|axis| usize::try_from(row[name][axis].as_u64().unwrap()).unwrap())
}

/// The same numbers in -1..1 at every run.
fn noise(shape: [usize; 4]) -> Array4<f32> {
    let mut state = 1_u32;
    Array4::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap()) / 32_768.0 - 1.0
    })
}

fn workloads() -> Vec<Workload> {
    let rows: Value = serde_json::from_str(include_str!("workloads.json")).unwrap();
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let (kernel_size, stride) = (pair(row, "kernel_size"), pair(row, "stride"));
            let padding = pair(row, "padding");
            let in_channels = number(row, "in_channels");
            let mut weight_shape = [1; 4];
            let layer = match row["op"].as_str().unwrap() {
                "conv2d" => {
                    let conv = Conv2d::new(in_channels, number(row, "out_channels"), kernel_size)
                        .stride(stride)
                        .padding(padding)
                        .dilation(pair(row, "dilation"))
                        .groups(number(row, "groups"));
                    weight_shape = conv.weight_shape().unwrap().dims();
                    Layer::Conv2d(conv)
                }
                "max_pool2d" => Layer::MaxPool2d(
                    MaxPool2d::new(kernel_size)
                        .stride(stride)
                        .padding(padding)
                        .dilation(pair(row, "dilation")),
                ),
                "avg_pool2d" => {
                    Layer::AvgPool2d(AvgPool2d::new(kernel_size).stride(stride).padding(padding))
                }
                other => panic!("no operation {other}"),
            };
            let (height, width) = (number(row, "in_height"), number(row, "in_width"));
            Workload {
                name: row["name"].as_str().unwrap().into(),
                layer,
                input: noise([number(row, "batch"), in_channels, height, width]),
                weight: noise(weight_shape),
                bias: Array1::linspace(-1.0, 1.0, weight_shape[0]),
            }
        })
        .collect()
}

/// The tensors of a workload on one device.
struct Resident<'a> {
    layer: &'a Layer,
    input: Tensor,
    weight: Tensor,
    bias: Tensor,
}

impl Resident<'_> {
    fn forward(&self) -> Result<Tensor> {
        match self.layer {
            Layer::Conv2d(conv) => conv.forward(&self.input, &self.weight, Some(&self.bias)),
            Layer::MaxPool2d(pool) => pool.forward(&self.input),
            Layer::AvgPool2d(pool) => pool.forward(&self.input),
        }
    }
}

fn close(
    dtype: DType,
    actual: &Array4<f32>,
    expected: ArrayView4<'_, f64>,
    bound: ArrayView4<'_, f64>,
) -> bool {
    let stored = |expected: f64, bound: f64| match dtype {
        DType::F16 => bound + 2_f64.powi(-11) * (expected.abs() + bound) + 2_f64.powi(-14),
        _ => bound,
    };
    let mut elements = actual.iter().zip(expected).zip(bound);
    actual.shape() == expected.shape()
        && elements.all(|((&actual, &expected), &bound)| {
            (f64::from(actual) - expected).abs() <= stored(expected, bound)
        })
}

/// Compares the output with the reference: of a dense convolution its first and last channel.
fn check(workload: &Workload, dtype: DType, output: &Array4<f32>) {
    let wide = |array: &Array4<f32>| array.mapv(f64::from);
    let unit = 2_f64.powi(-24);
    let input = wide(&workload.input);
    let correct = match &workload.layer {
        Layer::Conv2d(conv) if conv.groups == 1 => [0, conv.out_channels - 1].iter().all(|&one| {
            let mut conv = conv.clone();
            conv.out_channels = 1;
            let weight = workload.weight.select(Axis(0), &[one]);
            let bias = workload.bias.select(Axis(0), &[one]).mapv(f64::from);
            let (expected, magnitude) = reference::conv2d_with_magnitude(
                &conv,
                input.view(),
                wide(&weight).view(),
                Some(bias.view()),
            )
            .unwrap();
            let output = output.select(Axis(1), &[one]);
            close(dtype, &output, expected.view(), (magnitude * 8.0 * unit).view())
        }),
        Layer::Conv2d(conv) => {
            let weight = wide(&workload.weight);
            let bias = workload.bias.mapv(f64::from);
            let (expected, magnitude) = reference::conv2d_with_magnitude(
                conv,
                input.view(),
                weight.view(),
                Some(bias.view()),
            )
            .unwrap();
            close(dtype, output, expected.view(), (magnitude * 8.0 * unit).view())
        }
        Layer::MaxPool2d(pool) => {
            let (expected, _) = reference::max_pool2d(pool, input.view()).unwrap();
            close(dtype, output, expected.view(), (expected.mapv(|_| 0.0)).view())
        }
        Layer::AvgPool2d(pool) => {
            let expected = reference::avg_pool2d(pool, input.view()).unwrap();
            close(dtype, output, expected.view(), (expected.mapv(|_| 8.0 * unit)).view())
        }
    };
    assert!(correct, "{}: the result is wrong", workload.name);
}

/// The conversion to f16, and the forward pass on what it gives.
fn forward_f16(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    device: &Device,
    workload: &Workload,
) {
    let rounded = |value: f32| half::f16::from_f32(value).to_f32();
    let workload = Workload {
        name: workload.name.clone(),
        layer: workload.layer.clone(),
        input: workload.input.mapv(rounded),
        weight: workload.weight.mapv(rounded),
        bias: workload.bias.mapv(rounded),
    };
    let full = device.upload(&workload.input).unwrap();
    let resident = Resident {
        layer: &workload.layer,
        input: full.to_f16().unwrap(),
        weight: device.upload(&workload.weight).unwrap().to_f16().unwrap(),
        bias: device.upload(&workload.bias).unwrap().to_f16().unwrap(),
    };
    assert_eq!(resident.input.download().unwrap(), workload.input, "{}", workload.name);
    check(&workload, DType::F16, &resident.forward().unwrap().download().unwrap());
    group.bench_function(BenchmarkId::new("to_f16", name), |bencher| {
        bencher.iter(|| {
            let converted = full.to_f16().unwrap();
            device.synchronize().unwrap();
            converted
        });
    });
    group.bench_function(BenchmarkId::new("forward_f16", name), |bencher| {
        bencher.iter(|| {
            let output = resident.forward().unwrap();
            device.synchronize().unwrap();
            output
        });
    });
}

fn operations(criterion: &mut Criterion) {
    let devices = devices(&[DeviceChoice::Cpu, DeviceChoice::Software, DeviceChoice::Gpu]);
    for workload in workloads() {
        let mut group = criterion.benchmark_group(&workload.name);
        group.sample_size(10);
        for (name, device) in &devices {
            let resident = Resident {
                layer: &workload.layer,
                input: device.upload(&workload.input).unwrap(),
                weight: device.upload(&workload.weight).unwrap(),
                bias: device.upload(&workload.bias).unwrap(),
            };
            let output = resident.forward().unwrap();
            check(&workload, DType::F32, &output.download().unwrap());
            let work = match &workload.layer {
                Layer::Conv2d(conv) => 2 * conv.multiply_adds(resident.input.shape()).unwrap(),
                _ => (workload.input.len() + output.to_vec().unwrap().len()) as u128,
            };
            group.throughput(Throughput::Elements(u64::try_from(work).unwrap()));
            group.bench_function(BenchmarkId::new("forward", name), |bencher| {
                bencher.iter(|| {
                    let output = resident.forward().unwrap();
                    device.synchronize().unwrap();
                    output
                });
            });
            group.bench_function(BenchmarkId::new("forward_with_transfer", name), |bencher| {
                bencher.iter(|| {
                    let resident = Resident {
                        layer: &workload.layer,
                        input: device.upload(&workload.input).unwrap(),
                        weight: resident.weight.clone(),
                        bias: resident.bias.clone(),
                    };
                    resident.forward().unwrap().to_vec().unwrap()
                });
            });
            if device.limits().is_some_and(|limits| limits.shader_f16) {
                forward_f16(&mut group, name, device, &workload);
            }
            let grad_output = output;
            if let Layer::Conv2d(conv) = &workload.layer {
                let shape = resident.input.shape();
                group.bench_function(BenchmarkId::new("grad_input", name), |bencher| {
                    bencher.iter(|| {
                        let gradient =
                            conv.grad_input(shape, &resident.weight, &grad_output).unwrap();
                        device.synchronize().unwrap();
                        gradient
                    });
                });
                group.bench_function(BenchmarkId::new("grad_weight", name), |bencher| {
                    bencher.iter(|| {
                        let gradient = conv.grad_weight(&resident.input, &grad_output).unwrap();
                        device.synchronize().unwrap();
                        gradient
                    });
                });
            }
        }
        group.finish();
    }
}

criterion_group!(benches, operations);
criterion_main!(benches);
