//! What holds of gradients on devices alone: determinism, long sums, splitting, errors.

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d,
    ConvTranspose2d, Device, Error, MaxPool2d, Padding, PaddingMode, Shape, Tensor, reference,
};
use ndarray::Array4;

use crate::case::{Data, Random, wide};
use crate::compare;
use crate::tested::{tested, with_bindings_of};

fn uniform(shape: impl Into<Shape>, stream: u64) -> Array4<f32> {
    Random::new(3, stream).array4(shape, Data::Uniform)
}

fn integers(shape: impl Into<Shape>, stream: u64) -> Array4<f32> {
    Random::new(5, stream).array4(shape, Data::Integers)
}

fn zeros(device: &Device, shape: [usize; 4]) -> Tensor {
    device.upload(&Array4::zeros(shape)).unwrap()
}

fn says<T: std::fmt::Debug>(result: filtro::Result<T>, text: &str) {
    assert_eq!(result.unwrap_err().to_string(), text);
}

/// All gradients of a convolution on a device.
fn gradients(device: &Device, conv: &Conv2d, tensors: &[Array4<f32>; 3]) -> [Array4<f32>; 3] {
    let [x, w, g] = tensors.each_ref().map(|tensor| device.upload(tensor).unwrap());
    [
        conv.grad_input(x.shape(), &w, &g).unwrap(),
        conv.grad_weight(&x, &g).unwrap(),
        conv.grad_bias(&g).unwrap(),
    ]
    .map(|gradient| gradient.download().unwrap())
}

fn tensors(
    conv: &Conv2d,
    input: [usize; 4],
    make: fn(Shape, u64) -> Array4<f32>,
) -> [Array4<f32>; 3] {
    let shapes = [input.into(), conv.weight_shape().unwrap(), conv.output_shape(input).unwrap()];
    let mut streams = 0..;
    shapes.map(|shape| make(shape, streams.next().unwrap()))
}

#[test]
fn two_runs_give_the_same_bits() {
    let bits = |arrays: [Array4<f32>; 3]| arrays.map(|array| array.mapv(f32::to_bits));
    for (conv, input) in [
        (Conv2d::new(7, 9, [3, 5]).padding([1, 2]), [3, 7, 21, 34]),
        (Conv2d::new(6, 8, [3, 2]).stride([2, 3]).groups(2), [2, 6, 23, 31]),
        (
            Conv2d::new(4, 5, [3, 3]).padding([2, 1]).padding_mode(PaddingMode::Reflect),
            [4, 4, 33, 20],
        ),
        (Conv2d::new(1, 1, [3, 3]).padding([1, 1]), [1, 1, 300, 257]),
    ] {
        let tensors = tensors(&conv, input, uniform);
        for device in [&Device::cpu(), tested()] {
            let first = bits(gradients(device, &conv, &tensors));
            assert_eq!(first, bits(gradients(device, &conv, &tensors)), "{conv:?} on {device}");
        }
    }
}

#[test]
fn long_sums_keep_their_digits() {
    // All terms of one sign: nothing hides an error that grows with the number of terms.
    for (conv, input) in [
        (Conv2d::new(1, 2, [2, 3]), [3, 1, 301, 402]),
        (Conv2d::new(1, 8, [2, 3]), [2, 1, 201, 302]),
        (Conv2d::new(65, 65, [1, 1]), [1, 65, 101, 102]),
    ] {
        let [x, w, g] =
            tensors(&conv, input, |shape, stream| uniform(shape, stream).mapv(f32::abs));
        let expected =
            reference::conv2d_backward(&conv, wide(&x).view(), wide(&w).view(), wide(&g).view())
                .unwrap();
        for device in [&Device::cpu(), tested()] {
            let [_, grad_weight, grad_bias] =
                gradients(device, &conv, &[x.clone(), w.clone(), g.clone()]);
            compare::within_rounding(
                "grad_weight",
                &grad_weight,
                &expected.grad_weight,
                &expected.grad_weight,
            )
            .unwrap();
            for (sum, expected) in grad_bias.iter().zip(&expected.grad_bias) {
                let bound = 8.0 * compare::U * expected;
                assert!((f64::from(*sum) - expected).abs() <= bound, "{conv:?} on {device}");
            }
        }
    }
}

