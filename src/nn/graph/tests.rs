//! How much of a graph's values is there at a time.

use std::cell::Cell;
use std::rc::Rc;

use super::{Graph, Node};
use crate::nn::{self, Rng};
use crate::{Activation, AdaptiveAvgPool2d, Conv2d, Device, MaxPool2d, Result, Shape};

/// The elements of a value, counted as long as somebody has it.
struct Counted {
    shape: Shape,
    live: Rc<Cell<usize>>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.live.set(self.live.get() - self.shape.len());
    }
}

/// What values of a graph take: at most at a time, the largest input and output of one node, and all.
fn elements(graph: &Graph, input: Shape) -> Result<[usize; 3]> {
    let live = Rc::new(Cell::new(0));
    let value = |shape: Shape| {
        live.set(live.get() + shape.len());
        Rc::new(Counted { shape, live: live.clone() })
    };
    let (mut most, mut pair, mut all) = (0, 0, input.len());
    let output = graph.plan()?.run(value(input), |node, inputs| {
        let shapes: Vec<_> = inputs.iter().map(|input| &input.shape).collect();
        let output = graph.nodes[node].output_shape(&shapes)?;
        let largest = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
        let value = value(output);
        (most, pair) = (most.max(live.get()), pair.max(largest + output.len()));
        all += output.len();
        Ok(value)
    })?;
    drop(output);
    assert_eq!(live.get(), 0);
    Ok([most, pair, all])
}

struct Builder {
    graph: Graph,
    device: Device,
    rng: Rng,
}

impl Builder {
    fn new() -> Self {
        Self { graph: Graph::new(), device: Device::cpu(), rng: Rng::new(1) }
    }

    fn conv(&mut self, options: Conv2d, input: Node) -> Node {
        let layer = nn::Conv2d::new(&self.device, options, &mut self.rng).unwrap();
        self.graph.layer("", layer, input)
    }
}

/// ResNet-50 of an eighth of the channels, with its batch normalisations folded.
fn resnet50() -> Graph {
    const WIDTH: usize = 8;
    let mut builder = Builder::new();
    let relu = |options: Conv2d| options.activation(Activation::Relu);
    let first = Conv2d::new(3, WIDTH, [7, 7]).stride([2, 2]).padding([3, 3]);
    let mut x = builder.conv(relu(first), builder.graph.input());
    let pool = MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1]);
    x = builder.graph.layer("", nn::MaxPool2d::new(pool), x);
    let mut channels = WIDTH;
    for (stage, blocks) in [3, 4, 6, 3].into_iter().enumerate() {
        let inner = WIDTH << stage;
        for block in 0..blocks {
            let stride = if block == 0 && stage > 0 { [2, 2] } else { [1, 1] };
            let y = builder.conv(relu(Conv2d::new(channels, inner, [1, 1])), x);
            let middle = Conv2d::new(inner, inner, [3, 3]).stride(stride).padding([1, 1]);
            let y = builder.conv(relu(middle), y);
            let y = builder.conv(Conv2d::new(inner, 4 * inner, [1, 1]), y);
            if block == 0 {
                let shortcut = Conv2d::new(channels, 4 * inner, [1, 1]).stride(stride);
                x = builder.conv(shortcut, x);
            }
            channels = 4 * inner;
            x = builder.graph.add_activated(y, x, Activation::Relu);
        }
    }
    let pool = nn::AdaptiveAvgPool2d::new(AdaptiveAvgPool2d::global());
    builder.graph.layer("", pool, x);
    builder.graph
}

#[test]
fn a_chain_of_fifty_layers_takes_as_much_as_its_two_largest_neighbours() {
    let mut builder = Builder::new();
    let mut x = builder.graph.input();
    let mut channels = 2;
    for layer in 0..50 {
        let next = 1 + (7 * layer) % 12;
        x = builder.conv(Conv2d::new(channels, next, [1, 1]), x);
        channels = next;
    }
    let [most, pair, all] = elements(&builder.graph, Shape::new(1, 2, 3, 5)).unwrap();
    assert_eq!(most, pair);
    assert!(all > 10 * pair, "{all} {pair}");
}

#[test]
fn a_residual_network_of_fifty_layers_takes_little_more() {
    let graph = resnet50();
    assert_eq!(graph.layers().filter(|(_, it)| it.describe().starts_with("Conv2d")).count(), 53);
    let [most, pair, all] = elements(&graph, Shape::new(1, 3, 224, 224)).unwrap();
    // The first convolution has the largest input and output; two summands and their sum are three.
    let sum = 4 * 8 * 56 * 56;
    assert_eq!((most, pair), (3 * sum, 3 * 224 * 224 + sum));
    assert!(all > 7 * most, "{all} {most}");
}
