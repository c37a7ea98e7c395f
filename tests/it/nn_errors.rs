//! Misuse of layers, losses, optimizers and parameter files.

use filtro::nn::{self, Adam, Dataset, Flatten, Layer, Linear, Parameter, Rng, Sequential, Sgd};
use filtro::{AvgPool2d, Conv2d, Device, MaxPool2d, Padding, Shape, Tensor};

use crate::tested::tested;

fn says<T: std::fmt::Debug>(result: filtro::Result<T>, text: &str) {
    assert_eq!(result.unwrap_err().to_string(), text);
}

fn zeros(device: &Device, shape: [usize; 4]) -> Tensor {
    device.upload_vec(vec![0.0; shape.iter().product()], shape).unwrap()
}

fn small(device: &Device) -> Sequential {
    let mut rng = Rng::new(7);
    Sequential::new()
        .push(nn::Conv2d::new(device, Conv2d::new(1, 2, [3, 2]), &mut rng).unwrap())
        .push(Flatten::new())
        .push(Linear::new(device, 8, 3, &mut rng).unwrap())
}

#[test]
fn losses_say_what_does_not_fit() {
    let cpu = Device::cpu();
    let logits = zeros(&cpu, [2, 3, 1, 1]);
    let labels = |numbers: &[u32]| cpu.upload_numbers(numbers, [numbers.len(), 1, 1, 1]).unwrap();
    says(
        nn::cross_entropy(&logits, &labels(&[0, 3])),
        "cross_entropy: labels is up to 3, but there are 3 classes, numbered from 0",
    );
    says(
        nn::cross_entropy(&logits, &labels(&[0])),
        "cross_entropy: labels has shape [1, 1, 1, 1], but one label per position of the logits is [2, 1, 1, 1]",
    );
    says(
        nn::cross_entropy(&zeros(&cpu, [0, 3, 1, 1]), &labels(&[])),
        "cross_entropy: labels has shape [0, 1, 1, 1], but a mean needs at least one",
    );
    says(
        nn::mse(&logits, &zeros(&cpu, [2, 1, 3, 1])),
        "mse: target has shape [2, 1, 3, 1], but the output has shape [2, 3, 1, 1]",
    );
    says(
        nn::mse(&zeros(&cpu, [0, 1, 1, 1]), &zeros(&cpu, [0, 1, 1, 1])),
        "mse: the output has shape [0, 1, 1, 1], but a mean needs at least one element",
    );
    says(
        nn::predictions(&zeros(&cpu, [1, 3, 2, 1])),
        "predictions: logits has shape [1, 3, 2, 1], but one answer per image is [batch, classes, 1, 1]",
    );
    let elsewhere = tested().upload_numbers(&[0, 1], [2, 1, 1, 1]).unwrap();
    let error = nn::cross_entropy(&logits, &elsewhere).unwrap_err().to_string();
    assert!(error.starts_with("cross_entropy: labels is on the device "), "{error}");
}

#[test]
fn lists_of_numbers_say_what_does_not_fit() {
    let cpu = Device::cpu();
    let images = zeros(&cpu, [3, 1, 2, 2]);
    says(
        images.select(&cpu.upload_numbers(&[2, 3], [2, 1, 1, 1]).unwrap()),
        "select: the list of numbers is up to 3, but there are 3 images, numbered from 0",
    );
    says(
        cpu.upload_numbers(&[1, 2], [3, 1, 1, 1]),
        "upload: the numbers has shape [3, 1, 1, 1], but there are 2 elements",
    );
    says(
        images.reshape([1, 1, 1, 11]),
        "reshape: the tensor has shape [3, 1, 2, 2], but shape [1, 1, 1, 11] has 11 elements and not 12",
    );
    let labels = cpu.upload_numbers(&[0, 1], [2, 1, 1, 1]).unwrap();
    says(
        Dataset::new(images.clone(), labels),
        "dataset: labels has shape [2, 1, 1, 1], but there are 3 images",
    );
    let labels = cpu.upload_numbers(&[0, 1, 0], [3, 1, 1, 1]).unwrap();
    says(
        Dataset::new(images, labels).unwrap().batches(0),
        "dataset: batch_size is 0, but must be at least 1",
    );
}