#[test]
fn gradients_beyond_65_535_workgroups_are_complete() {
    // As many weights as workgroups, and one.
    let conv = Conv2d::new(257, 256, [1, 1]);
    let tensors = tensors(&conv, [1, 257, 1, 2], integers);
    assert_eq!(gradients(tested(), &conv, &tensors), gradients(&Device::cpu(), &conv, &tensors));
    let shape = [1, 1, 2_049, 2_050];
    let (x, g) = (integers(shape, 0), integers(shape, 1));
    let relu = |device: &Device| {
        let (x, g) = (device.upload(&x).unwrap(), device.upload(&g).unwrap());
        Activation::Relu.grad_input(&x, &g).unwrap().download().unwrap()
    };
    assert!(relu(tested()) == relu(&Device::cpu()));
}

#[test]
fn gradients_that_exceed_one_binding_are_split_by_images_channels_and_rows() {
    let cpu = Device::cpu();
    for bytes in [16_384, 8_192, 4_096, 2_048, 1_024] {
        let device = with_bindings_of(bytes);
        for mode in PaddingMode::ALL {
            // Circular padding wraps from the first rows to the last: those cannot be split.
            if mode == PaddingMode::Circular && bytes < 2_048 {
                continue;
            }
            let conv = Conv2d::new(4, 6, [3, 5])
                .groups(2)
                .stride([2, 1])
                .padding([3, 2])
                .dilation([2, 1])
                .padding_mode(mode);
            let tensors = tensors(&conv, [3, 4, 21, 19], integers);
            let expected = gradients(&cpu, &conv, &tensors);
            assert_eq!(gradients(&device, &conv, &tensors), expected, "{bytes} {mode}");
        }
        let plain = Conv2d::new(4, 6, [3, 5]).padding([1, 2]);
        let tensors = tensors(&plain, [3, 4, 21, 19], integers);
        let expected = gradients(&cpu, &plain, &tensors);
        assert_eq!(gradients(&device, &plain, &tensors), expected, "{bytes}");

        let image = integers([3, 4, 21, 19], 9);
        let pooled = |device: &Device| {
            let x = device.upload(&image).unwrap();
            let max = MaxPool2d::new([3, 2]).stride([2, 3]).padding([1, 1]).dilation([2, 1]);
            let (y, indices) = max.forward_with_indices(&x).unwrap();
            let of_max = max.grad_input(x.shape(), &indices, &y).unwrap();
            let avg = AvgPool2d::new([4, 4]).ceil_mode(true).divisor_override(4);
            let of_avg = avg.grad_input(x.shape(), &avg.forward(&x).unwrap()).unwrap();
            let adaptive = AdaptiveMaxPool2d::new([8, 23]);
            let (y, indices) = adaptive.forward_with_indices(&x).unwrap();
            let of_adaptive = adaptive.grad_input(x.shape(), &indices, &y).unwrap();
            let of_relu = Activation::Relu.grad_input(&x, &x).unwrap();
            [of_max, of_avg, of_adaptive, of_relu].map(|gradient| gradient.download().unwrap())
        };
        assert_eq!(pooled(&device), pooled(&cpu), "{bytes}");
    }
}

#[test]
fn an_index_of_no_tap_gives_its_gradient_to_nobody() {
    // The only window reads the padding above and below a single row.
    let pool = MaxPool2d::new([2, 1]).stride([1, 1]).padding([1, 0]).dilation([2, 1]);
    let x = integers([1, 2, 1, 3], 1);
    for device in [&Device::cpu(), tested()] {
        let input = device.upload(&x).unwrap();
        let (_, indices) = pool.forward_with_indices(&input).unwrap();
        assert!(indices.download().unwrap().iter().all(|&index| index == u32::MAX));
        let grad_output = device.upload(&Array4::<f32>::ones(indices.shape().dims())).unwrap();
        let grad_input = pool.grad_input(input.shape(), &indices, &grad_output).unwrap();
        assert_eq!(grad_input.download().unwrap(), Array4::<f32>::zeros([1, 2, 1, 3]));
    }
}

