//! Every misuse is an error whose text names the operation, the argument, its value and the rule.

use filtro::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d, Device, DeviceChoice,
    Error, Limits, MaxPool2d, Padding, PaddingMode, Shape, Tensor,
};
use ndarray::{Array1, Array2, Array4};

use crate::tested::{open_tested, tested, with_limits};

fn says<T: std::fmt::Debug>(result: filtro::Result<T>, text: &str) {
    assert_eq!(result.unwrap_err().to_string(), text);
}

fn zeros(device: &Device, shape: [usize; 4]) -> Tensor {
    device.upload(&Array4::zeros(shape)).unwrap()
}

#[test]
fn options_of_a_convolution() {
    let input = [1, 4, 9, 11];
    let conv = Conv2d::new(4, 6, [3, 2]);
    says(
        Conv2d::new(0, 6, [3, 2]).output_shape(input),
        "conv2d: in_channels is 0, but must be at least 1",
    );
    says(
        Conv2d::new(4, 0, [3, 2]).output_shape(input),
        "conv2d: out_channels is 0, but must be at least 1",
    );
    says(conv.clone().groups(0).output_shape(input), "conv2d: groups is 0, but must be at least 1");
    says(
        conv.clone().groups(3).output_shape(input),
        "conv2d: in_channels is 4, but must be a multiple of groups 3",
    );
    says(
        conv.clone().groups(4).output_shape(input),
        "conv2d: out_channels is 6, but must be a multiple of groups 4",
    );
    says(
        Conv2d::new(4, 6, [3, 0]).output_shape(input),
        "conv2d: kernel_size is 0, but must be at least 1 along the width",
    );
    says(
        conv.clone().stride([0, 1]).output_shape(input),
        "conv2d: stride is 0, but must be at least 1 along the height",
    );
    says(
        conv.clone().dilation([1, 0]).output_shape(input),
        "conv2d: dilation is 0, but must be at least 1 along the width",
    );
    says(
        conv.clone().stride([1, 2]).padding(Padding::Same).output_shape(input),
        "conv2d: stride is [1, 2], but padding same needs stride 1 along both axes; \
         same_upper and same_lower serve any",
    );
    says(
        conv.clone().stride([0, 1]).padding(Padding::SameUpper).output_shape(input),
        "conv2d: stride is 0, but must be at least 1 along the height",
    );
    says(
        conv.clone()
            .stride([2, 1])
            .dilation([6, 1])
            .padding(Padding::SameLower)
            .padding_mode(PaddingMode::Reflect)
            .output_shape([1, 4, 5, 11]),
        "conv2d: padding is 6, but padding_mode reflect needs less than the input's height 5",
    );
    says(
        conv.clone().padding(Padding::SameUpper).output_shape([1, 4, 0, 11]),
        "conv2d: the input's size is 0, but must be at least 1 along the height",
    );
    says(
        conv.clone().padding([9, 1]).padding_mode(PaddingMode::Reflect).output_shape(input),
        "conv2d: padding is 9, but padding_mode reflect needs less than the input's height 9",
    );
    says(
        conv.clone()
            .padding(Padding::sides(0, 0, 0, 12))
            .padding_mode(PaddingMode::Circular)
            .output_shape(input),
        "conv2d: padding is 12, but padding_mode circular needs at most the input's width 11",
    );
    says(
        conv.clone().dilation([6, 1]).padding([1, 0]).output_shape(input),
        "conv2d: no window fits along the height: kernel_size 3 with dilation 6 spans 13, but the \
         input of 9 padded by 1 and 1 has 11",
    );
    says(
        conv.output_shape([1, 5, 9, 11]),
        "conv2d: input has shape [1, 5, 9, 11], but in_channels is 4",
    );
    says(
        conv.clone().padding([3, 3]).output_shape([1, 4, 0, 11]),
        "conv2d: the input's size is 0, but must be at least 1 along the height",
    );
}

