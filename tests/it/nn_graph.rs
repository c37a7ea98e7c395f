//! Networks that are no chain: values, gradients, names, and what is kept of a pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use filtro::nn::{self, Graph, Layer, Node, Parameter, Rng, Sequential};
use filtro::{Activation, Arithmetic, Cat, Conv2d, Device, Result, Shape, Tensor};
use ndarray::{Array4, Zip};

use crate::tested::devices;

fn random(rng: &mut Rng, shape: impl Into<Shape>) -> Array4<f32> {
    Array4::from_shape_simple_fn(shape.into().dims(), || rng.symmetric(1.0))
}

fn conv(device: &Device, channels: [usize; 2], kernel_size: usize, rng: &mut Rng) -> nn::Conv2d {
    let options = Conv2d::new(channels[0], channels[1], [kernel_size; 2]);
    nn::Conv2d::new(device, options.padding([kernel_size / 2; 2]), rng).unwrap()
}

/// Everything that a graph can have: a residual, a value that is used four times, a gate, a
/// concatenation, a difference, a chain and a graph inside.
fn everything(device: &Device) -> Graph {
    let rng = &mut Rng::new(5);
    let mut gate = Graph::new();
    let x = gate.input();
    let x =
        gate.layer("avgpool", nn::AdaptiveAvgPool2d::new(filtro::AdaptiveAvgPool2d::global()), x);
    let x = gate.layer("fc1", conv(device, [4, 4], 1, rng), x);
    gate.layer("sigmoid", nn::Activation::new(Activation::Sigmoid), x);

    let mut graph = Graph::new();
    let input = graph.input();
    let stem = graph.layer("stem", conv(device, [2, 4], 3, rng), input);
    let y = Sequential::new()
        .push(conv(device, [4, 4], 3, rng))
        .push_named("tanh", nn::Activation::new(Activation::Tanh));
    let y = graph.layer("layer1.0", y, stem);
    let y = graph.add_activated(y, stem, Activation::Silu);
    let scale = graph.layer("se", gate, stem);
    let y = graph.mul(y, scale);
    let y = graph.arithmetic(Arithmetic::sub(), y, stem);
    let y = graph.cat(&[y, input, stem]);
    graph.layer("head", conv(device, [10, 3], 1, rng), y);
    graph
}

const INPUT: [usize; 4] = [2, 2, 4, 5];

fn item(tensor: &Tensor, weights: &Array4<f32>) -> f64 {
    let products = Zip::from(&tensor.download().unwrap())
        .and(weights)
        .map_collect(|&value, &weight| f64::from(value) * f64::from(weight));
    products.sum()
}

#[test]
fn gradients_are_finite_differences_with_every_kind_of_node() {
    const STEP: f32 = 1.0 / 64.0;
    let rng = &mut Rng::new(6);
    let (input, grad_output) = (random(rng, INPUT), random(rng, [2, 3, 4, 5]));
    for device in devices() {
        let mut graph = everything(&device);
        let run = |graph: &Graph, input: &Array4<f32>| {
            item(&graph.infer(&device.upload(input).unwrap()).unwrap(), &grad_output)
        };
        let is_close = |what: &str, gradient: f32, [less, more]: [f64; 2]| {
            let expected = (more - less) / (2.0 * f64::from(STEP));
            let difference = (f64::from(gradient) - expected).abs();
            assert!(difference <= 2e-3 * expected.abs().max(1.0), "{what}: {gradient} {expected}");
        };
        graph.forward(&device.upload(&input).unwrap()).unwrap();
        let grad_input = graph.backward_to_input(&device.upload(&grad_output).unwrap()).unwrap();
        let grad_input = grad_input.download().unwrap();
        for at in [[0, 0, 0, 0], [0, 1, 2, 3], [1, 0, 3, 4], [1, 1, 1, 0]] {
            let moved = [-STEP, STEP].map(|step| {
                let mut moved = input.clone();
                moved[at] += step;
                run(&graph, &moved)
            });
            is_close(&format!("input {at:?} on {device}"), grad_input[at], moved);
        }
        for index in 0..graph.parameters_mut().len() {
            let name = graph.named_parameters()[index].0.clone();
            let parameter = graph.named_parameters()[index].1.clone();
            let value = parameter.value().to_vec().unwrap();
            let gradient = parameter.gradient().unwrap().to_vec().unwrap();
            for at in [0, value.len() - 1] {
                let moved = [-STEP, STEP].map(|step| {
                    let mut moved = value.clone();
                    moved[at] += step;
                    let moved = device.upload_vec(moved, parameter.value().shape()).unwrap();
                    graph.parameters_mut()[index].set_value(moved).unwrap();
                    run(&graph, &input)
                });
                is_close(&format!("{name} {at} on {device}"), gradient[at], moved);
            }
            graph.parameters_mut()[index].set_value(parameter.value().clone()).unwrap();
        }
    }
}

