//! Layers that own parameters and buffers, and layers without, against their operations.

use filtro::nn::{self, Buffer, Graph, Layer, Rng, Sequential};
use filtro::{
    BatchNorm2d, Device, Interpolate, InterpolationMode, MaxPool2d, PRelu, Pad, Padding,
    PaddingMode, PixelShuffle, Shape, Softmax, Tensor,
};

use crate::tested::devices;

const INPUT: Shape = Shape::new(3, 2, 4, 5);

fn random(device: &Device, seed: u64, shape: impl Into<Shape>) -> Tensor {
    let (rng, shape) = (&mut Rng::new(seed), shape.into());
    device.upload_vec((0..shape.len()).map(|_| rng.symmetric(2.0)).collect(), shape).unwrap()
}

fn same(what: &str, actual: &Tensor, expected: &Tensor) {
    assert_eq!(actual.shape(), expected.shape(), "{what}");
    assert_eq!(actual.to_vec().unwrap(), expected.to_vec().unwrap(), "{what}");
}

fn gradient(layer: &dyn Layer, name: &str) -> Tensor {
    let parameters = layer.named_parameters();
    let (_, parameter) = parameters.iter().find(|(found, _)| found == name).unwrap();
    parameter.gradient().unwrap().clone()
}

fn names(layer: &dyn Layer) -> Vec<String> {
    let parameters = layer.named_parameters().into_iter().map(|(name, _)| name);
    parameters.chain(layer.named_buffers().into_iter().map(|(name, _)| name)).collect()
}

#[test]
fn batch_normalisation_trains_with_the_batch_and_is_used_with_running_statistics() {
    for device in devices() {
        let options = BatchNorm2d::new(2).eps(0.25).momentum(0.3);
        let mut layer = nn::BatchNorm2d::new(&device, options.clone()).unwrap();
        let weight = random(&device, 1, [1, 2, 1, 1]);
        let bias = random(&device, 2, [1, 2, 1, 1]);
        for (parameter, value) in layer.parameters_mut().into_iter().zip([&weight, &bias]) {
            parameter.set_value(value.clone()).unwrap();
        }
        let mut running =
            [0.0, 1.0].map(|value| device.upload_vec(vec![value; 2], [1, 2, 1, 1]).unwrap());
        for step in 1..4 {
            let input = random(&device, 10 + step, INPUT);
            let (expected, statistics) =
                options.forward_training(&input, Some(&weight), Some(&bias)).unwrap();
            let (mean, var) = options.update(&running[0], &running[1], &statistics, step).unwrap();
            running = [mean, var];
            same("output", &layer.forward(&input).unwrap(), &expected);
            same("running mean", layer.running_mean().unwrap(), &running[0]);
            same("running variance", layer.running_var().unwrap(), &running[1]);
            assert_eq!(layer.num_batches_tracked(), Some(step as i64));

            let grad_output = random(&device, 20 + step, INPUT);
            let expected = options.grad_training(&input, &statistics, &grad_output).unwrap();
            let grad_input = layer.backward_to_input(&grad_output).unwrap();
            same("input's gradient", &grad_input, &expected.grad_input);
            same("weight's gradient", &gradient(&layer, "weight"), &expected.grad_weight);
            same("bias's gradient", &gradient(&layer, "bias"), &expected.grad_bias);
            layer.forward(&input).unwrap();
            layer.backward(&grad_output).unwrap();
            same("weight's gradient alone", &gradient(&layer, "weight"), &expected.grad_weight);
            let (mean, var) = options.update(&running[0], &running[1], &statistics, step).unwrap();
            running = [mean, var];
            let Some(Buffer::Count(count)) = layer.buffers_mut().pop() else { panic!("no count") };
            *count -= 1;
        }
        let input = random(&device, 30, INPUT);
        let [mean, var] = &running;
        let expected = options.forward(&input, mean, var, Some(&weight), Some(&bias)).unwrap();
        same("in use", &layer.infer(&input).unwrap(), &expected);
        same("in use, again", &layer.infer(&input).unwrap(), &expected);
        assert_eq!(layer.num_batches_tracked(), Some(3));
        let expected = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"];
        assert_eq!(names(&layer), expected);
        assert_eq!(layer.describe(), "BatchNorm2d(2, eps=0.25, momentum=0.3)");
    }
}

