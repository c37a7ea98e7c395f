//! Sizes and options that nobody means: an answer in no time, never a panic, an abort or a hang.

use filtro::nn::{self, Layer};
use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d, Device,
    Error, Limits, MaxPool2d, Padding, PaddingMode, Result, Shape, Tensor, ceiling, reference,
};
use ndarray::Array4;

use crate::tested::tested;

pub const HUGE: usize = 1 << 40;

fn empty(device: &Device, shape: [usize; 4]) -> Tensor {
    device.upload_slice(&[], shape).unwrap()
}

fn zeros(device: &Device, shape: impl Into<Shape>) -> Tensor {
    let shape = shape.into();
    device.upload_slice(&vec![0.0; shape.len()], shape).unwrap()
}

fn no_memory<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.unwrap_err();
    assert!(
        matches!(
            error,
            Error::OutOfMemory { .. } | Error::Overflow { .. } | Error::DeviceLimit { .. }
        ),
        "{error}"
    );
}

fn empty_batches(device: &Device) {
    for [height, width] in [[HUGE, 1], [1, HUGE], [HUGE, 1 << 18]] {
        let shape = Shape::new(0, 1, height, width);
        let x = empty(device, shape.dims());
        let (max, average) = (MaxPool2d::new([1, 1]), AvgPool2d::new([1, 1]));
        let (y, indices) = max.forward_with_indices(&x).unwrap();
        assert_eq!((y.shape(), indices.shape()), (shape, shape));
        assert_eq!(max.grad_input(shape, &indices, &y).unwrap().shape(), shape);
        assert_eq!(max.forward(&x).unwrap().shape(), shape);
        assert_eq!(average.forward(&x).unwrap().shape(), shape);
        assert_eq!(average.grad_input(shape, &y).unwrap().shape(), shape);
        assert!(Activation::Silu.forward(&x).unwrap().to_vec().unwrap().is_empty());

        let adaptive = AdaptiveMaxPool2d::new([2, 2]);
        let (y, indices) = adaptive.forward_with_indices(&x).unwrap();
        assert_eq!(y.shape(), [0, 1, 2, 2].into());
        assert_eq!(adaptive.grad_input(shape, &indices, &y).unwrap().shape(), shape);
        let adaptive = AdaptiveAvgPool2d::new([2, 2]);
        assert_eq!(adaptive.forward(&x).unwrap().shape(), y.shape());
        assert_eq!(adaptive.grad_input(shape, &y).unwrap().shape(), shape);
        let up = AdaptiveAvgPool2d::new([HUGE, 3]);
        assert_eq!(up.forward(&empty(device, [0, 1, 2, 3])).unwrap().shape().height, HUGE);

        let weight = zeros(device, [2, 1, 1, 1]);
        let conv = Conv2d::new(1, 2, [1, 1]);
        let y = conv.forward(&x, &weight, None).unwrap();
        assert_eq!(y.shape(), [0, 2, height, width].into());
        assert_eq!(conv.grad_input(shape, &weight, &y).unwrap().shape(), shape);
        assert_eq!(conv.grad_weight(&x, &y).unwrap().to_vec().unwrap(), [0.0; 2]);
        assert_eq!(conv.grad_bias(&y).unwrap().to_vec().unwrap(), [0.0; 2]);

        let weight = zeros(device, [1, 2, 1, 1]);
        let spread = ConvTranspose2d::new(1, 2, [1, 1]);
        let y = spread.forward(&x, &weight, None).unwrap();
        assert_eq!(y.shape(), [0, 2, height, width].into());
        assert_eq!(spread.grad_input(shape, &weight, &y).unwrap().shape(), shape);
        assert_eq!(spread.grad_weight(&x, &y).unwrap().to_vec().unwrap(), [0.0; 2]);
        assert_eq!(spread.grad_bias(&y).unwrap().to_vec().unwrap(), [0.0; 2]);
    }
    let images = empty(device, [HUGE, 4, 1, 0]);
    let grad_bias = Conv2d::new(4, 4, [1, 1]).grad_bias(&images).unwrap();
    assert_eq!(grad_bias.to_vec().unwrap(), [0.0; 4]);
}