#[test]
fn sizes_whose_products_overflow() {
    let huge = usize::MAX;
    let half = usize::MAX / 2;
    says(
        Conv2d::new(1, 1, [4, 1]).dilation([half, 1]).output_shape([1, 1, 5, 5]),
        "conv2d: dilation 9223372036854775807 * (kernel_size 4 - 1) + 1 along the height exceeds \
         18446744073709551615",
    );
    says(
        Conv2d::new(1, 1, [1, 1]).padding([half, 0]).output_shape([1, 1, 5, 5]),
        "conv2d: the input of 5 padded by 9223372036854775807 and 9223372036854775807 along the \
         height exceeds 18446744073709551615",
    );
    says(
        MaxPool2d::new([2, 1])
            .dilation([huge - 1, 1])
            .padding(Padding::SameUpper)
            .output_shape([1, 1, 5, 5]),
        "max_pool2d: the last window of padding same, from 4 over 18446744073709551615 along the \
         height exceeds 18446744073709551615",
    );
    says(
        MaxPool2d::new([1, 1]).stride([huge, 1]).ceil_mode(true).output_shape([1, 1, 5, 5]),
        "max_pool2d: 5 + (stride 18446744073709551615 - 1) along the height exceeds \
         18446744073709551615",
    );
    says(
        AdaptiveAvgPool2d::new([huge, 1]).output_shape([1, 1, 5, 5]),
        "adaptive_avg_pool2d: the input's size 5 times output_size 18446744073709551615 exceeds \
         18446744073709551615",
    );
    says(
        Conv2d::new(1, 1 << 60, [1, 1]).output_shape([1, 1, 2, 2]),
        "conv2d: the number of elements of [1, 1152921504606846976, 2, 2] exceeds \
         2305843009213693951",
    );
    says(
        Conv2d::new(1, 1 << 40, [1 << 12, 1 << 12]).weights(),
        "conv2d: the number of elements of [1099511627776, 1, 4096, 4096] exceeds \
         2305843009213693951",
    );
    // A huge stride with one output is no misuse.
    let far = Conv2d::new(1, 1, [2, 2]).stride([huge, half]);
    assert_eq!(far.output_shape([1, 1, 5, 6]), Ok(Shape::new(1, 1, 1, 1)));
    for device in [tested().clone(), Device::cpu()] {
        let (x, w) = (zeros(&device, [1, 1, 5, 6]), zeros(&device, [1, 1, 2, 2]));
        assert_eq!(far.forward(&x, &w, None).unwrap().to_vec(), Ok(vec![0.0]));
    }
}

#[test]
fn tensors_of_a_convolution() {
    for device in [tested().clone(), Device::cpu()] {
        let conv = Conv2d::new(4, 6, [3, 2]).groups(2);
        let (x, w) = (zeros(&device, [1, 4, 9, 11]), zeros(&device, [6, 2, 3, 2]));
        says(
            conv.forward(&x, &zeros(&device, [6, 4, 3, 2]), None),
            "conv2d: weight has shape [6, 4, 3, 2], but [out_channels, in_channels / groups, \
             kernel_height, kernel_width] is [6, 2, 3, 2]",
        );
        let bias = device.upload(&Array1::zeros(5)).unwrap();
        says(
            conv.forward(&x, &w, Some(&bias)),
            "conv2d: bias has shape [1, 5, 1, 1], but one value per output channel is [1, 6, 1, 1]",
        );
    }
}

#[test]
fn tensors_of_another_device() {
    let (here, there) = (Device::cpu(), tested());
    let conv = Conv2d::new(1, 1, [1, 1]);
    let (x, w) = (zeros(&here, [1, 1, 2, 3]), zeros(there, [1, 1, 1, 1]));
    says(
        conv.forward(&x, &w, None),
        &format!(
            "conv2d: weight is on the device {there}, but the other tensors are on another device, {here}"
        ),
    );
    // Two openings of one adapter are two devices.
    let other = open_tested();
    let bias = other.upload(&Array1::zeros(1)).unwrap();
    let x = zeros(there, [1, 1, 2, 3]);
    says(
        conv.forward(&x, &w, Some(&bias)),
        &format!(
            "conv2d: bias is on the device {other}, which was opened or wrapped another time, but the \
             other tensors are on another device, {there}"
        ),
    );
}

#[test]
fn options_of_a_pooling() {
    let input = [1, 2, 5, 7];
    says(
        MaxPool2d::new([3, 2]).padding([2, 1]).output_shape(input),
        "max_pool2d: padding is 2, but must be at most 1, half of the 3 that the kernel spans \
         along the height",
    );
    says(
        AvgPool2d::new([3, 2]).padding(Padding::sides(1, 1, 0, 2)).output_shape(input),
        "avg_pool2d: padding is 2, but must be at most 1, half of the 2 that the kernel spans \
         along the width",
    );
    says(
        MaxPool2d::new([3, 2]).padding(Padding::Same).output_shape(input),
        "max_pool2d: stride is [3, 2], but padding same needs stride 1 along both axes; \
         same_upper and same_lower serve any",
    );
    says(
        AvgPool2d::new([3, 2]).padding(Padding::SameUpper).output_shape([1, 2, 5, 0]),
        "avg_pool2d: the input's size is 0, but must be at least 1 along the width",
    );
    says(
        MaxPool2d::new([3, 0]).padding(Padding::SameLower).output_shape(input),
        "max_pool2d: kernel_size is 0, but must be at least 1 along the width",
    );
    says(
        MaxPool2d::new([6, 2]).output_shape(input),
        "max_pool2d: no window fits along the height: kernel_size 6 with dilation 1 spans 6, but \
         the input of 5 padded by 0 and 0 has 5",
    );
    says(
        AvgPool2d::new([2, 2]).divisor_override(0).output_shape(input),
        "avg_pool2d: divisor_override is 0, but must not be zero",
    );
    says(
        AvgPool2d::new([2, 0]).output_shape(input),
        "avg_pool2d: kernel_size is 0, but must be at least 1 along the width",
    );
    says(
        MaxPool2d::new([2, 2]).output_shape([1, 0, 5, 7]),
        "max_pool2d: input has shape [1, 0, 5, 7], but a pooled input needs at least 1 channel",
    );
    says(
        AdaptiveMaxPool2d::new([2, 0]).output_shape(input),
        "adaptive_max_pool2d: output_size is 0, but must be at least 1 along the width",
    );
    says(
        AdaptiveAvgPool2d::new([2, 2]).output_shape([1, 2, 5, 0]),
        "adaptive_avg_pool2d: the input's size is 0, but must be at least 1 along the width",
    );
}

