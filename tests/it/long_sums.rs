//! Sums of more terms than one invocation adds up: beyond 70 000, of every operation but poolings,
//! with every algorithm, forward and backward; and how far rounding may take them.

use filtro::nn::{self, Adam, Parameter, Sgd};
use filtro::{
    Activation, Algorithm, Conv2d, ConvTranspose2d, DType, Device, Error, PaddingMode, Tensor,
    reference,
};
use ndarray::{Array, Array4, Dimension};

use crate::case::wide;
use crate::compare::{self, U, equal, within};
use crate::tested::{has_f16, tested, wgpu_device};

/// As planned, and every algorithm of a dense convolution.
const PINS: [Option<Algorithm>; 7] = [
    None,
    Some(Algorithm::General),
    Some(Algorithm::Tiled),
    Some(Algorithm::Halo),
    Some(Algorithm::Gemm),
    Some(Algorithm::Cooperative),
    Some(Algorithm::Texel),
];

/// As planned, the gradients that serve everything, and a product of matrices for that of a weight.
const GRADIENT_PINS: [Option<Algorithm>; 3] =
    [None, Some(Algorithm::General), Some(Algorithm::Gemm)];

/// The adapter, and without subgroups, where other shaders serve.
fn devices() -> [Device; 2] {
    let (device, queue) = wgpu_device(&Default::default());
    [tested().clone(), Device::from_wgpu(device, queue)]
}

/// Whole numbers from 1 to `largest`.
fn whole(shape: [usize; 4], largest: u32) -> Array4<f32> {
    let mut next = 7_u32;
    Array4::from_shape_simple_fn(shape, || {
        next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from((next >> 16) % largest).unwrap()) + 1.0
    })
}

fn upload<D: Dimension>(device: &Device, array: &Array<f32, D>) -> Tensor {
    device.upload(array).unwrap()
}

/// The forward results of every algorithm that serves, by its name.
fn forwards(
    device: &Device,
    conv: &Conv2d,
    [input, weight]: [&Array4<f32>; 2],
    dtype: DType,
) -> Vec<(String, Array4<f32>)> {
    let [x, w] = [input, weight].map(|it| upload(device, it).to_dtype(dtype).unwrap());
    let mut results = Vec::new();
    for pin in PINS {
        match conv.clone().algorithm(pin).forward(&x, &w, None) {
            Ok(y) => results.push((format!("{pin:?} of {conv:?}"), y.download().unwrap())),
            Err(Error::Unsupported { .. }) if !matches!(pin, None | Some(Algorithm::General)) => {}
            Err(error) => panic!("{pin:?} of {conv:?}: {error}"),
        }
    }
    results
}

#[test]
fn long_sums_of_whole_numbers_are_exact_with_every_algorithm() {
    let conv = Conv2d::new;
    for (conv, input) in [
        (conv(65_536, 1, [1, 1]), [1, 65_536, 1, 1]),
        (conv(70_001, 3, [1, 1]), [2, 70_001, 1, 3]),
        (conv(140_002, 4, [1, 1]).groups(2), [1, 140_002, 1, 1]),
        (conv(1, 1, [300, 300]), [1, 1, 300, 301]),
        (conv(1, 2, [1, 70_003]), [1, 1, 2, 70_004]),
        (conv(1, 1, [70_003, 1]).padding([2, 0]), [1, 1, 70_003, 2]),
        (conv(4_000, 1, [3, 3]).padding([1, 1]), [1, 4_000, 3, 3]),
        (conv(8_001, 2, [3, 3]).padding([1, 1]), [1, 8_001, 3, 5]),
        (conv(5_000, 17, [3, 5]).padding([1, 1]), [1, 5_000, 3, 5]),
        (conv(1_500, 8, [7, 7]), [1, 1_500, 8, 9]),
    ] {
        let (x, w) = (whole(input, 3), whole(conv.weight_shape().unwrap().dims(), 2));
        let expected = reference::conv2d(&conv, wide(&x).view(), wide(&w).view(), None).unwrap();
        for device in devices() {
            for (name, y) in forwards(&device, &conv, [&x, &w], DType::F32) {
                equal(&format!("{name} on {device}"), &y, &expected).unwrap();
            }
        }
    }
}