#[test]
fn empty_batches_with_a_huge_axis_on_the_cpu() {
    empty_batches(&Device::cpu());
}

#[test]
fn empty_batches_with_a_huge_axis_on_the_adapter() {
    empty_batches(tested());
}

#[test]
fn an_empty_batch_may_have_an_empty_transposed_output() {
    for device in [&Device::cpu(), tested()] {
        let spread = ConvTranspose2d::new(1, 2, [1, 2]).padding([1, 0]);
        let (x, weight) = (empty(device, [0, 1, 2, 3]), zeros(device, [1, 2, 1, 2]));
        let y = spread.forward(&x, &weight, None).unwrap();
        assert_eq!(y.shape(), [0, 2, 0, 4].into());
        assert_eq!(spread.grad_input([0, 1, 2, 3], &weight, &y).unwrap().shape(), x.shape());
        assert_eq!(spread.grad_weight(&x, &y).unwrap().to_vec().unwrap(), [0.0; 4]);
        assert_eq!(spread.grad_bias(&y).unwrap().to_vec().unwrap(), [0.0; 2]);
    }
    let spread = ConvTranspose2d::new(1, 2, [1, 2]).padding([1, 0]);
    let (x, weight) = (Array4::zeros([0, 1, 2, 3]), Array4::zeros([1, 2, 1, 2]));
    let output = reference::conv_transpose2d(&spread, x.view(), weight.view(), None).unwrap();
    assert_eq!(output.dim(), (0, 2, 0, 4));
    let one = spread.output_shape([1, 1, 2, 3]).unwrap_err().to_string();
    assert_eq!(
        one,
        "conv_transpose2d: padding is 1, but twice of it must be less than the 2 that the output \
         has before it is cut along the height"
    );
    let none = spread.output_shape([0, 1, 1, 3]).unwrap_err().to_string();
    assert!(none.contains("must be at most the 1 that"), "{none}");
}