#[test]
fn a_value_that_is_used_again_and_again_gets_the_sum_of_its_gradients() {
    for device in devices() {
        let mut graph = Graph::new();
        let x = graph.input();
        let square = graph.mul(x, x);
        let twice = graph.add(x, x);
        graph.add(square, twice);
        let input = device.upload_slice(&[-1.0, 0.5, 3.0], [1, 3, 1, 1]).unwrap();
        let ones = device.upload_slice(&[1.0; 3], [1, 3, 1, 1]).unwrap();
        assert_eq!(graph.forward(&input).unwrap().to_vec().unwrap(), [-1.0, 1.25, 15.0]);
        let gradient = graph.backward_to_input(&ones).unwrap();
        assert_eq!(gradient.to_vec().unwrap(), [0.0, 3.0, 8.0]); // 2 x + 2
        let error = graph.backward_to_input(&ones).unwrap_err().to_string();
        assert_eq!(error, "the network: backward needs a forward pass before it, one for each");
    }
}

/// What is remembered of every value, and never forgotten: the way back without a graph's thrift.
#[derive(Default)]
struct Tape {
    values: Vec<Tensor>,
    gradients: Vec<Option<Tensor>>,
}

/// One of the kinds of nodes, and what it works on.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Tanh(usize),
    Conv(usize),
    Add(usize, usize),
    AddRelu(usize, usize),
    Mul(usize, usize),
    CatConv(usize, usize),
}

impl Tape {
    fn add_gradient(&mut self, at: usize, gradient: Tensor) {
        let sum = match self.gradients[at].take() {
            Some(before) => Arithmetic::add().forward(&before, &gradient).unwrap(),
            None => gradient,
        };
        self.gradients[at] = Some(sum);
    }
}