#[test]
fn ones_are_counted() {
    for (conv, input, at, count) in [
        (Conv2d::new(65_536, 1, [1, 1]), [1, 65_536, 1, 1], [0, 0, 0, 0], 65_536.0),
        (Conv2d::new(1, 1, [300, 300]), [1, 1, 300, 300], [0, 0, 0, 0], 90_000.0),
        (Conv2d::new(4_000, 1, [3, 3]).padding([1, 1]), [1, 4_000, 3, 3], [0, 0, 1, 1], 36_000.0),
    ] {
        let (x, w) = (Array4::ones(input), Array4::ones(conv.weight_shape().unwrap().dims()));
        for (name, y) in forwards(tested(), &conv, [&x, &w], DType::F32) {
            assert_eq!(y[at], count, "{name}");
        }
    }
    let conv = Conv2d::new(4_000, 1, [3, 3]).padding([1, 1]);
    let (x, w) = (Array4::ones([1, 4_000, 3, 3]), Array4::ones([1, 4_000, 3, 3]));
    if has_f16() {
        for (name, y) in forwards(tested(), &conv, [&x, &w], DType::F16) {
            assert_eq!(y[[0, 0, 1, 1]], 36_000.0, "{name} of f16");
        }
    }
}

#[test]
fn an_infinite_weight_over_zeros_is_left_out_of_a_long_sum_whatever_comes_after_it() {
    let activations = [
        None,
        Some(Activation::Relu),
        Some(Activation::Relu6),
        Some(Activation::LeakyRelu { negative_slope: 0.25 }),
        Some(Activation::Silu),
        Some(Activation::HardSwish),
        Some(Activation::HardSigmoid),
        Some(Activation::Sigmoid),
        Some(Activation::Tanh),
    ];
    for (channels, out) in [(3, 17), (300, 17), (3_000, 5)] {
        let conv = Conv2d::new(channels, out, [3, 3]).padding([1, 1]);
        let input = [1, channels, 4, 6];
        let (mut x, mut w) = (whole(input, 2), whole([out, channels, 3, 3], 2).mapv(|w| w - 1.5));
        // Over zeros for the outputs above, over an input for the others.
        w[[1, channels - 1, 0, 1]] = f32::INFINITY;
        w[[2, 0, 2, 2]] = f32::NEG_INFINITY;
        // What is NaN by right stays so.
        x[[0, 0, 3, 0]] = f32::NAN;
        let dtypes = if has_f16() { &[DType::F32, DType::F16][..] } else { &[DType::F32] };
        // A repairing dispatch, which long sums have, sees what an activation made of a NaN.
        let activations = if channels < 1_000 { &activations[..2] } else { &activations[..] };
        for &activation in activations {
            let conv = conv.clone().activation(activation);
            let [wide_x, wide_w] = [&x, &w].map(wide);
            let (expected, magnitude) =
                reference::conv2d_with_magnitude(&conv, wide_x.view(), wide_w.view(), None)
                    .unwrap();
            assert!(expected[[0, 1, 0, 1]].is_finite() && expected[[0, 0, 2, 0]].is_nan());
            let dtypes = if activation.is_none() { dtypes } else { &dtypes[..1] };
            for &dtype in dtypes {
                for (name, y) in forwards(tested(), &conv, [&x, &w], dtype) {
                    let name = format!("{name} of {dtype}");
                    let tolerance = match dtype {
                        DType::F32 => magnitude.mapv(|sum| 64.0 * U * sum.min(1e9) + 1e-6),
                        _ => expected.mapv(|y| y.abs() / 1_024.0 + 1e-3),
                    };
                    within(&name, &y, &expected, &tolerance).unwrap();
                }
            }
        }
    }
}

/// The gradients of a convolution on a device, of the algorithm that is pinned.
fn gradients(device: &Device, conv: &Conv2d, [x, w, g]: [&Array4<f32>; 3]) -> [Array4<f32>; 3] {
    let [x, w, g] = [x, w, g].map(|it| upload(device, it));
    [conv.grad_input(x.shape(), &w, &g), conv.grad_weight(&x, &g), conv.grad_bias(&g)]
        .map(|gradient| gradient.unwrap().download().unwrap())
}