#[test]
fn options_beyond_any_memory_have_small_results() {
    let device = &Device::cpu();
    // One output that reads one cell of an endless padding.
    let conv = Conv2d::new(1, 1, [1, 1])
        .padding(Padding::sides(HUGE, 0, 0, 0))
        .padding_mode(PaddingMode::Replicate)
        .stride([2 * HUGE, 1]);
    let weight = device.upload_slice(&[2.0], [1, 1, 1, 1]).unwrap();
    let grad_output = device.upload_slice(&[3.0, 5.0], [1, 1, 1, 2]).unwrap();
    let grad_input = conv.grad_input([1, 1, 3, 2], &weight, &grad_output).unwrap();
    assert_eq!(grad_input.to_vec().unwrap(), [6.0, 10.0, 0.0, 0.0, 0.0, 0.0]);

    // Two taps far from each other, in padding of either mode, and the strides between.
    for mode in [PaddingMode::Zeros, PaddingMode::Replicate] {
        for stride in [1, 2, 3, 7] {
            let conv = Conv2d::new(1, 1, [2, 1])
                .padding(Padding::sides(0, HUGE, 0, 0))
                .padding_mode(mode)
                .dilation([HUGE, 1])
                .stride([stride, 1]);
            let x = device.upload_slice(&[1.0, 10.0, 100.0], [1, 1, 3, 1]).unwrap();
            let weight = device.upload_slice(&[2.0, 3.0], [1, 1, 2, 1]).unwrap();
            let y = conv.forward(&x, &weight, None).unwrap();
            let last = if mode == PaddingMode::Zeros { 0.0 } else { 300.0 };
            let expected: Vec<f32> =
                [1.0, 10.0, 100.0].iter().step_by(stride).map(|x| 2.0 * x + last).collect();
            assert_eq!(y.to_vec().unwrap(), expected, "{mode} {stride}");
            let ones = device.upload_slice(&vec![1.0; expected.len()], y.shape()).unwrap();
            let mut expected_gradient = [0.0; 3];
            (0..3).step_by(stride).for_each(|cell| expected_gradient[cell] += 2.0);
            if mode == PaddingMode::Replicate {
                expected_gradient[2] += 3.0 * expected.len() as f32;
            }
            let grad_input = conv.grad_input([1, 1, 3, 1], &weight, &ones).unwrap();
            assert_eq!(grad_input.to_vec().unwrap(), expected_gradient, "{mode} {stride}");
            assert!(conv.grad_weight(&x, &ones).is_ok());
        }
    }

    let nine = device.upload_slice(&[1.0; 9], [1, 1, 3, 3]).unwrap();
    for (kernel_size, half) in [([HUGE, 1], [HUGE / 2, 0]), ([1, HUGE], [0, HUGE / 2])] {
        let stride = half.map(|stride| stride.max(1));
        let max = MaxPool2d::new(kernel_size).stride(stride).padding(half).ceil_mode(true);
        assert_eq!(max.forward(&nine).unwrap().to_vec().unwrap(), [1.0; 6]);
        let (y, indices) = max.forward_with_indices(&nine).unwrap();
        assert!(max.grad_input([1, 1, 3, 3], &indices, &y).is_ok());
        let average = AvgPool2d::new(kernel_size).stride(stride).padding(half).ceil_mode(true);
        let average = average.count_include_pad(false);
        assert_eq!(average.forward(&nine).unwrap().to_vec().unwrap(), [1.0; 6]);
        assert!(average.grad_input([1, 1, 3, 3], &y).is_ok());

        for padding in [Padding::SameUpper, Padding::SameLower] {
            let max = max.clone().padding(padding);
            let (y, indices) = max.forward_with_indices(&nine).unwrap();
            assert_eq!(y.to_vec().unwrap(), [1.0; 3]);
            assert!(max.grad_input([1, 1, 3, 3], &indices, &y).is_ok());
            let average = average.clone().padding(padding);
            assert_eq!(average.forward(&nine).unwrap().to_vec().unwrap(), [1.0; 3]);
            assert!(average.grad_input([1, 1, 3, 3], &y).is_ok());
        }
    }
}

#[test]
fn memory_that_is_not_there_is_an_error() {
    let device = &Device::cpu();
    let x = zeros(device, [1, 1, 3, 3]);
    no_memory(AdaptiveMaxPool2d::new([HUGE, 1]).forward(&x));
    no_memory(AdaptiveMaxPool2d::new([1, HUGE]).forward_with_indices(&x));
    no_memory(AdaptiveAvgPool2d::new([HUGE, HUGE]).forward(&x));
    no_memory(Conv2d::new(1, 1, [1, 1]).padding([0, HUGE]).forward(
        &x,
        &zeros(device, [1, 1, 1, 1]),
        None,
    ));
    let far = Shape::new(1, 1, 1, 2 * HUGE);
    let y = zeros(device, [1, 1, 1, 2]);
    no_memory(AvgPool2d::new([1, 1]).stride([1, HUGE]).grad_input(far, &y));
    let conv = Conv2d::new(1, 1, [1, 1]).stride([1, HUGE]);
    no_memory(conv.grad_input(far, &zeros(device, [1, 1, 1, 1]), &y));
    let spread = ConvTranspose2d::new(1, 1, [1, 1]).stride([1, HUGE]);
    no_memory(spread.forward(&y, &zeros(device, [1, 1, 1, 1]), None));
    let (x, one) = (Array4::zeros([1, 1, 3, 3]), Array4::zeros([1, 1, 1, 1]));
    let (x, one) = (x.view(), one.view());
    no_memory(reference::adaptive_avg_pool2d(&AdaptiveAvgPool2d::new([HUGE, 1]), x));
    no_memory(reference::adaptive_max_pool2d(&AdaptiveMaxPool2d::new([HUGE, 1]), x));
    no_memory(reference::conv2d(&Conv2d::new(1, 1, [1, 1]).padding([0, HUGE]), x, one, None));
    let wide = ConvTranspose2d::new(1, 1, [1, 1]).stride([HUGE, 1]);
    no_memory(reference::conv_transpose2d(&wide, x, one, None));
    let grads = Array4::zeros([1, 1, 1, 2]);
    let apart = AvgPool2d::new([1, 1]).stride([1, HUGE]);
    no_memory(reference::avg_pool2d_backward(&apart, far, grads.view()));
    let rng = &mut nn::Rng::new(1);
    no_memory(nn::Linear::new(device, 1 << 30, 1 << 30, rng));
    no_memory(nn::Linear::new(device, usize::MAX, 3, rng));
    no_memory(nn::Conv2d::new(device, Conv2d::new(1 << 20, 1 << 20, [HUGE, 1]), rng));
    no_memory(nn::Conv2d::new(device, Conv2d::new(1 << 20, 1 << 20, [64, 1]), rng));
    no_memory(ceiling::copy(device, 1 << 60));
    no_memory(ceiling::copy(device, usize::MAX));
    no_memory(ceiling::copy(tested(), usize::MAX));
}

