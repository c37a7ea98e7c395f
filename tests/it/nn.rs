//! Training: losses, optimizers and layers against the reference and PyTorch's numbers, frozen by
//! `tests/data/make_training.py`.

use std::sync::LazyLock;

use filtro::nn::{self, Adam, Dataset, Flatten, Layer, Linear, Parameter, Rng, Sequential, Sgd};
use filtro::{
    Activation, AvgPool2d, Conv2d, Device, MaxPool2d, PaddingMode, Result, Shape, Tensor, reference,
};
use ndarray::Array4;
use serde_json::Value;

use crate::tested::{devices, open_tested, tested, with_bindings_of};

static NUMBERS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/training.json")).unwrap());

fn cases(name: &str, at_least: usize) -> &'static [Value] {
    let cases = NUMBERS[name].as_array().unwrap();
    assert!(cases.len() >= at_least, "{} cases of {name}", cases.len());
    cases
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn whole(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as u32).collect()
}

fn shape(value: &Value) -> Shape {
    let sizes: Vec<usize> = whole(value).into_iter().map(|size| size as usize).collect();
    <[usize; 4]>::try_from(sizes).unwrap().into()
}

fn array(shape: Shape, elements: Vec<f64>) -> Array4<f64> {
    Array4::from_shape_vec(shape.dims(), elements).unwrap()
}

fn upload(device: &Device, shape: Shape, elements: &[f64]) -> Tensor {
    let elements = elements.iter().map(|&element| element as f32).collect();
    device.upload_vec(elements, shape).unwrap()
}

/// Each is within `tolerance` of the other, or of 1 if that is smaller; NaN is within nothing.
pub fn close(what: &str, actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (index, (&actual, &expected)) in actual.iter().zip(expected).enumerate() {
        let difference = (f64::from(actual) - expected).abs();
        assert!(
            difference <= tolerance * expected.abs().max(1.0),
            "{what}: element {index} is {actual} instead of {expected}"
        );
    }
}

#[test]
fn cross_entropy_and_its_gradient_are_pytorchs() {
    for case in cases("cross_entropy", 5) {
        let (shape, loss) = (shape(&case["shape"]), case["loss"].as_f64().unwrap());
        let (logits, labels) = (floats(&case["logits"]), whole(&case["labels"]));
        let gradient = floats(&case["gradient"]);
        let labels_shape = Shape { channels: 1, ..shape };
        let (of_reference, gradient_of_reference) = reference::cross_entropy(
            array(shape, logits.clone()).view(),
            Array4::from_shape_vec(labels_shape.dims(), labels.clone()).unwrap().view(),
        )
        .unwrap();
        assert!((of_reference - loss).abs() <= 1e-9 * loss.max(1.0), "{of_reference} {loss}");
        let difference = &gradient_of_reference - &array(shape, gradient.clone());
        assert!(difference.iter().all(|difference| difference.abs() < 1e-9));
        for device in devices() {
            let logits = upload(&device, shape, &logits);
            let labels = device.upload_numbers(&labels, labels_shape).unwrap();
            let actual = nn::cross_entropy(&logits, &labels).unwrap();
            close(&format!("loss on {device}"), &[actual.item().unwrap()], &[loss], 2e-6);
            let scale = 1e-6 / labels_shape.dims().iter().product::<usize>() as f64;
            let actual = actual.gradient.to_vec().unwrap();
            close(&format!("gradient on {device}"), &actual, &gradient, 1e-6_f64.max(scale));
        }
    }
}

#[test]
fn the_mean_squared_error_and_its_gradient_are_pytorchs() {
    for case in cases("mse", 3) {
        let (shape, loss) = (shape(&case["shape"]), case["loss"].as_f64().unwrap());
        let (output, target) = (floats(&case["output"]), floats(&case["target"]));
        let gradient = floats(&case["gradient"]);
        let views = [array(shape, output.clone()), array(shape, target.clone())];
        let (of_reference, gradient_of_reference) =
            reference::mse(views[0].view(), views[1].view()).unwrap();
        assert!((of_reference - loss).abs() <= 1e-9 * loss.max(1.0));
        let difference = &gradient_of_reference - &array(shape, gradient.clone());
        assert!(difference.iter().all(|difference| difference.abs() < 1e-9));
        for device in devices() {
            let (output, target) =
                (upload(&device, shape, &output), upload(&device, shape, &target));
            let actual = nn::mse(&output, &target).unwrap();
            close(&format!("loss on {device}"), &[actual.item().unwrap()], &[loss], 1e-6);
            close("gradient", &actual.gradient.to_vec().unwrap(), &gradient, 1e-7);
        }
    }
}