/// Whole numbers, for which every gradient has to be exact.
fn check_gradients(conv: &Conv2d, input: [usize; 4]) {
    let x = whole(input, 2);
    let w = whole(conv.weight_shape().unwrap().dims(), 3);
    let g = whole(conv.output_shape(input).unwrap().dims(), 2);
    let expected =
        reference::conv2d_backward(conv, wide(&x).view(), wide(&w).view(), wide(&g).view())
            .unwrap();
    for device in devices() {
        for pin in GRADIENT_PINS {
            let conv = conv.clone().algorithm(pin);
            let name = format!("{conv:?} on {device}");
            let [grad_input, grad_weight, grad_bias] = gradients(&device, &conv, [&x, &w, &g]);
            equal(&format!("grad_input of {name}"), &grad_input, &expected.grad_input).unwrap();
            equal(&format!("grad_weight of {name}"), &grad_weight, &expected.grad_weight).unwrap();
            let grad_bias: Vec<f64> = grad_bias.iter().map(|&sum| f64::from(sum)).collect();
            assert_eq!(grad_bias, expected.grad_bias.to_vec(), "grad_bias of {name}");
        }
    }
}

#[test]
fn gradients_of_dense_layers_and_large_kernels_are_exact() {
    let conv = Conv2d::new;
    check_gradients(&conv(2, 70_001, [1, 1]), [1, 2, 1, 1]);
    check_gradients(&conv(70_001, 2, [1, 1]), [2, 70_001, 1, 1]);
    check_gradients(&conv(1, 1, [1, 70_003]).padding([0, 35_000]), [1, 1, 1, 3]);
    check_gradients(&conv(1, 2_001, [1, 60]), [1, 1, 1, 100]);
    check_gradients(&conv(1, 2, [270, 1]).stride([1, 2]), [1, 1, 540, 3]);
    check_gradients(&conv(1, 8_001, [3, 3]).padding([1, 1]), [1, 1, 3, 4]);
    check_gradients(&conv(2, 1, [2, 3_001]).padding([1, 3_000]), [1, 2, 3, 4]);
}

#[test]
fn gradients_over_many_outputs_are_exact() {
    let conv = Conv2d::new;
    check_gradients(&conv(1, 1, [2, 3]), [1, 1, 301, 302]);
    check_gradients(&conv(2, 9, [1, 2]).padding([0, 1]), [2, 2, 190, 200]);
    check_gradients(&conv(1, 1, [1, 1]), [80_000, 1, 1, 1]);
    check_gradients(&conv(1, 40, [3, 1]).padding([2, 0]), [3, 1, 2, 12_000]);
}

#[test]
fn weight_gradients_over_millions_of_outputs_are_exact() {
    // Ones, so that every sum is the number of outputs.
    let conv = Conv2d::new(1, 1, [1, 1]);
    let shape = [1, 1, 1, 7_000_001];
    let ones = Array4::ones(shape);
    for device in devices() {
        let [x, g] = [&ones, &ones].map(|it| upload(&device, it));
        for pin in GRADIENT_PINS {
            let conv = conv.clone().algorithm(pin);
            let grad_weight = conv.grad_weight(&x, &g).unwrap().to_vec().unwrap();
            assert_eq!(grad_weight, [7_000_001.0], "{pin:?} on {device}");
            assert_eq!(conv.grad_bias(&g).unwrap().to_vec().unwrap(), [7_000_001.0], "{device}");
        }
    }
}

#[test]
fn replicated_cells_collect_all_their_copies() {
    let conv = |kernel_size| Conv2d::new(1, 1, kernel_size).padding_mode(PaddingMode::Replicate);
    check_gradients(&conv([3, 1]).padding([100_000, 0]), [1, 1, 3, 2]);
    check_gradients(&conv([1, 2]).padding([1, 100_000]).stride([2, 3]), [1, 1, 2, 1]);
    check_gradients(&conv([2, 2]).padding([20, 30]).stride([1, 2]), [2, 1, 3, 2]);
    let dilated = conv([5, 1]).dilation([20_000, 1]).stride([7, 1]);
    check_gradients(&dilated.padding([100_000, 0]), [1, 1, 11, 1]);
    let grouped = Conv2d::new(4, 6, [1, 2]).groups(2).padding_mode(PaddingMode::Replicate);
    check_gradients(&grouped.padding([0, 40_000]), [1, 4, 1, 2]);
}

