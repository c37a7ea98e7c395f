//! What the page explains, against the library: values, indices, gradients and receptive fields.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use explorer::check::{Checked, Region, check, region};
use explorer::explain::{Cell, explain, reach};
use explorer::kernel::weight;
use explorer::layer::{Layer, Shape};
use filtro::{Activation, Device, reference};
use ndarray::{Array3, Array4, Axis, s};
use serde_json::{Value, json};

fn layer(value: Value) -> Layer {
    serde_json::from_value(value).unwrap()
}

/// Numbers with ties among them.
fn picture([channels, height, width]: Shape) -> Array3<f32> {
    let mut next = 1_u32;
    Array3::from_shape_simple_fn((channels, height, width), || {
        next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u8::try_from(next >> 28).unwrap()) / 4.0 - 1.5
    })
}

fn conv2d(changes: Value) -> Layer {
    let mut conv = json!({
        "type": "Conv2d", "out_channels": 4, "kernel_size": [3, 3], "stride": [1, 1],
        "padding": [0, 0], "dilation": [1, 1], "groups": 1, "bias": null,
        "padding_mode": "zeros", "kernels": ["sobel-x", "random", [[1, 2], [3, 4]]], "seed": 5,
    });
    conv.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    layer(conv)
}

fn max_pool2d(changes: Value) -> Layer {
    let mut pool = json!({
        "type": "MaxPool2d", "kernel_size": [2, 3], "stride": null, "padding": [0, 0],
        "dilation": [1, 1], "ceil_mode": false,
    });
    pool.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    layer(pool)
}

fn avg_pool2d(changes: Value) -> Layer {
    let mut pool = json!({
        "type": "AvgPool2d", "kernel_size": [3, 2], "stride": null, "padding": [0, 0],
        "ceil_mode": false, "count_include_pad": true, "divisor_override": null,
    });
    pool.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    layer(pool)
}

/// Every option of every layer, with the shape that it is given.
fn cases() -> Vec<(Layer, Shape)> {
    let mut cases = vec![
        (conv2d(json!({})), [2, 7, 6]),
        (conv2d(json!({"stride": [2, 3], "bias": [0.5, -1]})), [2, 8, 9]),
        (conv2d(json!({"padding": "same", "kernel_size": [4, 5], "dilation": [1, 2]})), [1, 7, 9]),
        (conv2d(json!({"padding": "valid", "kernel_size": [1, 7]})), [3, 4, 8]),
        (conv2d(json!({"groups": 2, "kernel_size": [5, 3], "padding": [2, 1]})), [4, 6, 5]),
        (max_pool2d(json!({})), [2, 7, 8]),
        (max_pool2d(json!({"padding": [1, 1], "stride": [1, 2], "dilation": [2, 1]})), [2, 7, 8]),
        (
            max_pool2d(json!({"kernel_size": [3, 3], "padding": [1, 1], "ceil_mode": true})),
            [1, 6, 8],
        ),
        (avg_pool2d(json!({})), [2, 7, 8]),
        (avg_pool2d(json!({"padding": [1, 1], "stride": [1, 1]})), [2, 5, 6]),
        (avg_pool2d(json!({"padding": [1, 1], "count_include_pad": false})), [2, 5, 6]),
        (avg_pool2d(json!({"padding": [1, 1], "ceil_mode": true, "stride": [2, 3]})), [1, 7, 9]),
        (avg_pool2d(json!({"divisor_override": -3, "ceil_mode": true})), [1, 7, 9]),
        (layer(json!({"type": "ReLU"})), [2, 3, 4]),
    ];
    for mode in ["zeros", "reflect", "replicate", "circular"] {
        let changes =
            json!({"padding_mode": mode, "padding": [2, 3], "dilation": [2, 1], "stride": [1, 2]});
        cases.push((conv2d(changes), [2, 6, 5]));
    }
    cases
}

fn wide(input: &Array3<f32>) -> Array4<f64> {
    batch(input).mapv(f64::from)
}

fn batch(input: &Array3<f32>) -> Array4<f32> {
    input.clone().insert_axis(Axis(0))
}

