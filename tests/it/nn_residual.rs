//! A residual network with batch normalisation against PyTorch: names and buffers in files, training,
//! use, and what folding makes of it.

use std::io::{BufRead, BufReader};
use std::sync::LazyLock;

use filtro::nn::{
    self, Adam, Buffer, Dataset, Graph, Layer, Linear, Rng, Sequential, Sgd, StateDict,
};
use filtro::{Activation, AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Device, Error};
use flate2::read::GzDecoder;
use safetensors::SafeTensors;
use serde_json::Value;

use crate::nn::close;
use crate::tested::{devices, tested};

static NUMBERS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/training.json")).unwrap());

/// PyTorch's `state_dict`, as `make_training.py` saved it.
const START: &[u8] = include_bytes!("../data/residual.safetensors");

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn conv(device: &Device, options: Conv2d) -> nn::Conv2d {
    nn::Conv2d::new(device, options, &mut Rng::new(1)).unwrap().without_bias()
}

fn norm(device: &Device, channels: usize) -> nn::BatchNorm2d {
    nn::BatchNorm2d::new(device, BatchNorm2d::new(channels)).unwrap()
}

/// `Block` of the script.
fn block(device: &Device, in_channels: usize, channels: usize, stride: usize) -> Graph {
    let first = Conv2d::new(in_channels, channels, [3, 3]).stride([stride; 2]).padding([1, 1]);
    let second = Conv2d::new(channels, channels, [3, 3]).padding([1, 1]);
    let mut graph = Graph::new();
    let x = graph.input();
    let y = graph.layer("conv1", conv(device, first), x);
    let y = graph.layer("bn1", norm(device, channels), y);
    let y = graph.layer("relu", nn::Activation::new(Activation::Relu), y);
    let y = graph.layer("conv2", conv(device, second), y);
    let y = graph.layer("bn2", norm(device, channels), y);
    let mut shortcut = x;
    if stride != 1 || in_channels != channels {
        let options = Conv2d::new(in_channels, channels, [1, 1]).stride([stride; 2]);
        let downsample = Sequential::new().push(conv(device, options)).push(norm(device, channels));
        shortcut = graph.layer("downsample", downsample, x);
    }
    graph.add_activated(y, shortcut, Activation::Relu);
    graph
}

/// `Residual` of the script.
fn network(device: &Device) -> Graph {
    let mut graph = Graph::new();
    let x = graph.input();
    let x = graph.layer("conv1", conv(device, Conv2d::new(1, 8, [3, 3]).padding([1, 1])), x);
    let x = graph.layer("bn1", norm(device, 8), x);
    let x = graph.layer("relu", nn::Activation::new(Activation::Relu), x);
    let layer1 = Sequential::new().push(block(device, 8, 8, 1)).push(block(device, 8, 8, 1));
    let x = graph.layer("layer1", layer1, x);
    let x = graph.layer("layer2", Sequential::new().push(block(device, 8, 16, 2)), x);
    let x = graph.layer("avgpool", nn::AdaptiveAvgPool2d::new(AdaptiveAvgPool2d::global()), x);
    graph.layer("fc", Linear::new(device, 16, 10, &mut Rng::new(1)).unwrap(), x);
    graph
}

/// The digits of the examples.
fn digits(device: &Device) -> Dataset {
    let file = include_bytes!("../../examples/data/digits.csv.gz");
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for line in BufReader::new(GzDecoder::new(file.as_slice())).lines() {
        let numbers: Vec<u8> = line.unwrap().split(',').map(|it| it.parse().unwrap()).collect();
        images.extend(numbers[..64].iter().map(|&number| f32::from(number) / 16.0));
        labels.push(u32::from(numbers[64]));
    }
    let count = labels.len();
    let images = device.upload_vec(images, [count, 1, 8, 8]).unwrap();
    Dataset::new(images, device.upload_numbers(&labels, [count, 1, 1, 1]).unwrap()).unwrap()
}

fn buffer<'a>(network: &'a Graph, name: &str) -> &'a Buffer {
    network.named_buffers().into_iter().find(|(found, _)| found == name).unwrap().1
}

