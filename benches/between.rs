//! The operations that stand between convolutions, on shapes of networks, on every device: forward,
//! and the gradients that are more than a slice. Each result is compared with the reference before it
//! is timed.

#![allow(missing_docs, reason = "a bench has no users")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a bench fails by panicking"
)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use filtro::{
    Activation, Arithmetic, BatchNorm2d, Cat, DeviceChoice, Interpolate, InterpolationMode, PRelu,
    Pad, Padding, PaddingMode, PixelShuffle, Result, Softmax, Tensor, reference,
};
use ndarray::{Array1, Array4};

use crate::kit::devices;

#[path = "kit/devices.rs"]
mod kit;

type Wide = Array4<f64>;

/// Something to time: what it is given, how it is run, and what it must give.
struct Row {
    name: &'static str,
    inputs: Vec<[usize; 4]>,
    run: fn(&[Tensor]) -> Result<Tensor>,
    reference: fn(&[Wide]) -> Result<Wide>,
}

const FEATURES: [usize; 4] = [8, 64, 56, 56];
const GATE: [usize; 4] = [8, 64, 1, 1];
const CHANNELS: [usize; 4] = [1, 64, 1, 1];
const PLANES: [usize; 4] = [1, 64, 112, 112];
const TWICE: [usize; 4] = [1, 64, 224, 224];
const CLASSES: [usize; 4] = [4, 21, 128, 128];

fn residual() -> Arithmetic {
    Arithmetic::add().activation(Activation::Relu)
}

fn nearest() -> Interpolate {
    Interpolate::scale_factor([2.0, 2.0])
}

fn bilinear() -> Interpolate {
    nearest().mode(InterpolationMode::Bilinear)
}

fn reflect() -> Pad {
    Pad::new(Padding::sides(1, 2, 3, 4)).mode(PaddingMode::Reflect)
}

fn norm() -> BatchNorm2d {
    BatchNorm2d::new(64)
}

/// One value of each channel.
fn of_channels(values: &Wide) -> Array1<f64> {
    values.iter().copied().collect()
}

/// Mean and variance of the batch, as the reference has them.
fn statistics(x: &[Wide]) -> Result<[Array1<f64>; 2]> {
    reference::batch_statistics(&norm(), x[0].view()).map(|(mean, var)| [mean, var])
}

fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "add_relu",
            inputs: vec![FEATURES, FEATURES],
            run: |x| residual().forward(&x[0], &x[1]),
            reference: |x| reference::arithmetic(&residual(), x[0].view(), x[1].view()),
        },
        Row {
            name: "mul_gate",
            inputs: vec![FEATURES, GATE],
            run: |x| Arithmetic::mul().forward(&x[0], &x[1]),
            reference: |x| reference::arithmetic(&Arithmetic::mul(), x[0].view(), x[1].view()),
        },
        Row {
            name: "mul_gate_grad_other",
            inputs: vec![FEATURES, GATE, FEATURES],
            run: |x| Arithmetic::mul().grad_other(&x[0], &x[1], &x[2]),
            reference: |x| {
                let [input, other, grad] = [0, 1, 2].map(|at| x[at].view());
                reference::arithmetic_backward(&Arithmetic::mul(), input, other, grad)
                    .map(|(_, grad_other)| grad_other)
            },
        },
        Row {
            name: "cat",
            inputs: vec![PLANES, PLANES],
            run: |x| Cat.forward(&[&x[0], &x[1]]),
            reference: |x| reference::cat(&[x[0].view(), x[1].view()]),
        },
        Row {
            name: "prelu",
            inputs: vec![FEATURES, CHANNELS],
            run: |x| PRelu.forward(&x[0], &x[1]),
            reference: |x| reference::prelu(x[0].view(), x[1].view()),
        },
        Row {
            name: "softmax",
            inputs: vec![CLASSES],
            run: |x| Softmax.forward(&x[0]),
            reference: |x| reference::softmax(x[0].view()),
        },
        Row {
            name: "batch_norm2d",
            inputs: vec![FEATURES, CHANNELS, CHANNELS, CHANNELS, CHANNELS],
            run: |x| norm().forward(&x[0], &x[1], &x[2], Some(&x[3]), Some(&x[4])),
            reference: |x| {
                let [mean, var, weight, bias] = [1, 2, 3, 4].map(|at| of_channels(&x[at]));
                let (weight, bias) = (Some(weight.view()), Some(bias.view()));
                let statistics = [mean.view(), var.view()];
                reference::batch_norm2d(&norm(), x[0].view(), statistics, weight, bias)
            },
        },
        Row {
            name: "batch_norm2d_training",
            inputs: vec![FEATURES],
            run: |x| norm().forward_training(&x[0], None, None).map(|(output, _)| output),
            reference: |x| {
                let [mean, var] = statistics(x)?;
                let statistics = [mean.view(), var.view()];
                reference::batch_norm2d(&norm(), x[0].view(), statistics, None, None)
            },
        },
        Row {
            name: "batch_norm2d_training_grad_input",
            inputs: vec![FEATURES, FEATURES],
            run: |x| {
                let (_, statistics) = norm().forward_training(&x[0], None, None)?;
                norm().grad_training(&x[0], &statistics, &x[1]).map(|it| it.grad_input)
            },
            reference: |x| {
                let (input, grad) = (x[0].view(), x[1].view());
                reference::batch_norm2d_training_backward(&norm(), input, None, grad)
                    .map(|it| it.grad_input)
            },
        },
        Row {
            name: "interpolate_nearest",
            inputs: vec![PLANES],
            run: |x| nearest().forward(&x[0]),
            reference: |x| reference::interpolate(&nearest(), x[0].view()),
        },
        Row {
            name: "interpolate_bilinear",
            inputs: vec![PLANES],
            run: |x| bilinear().forward(&x[0]),
            reference: |x| reference::interpolate(&bilinear(), x[0].view()),
        },
        Row {
            name: "interpolate_bilinear_grad_input",
            inputs: vec![TWICE],
            run: |x| bilinear().grad_input(PLANES, &x[0]),
            reference: |x| reference::interpolate_backward(&bilinear(), PLANES, x[0].view()),
        },
        Row {
            name: "pixel_shuffle",
            inputs: vec![PLANES],
            run: |x| PixelShuffle::new(2).forward(&x[0]),
            reference: |x| reference::pixel_shuffle(&PixelShuffle::new(2), x[0].view()),
        },
        Row {
            name: "pad_reflect",
            inputs: vec![PLANES],
            run: |x| reflect().forward(&x[0]),
            reference: |x| reference::pad(&reflect(), x[0].view()),
        },
    ]
}

/// The same numbers in 0.5 to 1.5 at every run, which may be variances.
fn noise(shape: [usize; 4], mut state: u32) -> Array4<f32> {
    Array4::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap()) / 65_536.0 + 0.5
    })
}

fn check(name: &str, actual: &Array4<f32>, expected: &Wide) {
    assert_eq!(actual.shape(), expected.shape(), "{name}");
    let scale = expected.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
    let right =
        |(&actual, &expected): (&f32, &f64)| (f64::from(actual) - expected).abs() <= 1e-5 * scale;
    assert!(actual.iter().zip(expected).all(right), "{name}: the result is wrong");
}

fn operations(criterion: &mut Criterion) {
    let devices = devices(&[DeviceChoice::Cpu, DeviceChoice::Software, DeviceChoice::Gpu]);
    for row in rows() {
        let mut group = criterion.benchmark_group(row.name);
        group.sample_size(10);
        let arrays: Vec<_> = (1..).zip(&row.inputs).map(|(at, &it)| noise(it, at)).collect();
        let wide: Vec<_> = arrays.iter().map(|array| array.mapv(f64::from)).collect();
        let expected = (row.reference)(&wide).unwrap();
        let bytes = 4 * (arrays.iter().map(Array4::len).sum::<usize>() + expected.len());
        group.throughput(Throughput::Bytes(u64::try_from(bytes).unwrap()));
        for (name, device) in &devices {
            let inputs: Vec<_> = arrays.iter().map(|it| device.upload(it).unwrap()).collect();
            check(row.name, &(row.run)(&inputs).unwrap().download().unwrap(), &expected);
            group.bench_function(BenchmarkId::new("resident", name), |bencher| {
                bencher.iter(|| {
                    let output = (row.run)(&inputs).unwrap();
                    device.synchronize().unwrap();
                    output
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, operations);
criterion_main!(benches);