#[test]
fn a_loss_has_the_same_bits_in_every_run() {
    let device = tested();
    let values: Vec<f32> = (0..300_000).map(|i| (i % 977) as f32 * 0.37 - 180.0).collect();
    let output = device.upload_slice(&values, [3, 10, 100, 100]).unwrap();
    let target = device.upload_slice(&vec![0.1; values.len()], [3, 10, 100, 100]).unwrap();
    let labels = device.upload_numbers(&vec![3; 30_000], [3, 1, 100, 100]).unwrap();
    let run = || {
        let losses =
            [nn::mse(&output, &target).unwrap(), nn::cross_entropy(&output, &labels).unwrap()];
        losses.map(|loss| (loss.item().unwrap().to_bits(), loss.gradient.to_vec().unwrap()))
    };
    let first = run();
    for _ in 0..3 {
        assert!(run() == first);
    }
}

/// Any of the two optimizers, with the options of a case.
enum Optimizer {
    Sgd(Sgd),
    Adam(Adam),
}

impl Optimizer {
    fn new(case: &Value) -> Self {
        let option = |name: &str, default| case["options"][name].as_f64().unwrap_or(default);
        if case["optimizer"] == "sgd" {
            let sgd = Sgd::new(option("lr", 0.0)).momentum(option("momentum", 0.0));
            let nesterov = case["options"]["nesterov"].as_bool().unwrap_or(false);
            return Self::Sgd(sgd.weight_decay(option("weight_decay", 0.0)).nesterov(nesterov));
        }
        let adam = Adam::new(option("lr", 0.0)).weight_decay(option("weight_decay", 0.0));
        let adam = adam.epsilon(option("eps", 1e-8));
        match case["options"].get("betas") {
            Some(betas) => Self::Adam(adam.betas(floats(betas).try_into().unwrap())),
            None => Self::Adam(adam),
        }
    }

    fn step(&mut self, parameters: Vec<&mut Parameter>) -> Result<()> {
        match self {
            Self::Sgd(sgd) => sgd.step(parameters),
            Self::Adam(adam) => adam.step(parameters),
        }
    }
}

#[test]
fn the_steps_of_the_optimizers_are_pytorchs() {
    for case in cases("optimizers", 6) {
        let start = floats(&case["start"]);
        let shape = Shape::new(1, start.len(), 1, 1);
        for device in devices() {
            let mut optimizer = Optimizer::new(case);
            let mut parameter = Parameter::new(upload(&device, shape, &start));
            for step in case["steps"].as_array().unwrap() {
                let gradient = upload(&device, shape, &floats(&step["gradient"]));
                parameter.set_gradient(gradient).unwrap();
                optimizer.step(vec![&mut parameter]).unwrap();
                assert!(parameter.gradient().is_none());
                let what = format!("{} {} on {device}", case["optimizer"], case["options"]);
                let actual = parameter.value().to_vec().unwrap();
                close(&what, &actual, &floats(&step["parameter"]), 2e-6);
            }
        }
    }
}

#[test]
fn the_steps_of_the_reference_are_pytorchs() {
    for case in cases("optimizers", 6) {
        let start = floats(&case["start"]);
        let shape = Shape::new(1, start.len(), 1, 1);
        let mut parameter = array(shape, start);
        let mut state = [Array4::zeros(shape.dims()), Array4::zeros(shape.dims())];
        let optimizer = Optimizer::new(case);
        for (step, index) in case["steps"].as_array().unwrap().iter().zip(1..) {
            let gradient = array(shape, floats(&step["gradient"]));
            let views = [parameter.view(), gradient.view(), state[0].view(), state[1].view()];
            match &optimizer {
                Optimizer::Sgd(sgd) => {
                    (parameter, state[0]) =
                        reference::sgd(sgd, views[0], views[1], views[2]).unwrap();
                }
                Optimizer::Adam(adam) => {
                    let [next, mean, square] = reference::adam(adam, index, views).unwrap();
                    (parameter, state) = (next, [mean, square]);
                }
            }
            let difference = &parameter - &array(shape, floats(&step["parameter"]));
            assert!(difference.iter().all(|difference| difference.abs() < 1e-8));
        }
    }
}