#[test]
fn every_explained_number_is_that_of_the_reference() {
    for (layer, shape) in cases() {
        let input = picture(shape);
        let output = layer.reference(wide(&input).view()).unwrap();
        let indices = match &layer {
            Layer::MaxPool2d(pool) => {
                Some(reference::max_pool2d(&pool.options(), wide(&input).view()).unwrap().1)
            }
            _ => None,
        };
        assert_eq!(layer.output(shape).unwrap()[..], output.shape()[1..]);
        for ((_, channel, y, x), &value) in output.indexed_iter() {
            let cell = Cell { channel, y, x };
            let explanation = explain(&layer, input.view(), cell).unwrap().unwrap();
            let difference = (explanation.value - value).abs();
            assert!(difference <= 1e-12, "{layer:?} {cell:?}: {} is {value}", explanation.value);
            let index = explanation.maximum.map(|maximum| u32::try_from(maximum.index).unwrap());
            assert_eq!(index, indices.as_ref().map(|indices| indices[[0, channel, y, x]]));
        }
    }
}

/// The gradient of the sum of an output channel, by the crate's CPU path.
fn gradient(layer: &Layer, input: &Array3<f32>, channel: usize) -> Array4<f32> {
    let device = Device::cpu();
    let x = device.upload(&batch(input)).unwrap();
    let [channels, height, width] = layer.output(input.dim().into()).unwrap();
    let mut ones = Array4::<f32>::zeros((1, channels, height, width));
    ones.slice_mut(s![0, channel, .., ..]).fill(1.0);
    let ones = device.upload(&ones).unwrap();
    let gradient = match layer {
        Layer::Conv2d(conv) => {
            let weight = device.upload(&weight(conv, input.dim().0).unwrap()).unwrap();
            conv.options(input.dim().0).grad_input(x.shape(), &weight, &ones)
        }
        Layer::MaxPool2d(pool) => {
            let (_, indices) = pool.options().forward_with_indices(&x).unwrap();
            pool.options().grad_input(x.shape(), &indices, &ones)
        }
        Layer::AvgPool2d(pool) => pool.options().grad_input(x.shape(), &ones),
        Layer::ReLU => Activation::Relu.grad_input(&x, &ones),
    };
    gradient.unwrap().download().unwrap()
}

#[test]
fn the_gradient_of_every_cell_is_that_of_the_crate() {
    for (layer, shape) in cases() {
        let input = picture(shape);
        for out_channel in 0..layer.output(shape).unwrap()[0] {
            let gradient = gradient(&layer, &input, out_channel);
            for ((_, channel, y, x), &expected) in gradient.indexed_iter() {
                let cell = Cell { channel, y, x };
                let reach = reach(&layer, input.view(), cell, out_channel).unwrap();
                let difference = (reach.gradient - f64::from(expected)).abs();
                assert!(difference <= 1e-5, "{layer:?} {cell:?}: {} is {expected}", reach.gradient);
            }
        }
    }
}

#[test]
fn a_cell_that_is_not_there_is_not_explained() {
    let (layer, input) = (conv2d(json!({})), picture([2, 5, 6]));
    for cell in [[4, 0, 0], [0, 3, 0], [0, 0, 4]] {
        let [channel, y, x] = cell;
        assert_eq!(explain(&layer, input.view(), Cell { channel, y, x }).unwrap(), None);
    }
    let reach = reach(&layer, input.view(), Cell { channel: 2, y: 0, x: 0 }, 0).unwrap();
    assert!(reach.outputs.is_empty());
}

#[test]
fn a_region_is_where_an_output_changes() {
    for mode in ["zeros", "reflect", "replicate", "circular"] {
        let padded = |padding: [usize; 2], dilation: [usize; 2]| {
            conv2d(json!({"out_channels": 1, "kernels": ["random"], "padding": padding,
                "padding_mode": mode, "dilation": dilation}))
        };
        let pool = avg_pool2d(json!({"kernel_size": [2, 3], "stride": [2, 1], "padding": [1, 0]}));
        let last = conv2d(json!({"out_channels": 1, "kernels": ["random"], "stride": [2, 1]}));
        holds_regions(&[padded([1, 2], [1, 2]), pool, last]);
        holds_regions(&[padded([2, 3], [2, 3]), padded([1, 0], [3, 1])]);
    }
}