#[test]
fn shared_products_of_gradients_are_those_of_every_padding_mode() {
    // Few cells of many products each.
    for mode in PaddingMode::ALL {
        for (stride, dilation) in [([1, 1], [1, 1]), ([2, 3], [1, 2]), ([3, 2], [3, 4])] {
            let conv = Conv2d::new(4, 66, [5, 4]).groups(2).stride(stride).dilation(dilation);
            check_gradients(&conv.padding([8, 6]).padding_mode(mode), [2, 4, 9, 11]);
        }
    }
}

#[test]
fn weight_gradients_of_every_tile_of_a_product_of_matrices_are_exact() {
    // Channels of a group: a tile's columns are of one tap, fours of them, or each of its own.
    for (channels, groups) in [(64, 2), (12, 1), (3, 2)] {
        // Filters of a group: less than one tile, several, and not a whole number of fours.
        for filters in [5, 40, 131] {
            let conv = Conv2d::new(channels * groups, filters * groups, [3, 2]).groups(groups);
            let all_modes = PaddingMode::ALL;
            let has_all = (channels, filters) == (12, 40);
            let modes = if has_all { &all_modes[..] } else { &[PaddingMode::Zeros] };
            for &mode in modes {
                let padded = conv.clone().padding([1, 1]).padding_mode(mode);
                // Planes of more and fewer outputs than a step, and of one.
                check_gradients(&padded, [3, channels * groups, 6, 9]);
                check_gradients(&padded.stride([2, 1]), [5, channels * groups, 2, 2]);
            }
            let spread = conv.dilation([2, 3]).stride([3, 2]);
            check_gradients(&spread, [9, channels * groups, 5, 4]);
            check_gradients(&spread.padding([4, 3]), [2, channels * groups, 7, 30]);
        }
    }
    // So many tiles that there are few parts, of several blocks each.
    check_gradients(&Conv2d::new(64, 200, [4, 4]), [1, 64, 28, 29]);
}

#[test]
fn transposed_convolutions_add_up_all_their_channels() {
    let conv = ConvTranspose2d::new(70_001, 1, [2, 1]).stride([1, 2]);
    let (x, w) = (whole([1, 70_001, 1, 2], 2), whole([70_001, 1, 2, 1], 3));
    let bias = ndarray::Array1::from_elem(1, 5.0_f32);
    let expected = reference::conv_transpose2d(
        &conv,
        wide(&x).view(),
        wide(&w).view(),
        Some(wide(&bias).view()),
    )
    .unwrap();
    for device in devices() {
        let (x, w, b) = (upload(&device, &x), upload(&device, &w), upload(&device, &bias));
        let y = conv.forward(&x, &w, Some(&b)).unwrap().download().unwrap();
        equal(&format!("{device}"), &y, &expected).unwrap();
    }
}

#[test]
fn a_weight_gradient_that_is_nan_by_a_zero_of_the_padding_alone_is_computed_again() {
    for (conv, input) in [
        (Conv2d::new(2, 3, [3, 3]).padding([1, 1]), [1, 2, 5, 7]),
        (Conv2d::new(3, 64, [3, 3]).padding([1, 1]), [2, 3, 5, 7]),
        (Conv2d::new(2, 33, [2, 2]), [3, 2, 6, 8]),
        (Conv2d::new(64, 33, [3, 3]).padding([1, 1]), [2, 64, 5, 7]),
        (Conv2d::new(128, 70, [3, 2]).padding([2, 1]).groups(2), [1, 128, 4, 6]),
        (Conv2d::new(8, 70, [3, 3]).padding([1, 1]), [2, 8, 5, 7]),
        (Conv2d::new(1, 40, [1, 3]).padding([0, 1]), [1, 1, 1, 80_001]),
        (Conv2d::new(1, 2, [1, 3]).padding([0, 1]), [1, 1, 1, 80_001]),
    ] {
        let w = whole(conv.weight_shape().unwrap().dims(), 3);
        let mut x = whole(input, 2);
        let mut g = whole(conv.output_shape(input).unwrap().dims(), 2);
        // Read behind the outputs, and multiplied by the padding.
        *x.last_mut().unwrap() = f32::INFINITY;
        *g.first_mut().unwrap() = f32::NEG_INFINITY;
        let expected =
            reference::conv2d_backward(&conv, wide(&x).view(), wide(&w).view(), wide(&g).view())
                .unwrap()
                .grad_weight;
        assert!(expected.iter().any(|sum| sum.is_infinite()));
        for device in devices() {
            for pin in GRADIENT_PINS {
                let conv = conv.clone().algorithm(pin);
                let [x, g] = [&x, &g].map(|it| upload(&device, it));
                let actual = conv.grad_weight(&x, &g).unwrap().download().unwrap();
                equal(&format!("{conv:?} on {device}"), &actual, &expected).unwrap();
            }
        }
    }
}