#[test]
fn twenty_steps_of_a_residual_network_give_pytorchs_losses_and_then_its_logits() {
    let cases = NUMBERS["residual"].as_array().unwrap();
    assert_eq!(cases.len(), 2);
    for (case, device) in cases.iter().flat_map(|case| devices().map(|device| (case, device))) {
        let mut network = network(&device);
        network.load_safetensors(START).unwrap();
        let options = &case["options"];
        let rate = options["lr"].as_f64().unwrap();
        let mut sgd = Sgd::new(rate).momentum(options["momentum"].as_f64().unwrap_or(0.0));
        let mut adam = Adam::new(rate);
        let data = digits(&device);
        let mut batches = data.batches(case["batch_size"].as_u64().unwrap() as usize).unwrap();
        let mut losses = Vec::new();
        let expected = floats(&case["losses"]);
        for batch in batches.by_ref().take(expected.len()) {
            let batch = batch.unwrap();
            let logits = network.forward(&batch.inputs).unwrap();
            let loss = nn::cross_entropy(&logits, &batch.labels).unwrap();
            network.backward(&loss.gradient).unwrap();
            match case["optimizer"].as_str() {
                Some("sgd") => sgd.step(network.parameters_mut()).unwrap(),
                Some("adam") => adam.step(network.parameters_mut()).unwrap(),
                other => panic!("{other:?}"),
            }
            losses.push(loss.item().unwrap());
        }
        let what = |what: &str| format!("{what} of {} on {device}", case["optimizer"]);
        close(&what("losses"), &losses, &expected, 1e-3);

        for (name, key) in [("running_mean", "running_mean"), ("running_var", "running_var")] {
            let buffer = buffer(&network, &format!("layer2.0.bn2.{name}"));
            let values = buffer.values().unwrap().value().to_vec().unwrap();
            close(&what(name), &values, &floats(&case[key]), 2e-3);
        }
        let count = buffer(&network, "layer1.1.bn1.num_batches_tracked").count();
        assert_eq!(count, Some(20));

        let inputs = batches.next().unwrap().unwrap().inputs;
        let inputs =
            device.upload_slice(&inputs.to_vec().unwrap()[..4 * 64], [4, 1, 8, 8]).unwrap();
        let logits = network.infer(&inputs).unwrap().to_vec().unwrap();
        close(&what("logits"), &logits, &floats(&case["logits"]), 5e-3);
        let folded = network.fold_batch_norms().unwrap();
        let names: Vec<_> = folded.layers().map(|(name, _)| name).collect();
        assert_eq!(names.len(), 1 + 2 * 2 + 3 + 1 + 1, "{names:?}");
        let expected: Vec<_> = logits.iter().map(|&logit| f64::from(logit)).collect();
        let folded = folded.infer(&inputs).unwrap().to_vec().unwrap();
        close(&what("logits after folding"), &folded, &expected, 1e-5);
    }
}

#[test]
fn a_saved_network_has_pytorchs_names_types_and_sizes() {
    for device in devices() {
        let mut network = network(&device);
        network.load_safetensors(START).unwrap();
        let saved = network.to_safetensors().unwrap();
        let (saved, expected) =
            (SafeTensors::deserialize(&saved).unwrap(), SafeTensors::deserialize(START).unwrap());
        assert_eq!(saved.len(), expected.len());
        for (name, expected) in expected.iter() {
            let actual = saved.tensor(name).unwrap();
            assert_eq!(actual.dtype(), expected.dtype(), "{name}");
            assert_eq!(actual.shape(), expected.shape(), "{name}");
            assert!(actual.data() == expected.data(), "{name}");
        }
        let counts = expected.iter().filter(|(name, _)| name.ends_with("num_batches_tracked"));
        assert_eq!(counts.map(|(_, view)| view.shape().len()).collect::<Vec<_>>(), [0; 8]);
    }
}