#[test]
fn sizes_that_wrap_are_errors() {
    let flatten = nn::Flatten::new();
    no_memory(flatten.output_shape(Shape::new(1, 1 << 32, 1 << 32, 1)));
    no_memory(flatten.output_shape(Shape::new(0, 1 << 32, 1 << 32, 1)));
    let value = zeros(&Device::cpu(), [1, 1, 1, 4]);
    for sizes in [&[1 << 32, 1 << 32, 4][..], &[usize::MAX, 4], &[0, usize::MAX, usize::MAX]] {
        assert!(nn::Parameter::with_sizes(value.clone(), sizes).is_err(), "{sizes:?}");
    }
    assert!(nn::Parameter::with_sizes(value, &[2, 2]).is_ok());
    assert_eq!(Shape::new(1 << 32, 1 << 32, 1, 1).len(), usize::MAX);
    assert_eq!(Shape::new(1 << 32, 1 << 32, 0, 1).len(), 0);
    assert!(Shape::new(1, 0, 1, 1).is_empty() && !Shape::new(1, 1, 1, 1).is_empty());
}

#[test]
fn a_plan_of_more_than_a_buffer_is_an_error_at_once() {
    let limits = &Limits::webgpu();
    let limit = |result: Result<filtro::Plan>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::DeviceLimit { .. }), "{error}");
    };
    for shape in [[1 << 43, 3, 4, 14], [1, 3, 1 << 43, 4], [3, 1, 14, 1 << 43]] {
        limit(MaxPool2d::new([1, 1]).plan(shape, limits));
        limit(AvgPool2d::new([1, 1]).plan(shape, limits));
        limit(AdaptiveAvgPool2d::new([3, 4]).plan(shape, limits));
        limit(AdaptiveMaxPool2d::global().plan(shape, limits));
        limit(Conv2d::new(shape[1], 4, [1, 1]).plan(shape, limits));
    }
    limit(AdaptiveMaxPool2d::new([1 << 40, 1]).plan([1, 1, 3, 3], limits));
    limit(Conv2d::new(1, 1 << 40, [1, 1]).plan([1, 1, 3, 3], limits));
    limit(Conv2d::new(1, 1, [1, 1]).padding([1 << 40, 0]).plan([1, 1, 3, 3], limits));
    let plan = MaxPool2d::new([1, 1]).plan([0, 1, 1 << 43, 1], limits).unwrap();
    assert_eq!(plan.dispatches(), 0);
    let mut endless = *limits;
    endless.max_buffer_bytes = u64::MAX;
    limit(MaxPool2d::new([1, 1]).plan([1 << 43, 3, 4, 14], &endless));
    let on = MaxPool2d::new([1, 1]).plan_on([1 << 43, 3, 4, 14], tested()).unwrap_err();
    assert!(matches!(on, Error::DeviceLimit { .. }), "{on}");
}