#[test]
fn losses_of_many_classes_and_elements_are_those_of_the_reference() {
    for shape in [[2, 100_003, 1, 2], [1, 511, 1, 3], [3, 512, 2, 1], [1, 1_000_003, 1, 1]] {
        let [batch, classes, height, width] = shape;
        let logits = whole(shape, 19).mapv(|logit| logit - 9.5);
        let labels_shape = [batch, 1, height, width];
        let labels: Vec<u32> =
            (0..batch * height * width).map(|i| ((i + 1) * (classes / 9)) as u32).collect();
        let (loss, gradient) = reference::cross_entropy(
            wide(&logits).view(),
            Array4::from_shape_vec(labels_shape, labels.clone()).unwrap().view(),
        )
        .unwrap();
        let labels = tested().upload_numbers(&labels, labels_shape).unwrap();
        let actual = nn::cross_entropy(&upload(tested(), &logits), &labels).unwrap();
        let difference = f64::from(actual.item().unwrap()) - loss;
        assert!(difference.abs() <= 1e-5 * loss, "{shape:?}: {difference}");
        let tolerance = gradient.mapv(|slope: f64| 1e-4 * slope.abs() + 1e-12);
        let actual = actual.gradient.download().unwrap();
        within(&format!("{shape:?}"), &actual, &gradient, &tolerance).unwrap();
    }
    let [output, target] = [whole([1, 3, 300, 301], 3), whole([1, 3, 300, 301], 2)];
    let (loss, gradient) = reference::mse(wide(&output).view(), wide(&target).view()).unwrap();
    let [output, target] = [output, target].map(|it| upload(tested(), &it));
    let actual = nn::mse(&output, &target).unwrap();
    assert!((f64::from(actual.item().unwrap()) - loss).abs() <= 1e-5 * loss);
    let tolerance = gradient.mapv(|slope: f64| 1e-5 * slope.abs());
    within("mse", &actual.gradient.download().unwrap(), &gradient, &tolerance).unwrap();
}

#[test]
fn optimizers_step_every_element_of_large_parameters() {
    let shape = [1, 1, 300, 301];
    let (start, slope) = (whole(shape, 50), whole(shape, 20));
    let zeros = Array4::zeros(shape);
    let [wide_start, wide_slope] = [&start, &slope].map(wide);
    let sgd = Sgd::new(0.5).momentum(0.25);
    let adam = Adam::new(0.5);
    let (of_sgd, _) =
        reference::sgd(&sgd, wide_start.view(), wide_slope.view(), zeros.view()).unwrap();
    let views = [wide_start.view(), wide_slope.view(), zeros.view(), zeros.view()];
    let [of_adam, ..] = reference::adam(&adam, 1, views).unwrap();
    let after = |step: &mut dyn FnMut(&mut Parameter)| {
        let mut parameter = Parameter::new(upload(tested(), &start));
        parameter.set_gradient(upload(tested(), &slope)).unwrap();
        step(&mut parameter);
        parameter.value().download().unwrap()
    };
    let (mut sgd, mut adam) = (sgd, adam);
    let by_sgd = after(&mut |parameter| sgd.step(vec![parameter]).unwrap());
    let by_adam = after(&mut |parameter| adam.step(vec![parameter]).unwrap());
    let tolerance = wide_start.mapv(|_| 1e-5);
    within("sgd", &by_sgd, &of_sgd, &tolerance).unwrap();
    within("adam", &by_adam, &of_adam, &tolerance).unwrap();
}

/// What the documentation states of a sum of so many products.
fn bound(products: usize) -> f64 {
    (64.0 + 2.0 * (products as f64).sqrt()) * U
}