#[test]
fn batch_normalisation_goes_without_what_it_is_told_to() {
    let device = Device::cpu();
    let options = BatchNorm2d::new(2).momentum(None);
    let mut layer = nn::BatchNorm2d::new(&device, options).unwrap();
    let inputs = [5, 6, 7].map(|seed| random(&device, seed, INPUT));
    for input in &inputs {
        layer.forward(input).unwrap();
    }
    // The mean over all batches, since momentum is none.
    let mean = |channel: usize| {
        let of =
            |input: &Tensor| input.download().unwrap().index_axis(ndarray::Axis(1), channel).mean();
        inputs.iter().map(|input| of(input).unwrap()).sum::<f32>() / 3.0
    };
    for (channel, actual) in layer.running_mean().unwrap().to_vec().unwrap().iter().enumerate() {
        assert!((actual - mean(channel)).abs() < 1e-6, "{actual} {}", mean(channel));
    }
    assert_eq!(layer.describe(), "BatchNorm2d(2, momentum=none)");

    let mut bare = layer.without_affine().without_running_stats();
    assert_eq!(
        bare.describe(),
        "BatchNorm2d(2, momentum=none, affine=false, track_running_stats=false)"
    );
    assert!(names(&bare).is_empty() && bare.num_batches_tracked().is_none());
    let trained = bare.forward(&inputs[0]).unwrap();
    same("the batch's statistics in use too", &bare.infer(&inputs[0]).unwrap(), &trained);
    assert!(bare.backward_to_input(&trained).is_ok());
    let says = "BatchNorm2d: backward needs a forward pass before it, one for each";
    assert_eq!(bare.backward(&trained).unwrap_err().to_string(), says);

    let error = nn::BatchNorm2d::new(&device, BatchNorm2d::new(0)).unwrap_err().to_string();
    assert_eq!(error, "batch_norm2d: num_features is 0, but must be at least 1");
    let three = random(&device, 1, [2, 3, 4, 5]);
    let error = bare.forward(&three).unwrap_err().to_string();
    assert!(error.starts_with("batch_norm2d: input has shape [2, 3, 4, 5], but "), "{error}");
}

#[test]
fn a_normalisation_before_all_parameters_still_tracks() {
    let device = Device::cpu();
    let norm = nn::BatchNorm2d::new(&device, BatchNorm2d::new(2)).unwrap().without_affine();
    let mut graph = Graph::new();
    let x = graph.input();
    let x = graph.layer("bn", norm, x);
    graph.layer("prelu", nn::PRelu::new(&device, 2).unwrap(), x);
    let input = random(&device, 3, INPUT);
    let output = graph.forward(&input).unwrap();
    graph.backward(&output).unwrap();
    assert!(graph.named_parameters()[0].1.gradient().is_some());
    assert_eq!(names(&graph)[3], "bn.num_batches_tracked");
    assert_eq!(graph.named_buffers()[2].1.count(), Some(1));
    assert_eq!(graph.parameters_mut().len(), 1);
    assert_eq!(graph.buffers_mut().len(), 3);
}

#[test]
fn the_slope_of_a_prelu_is_a_parameter() {
    for device in devices() {
        for slopes in [1, 2] {
            let mut layer = nn::PRelu::new(&device, slopes).unwrap();
            let (input, grad_output) = (random(&device, 4, INPUT), random(&device, 5, INPUT));
            let weight = layer.weight().value().clone();
            assert_eq!(weight.to_vec().unwrap(), vec![0.25; slopes]);
            assert_eq!(layer.weight().sizes(), [slopes]);
            let expected = PRelu.forward(&input, &weight).unwrap();
            same("output", &layer.infer(&input).unwrap(), &expected);
            let of_weight = PRelu.grad_weight(&input, &weight, &grad_output).unwrap();
            let of_input = PRelu.grad_input(&input, &weight, &grad_output).unwrap();
            same("output", &layer.forward(&input).unwrap(), &expected);
            same("of the input", &layer.backward_to_input(&grad_output).unwrap(), &of_input);
            same("of the weight", &gradient(&layer, "weight"), &of_weight);
            layer.forward(&input).unwrap();
            layer.backward(&grad_output).unwrap();
            layer.forward(&input).unwrap();
            layer.forget();
            let says = "PReLU: backward needs a forward pass before it, one for each";
            assert_eq!(layer.backward(&grad_output).unwrap_err().to_string(), says);
            assert_eq!(layer.describe(), format!("PReLU({slopes})"));
        }
    }
    let device = Device::cpu();
    let error = nn::PRelu::new(&device, 0).unwrap_err().to_string();
    assert_eq!(error, "prelu: num_parameters is 0, but must be at least 1");
    let error = nn::PRelu::with_parameters(random(&device, 1, [2, 1, 1, 1])).unwrap_err();
    let says =
        "prelu: weight has shape [2, 1, 1, 1], but one slope per channel is [1, channels, 1, 1]";
    assert_eq!(error.to_string(), says);
}