/// Holds the regions of all outputs to the gradients.
fn holds_regions(layers: &[Layer]) {
    let shape = [1, 17, 16];
    let device = Device::cpu();
    let mut shapes = vec![shape];
    for layer in layers {
        shapes.push(layer.output(*shapes.last().unwrap()).unwrap());
    }
    let [_, out_height, out_width] = *shapes.last().unwrap();
    for (out_y, out_x) in (0..out_height).flat_map(|y| (0..out_width).map(move |x| (y, x))) {
        // The gradient of one output is not zero just where that depends on the picture.
        let mut grad = Array4::<f32>::zeros((1, 1, out_height, out_width));
        grad[[0, 0, out_y, out_x]] = 1.0;
        let mut grad = device.upload(&grad).unwrap();
        for (layer, &[channels, height, width]) in layers.iter().zip(&shapes).rev() {
            let shape = [1, channels, height, width];
            grad = match layer {
                Layer::Conv2d(conv) => {
                    let weight = device.upload(&weight(conv, channels).unwrap()).unwrap();
                    conv.options(channels).grad_input(shape, &weight, &grad).unwrap()
                }
                Layer::AvgPool2d(pool) => pool.options().grad_input(shape, &grad).unwrap(),
                _ => unreachable!(),
            };
        }
        let grad = grad.download().unwrap();
        let Region { rows, columns, top, left, bottom, right } =
            region(shape, layers, out_y, out_x).unwrap();
        for ((_, _, y, x), &value) in grad.indexed_iter() {
            let is_in = rows.contains(&y) && columns.contains(&x);
            assert_eq!(value != 0.0, is_in, "{layers:?}: {out_y} {out_x} reads {y} {x}");
        }
        let Checked::Fine(sizes) = check(shape, layers).pop().unwrap() else { panic!() };
        let size = [bottom - top + 1, right - left + 1];
        assert_eq!(sizes.field.size.map(|size| isize::try_from(size).unwrap()), size);
    }
}

#[test]
fn an_impossible_parameter_is_named_in_the_words_of_the_crate() {
    let argument = |layers: &[Layer]| match check([2, 6, 7], layers).pop().unwrap() {
        Checked::Wrong { argument, message, .. } => (argument, message),
        Checked::Fine(sizes) => panic!("{sizes:?}"),
    };
    for (changes, expected) in [
        (json!({"stride": [0, 1]}), "stride"),
        (json!({"dilation": [1, 0]}), "dilation"),
        (json!({"kernel_size": [9, 1]}), "kernel_size"),
        (json!({"kernel_size": [0, 1]}), "kernel_size"),
        (json!({"groups": 3}), "groups"),
        (json!({"groups": 0}), "groups"),
        (json!({"out_channels": 0}), "out_channels"),
        (json!({"padding": [6, 0], "padding_mode": "reflect"}), "padding"),
        (json!({"padding": "same", "stride": [2, 2]}), "stride"),
        (json!({"padding": [4000, 4000]}), "output"),
    ] {
        let (argument, message) = argument(&[conv2d(changes.clone())]);
        assert_eq!(argument, expected, "{changes}: {message}");
    }
    let heavy = conv2d(json!({"out_channels": 16, "kernel_size": [31, 31], "padding": [170, 170]}));
    let (argument_of_heavy, message) = argument(&[heavy]);
    assert!(argument_of_heavy == "output" && message.contains("products"), "{message}");
    assert_eq!(argument(&[max_pool2d(json!({"padding": [2, 0]}))]).0, "padding");
    assert_eq!(argument(&[avg_pool2d(json!({"divisor_override": 0}))]).0, "divisor_override");
    let relu = layer(json!({"type": "ReLU"}));
    let chain = [relu.clone(), conv2d(json!({"stride": [0, 0]})), relu];
    assert_eq!(check([2, 6, 7], &chain).len(), 2);
}

#[test]
fn a_kernel_lies_in_the_middle() {
    let rows = |kernel_size: [usize; 2], kernel: Value| {
        let changes = json!({"out_channels": 1, "kernel_size": kernel_size, "kernels": [kernel]});
        let Layer::Conv2d(conv) = conv2d(changes) else { unreachable!() };
        weight(&conv, 1).unwrap().into_raw_vec_and_offset().0
    };
    let two = json!([[1, 2], [3, 4]]);
    assert_eq!(rows([2, 2], two.clone()), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(rows([3, 3], two.clone()), [1.0, 2.0, 0.0, 3.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(rows([1, 2], two), [1.0, 2.0]);
    assert_eq!(rows([1, 3], json!([[1, 2, 3], [4, 5, 6], [7, 8, 9]])), [4.0, 5.0, 6.0]);
    assert_eq!(rows([1, 3], json!("sobel-x")), [-2.0, 0.0, 2.0]);
}