#[test]
fn a_pinned_general_shader_and_the_plan_agree() {
    let conv = Conv2d::new(5, 7, [3, 4]).padding([2, 1]);
    let tensors = tensors(&conv, [2, 5, 12, 17], integers);
    let general = conv.clone().algorithm(Algorithm::General);
    assert_eq!(gradients(tested(), &conv, &tensors), gradients(tested(), &general, &tensors));
}

#[test]
fn misuse_of_the_gradients_of_a_convolution_is_an_error() {
    let device = &Device::cpu();
    let conv = Conv2d::new(2, 3, [3, 3]).padding([1, 1]);
    let (x, w, g) =
        (zeros(device, [1, 2, 4, 5]), zeros(device, [3, 2, 3, 3]), zeros(device, [1, 3, 4, 5]));
    let wrong = zeros(device, [1, 3, 4, 4]);
    let text = "conv2d: grad_output has shape [1, 3, 4, 4], but the output of the forward pass is \
                [1, 3, 4, 5]";
    says(conv.grad_input([1, 2, 4, 5], &w, &wrong), text);
    says(conv.grad_weight(&x, &wrong), text);
    says(conv.grad_bias(&x), "conv2d: grad_output has shape [1, 2, 4, 5], but out_channels is 3");
    says(
        conv.grad_input([1, 2, 4, 5], &x, &g),
        "conv2d: weight has shape [1, 2, 4, 5], but [out_channels, in_channels / groups, \
         kernel_height, kernel_width] is [3, 2, 3, 3]",
    );
    says(
        conv.grad_input([1, 3, 4, 5], &w, &g),
        "conv2d: input has shape [1, 3, 4, 5], but in_channels is 2",
    );
    let fused = conv.clone().activation(Activation::Silu);
    let text = "conv2d: activation is silu, but its gradient needs the values before it: leave it \
                out here, apply Activation::forward to the output, and give what \
                Activation::grad_input makes of the gradient as grad_output";
    says(fused.grad_input([1, 2, 4, 5], &w, &g), text);
    says(fused.grad_weight(&x, &g), text);
    says(fused.grad_bias(&g), text);
    let there = tested();
    let elsewhere = zeros(there, [3, 2, 3, 3]);
    says(
        conv.grad_input([1, 2, 4, 5], &elsewhere, &g),
        &format!(
            "conv2d: weight is on the device {there}, but the other tensors are on another \
             device, {device}"
        ),
    );
    let spread = ConvTranspose2d::new(3, 2, [3, 3]).padding([1, 1]);
    says(
        spread.grad_weight(&g, &g),
        "conv_transpose2d: grad_output has shape [1, 3, 4, 5], but the output of the forward pass \
         is [1, 2, 4, 5]",
    );
    says(
        spread.forward(&g, &x, None),
        "conv_transpose2d: weight has shape [1, 2, 4, 5], but [in_channels, out_channels / \
         groups, kernel_height, kernel_width] is [3, 2, 3, 3]",
    );
}