/// A layer does what its operation does, forward and backward.
fn is_its_operation(
    mut layer: impl Layer,
    describe: &str,
    input: &Tensor,
    forward: impl Fn(&Tensor) -> filtro::Result<Tensor>,
    grad_input: impl Fn(&Tensor, &Tensor) -> filtro::Result<Tensor>,
) {
    assert_eq!(layer.describe(), describe);
    let expected = forward(input).unwrap();
    same(describe, &layer.infer(input).unwrap(), &expected);
    same(describe, &layer.forward(input).unwrap(), &expected);
    assert_eq!(layer.output_shape(input.shape()), Ok(expected.shape()), "{describe}");
    let grad_output = random(input.device(), 9, expected.shape());
    let gradient = layer.backward_to_input(&grad_output).unwrap();
    same(describe, &gradient, &grad_input(&expected, &grad_output).unwrap());
    assert!(layer.backward(&grad_output).is_err(), "{describe}");
    layer.forward(input).unwrap();
    layer.forget();
    assert!(layer.backward_to_input(&grad_output).is_err(), "{describe}");
    assert!(layer.parameters_mut().is_empty() && layer.named_buffers().is_empty());
}

#[test]
fn layers_without_parameters_are_their_operations() {
    for device in devices() {
        let input = random(&device, 8, INPUT);
        is_its_operation(
            nn::Softmax::new(Softmax),
            "Softmax()",
            &input,
            |input| Softmax.forward(input),
            |output, gradient| Softmax.grad_input(output, gradient),
        );
        for (options, describe) in [
            (Interpolate::scale_factor([2.0, 3.0]), "Upsample(scale_factor=[2.0, 3.0])"),
            (
                Interpolate::size([3, 9]).mode(InterpolationMode::Bilinear).align_corners(true),
                "Upsample(size=[3, 9], mode=bilinear, align_corners=true)",
            ),
        ] {
            is_its_operation(
                nn::Upsample::new(options.clone()),
                describe,
                &input,
                |input| options.forward(input),
                |_, gradient| options.grad_input(INPUT, gradient),
            );
        }
        let shuffle = PixelShuffle::new(2);
        let shape = Shape::new(2, 8, 3, 5);
        is_its_operation(
            nn::PixelShuffle::new(shuffle.clone()),
            "PixelShuffle(2)",
            &random(&device, 8, shape),
            |input| shuffle.forward(input),
            |_, gradient| shuffle.grad_input(shape, gradient),
        );
        for (options, describe) in [
            (Pad::new(Padding::sides(1, 0, 2, 3)).value(0.5), "Pad([1, 0, 2, 3], value=0.5)"),
            (Pad::new([1, 2]).mode(PaddingMode::Reflect), "Pad([1, 1, 2, 2], mode=reflect)"),
        ] {
            is_its_operation(
                nn::Pad::new(options.clone()),
                describe,
                &input,
                |input| options.forward(input),
                |_, gradient| options.grad_input(INPUT, gradient),
            );
        }
    }
}

#[test]
fn behind_an_upsampling_a_layer_sees_less_of_the_input() {
    let network = Sequential::new()
        .push(nn::MaxPool2d::new(MaxPool2d::new([2, 2])))
        .push(nn::Upsample::new(Interpolate::scale_factor([2.0, 2.0])))
        .push(nn::MaxPool2d::new(MaxPool2d::new([3, 3]).stride([1, 1])))
        .push(nn::PixelShuffle::new(PixelShuffle::new(2)))
        .push(nn::Pad::new(Pad::new([1, 1])))
        .push(nn::Upsample::new(Interpolate::size([4, 4])));
    let rows = network.summary([1, 4, 8, 8]).unwrap().rows;
    let fields: Vec<_> = rows.iter().map(|row| row.receptive_field).collect();
    let [two, four] = [Some([2, 2]), Some([4, 4])];
    assert_eq!(fields, [two, two, four, four, four, None]);
}