/// The output and all gradients of random nodes, by a graph and by the operations themselves.
fn by_graph_and_by_hand(device: &Device, kinds: &[Kind], rng: &mut Rng) -> [Vec<Array4<f32>>; 2] {
    let shape = Shape::new(2, 2, 3, 4);
    let (tanh, add, mul) = (Activation::Tanh, Arithmetic::add(), Arithmetic::mul());
    let input = device.upload(&random(rng, shape)).unwrap();
    let grad_output = device.upload(&random(rng, shape)).unwrap();

    let mut graph = Graph::new();
    let mut nodes = vec![graph.input()];
    let mut tape = Tape { values: vec![input.clone()], gradients: vec![None] };
    let mut weights = Vec::new();
    for (index, &kind) in kinds.iter().enumerate() {
        let value = |at: usize| tape.values[at].clone();
        let name = format!("layer{index}");
        let channels = if matches!(kind, Kind::CatConv(..)) { [4, 2] } else { [2, 2] };
        let layer = conv(device, channels, 1, rng);
        let (options, weight) = (layer.options().clone(), layer.weight().value().clone());
        let bias = layer.bias().unwrap().value().clone();
        let convolved = |input: &Tensor| options.forward(input, &weight, Some(&bias)).unwrap();
        let (node, value): (Node, Tensor) = match kind {
            Kind::Tanh(a) => {
                let layer = nn::Activation::new(tanh);
                (graph.layer(name, layer, nodes[a]), tanh.forward(&value(a)).unwrap())
            }
            Kind::Conv(a) => (graph.layer(name, layer, nodes[a]), convolved(&value(a))),
            Kind::Add(a, b) => {
                (graph.add(nodes[a], nodes[b]), add.forward(&value(a), &value(b)).unwrap())
            }
            Kind::AddRelu(a, b) => {
                let sum = add.forward(&value(a), &value(b)).unwrap();
                let node = graph.add_activated(nodes[a], nodes[b], Activation::Relu);
                (node, Activation::Relu.forward(&sum).unwrap())
            }
            Kind::Mul(a, b) => {
                (graph.mul(nodes[a], nodes[b]), mul.forward(&value(a), &value(b)).unwrap())
            }
            Kind::CatConv(a, b) => {
                let both = graph.cat(&[nodes[a], nodes[b]]);
                let value = Cat.forward(&[&value(a), &value(b)]).unwrap();
                (graph.layer(name, layer, both), convolved(&value))
            }
        };
        nodes.push(node);
        tape.values.push(value);
        tape.gradients.push(None);
        weights.push((options, weight, matches!(kind, Kind::Conv(_) | Kind::CatConv(..))));
    }

    let mut by_graph = vec![graph.forward(&input).unwrap(), graph.infer(&input).unwrap()];
    let grad_input = graph.backward_to_input(&grad_output).unwrap();
    let gradient = |(_, it): (String, &Parameter)| it.gradient().cloned();
    by_graph.extend(graph.named_parameters().into_iter().filter_map(gradient));
    by_graph.push(grad_input);

    let output = tape.values.last().unwrap().clone();
    let mut by_hand = Vec::new();
    tape.add_gradient(kinds.len(), grad_output);
    for (index, &kind) in kinds.iter().enumerate().rev() {
        let Some(gradient) = tape.gradients[index + 1].clone() else { continue };
        let value = |tape: &Tape, at: usize| tape.values[at].clone();
        let (options, weight, _) = &weights[index];
        match kind {
            Kind::Tanh(a) => {
                let gradient = tanh.grad_input(&value(&tape, a), &gradient).unwrap();
                tape.add_gradient(a, gradient);
            }
            Kind::Conv(a) => {
                by_hand.push(options.grad_bias(&gradient).unwrap());
                by_hand.push(options.grad_weight(&value(&tape, a), &gradient).unwrap());
                let gradient = options.grad_input(shape, weight, &gradient).unwrap();
                tape.add_gradient(a, gradient);
            }
            Kind::Add(a, b) | Kind::AddRelu(a, b) => {
                let sum = add.forward(&value(&tape, a), &value(&tape, b)).unwrap();
                let gradient = match kind {
                    Kind::AddRelu(..) => Activation::Relu.grad_input(&sum, &gradient).unwrap(),
                    _ => gradient,
                };
                tape.add_gradient(a, gradient.clone());
                tape.add_gradient(b, gradient);
            }
            Kind::Mul(a, b) => {
                let (one, two) = (value(&tape, a), value(&tape, b));
                tape.add_gradient(a, mul.forward(&gradient, &two).unwrap());
                tape.add_gradient(b, mul.forward(&gradient, &one).unwrap());
            }
            Kind::CatConv(a, b) => {
                let both = Cat.forward(&[&value(&tape, a), &value(&tape, b)]).unwrap();
                by_hand.push(options.grad_bias(&gradient).unwrap());
                by_hand.push(options.grad_weight(&both, &gradient).unwrap());
                let gradient = options.grad_input(both.shape(), weight, &gradient).unwrap();
                let gradients = Cat.grad_inputs(&[shape, shape], &gradient).unwrap();
                for (at, gradient) in [a, b].into_iter().zip(gradients) {
                    tape.add_gradient(at, gradient);
                }
            }
        }
    }
    by_hand.push(output.clone());
    by_hand.push(output);
    by_hand.reverse();
    by_hand.push(tape.gradients[0].clone().unwrap());
    [by_graph, by_hand].map(|all| all.iter().map(|it| it.download().unwrap()).collect())
}

