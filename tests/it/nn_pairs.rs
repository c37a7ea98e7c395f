//! Convolutions of 1x1 and depthwise ones of their outputs, which the CPU computes together.

use filtro::nn::{self, Graph, Layer, Node, Rng, Sequential};
use filtro::{Activation, Conv2d, DType, Device, Padding, Tensor};

use crate::tested::devices;

/// As many as every thread has some of.
fn channels() -> usize {
    8 * std::thread::available_parallelism().map_or(1, usize::from).max(8)
}

/// Whole numbers, of which every sum is exact.
fn integers(device: &Device, shape: [usize; 4], rng: &mut Rng) -> Tensor {
    let integer = || (4.0 * rng.symmetric(1.0)).round();
    let elements = std::iter::repeat_with(integer).take(shape.iter().product()).collect();
    device.upload_vec(elements, shape).unwrap()
}

fn conv(device: &Device, options: Conv2d, rng: &mut Rng) -> nn::Conv2d {
    let weight = integers(device, options.weight_shape().unwrap().dims(), rng);
    let bias = integers(device, [1, options.out_channels, 1, 1], rng);
    nn::Conv2d::with_parameters(options, weight, Some(bias)).unwrap()
}

fn pointwise(in_channels: usize) -> Conv2d {
    Conv2d::new(in_channels, channels(), [1, 1]).activation(Activation::Relu)
}

fn depthwise(kernel_size: usize) -> Conv2d {
    let channels = channels();
    let options = Conv2d::new(channels, channels, [kernel_size; 2]).groups(channels);
    options.padding(Padding::SameUpper).activation(Activation::Relu6)
}

/// Adds a layer of its own name.
fn push(graph: &mut Graph, layer: impl Layer + 'static, input: Node) -> Node {
    let name = format!("layer{}", graph.layers().count());
    graph.layer(name, layer, input)
}

/// Pairs one after the other, such as wait for each other's ends, and values that look like a part of
/// one and are taken twice.
fn network(device: &Device) -> Graph {
    let rng = &mut Rng::new(3);
    let mut graph = Graph::new();
    let x = graph.input();
    let first = push(&mut graph, conv(device, pointwise(3), rng), x);
    let other = push(&mut graph, conv(device, pointwise(3), rng), x);
    let y = push(&mut graph, conv(device, depthwise(3).stride([2, 2]), rng), first);
    let z = push(&mut graph, conv(device, depthwise(5).stride([2, 2]), rng), other);
    let sum = graph.add_activated(y, z, Activation::Relu6);
    let few = Conv2d::new(channels(), 2, [1, 1]).activation(Activation::Relu6);
    let few = push(&mut graph, conv(device, few, rng), sum);
    let twice = push(&mut graph, conv(device, pointwise(2).activation(None), rng), few);
    let filtered = push(&mut graph, conv(device, depthwise(3), rng), twice);
    let all = graph.cat(&[twice, filtered]);
    let all_to_one = Conv2d::new(2 * channels(), 1, [1, 1]).activation(Activation::Relu6);
    let last = Sequential::new()
        .push(conv(device, all_to_one, rng))
        .push(conv(device, pointwise(1), rng))
        .push(conv(device, depthwise(3), rng));
    push(&mut graph, last, all);
    graph
}

#[test]
fn a_network_of_pairs_gives_what_its_layers_give() {
    let rng = &mut Rng::new(4);
    for device in devices() {
        let mut graph = network(&device);
        let input = integers(&device, [2, 3, 9, 14], rng);
        // Training needs every value between.
        let expected = graph.forward(&input).unwrap().download().unwrap();
        for _ in 0..3 {
            let output = graph.infer(&input).unwrap().download().unwrap();
            assert!(output == expected, "{device}");
        }
        assert!(graph.backward(&graph.infer(&input).unwrap()).is_ok());
    }
}

#[test]
fn what_lies_between_a_pair_is_never_there() {
    let rng = &mut Rng::new(5);
    let device = Device::cpu();
    let mut graph = Graph::new();
    let x = graph.input();
    let between = graph.layer("expand", conv(&device, pointwise(2), rng), x);
    let y = graph.layer("depthwise", conv(&device, depthwise(3).stride([2, 2]), rng), between);
    let input = integers(&device, [1, 2, 64, 64], rng);
    let bytes = |graph: &Graph| {
        device.trim();
        drop(graph.infer(&input).unwrap());
        device.memory_use().allocated
    };
    let output_bytes = 4 * 32 * 32 * channels() as u64;
    let taken = bytes(&graph);
    assert!(taken >= output_bytes && taken < 2 * output_bytes, "{taken} {output_bytes}");
    // Whoever asks for it gets it.
    graph.output(between);
    let expected = graph.forward(&input).unwrap().download();
    assert_eq!(graph.infer(&input).unwrap().download(), expected);
    graph.output(y);
    assert!(bytes(&graph) < 2 * output_bytes);
}

#[test]
fn of_a_pair_the_layer_that_does_not_fit_is_named() {
    let rng = &mut Rng::new(6);
    let device = Device::cpu();
    let message = |first: Conv2d, second: Conv2d, rng: &mut Rng| {
        let mut graph = Graph::new();
        let x = graph.input();
        let x = graph.layer("expand", conv(&device, first, rng), x);
        graph.layer("depthwise", conv(&device, second, rng), x);
        let input = integers(&device, [1, 3, 8, 8], rng);
        let message = graph.infer(&input).unwrap_err().to_string();
        assert_eq!(graph.forward(&input).unwrap_err().to_string(), message);
        message
    };
    let message_of_first = message(pointwise(4), depthwise(3), rng);
    assert!(message_of_first.starts_with("expand: "), "{message_of_first}");
    let few = Conv2d::new(9, 9, [3, 3]).groups(9);
    let message_of_second = message(pointwise(3), few, rng);
    assert!(message_of_second.starts_with("depthwise: "), "{message_of_second}");
    let large = depthwise(3).padding([0, 0]).dilation([5, 5]);
    let message_of_second = message(pointwise(3), large, rng);
    assert!(message_of_second.starts_with("depthwise: "), "{message_of_second}");
}

#[test]
fn a_pair_of_f16_rounds_what_lies_between() {
    let rng = &mut Rng::new(7);
    let device = Device::cpu();
    let half = |options: Conv2d, rng: &mut Rng| {
        let layer = conv(&device, options.clone(), rng);
        let [weight, bias] = [layer.weight(), layer.bias().unwrap()].map(|it| it.value().to_f16());
        nn::Conv2d::with_parameters(options, weight.unwrap(), Some(bias.unwrap())).unwrap()
    };
    let mut graph = Graph::new();
    let x = graph.input();
    let x = graph.layer("expand", half(pointwise(300), rng), x);
    graph.layer("depthwise", half(depthwise(3), rng), x);
    let input = integers(&device, [1, 300, 6, 6], rng).to_f16().unwrap();
    let output = graph.infer(&input).unwrap();
    assert_eq!(output.dtype(), DType::F16);
    assert_eq!(output.download(), graph.forward(&input).unwrap().download());
}
