//! What a network takes of the device's memory while it is used.

use filtro::nn::{self, Graph, Layer, Node, Rng};
use filtro::{Activation, Conv2d, Device, MaxPool2d};

use crate::tested::open_tested;

fn conv(graph: &mut Graph, device: &Device, options: Conv2d, input: Node) -> Node {
    let layer = nn::Conv2d::new(device, options, &mut Rng::new(1)).unwrap();
    graph.layer("", layer, input)
}

/// The bottlenecks of ResNet-50, with an eighth of its channels.
fn resnet50(device: &Device) -> Graph {
    const WIDTH: usize = 8;
    let relu = |options: Conv2d| options.activation(Activation::Relu);
    let graph = &mut Graph::new();
    let first = Conv2d::new(3, WIDTH, [7, 7]).stride([2, 2]).padding([3, 3]);
    let x = conv(graph, device, relu(first), graph.input());
    let pool = MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1]);
    let mut x = graph.layer("", nn::MaxPool2d::new(pool), x);
    let mut channels = WIDTH;
    for (stage, blocks) in [3, 4, 6, 3].into_iter().enumerate() {
        let inner = WIDTH << stage;
        for block in 0..blocks {
            let stride = if block == 0 && stage > 0 { [2, 2] } else { [1, 1] };
            let y = conv(graph, device, relu(Conv2d::new(channels, inner, [1, 1])), x);
            let middle = Conv2d::new(inner, inner, [3, 3]).stride(stride).padding([1, 1]);
            let y = conv(graph, device, relu(middle), y);
            let y = conv(graph, device, Conv2d::new(inner, 4 * inner, [1, 1]), y);
            if block == 0 {
                let shortcut = Conv2d::new(channels, 4 * inner, [1, 1]).stride(stride);
                x = conv(graph, device, shortcut, x);
            }
            channels = 4 * inner;
            x = graph.add_activated(y, x, Activation::Relu);
        }
    }
    std::mem::take(graph)
}

/// Bytes that a use of the network takes beside its parameters, its input and what was made of them
/// for good.
fn bytes(network: &Graph, device: &Device, shape: [usize; 4]) -> u64 {
    let input = device.upload_vec(vec![0.5; shape.iter().product()], shape).unwrap();
    network.infer(&input).unwrap().to_vec().unwrap();
    device.trim();
    let before = device.memory_use().allocated;
    let mut taken = Vec::new();
    for _ in 0..4 {
        let output = network.infer(&input).unwrap();
        output.to_vec().unwrap();
        drop(output);
        taken.push(device.memory_use().allocated - before);
    }
    assert_eq!(taken[2], taken[3], "{taken:?}");
    taken[3]
}

/// Beside the values, layers take room for themselves: on a software adapter, a texture of their input.
#[test]
fn fifty_layers_take_as_much_as_a_few_of_their_largest_values() {
    let device = &open_tested(); // nobody else's memory is counted
    let mut chain = Graph::new();
    let mut x = chain.input();
    for layer in 0..50 {
        let (channels, next) = ([16, 8, 12][layer % 3], [8, 12, 16][layer % 3]);
        x = conv(&mut chain, device, Conv2d::new(channels, next, [1, 1]), x);
    }
    let taken = bytes(&chain, device, [1, 16, 48, 56]);
    let neighbours = 4 * (16 + 12) * 48 * 56;
    assert!(taken >= neighbours && 10 * taken <= 22 * neighbours, "{taken} {neighbours}");

    // Three values around an addition are the most; all 72 are as much as 22 of the largest.
    let taken = bytes(&resnet50(device), device, [1, 3, 224, 224]);
    let largest = 4 * 4 * 8 * 56 * 56;
    assert!(taken >= 3 * largest && taken <= 10 * largest, "{taken} {largest}");
}