#[test]
fn any_random_graph_is_what_its_operations_are_one_by_one() {
    let rng = &mut Rng::new(11);
    for round in 0..40 {
        let device = &devices()[usize::from(round % 8 == 0)];
        let count = 1 + rng.below(12);
        let kinds: Vec<_> = (0..count)
            .map(|index| {
                let at = |rng: &mut Rng| rng.below(index + 1);
                match rng.below(6) {
                    0 => Kind::Tanh(at(rng)),
                    1 => Kind::Conv(at(rng)),
                    2 => Kind::Add(at(rng), at(rng)),
                    3 => Kind::AddRelu(at(rng), at(rng)),
                    4 => Kind::Mul(at(rng), at(rng)),
                    _ => Kind::CatConv(at(rng), at(rng)),
                }
            })
            .collect();
        let [by_graph, by_hand] = by_graph_and_by_hand(device, &kinds, rng);
        assert_eq!(by_graph.len(), by_hand.len(), "{kinds:?}");
        for (index, (actual, expected)) in by_graph.iter().zip(&by_hand).enumerate() {
            let largest = expected.iter().fold(1.0_f32, |largest, it| largest.max(it.abs()));
            for (actual, expected) in actual.iter().zip(expected) {
                let difference = (actual - expected).abs();
                assert!(difference <= 1e-5 * largest, "{index} of {kinds:?} on {device}");
            }
        }
    }
}

/// A layer without parameters that must not go backward, and counts what it remembers.
#[derive(Debug)]
struct Start {
    remembers: Arc<AtomicUsize>,
}

impl Layer for Start {
    fn describe(&self) -> String {
        "Start()".into()
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        Ok(input)
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        self.remembers.store(1, Ordering::Relaxed);
        Ok(input.clone())
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        Ok(input.clone())
    }

    fn backward(&mut self, _: &Tensor) -> Result<()> {
        unreachable!("nothing before it is trained");
    }

    fn backward_to_input(&mut self, _: &Tensor) -> Result<Tensor> {
        unreachable!("nothing before it is trained");
    }

    fn forget(&mut self) {
        self.remembers.store(0, Ordering::Relaxed);
    }
}

#[test]
fn what_comes_before_all_parameters_is_not_asked_and_forgets() {
    let device = Device::cpu();
    let remembers = Arc::new(AtomicUsize::new(0));
    let start = || Start { remembers: remembers.clone() };
    let mut graph = Graph::new();
    let x = graph.input();
    let start_of = graph.layer("start", Sequential::new().push(start()), x);
    let doubled = graph.add(start_of, start_of);
    let y = graph.layer("conv", conv(&device, [2, 2], 3, &mut Rng::new(1)), doubled);
    graph.mul(y, doubled);
    let input = device.upload(&random(&mut Rng::new(2), INPUT)).unwrap();
    let output = graph.forward(&input).unwrap();
    assert_eq!(remembers.load(Ordering::Relaxed), 1);
    graph.backward(&output).unwrap();
    assert_eq!(remembers.load(Ordering::Relaxed), 0);
    assert!(graph.named_parameters().iter().all(|(_, it)| it.gradient().is_some()));
}

#[test]
fn what_the_output_does_not_depend_on_is_not_computed() {
    let device = Device::cpu();
    let mut graph = Graph::new();
    let x = graph.input();
    let early = graph.add(x, x);
    // Its channels do not fit.
    graph.layer("aside", conv(&device, [7, 7], 3, &mut Rng::new(1)), early);
    graph.output(early);
    let input = device.upload(&random(&mut Rng::new(2), INPUT)).unwrap();
    let expected = Arithmetic::add().forward(&input, &input).unwrap().download().unwrap();
    assert_eq!(graph.infer(&input).unwrap().download().unwrap(), expected);
    assert_eq!(graph.summary(INPUT).unwrap().rows.len(), 1);
    graph.forward(&input).unwrap();
    assert!(graph.backward_to_input(&input).is_ok());
}

#[test]
fn a_network_without_layers_gives_its_input() {
    let device = Device::cpu();
    let input = device.upload(&random(&mut Rng::new(2), INPUT)).unwrap();
    for mut network in [Graph::new(), Graph::from(Sequential::new())] {
        assert_eq!(network.infer(&input).unwrap().download(), input.download());
        network.forward(&input).unwrap();
        assert_eq!(network.backward_to_input(&input).unwrap().download(), input.download());
        assert_eq!(network.output_shape(INPUT.into()), Ok(INPUT.into()));
    }
}
