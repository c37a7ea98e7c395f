//! Names in networks: of parameters and buffers, in errors and in summaries.

use filtro::nn::{self, Graph, Layer, Rng, Sequential};
use filtro::{Activation, Conv2d, Device, Error};

fn conv(channels: [usize; 2], kernel_size: usize) -> nn::Conv2d {
    let options = Conv2d::new(channels[0], channels[1], [kernel_size; 2]);
    let options = options.padding([kernel_size / 2; 2]);
    nn::Conv2d::new(&Device::cpu(), options, &mut Rng::new(1)).unwrap()
}

fn block() -> Graph {
    let mut graph = Graph::new();
    let x = graph.input();
    let y = graph.layer("conv1", conv([4, 4], 3), x);
    let y = graph.layer("relu", nn::Activation::new(Activation::Relu), y);
    let y = graph.layer("conv2", conv([4, 4], 3).without_bias(), y);
    graph.add_activated(y, x, Activation::Relu);
    graph
}

fn network() -> Graph {
    let mut graph = Graph::new();
    let x = graph.input();
    let x = graph.layer("conv1", conv([2, 4], 3), x);
    let y = graph.layer("layer1", Sequential::new().push(block()).push(block()), x);
    let y = graph.cat(&[x, y]);
    graph.layer("", Sequential::new().push_named("fc", conv([8, 3], 1)), y);
    graph
}

#[test]
fn names_are_pytorchs_through_all_levels() {
    let network = network();
    let names: Vec<_> = network.named_parameters().into_iter().map(|(name, _)| name).collect();
    let expected = [
        "conv1.weight",
        "conv1.bias",
        "layer1.0.conv1.weight",
        "layer1.0.conv1.bias",
        "layer1.0.conv2.weight",
        "layer1.1.conv1.weight",
        "layer1.1.conv1.bias",
        "layer1.1.conv2.weight",
        "fc.weight",
        "fc.bias",
    ];
    assert_eq!(names, expected);
    let layers: Vec<_> = network.layers().map(|(name, _)| name).collect();
    assert_eq!(layers, ["conv1", "layer1", ""]);
}

#[test]
fn a_summary_has_a_row_for_every_node_and_says_what_it_works_on() {
    let summary = network().summary([1, 2, 8, 6]).unwrap();
    let rows: Vec<_> =
        summary.rows.iter().map(|row| (row.name.as_str(), row.layer.as_str())).collect();
    let expected = [
        ("conv1", "Conv2d(2, 4, kernel_size=[3, 3], padding=[1, 1])"),
        ("layer1.0.conv1", "Conv2d(4, 4, kernel_size=[3, 3], padding=[1, 1])"),
        ("layer1.0.relu", "ReLU()"),
        ("layer1.0.conv2", "Conv2d(4, 4, kernel_size=[3, 3], padding=[1, 1], bias=false)"),
        ("layer1.0.add", "add(activation=relu) of conv2, input"),
        ("layer1.1.conv1", "Conv2d(4, 4, kernel_size=[3, 3], padding=[1, 1])"),
        ("layer1.1.relu", "ReLU()"),
        ("layer1.1.conv2", "Conv2d(4, 4, kernel_size=[3, 3], padding=[1, 1], bias=false)"),
        ("layer1.1.add", "add(activation=relu) of conv2, input"),
        ("cat", "cat() of conv1, layer1"),
        ("fc", "Conv2d(8, 3, kernel_size=[1, 1])"),
    ];
    assert_eq!(rows, expected);
    let fields: Vec<_> = summary.rows.iter().filter_map(|row| row.receptive_field).collect();
    let sizes = [3, 5, 5, 7, 7, 9, 9, 11, 11, 11, 11].map(|size| [size, size]);
    assert_eq!(fields, sizes);
    let weights = 2 * 4 * 9 + 4 + 2 * (2 * 4 * 4 * 9 + 4) + 8 * 3 + 3;
    assert_eq!(summary.parameters(), weights);
    let cells = 8 * 6;
    assert_eq!(summary.multiply_adds(), cells * (72 + 4 * 144 + 24));
    assert_eq!(network().multiply_adds([1, 2, 8, 6].into()), Ok(summary.multiply_adds()));
    let text = summary.to_string();
    let line = "layer1.0.add    add(activation=relu) of conv2, input ";
    assert!(text.contains(line) && text.contains("\nconv1           Conv2d(2, 4"), "{text}");
}

#[test]
fn an_error_says_which_layer_it_comes_from() {
    let network = network();
    let input = Device::cpu().upload_vec(vec![0.0; 3 * 48], [1, 3, 8, 6]).unwrap();
    let says = "conv1: conv2d: input has shape [1, 3, 8, 6], but ";
    for error in [
        network.infer(&input).unwrap_err(),
        network.output_shape([1, 3, 8, 6].into()).unwrap_err(),
        network.summary([1, 3, 8, 6]).unwrap_err(),
    ] {
        assert!(error.to_string().starts_with(says), "{error}");
    }
    let deep = Sequential::new().push_named("layer1", Sequential::new().push(block()));
    let error = deep.infer(&input).unwrap_err();
    assert!(error.to_string().starts_with("layer1.0.conv1: conv2d: input has shape"), "{error}");
    let Error::InLayer { layer, error } = error else { panic!("{error:?}") };
    assert_eq!(layer, "layer1.0.conv1");
    assert!(matches!(*error, Error::ShapeMismatch { operation: "conv2d", .. }), "{error:?}");

    let nameless = Sequential::new().push_named("", block());
    let error = nameless.infer(&input).unwrap_err();
    assert!(error.to_string().starts_with("conv1: conv2d: input has shape"), "{error}");

    let mut graph = Graph::new();
    let x = graph.input();
    let y = graph.layer("conv1", conv([2, 4], 3), x);
    graph.add(y, x);
    let y = graph.cat(&[]);
    graph.add(y, y);
    let error = graph.output_shape([1, 2, 8, 6].into()).unwrap_err().to_string();
    assert_eq!(error, "cat: cat: inputs is an empty list, but there must be at least 1 tensor");
    graph.output(x);
    assert!(graph.output_shape([1, 2, 8, 6].into()).is_ok());
}

#[test]
fn nodes_of_another_graph_are_refused_at_use() {
    let mut other = Graph::new();
    let foreign = other.layer("conv1", conv([2, 4], 3), other.input());
    let input = Device::cpu().upload_vec(vec![0.0; 2 * 48], [1, 2, 8, 6]).unwrap();
    let mut graph = Graph::new();
    let x = graph.input();
    graph.add(x, foreign);
    let says =
        "graph: a node is one of another graph, at `add`, but a graph can use its own nodes alone";
    let errors = [
        graph.infer(&input).unwrap_err(),
        graph.forward(&input).unwrap_err(),
        graph.output_shape(input.shape()).unwrap_err(),
        graph.summary(input.shape()).unwrap_err(),
        graph.multiply_adds(input.shape()).unwrap_err(),
        graph.fold_batch_norms().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), says);
    }
    let mut graph = Graph::new();
    graph.output(foreign);
    let error = graph.infer(&input).unwrap_err().to_string();
    assert!(error.starts_with("graph: the output is one of another graph"), "{error}");
    assert_eq!(graph.receptive_field(None), None);
}