/// The network of `make_training.py`.
fn network(device: &Device) -> Sequential {
    let mut rng = Rng::new(1);
    let second = Conv2d::new(6, 4, [2, 3]).padding([0, 1]).stride([1, 2]);
    let mut conv = |options| nn::Conv2d::new(device, options, &mut rng).unwrap();
    let first = conv(Conv2d::new(2, 6, [3, 2]).padding([1, 0]));
    let second = conv(second.padding_mode(PaddingMode::Reflect));
    Sequential::new()
        .push(first)
        .push(nn::Activation::new(Activation::Relu))
        .push(nn::MaxPool2d::new(MaxPool2d::new([2, 3])))
        .push(second)
        .push(nn::Activation::new(Activation::Tanh))
        .push(nn::AvgPool2d::new(AvgPool2d::new([2, 1])))
        .push(Flatten::new())
        .push(Linear::new(device, 8, 5, &mut rng).unwrap())
}

fn train_step(
    network: &mut Sequential,
    optimizer: &mut Optimizer,
    batch: &nn::Batch,
) -> Result<nn::Loss> {
    let logits = network.forward(&batch.inputs)?;
    let loss = nn::cross_entropy(&logits, &batch.labels)?;
    network.backward(&loss.gradient)?;
    optimizer.step(network.parameters_mut())?;
    Ok(loss)
}

fn data(device: &Device, case: &Value) -> Dataset {
    let labels = whole(&case["labels"]);
    let images = upload(device, shape(&case["shape"]), &floats(&case["images"]));
    let labels = device.upload_numbers(&labels, [labels.len(), 1, 1, 1]).unwrap();
    Dataset::new(images, labels).unwrap()
}

#[cfg(feature = "safetensors")]
#[test]
fn twenty_steps_of_training_give_pytorchs_losses_on_both_devices() {
    use filtro::nn::StateDict;

    let start = include_bytes!("../data/training.safetensors");
    for case in cases("training", 2) {
        let expected = floats(&case["losses"]);
        let runs = devices().map(|device| {
            let mut network = network(&device);
            network.load_safetensors(start).unwrap();
            let data = data(&device, case);
            let mut optimizer = Optimizer::new(case);
            let mut losses = Vec::new();
            while losses.len() < expected.len() {
                for batch in data.batches(8).unwrap().take(expected.len() - losses.len()) {
                    let loss = train_step(&mut network, &mut optimizer, &batch.unwrap()).unwrap();
                    losses.push(loss.item().unwrap());
                }
            }
            close(&format!("losses on {device}"), &losses, &expected, 1e-3);
            losses
        });
        let on_cpu: Vec<f64> = runs[0].iter().map(|&loss| f64::from(loss)).collect();
        close("the adapter against the CPU", &runs[1], &on_cpu, 1e-4);
    }
}

#[test]
fn a_thousand_steps_take_no_more_memory_than_the_first_ones() {
    let case = &cases("training", 2)[1];
    let device = &open_tested(); // nobody else's memory is counted
    let (mut network, data) = (network(device), data(device, case));
    let mut optimizer = Optimizer::new(case);
    let mut rng = Rng::new(3);
    let mut steps = 0;
    let mut after_warm_up = 0;
    while steps < 1_000 {
        for batch in data.shuffled(8, &mut rng).unwrap() {
            train_step(&mut network, &mut optimizer, &batch.unwrap()).unwrap();
            device.flush().unwrap();
            steps += 1;
            if steps == 50 {
                after_warm_up = device.memory_use().allocated;
            }
        }
    }
    device.synchronize().unwrap();
    assert!(after_warm_up > 0);
    assert_eq!(device.memory_use().allocated, after_warm_up);
}

