//! Networks with their batch normalisations folded into the convolutions before them.

use filtro::nn::{self, Graph, Layer, Rng, Sequential};
use filtro::{Activation, Arithmetic, BatchNorm2d, Conv2d, Device, PaddingMode, Tensor};

use crate::tested::tested;

fn random(device: &Device, rng: &mut Rng, shape: [usize; 4]) -> Tensor {
    let len = shape.iter().product();
    device.upload_vec((0..len).map(|_| rng.symmetric(2.0)).collect(), shape).unwrap()
}

fn conv(device: &Device, rng: &mut Rng, channels: [usize; 2]) -> nn::Conv2d {
    let options = Conv2d::new(channels[0], channels[1], [3, 3]).padding([1, 1]);
    let options = options.padding_mode(PaddingMode::Reflect);
    nn::Conv2d::new(device, options, rng).unwrap()
}

fn relu() -> nn::Activation {
    nn::Activation::new(Activation::Relu)
}

fn norm(device: &Device, channels: usize) -> nn::BatchNorm2d {
    nn::BatchNorm2d::new(device, BatchNorm2d::new(channels).eps(0.1).momentum(0.7)).unwrap()
}

/// Gives weights, biases and running statistics that are not those of the start.
fn stir(network: &mut Graph, device: &Device, rng: &mut Rng, input: [usize; 4]) {
    for parameter in network.parameters_mut() {
        let value = random(device, rng, parameter.value().shape().dims());
        parameter.set_value(value).unwrap();
    }
    for _ in 0..2 {
        network.forward(&random(device, rng, input)).unwrap();
    }
}

/// The layers after folding; the outputs must be the same within rounding.
fn folded(build: impl Fn(&Device, &mut Rng) -> Graph, channels: usize) -> Vec<String> {
    let mut layers = Vec::new();
    for device in [Device::cpu(), tested().clone()] {
        let rng = &mut Rng::new(3);
        let shape = [2, channels, 6, 5];
        let mut network = build(&device, rng);
        stir(&mut network, &device, rng, shape);
        let input = random(&device, rng, shape);
        let expected = network.infer(&input).unwrap().to_vec().unwrap();
        let network = network.fold_batch_norms().unwrap();
        let actual = network.infer(&input).unwrap().to_vec().unwrap();
        let largest = expected.iter().fold(0.0_f32, |largest, it| largest.max(it.abs()));
        for (actual, expected) in actual.iter().zip(&expected) {
            let difference = (actual - expected).abs();
            assert!(difference <= 1e-5 * largest, "{actual} {expected} {largest} on {device}");
        }
        let rows = network.summary(shape).unwrap().rows;
        layers = rows.into_iter().map(|row| format!("{}: {}", row.name, row.layer)).collect();
    }
    layers
}

const OPTIONS: &str = "kernel_size=[3, 3], padding=[1, 1], padding_mode=reflect";

#[test]
fn a_residual_block_becomes_three_convolutions_and_an_addition() {
    let block = |device: &Device, rng: &mut Rng| {
        let mut graph = Graph::new();
        let x = graph.input();
        let y = graph.layer("conv1", conv(device, rng, [3, 4]).without_bias(), x);
        let y = graph.layer("bn1", norm(device, 4), y);
        let y = graph.layer("relu1", relu(), y);
        let y = graph.layer("conv2", conv(device, rng, [4, 4]), y);
        let y = graph.layer("bn2", norm(device, 4).without_affine(), y);
        let shortcut = Sequential::new().push(conv(device, rng, [3, 4])).push(norm(device, 4));
        let shortcut = graph.layer("downsample", shortcut, x);
        let y = graph.add(y, shortcut);
        graph.layer("relu2", relu(), y);
        graph
    };
    let expected = [
        format!("conv1: Conv2d(3, 4, {OPTIONS}, activation=relu)"),
        format!("conv2: Conv2d(4, 4, {OPTIONS})"),
        format!("downsample.0: Conv2d(3, 4, {OPTIONS}) of input"),
        "add: add(activation=relu) of conv2, downsample.0".into(),
    ];
    assert_eq!(folded(block, 3), expected);
}

#[test]
fn a_chain_is_folded_as_a_graph_with_its_names() {
    let chain = |device: &Device, rng: &mut Rng| {
        let inner = Sequential::new().push(norm(device, 4)).push(relu());
        Graph::from(Sequential::new().push(conv(device, rng, [2, 4])).push_named("rest", inner))
    };
    assert_eq!(folded(chain, 2), [format!("0: Conv2d(2, 4, {OPTIONS}, activation=relu)")]);
}

#[test]
fn what_is_used_twice_or_stands_elsewhere_stays() {
    let network = |device: &Device, rng: &mut Rng| {
        let mut graph = Graph::new();
        let x = graph.input();
        let first = graph.layer("bn0", norm(device, 2), x); // no convolution before it
        let y = graph.layer("conv1", conv(device, rng, [2, 2]), first);
        let z = graph.layer("bn1", norm(device, 2), y);
        let y = graph.add(y, z); // the values before bn1 are used too
        let y = graph.layer("conv2", conv(device, rng, [2, 2]), y);
        let y = graph.layer("relu2", relu(), y);
        let y = graph.layer("bn2", norm(device, 2), y); // the activation comes first
        let y = graph.layer("conv3", conv(device, rng, [2, 2]), y);
        let y = graph.layer("bn3", norm(device, 2).without_running_stats(), y);
        let y = graph.arithmetic(Arithmetic::mul().activation(Activation::Tanh), y, first);
        graph.layer("relu3", relu(), y);
        graph
    };
    let expected = [
        "bn0: BatchNorm2d(2, eps=0.1, momentum=0.7)".into(),
        format!("conv1: Conv2d(2, 2, {OPTIONS})"),
        "bn1: BatchNorm2d(2, eps=0.1, momentum=0.7)".into(),
        "add: add() of conv1, bn1".into(),
        format!("conv2: Conv2d(2, 2, {OPTIONS}, activation=relu)"),
        "bn2: BatchNorm2d(2, eps=0.1, momentum=0.7)".into(),
        format!("conv3: Conv2d(2, 2, {OPTIONS})"),
        "bn3: BatchNorm2d(2, eps=0.1, momentum=0.7, track_running_stats=false)".into(),
        "mul: mul(activation=tanh) of bn3, bn0".into(),
        "relu3: ReLU()".into(),
    ];
    assert_eq!(folded(network, 2), expected);
}

#[test]
fn an_output_in_the_middle_is_kept() {
    let network = |device: &Device, rng: &mut Rng| {
        let mut graph = Graph::new();
        let x = graph.input();
        let y = graph.layer("conv1", conv(device, rng, [2, 4]), x);
        graph.layer("bn1", norm(device, 4), y);
        graph.output(y); // the values before bn1
        graph
    };
    assert_eq!(folded(network, 2), [format!("conv1: Conv2d(2, 4, {OPTIONS})")]);
}