#[test]
fn layers_say_what_does_not_fit() {
    let cpu = Device::cpu();
    let mut network = small(&cpu);
    says(
        network.backward(&zeros(&cpu, [1, 3, 1, 1])),
        "the network: backward needs a forward pass before it, one for each",
    );
    says(
        network.infer(&zeros(&cpu, [1, 1, 5, 4])),
        "2: linear: input has shape [1, 18, 1, 1], but in_features is 8, so that it must be [batch, 8, 1, 1], as Flatten gives it",
    );
    says(
        Linear::new(&cpu, 0, 1, &mut Rng::new(1)),
        "linear: in_features is 0, but must be at least 1",
    );
    says(
        Linear::with_parameters(zeros(&cpu, [3, 8, 1, 2]), None),
        "linear: weight has shape [3, 8, 1, 2], but it must be [out_features, in_features, 1, 1]",
    );
    let options = Conv2d::new(1, 2, [3, 2]);
    says(
        nn::Conv2d::with_parameters(options.clone(), zeros(&cpu, [2, 1, 2, 3]), None),
        "conv2d: weight has shape [2, 1, 2, 3], but the options ask for [2, 1, 3, 2]",
    );
    let weight = zeros(&cpu, [2, 1, 3, 2]);
    says(
        nn::Conv2d::with_parameters(options, weight, Some(zeros(&cpu, [1, 3, 1, 1]))),
        "conv2d: bias has shape [1, 3, 1, 1], but one value per output channel is [1, 2, 1, 1]",
    );
    network.forward(&zeros(&cpu, [2, 1, 4, 5])).unwrap_err();
}

#[test]
fn optimizers_say_what_does_not_fit() {
    let cpu = Device::cpu();
    let mut parameter = Parameter::new(zeros(&cpu, [1, 2, 1, 1]));
    says(
        parameter.set_gradient(zeros(&cpu, [1, 3, 1, 1])),
        "parameter: the gradient has shape [1, 3, 1, 1], but the parameter has shape [1, 2, 1, 1]",
    );
    says(
        Sgd::new(f64::NAN).step([&mut parameter]),
        "sgd: learning_rate is NaN, but must be finite and at least 0",
    );
    says(
        Sgd::new(0.1).nesterov(true).step([&mut parameter]),
        "sgd: nesterov is true, but needs momentum above 0",
    );
    says(
        Adam::new(0.1).betas([0.9, 1.0]).step([&mut parameter]),
        "adam: betas is [0.9, 1.0], but must be at least 0 and below 1",
    );
    let mut sgd = Sgd::new(0.1).momentum(0.9);
    parameter.set_gradient(zeros(&cpu, [1, 2, 1, 1])).unwrap();
    sgd.step([&mut parameter]).unwrap();
    let mut other = Parameter::new(zeros(&cpu, [1, 3, 1, 1]));
    other.set_gradient(zeros(&cpu, [1, 3, 1, 1])).unwrap();
    says(
        sgd.step([&mut other]),
        "sgd: a parameter has shape [1, 3, 1, 1], but in the steps before, the parameter in its place had [1, 2, 1, 1]",
    );
}

#[test]
fn a_summary_counts_what_the_layers_do() {
    let summary = small(&Device::cpu()).summary([2, 1, 4, 3]).unwrap();
    assert_eq!(summary.parameters(), 12 + 2 + 24 + 3);
    assert_eq!(summary.multiply_adds(), 2 * (2 * 2 * 2 * 6 + 24));
    let fields: Vec<_> = summary.rows.iter().map(|row| row.receptive_field).collect();
    assert_eq!(fields, [Some([3, 2]), Some([3, 2]), None]);
    assert_eq!(summary.rows[2].output, Shape::new(2, 3, 1, 1));
    let text = summary.to_string();
    assert!(text.contains("Conv2d(1, 2, kernel_size=[3, 2])"), "{text}");
}