#[test]
fn running_statistics_are_saved_and_loaded_on_another_device() {
    let mut trained = network(&Device::cpu());
    for batch in digits(&Device::cpu()).batches(32).unwrap().take(2) {
        trained.forward(&batch.unwrap().inputs).unwrap();
    }
    let saved = trained.to_safetensors().unwrap();
    let mut loaded = network(tested());
    loaded.load_safetensors(&saved).unwrap();
    assert!(loaded.to_safetensors().unwrap() == saved);
    assert_eq!(buffer(&loaded, "layer2.0.downsample.1.num_batches_tracked").count(), Some(2));
    let mean = buffer(&loaded, "bn1.running_mean").values().unwrap().value().to_vec().unwrap();
    assert!(mean.iter().all(|&mean| mean != 0.0), "{mean:?}");
}

#[test]
fn a_file_may_lack_the_numbers_of_batches_and_nothing_else() {
    let device = Device::cpu();
    let without = |left_out: &str| {
        let file = SafeTensors::deserialize(START).unwrap();
        let rest = file.iter().filter(|(name, _)| !name.ends_with(left_out));
        safetensors::serialize(rest, None).unwrap()
    };
    let mut network = network(&device);
    network.load_safetensors(&without("num_batches_tracked")).unwrap();
    assert_eq!(buffer(&network, "bn1.num_batches_tracked").count(), Some(0));
    let before = network.to_safetensors().unwrap();
    let error = network.load_safetensors(&without("bn2.running_var")).unwrap_err();
    let missing = ["layer1.0.bn2", "layer1.1.bn2", "layer2.0.bn2"];
    let missing: Vec<_> = missing.iter().map(|name| format!("{name}.running_var")).collect();
    let Error::OtherParameters { missing: found, left_over, different } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((found, left_over.len(), different.len()), (&missing, 0, 0));
    assert_eq!(network.to_safetensors().unwrap(), before);
}

#[test]
fn an_error_lists_all_that_differs() {
    let device = Device::cpu();
    let mut other = Graph::new();
    let x = other.input();
    let x = other.layer("conv1", conv(&device, Conv2d::new(1, 8, [5, 3])), x);
    let x = other.layer("bn1", norm(&device, 8).without_affine(), x);
    let x = other.layer("layer1", Sequential::new().push(block(&device, 8, 8, 1)), x);
    other.layer("head", Linear::new(&device, 16, 10, &mut Rng::new(1)).unwrap(), x);
    let mut small = Sequential::new()
        .push_named("conv1", conv(&device, Conv2d::new(1, 8, [3, 3])))
        .push_named("bn1", norm(&device, 8))
        .push_named("fc", Linear::new(&device, 16, 10, &mut Rng::new(1)).unwrap());
    let error = small.load_safetensors(&other.to_safetensors().unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameters: the file is of another network: it lacks bn1.weight, bn1.bias, fc.weight, \
         fc.bias; left over in it are head.bias, head.weight, layer1.0.bn1.bias, \
         layer1.0.bn1.num_batches_tracked, layer1.0.bn1.running_mean, layer1.0.bn1.running_var, \
         layer1.0.bn1.weight, layer1.0.bn2.bias, layer1.0.bn2.num_batches_tracked, \
         layer1.0.bn2.running_mean, layer1.0.bn2.running_var, layer1.0.bn2.weight, \
         layer1.0.conv1.weight, layer1.0.conv2.weight; conv1.weight is F32 [8, 1, 5, 3] in the \
         file, but F32 [8, 1, 3, 3] in the network"
    );
}

#[test]
fn two_of_one_name_are_refused() {
    let device = Device::cpu();
    let mut graph = Graph::new();
    let x = graph.input();
    let x = graph.layer("bn", norm(&device, 2), x);
    graph.layer("bn", norm(&device, 2), x);
    let says = "parameters: the name of two is bn.weight, but every parameter and buffer needs a name of its own";
    let bytes = Sequential::new().push_named("bn", norm(&device, 2)).to_safetensors().unwrap();
    assert_eq!(graph.to_safetensors().unwrap_err().to_string(), says);
    assert_eq!(graph.load_safetensors(&bytes).unwrap_err().to_string(), says);
}