#[test]
fn misuse_of_the_gradients_of_pooling_and_activations_is_an_error() {
    let device = &Device::cpu();
    let x = zeros(device, [1, 2, 6, 8]);
    let pool = MaxPool2d::new([2, 2]);
    let (y, indices) = pool.forward_with_indices(&x).unwrap();
    says(
        pool.grad_input([1, 2, 6, 8], &indices, &x),
        "max_pool2d: grad_output has shape [1, 2, 6, 8], but the output of the forward pass is \
         [1, 2, 3, 4]",
    );
    let (_, others) = MaxPool2d::new([3, 2]).forward_with_indices(&x).unwrap();
    says(
        pool.grad_input([1, 2, 6, 8], &others, &y),
        "max_pool2d: indices has shape [1, 2, 2, 4], but the output of the forward pass is \
         [1, 2, 3, 4]",
    );
    says(
        pool.grad_input([1, 2, 7, 8], &indices, &y),
        "max_pool2d: the input has shape [1, 2, 7, 8], but the indices are of a pooling of \
         [1, 2, 6, 8]",
    );
    let there = tested();
    let elsewhere = zeros(there, [1, 2, 3, 4]);
    says(
        pool.grad_input([1, 2, 6, 8], &indices, &elsewhere),
        &format!(
            "max_pool2d: indices is on the device {device}, but the other tensors are on another \
             device, {there}"
        ),
    );
    let average = AvgPool2d::new([2, 2]).grad_input([1, 2, 6, 8], &x);
    says(
        average,
        "avg_pool2d: grad_output has shape [1, 2, 6, 8], but the output of the forward pass is \
         [1, 2, 3, 4]",
    );
    says(
        AdaptiveAvgPool2d::new([3, 4]).grad_input([1, 2, 6, 8], &x),
        "adaptive_avg_pool2d: grad_output has shape [1, 2, 6, 8], but the output of the forward \
         pass is [1, 2, 3, 4]",
    );
    says(
        Activation::Relu.grad_input(&x, &y),
        "activation: grad_output has shape [1, 2, 3, 4], but the output of the forward pass is \
         [1, 2, 6, 8]",
    );
}

#[test]
fn indices_of_another_pooling_are_refused() {
    for device in [&Device::cpu(), tested()] {
        let x = zeros(device, [1, 2, 6, 8]);
        let pool = MaxPool2d::new([2, 2]);
        let (y, _) = pool.forward_with_indices(&x).unwrap();
        for other in [
            MaxPool2d::new([1, 2]).stride([2, 2]),
            MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1]),
            MaxPool2d::new([2, 2]).dilation([1, 2]).padding([0, 1]).stride([2, 2]),
        ] {
            let (_, indices) = other.forward_with_indices(&x).unwrap();
            assert_eq!(indices.shape(), y.shape(), "{other:?}");
            let error = pool.grad_input([1, 2, 6, 8], &indices, &y).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument { argument: "indices", .. }), "{error}");
        }
        let adaptive = AdaptiveMaxPool2d::new([3, 4]);
        let (_, indices) = adaptive.forward_with_indices(&x).unwrap();
        says(
            pool.grad_input([1, 2, 6, 8], &indices, &y),
            "max_pool2d: indices is of an adaptive_max_pool2d with output_size [3, 4], but they \
             must be of the pooling with these options, whose windows alone they point into",
        );
        let (_, indices) = pool.forward_with_indices(&x).unwrap();
        says(
            adaptive.grad_input([1, 2, 6, 8], &indices, &y),
            "adaptive_max_pool2d: indices is of a max_pool2d with kernel_size [2, 2], stride \
             [2, 2], padding [0, 0] and dilation [1, 1], but they must be of the pooling with \
             these options, whose windows alone they point into",
        );
        let lower = pool.clone().padding(Padding::sides(1, 0, 0, 1));
        let (_, indices) = lower.forward_with_indices(&x).unwrap();
        says(
            pool.grad_input([1, 2, 6, 8], &indices, &y),
            "max_pool2d: indices is of a max_pool2d with kernel_size [2, 2], stride [2, 2], \
             padding [1, 0, 0, 1] and dilation [1, 1], but they must be of the pooling with these \
             options, whose windows alone they point into",
        );
        // The way a padding is said makes no other pooling.
        let said = lower.stride([4, 3]).padding(Padding::SameLower);
        let pads = MaxPool2d::new([2, 2]).stride([4, 3]).padding(Padding::sides(0, 0, 0, 0));
        let (y, indices) = said.forward_with_indices(&x).unwrap();
        assert!(pads.grad_input([1, 2, 6, 8], &indices, &y).is_ok());
        // A stride that moves no window is the same pooling.
        let (whole, other) = (MaxPool2d::new([6, 8]), MaxPool2d::new([6, 8]).stride([1, 3]));
        let (y, indices) = whole.forward_with_indices(&x).unwrap();
        assert!(other.grad_input([1, 2, 6, 8], &indices, &y).is_ok());
    }
}