#[test]
fn a_layer_says_how_it_is_padded_which_no_receptive_field_depends_on() {
    let mut rng = Rng::new(7);
    for (padding, text) in [
        (Padding::Valid, ""),
        (Padding::from([0, 0]), ""),
        (Padding::from([1, 0]), ", padding=[1, 0]"),
        (Padding::sides(1, 0, 0, 1), ", padding=[1, 0, 0, 1]"),
        (Padding::SameUpper, ", padding=same_upper"),
        (Padding::SameLower, ", padding=same_lower"),
    ] {
        let conv = Conv2d::new(1, 2, [3, 2]).stride([2, 1]).padding(padding);
        let max = MaxPool2d::new([3, 2]).stride([2, 1]).padding(padding);
        let average = AvgPool2d::new([3, 2]).stride([2, 1]).padding(padding);
        let network = Sequential::new()
            .push(nn::Conv2d::new(&Device::cpu(), conv, &mut rng).unwrap())
            .push(nn::MaxPool2d::new(max))
            .push(nn::AvgPool2d::new(average));
        let rows = network.summary([1, 1, 30, 40]).unwrap().rows;
        let layers: Vec<_> = rows.iter().map(|row| row.layer.as_str()).collect();
        let window = format!("kernel_size=[3, 2], stride=[2, 1]{text})");
        assert_eq!(layers[0], format!("Conv2d(1, 2, {window}"));
        assert_eq!(layers[1..], [format!("MaxPool2d({window}"), format!("AvgPool2d({window}")]);
        let fields: Vec<_> = rows.iter().map(|row| row.receptive_field).collect();
        assert_eq!(fields, [Some([3, 2]), Some([7, 3]), Some([15, 4])]);
    }
}

#[cfg(feature = "safetensors")]
mod files {
    use filtro::nn::StateDict;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_bit_for_bit_and_on_another_device() {
        let network = small(&Device::cpu());
        let bytes = network.to_safetensors().unwrap();
        let mut other = small(tested());
        let mut different = Sequential::new()
            .push(nn::Conv2d::new(tested(), Conv2d::new(1, 2, [3, 2]), &mut Rng::new(8)).unwrap())
            .push(Flatten::new())
            .push(Linear::new(tested(), 8, 3, &mut Rng::new(9)).unwrap());
        for loaded in [&mut other, &mut different] {
            loaded.load_safetensors(&bytes).unwrap();
            let pairs = network.named_parameters().into_iter().zip(loaded.named_parameters());
            for ((name, expected), (loaded_name, actual)) in pairs {
                assert_eq!(name, loaded_name);
                assert_eq!(expected.value().to_vec().unwrap(), actual.value().to_vec().unwrap());
            }
        }
        let names: Vec<_> = network.named_parameters().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["0.weight", "0.bias", "2.weight", "2.bias"]);
        assert_eq!(network.named_parameters()[2].1.sizes(), [3, 8]);
    }

    #[test]
    fn a_file_of_another_network_is_refused_and_changes_nothing() {
        let cpu = Device::cpu();
        let mut network = small(&cpu);
        let before = network.to_safetensors().unwrap();
        let conv = |options| nn::Conv2d::new(&cpu, options, &mut Rng::new(1)).unwrap();
        let short = Sequential::new().push(conv(Conv2d::new(1, 2, [3, 2])));
        says(
            network.load_safetensors(&short.to_safetensors().unwrap()),
            "parameters: the file is of another network: it lacks 2.weight, 2.bias",
        );
        let wide = Sequential::new()
            .push(conv(Conv2d::new(1, 4, [3, 2])))
            .push(Flatten::new())
            .push(Linear::new(&cpu, 8, 3, &mut Rng::new(1)).unwrap());
        says(
            network.load_safetensors(&wide.to_safetensors().unwrap()),
            "parameters: the file is of another network: 0.weight is F32 [4, 1, 3, 2] in the file, but F32 [2, 1, 3, 2] in the network; 0.bias is F32 [4] in the file, but F32 [2] in the network",
        );
        let mut short = short;
        says(
            short.load_safetensors(&before),
            "parameters: the file is of another network: left over in it are 2.bias, 2.weight",
        );
        let error = network.load_safetensors(b"not a file").unwrap_err().to_string();
        assert!(error.starts_with("parameters: safetensors: "), "{error}");
        let error = network.load("no/such/file.safetensors").unwrap_err().to_string();
        assert!(error.starts_with("parameters: no/such/file.safetensors: "), "{error}");
        assert_eq!(network.to_safetensors().unwrap(), before);
    }
}