#[test]
fn selected_images_are_those_of_the_list_even_where_one_binding_cannot_hold_all() {
    let [cpu, adapter] = devices();
    for device in [cpu, adapter, with_bindings_of(2_048)] {
        let values: Vec<f32> = (0..30 * 60).map(|i| i as f32).collect();
        let images = device.upload_slice(&values, [30, 3, 4, 5]).unwrap();
        let list = device.upload_numbers(&[29, 0, 29, 7, 8], [5, 1, 1, 1]).unwrap();
        let picked = images.select(&list).unwrap().to_vec().unwrap();
        let expected: Vec<f32> =
            [29, 0, 29, 7, 8].iter().flat_map(|&n| values[n * 60..(n + 1) * 60].to_vec()).collect();
        assert_eq!(picked, expected, "{device}");
        let none = device.upload_numbers(&[], [0, 1, 1, 1]).unwrap();
        assert_eq!(images.select(&none).unwrap().shape(), Shape::new(0, 3, 4, 5));
    }
}

#[test]
fn an_optimizer_steps_in_parts_where_one_binding_cannot_hold_all() {
    let shape = Shape::new(1, 1_000, 2, 1);
    let values: Vec<f64> = (0..2_000).map(|i| f64::from(i % 19) - 9.0).collect();
    let results = [Device::cpu(), with_bindings_of(2_048)].map(|device| {
        let mut parameter = Parameter::new(upload(&device, shape, &values));
        let mut adam = Adam::new(0.1);
        for _ in 0..3 {
            parameter.set_gradient(upload(&device, shape, &values)).unwrap();
            adam.step([&mut parameter]).unwrap();
        }
        parameter.value().to_vec().unwrap()
    });
    let expected: Vec<f64> = results[0].iter().map(|&value| f64::from(value)).collect();
    close("in parts", &results[1], &expected, 1e-6);
}

#[test]
fn the_start_is_uniform_within_pytorchs_bound_and_the_same_for_a_seed() {
    let options = Conv2d::new(8, 64, [3, 5]).groups(4);
    let device = Device::cpu();
    let start = |seed| {
        let layer = nn::Conv2d::new(&device, options.clone(), &mut Rng::new(seed)).unwrap();
        let bias = layer.bias().unwrap().value().to_vec().unwrap();
        (layer.weight().value().to_vec().unwrap(), bias)
    };
    let (weight, bias) = start(7);
    assert!((weight.clone(), bias.clone()) == start(7) && weight != start(8).0);
    let bound = 1.0 / (2.0_f32 * 3.0 * 5.0).sqrt();
    assert!(weight.iter().chain(&bias).all(|value| value.abs() <= bound));
    let variance = weight.iter().map(|value| value * value).sum::<f32>() / weight.len() as f32;
    assert!((variance / (bound * bound / 3.0) - 1.0).abs() < 0.1, "{variance}");
    let mut rng = Rng::new(7);
    assert_eq!([rng.unit(), rng.symmetric(2.0)], FIRST_OF_SEED_7);
}

/// What every version and every machine must give.
const FIRST_OF_SEED_7: [f32; 2] = [0.816_71, -0.670_402_05];

#[test]
fn an_activation_inside_the_convolution_trains_as_one_behind_it() {
    for device in devices() {
        let options = Conv2d::new(2, 3, [3, 2]).padding([1, 0]);
        let inside = options.clone().activation(Activation::Silu);
        let mut inside = nn::Conv2d::new(&device, inside, &mut Rng::new(4)).unwrap();
        let mut behind = Sequential::new()
            .push(nn::Conv2d::new(&device, options, &mut Rng::new(4)).unwrap())
            .push(nn::Activation::new(Activation::Silu));
        let values: Vec<f64> = (0..2 * 2 * 4 * 5).map(|i| f64::from(i % 7) - 3.0).collect();
        let input = upload(&device, Shape::new(2, 2, 4, 5), &values);
        let run = |layer: &mut dyn Layer| {
            let output = layer.forward(&input).unwrap();
            let grad_input = layer.backward_to_input(&output).unwrap();
            let mut all = vec![output, grad_input];
            all.extend(
                layer.named_parameters().iter().map(|(_, it)| it.gradient().unwrap().clone()),
            );
            all.iter().map(|tensor| tensor.to_vec().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(run(&mut inside), run(&mut behind), "{device}");
    }
}