#[test]
fn indices_from_the_host_must_be_of_their_windows() {
    for device in [&Device::cpu(), tested()] {
        let pool = MaxPool2d::new([2, 3]).dilation([1, 2]).padding([0, 1]).stride([2, 2]);
        let shape = pool.output_shape([1, 1, 4, 6]).unwrap();
        assert_eq!(shape, [1, 1, 2, 2].into());
        // Columns -1, 1, 3 and 1, 3, 5 of rows 0, 1 and 2, 3.
        let upload = |indices: [u32; 4]| {
            let indices = Array4::from_shape_vec(shape.dims(), indices.to_vec()).unwrap();
            pool.upload_indices(device, &indices, [1, 1, 4, 6])
        };
        assert!(upload([1, 11, 15, u32::MAX]).is_ok());
        for (indices, stray) in [
            (
                [2, 11, 15, 17],
                "2, but it must be y * width + x of an element of [1, 1, 4, 6] in \
              the window of output [0, 0], or 4294967295 for none",
            ),
            ([13, 11, 15, 17], "13, but"),
            ([1, 6, 15, 17], "6, but"),
            ([1, 11, 15, 24], "24, but"),
        ] {
            let error = upload(indices).unwrap_err().to_string();
            assert!(error.starts_with(&format!("upload_indices: an index is {stray}")), "{error}");
        }
        let indices = Array4::from_elem([1, 1, 1, 1], 0);
        says(
            pool.upload_indices(device, &indices, [1, 1, 4, 6]),
            "upload_indices: indices has shape [1, 1, 1, 1], but the output for an input of \
             [1, 1, 4, 6] is [1, 1, 2, 2]",
        );
        // One cell before 4 columns: columns -1, 0, 1 and 1, 2, 3; behind: 0, 1, 2 and 2, 3, 4.
        for (padding, indices, fits) in [
            (Padding::sides(0, 0, 1, 0), [1, 1], true),
            (Padding::sides(0, 0, 1, 0), [2, 2], false),
            (Padding::sides(0, 0, 0, 1), [2, 2], true),
            (Padding::sides(0, 0, 0, 1), [1, 1], false),
            (Padding::SameUpper, [2, 3], true),
            (Padding::SameLower, [2, 3], false),
        ] {
            let pool = MaxPool2d::new([1, 3]).stride([1, 2]).padding(padding);
            let indices = Array4::from_shape_vec([1, 1, 1, 2], indices.to_vec()).unwrap();
            let found = pool.upload_indices(device, &indices, [1, 1, 1, 4]);
            assert_eq!(found.is_ok(), fits, "{padding}");
        }
        let adaptive = AdaptiveMaxPool2d::new([1, 2]);
        let indices = Array4::from_shape_vec([1, 1, 1, 2], vec![2, 1]).unwrap();
        assert!(adaptive.upload_indices(device, &indices, [1, 1, 1, 4]).is_err());
        // Windows of rows 0 and 1, and 1 and 2: if both have their maximum in row 1, it is the same.
        let pool = MaxPool2d::new([2, 2]).stride([1, 1]);
        let upload = |[one, other]: [u32; 2]| {
            let indices = Array4::from_shape_vec([1, 1, 2, 1], vec![one, other]).unwrap();
            pool.upload_indices(device, &indices, [1, 1, 3, 2])
        };
        assert!(upload([2, 2]).is_ok() && upload([1, 2]).is_ok());
        says(
            upload([2, 3]),
            "upload_indices: an index is 3, but windows with the same columns have one maximum of \
             a row, not 2 and 3",
        );
    }
}