#[test]
fn sums_of_one_sign_stay_within_the_stated_bound_with_every_algorithm() {
    let conv = Conv2d::new;
    for (conv, input) in [
        (conv(64, 4, [1, 1]), [1, 64, 2, 5]),
        (conv(72, 9, [1, 1]), [1, 72, 3, 5]),
        (conv(1_000, 20, [1, 1]), [1, 1_000, 2, 5]),
        (conv(65_536, 2, [1, 1]), [1, 65_536, 1, 2]),
        (conv(1_000_000, 1, [1, 1]), [1, 1_000_000, 1, 1]),
        (conv(512, 24, [3, 3]).padding([1, 1]), [1, 512, 4, 5]),
        (conv(1_100, 3, [3, 3]).padding([1, 1]), [1, 1_100, 3, 5]),
        (conv(1, 2, [11, 11]).padding([5, 5]), [1, 1, 14, 13]),
        (conv(4, 4, [13, 11]), [1, 4, 15, 14]),
        (conv(9, 2, [31, 31]), [1, 9, 32, 33]),
        (conv(3, 2, [200, 1]), [1, 3, 201, 3]),
        (conv(3, 2, [1, 200]), [1, 3, 3, 202]),
    ] {
        let shapes = [input, conv.weight_shape().unwrap().dims()];
        let products = shapes[1][1] * shapes[1][2] * shapes[1][3];
        let mut random = 0.0_f32;
        let mut uniform = || {
            random = (random * 7.0 + 0.137).fract();
            random + 1e-3
        };
        let constants = shapes.map(|shape| Array4::from_elem(shape, 0.1_f32));
        let uniforms = shapes.map(|shape| Array4::from_shape_simple_fn(shape, &mut uniform));
        for [x, w] in [constants, uniforms] {
            let [wide_x, wide_w] = [&x, &w].map(wide);
            let (expected, magnitude) =
                reference::conv2d_with_magnitude(&conv, wide_x.view(), wide_w.view(), None)
                    .unwrap();
            let tolerance = magnitude.mapv(|sum| bound(products) * sum);
            for device in devices() {
                for (name, y) in forwards(&device, &conv, [&x, &w], DType::F32) {
                    within(&format!("{name} on {device}"), &y, &expected, &tolerance).unwrap();
                }
            }
        }
    }
}

#[test]
fn gradients_of_one_sign_stay_within_the_stated_bound() {
    let conv = Conv2d::new;
    for (conv, input) in [
        (conv(1, 1, [1, 1]), [1, 1, 8, 8]),
        (conv(3, 2, [1, 3]), [5, 3, 9, 40]),
        (conv(2, 40, [3, 3]).padding([1, 1]), [2, 2, 90, 100]),
        (conv(1, 1, [1, 1]), [1, 1, 1_000, 1_000]),
        (conv(2, 1_500, [1, 1]), [1, 2, 3, 3]),
    ] {
        let output = conv.output_shape(input).unwrap().dims();
        let shapes = [input, conv.weight_shape().unwrap().dims(), output];
        let [x, w, g] = shapes.map(|shape| Array4::from_elem(shape, 0.1_f32));
        let [wide_x, wide_w, wide_g] = [&x, &w, &g].map(wide);
        let expected =
            reference::conv2d_backward(&conv, wide_x.view(), wide_w.view(), wide_g.view()).unwrap();
        let of_weight = output[0] * output[2] * output[3];
        let of_input = output[1] * shapes[1][2] * shapes[1][3];
        let grad_bias = Array4::from_shape_vec([1, output[1], 1, 1], expected.grad_bias.to_vec());
        let expected = [
            (expected.grad_input, of_input),
            (expected.grad_weight, of_weight),
            (grad_bias.unwrap(), of_weight),
        ];
        for device in devices() {
            for pin in GRADIENT_PINS {
                let conv = conv.clone().algorithm(pin);
                let actual = gradients(&device, &conv, [&x, &w, &g]);
                for (actual, (expected, products)) in actual.iter().zip(&expected) {
                    let tolerance = expected.mapv(|sum| bound(*products) * sum);
                    let name = format!("{conv:?} on {device}");
                    compare::within(&name, actual, expected, &tolerance).unwrap();
                }
            }
        }
    }
}