#[test]
fn arrays_that_are_no_tensors() {
    let device = Device::cpu();
    says(
        device.upload(&Array2::zeros((2, 3))),
        "upload: the array has 2 axes, but a tensor is made of 4 (batch, channels, height, width), \
         3 (channels, height, width) or 1 (channels)",
    );
    says(
        device.upload_slice(&[0.0; 5], [1, 1, 2, 3]),
        "upload: the tensor has shape [1, 1, 2, 3], but there are 5 elements",
    );
    says(
        device.upload_slice(&[], [1 << 40, 1 << 40, 1, 1]),
        "upload: the number of elements of [1099511627776, 1099511627776, 1, 1] exceeds \
         2305843009213693951",
    );
}

#[test]
fn devices_that_are_not_there() {
    let choice: DeviceChoice = "a GPU of the year 3000".parse().unwrap();
    let error = Device::open(&choice).unwrap_err();
    let Error::NoAdapter { requested, found } = &error else { panic!("{error:?}") };
    assert_eq!(requested, "device a GPU of the year 3000");
    assert!(found.contains(&tested().info().name), "{found}");
    assert_eq!(
        error.to_string(),
        format!("no adapter for device a GPU of the year 3000; found: {found}")
    );
}

#[test]
fn what_a_device_cannot_do() {
    let limits = Limits::webgpu().with_max_binding_bytes(4096);
    says(
        Conv2d::new(1, 1, [1, 1024]).plan([1, 1, 8, 2048], &limits),
        "conv2d: the bytes that one row of the output needs of the input or the weight is 8192, \
         but the device allows 3840",
    );
    says(
        MaxPool2d::new([2, 2]).plan([1, 1, 8, 2048], &limits),
        "max_pool2d: the bytes that one row of the output needs of the input is 16384, but the \
         device allows 3840",
    );
    says(
        Conv2d::new(1, 1, [1, 2])
            .dilation([1, 1 << 31])
            .padding([0, 1 << 30])
            .plan([1, 1, 4, 16], &Limits::webgpu()),
        "conv2d: the size of the padded input is 2147483664, but the device allows 2147483647",
    );
    let big = 1 << 20;
    let device = with_limits(wgpu::Limits {
        max_buffer_size: big,
        max_storage_buffer_binding_size: big,
        ..Default::default()
    });
    let channels = usize::try_from(big / 4 / 1024).unwrap() + 1;
    let input = zeros(&device, [1, 1, 1, 1]);
    let weight = zeros(&device, [channels, 1, 1, 1]);
    says(
        Conv2d::new(1, channels, [1, 1]).padding([0, 1023]).forward(&input, &weight, None),
        &format!(
            "conv2d: the size of one buffer in bytes is {}, but the device allows {big}",
            channels * 2047 * 4
        ),
    );
    let device = with_limits(wgpu::Limits::downlevel_webgl2_defaults());
    says(
        MaxPool2d::new([2, 2]).forward(&zeros(&device, [1, 1, 8, 8])),
        "max_pool2d: the size of one storage binding in bytes is 256, but the device allows 0",
    );
}

#[test]
fn what_the_host_has_no_memory_for() {
    let device = Device::cpu();
    let (x, w) = (zeros(&device, [1, 1, 2, 2]), zeros(&device, [1, 1, 1, 1]));
    let far = Conv2d::new(1, 1, [1, 1]).padding([1 << 28, 1 << 28]);
    says(
        far.forward(&x, &w, None),
        "conv2d: there is no memory for a buffer of 1152921513196781584 bytes",
    );
}

#[test]
fn algorithms_that_are_not_there() {
    let error = "magic".parse::<Algorithm>().unwrap_err().to_string();
    assert!(error.starts_with("algorithm: the name is magic, but there are general"), "{error}");
}
