//! Tensors of f16: the conversion, splits, chains, and what is not served.

use filtro::nn;
use filtro::{
    Activation, AvgPool2d, Conv2d, ConvTranspose2d, DType, Device, Error, MaxPool2d, Result, Tensor,
};
use half::f16;
use ndarray::{Array1, Array4, array};

use crate::case::{Data, Random};
use crate::tested::{has_f16, open_tested, tested, wgpu_device, with_bindings_of};

/// The CPU, and the adapter if it has f16.
fn devices() -> Vec<Device> {
    let adapter = has_f16().then(|| tested().clone());
    adapter.into_iter().chain([Device::cpu()]).collect()
}

fn integers(shape: [usize; 4]) -> Array4<f32> {
    Random::new(3, 1).array4(shape, Data::Integers)
}

fn halves(device: &Device, array: &Array4<f32>) -> Tensor {
    device.upload(array).unwrap().to_f16().unwrap()
}

/// Every number of f16 with what lies halfway to the next, and beside that.
fn around_every_half() -> Vec<f32> {
    let mut numbers = Vec::new();
    for bits in 0..0x7c00_u16 {
        let number = f16::from_bits(bits).to_f32();
        let next = if bits == 0x7bff { 65_536.0 } else { f16::from_bits(bits + 1).to_f32() };
        let between = (number + next) / 2.0;
        let [below, above] = [-1, 1].map(|step| between.to_bits().wrapping_add_signed(step));
        let beside = [number, between, f32::from_bits(below), f32::from_bits(above)];
        numbers.extend(beside.into_iter().flat_map(|number| [number, -number]));
    }
    let extreme = [f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e5, -1e-9];
    // A payload that f16 has no room for.
    numbers.extend(extreme.into_iter().chain([0x7f80_0001, 0xffff_ffff].map(f32::from_bits)));
    numbers
}

#[test]
fn a_conversion_gives_the_nearest_number_ties_to_even() {
    let numbers = around_every_half();
    for device in devices() {
        let tensor = device.upload_slice(&numbers, [1, 1, 1, numbers.len()]).unwrap();
        let converted = tensor.to_f16().unwrap().to_vec().unwrap();
        for (number, converted) in numbers.iter().zip(converted) {
            let expected = f16::from_f32(*number).to_f32();
            let is_same = converted.to_bits() == expected.to_bits()
                || converted.is_nan() && expected.is_nan();
            assert!(is_same, "{number:e} on {device}: {converted:e} instead of {expected:e}");
        }
    }
}

#[test]
fn any_number_of_elements_is_converted_and_read_back() {
    for device in devices() {
        for len in [0, 1, 2, 3, 5, 63, 64, 65, 127, 129, 257] {
            let array = integers([1, 1, 1, len]);
            let tensor = halves(&device, &array);
            assert_eq!((tensor.dtype(), tensor.shape()), (DType::F16, [1, 1, 1, len].into()));
            assert_eq!(tensor.download().unwrap(), array);
            assert_eq!(pollster::block_on(tensor.download_async()).unwrap(), array);
            assert_eq!(tensor.to_f32().unwrap().dtype(), DType::F32);
            let reshaped = tensor.reshape([1, len, 1, 1]).unwrap();
            assert_eq!(reshaped.dtype(), DType::F16);
            assert_eq!(reshaped.to_vec().unwrap(), tensor.to_vec().unwrap());
        }
    }
}

#[test]
fn f16_takes_half_of_the_memory() {
    if !has_f16() {
        return;
    }
    let device = open_tested();
    let array = integers([1, 1, 512, 512]);
    let tensor = halves(&device, &array);
    device.synchronize().unwrap();
    device.trim();
    assert_eq!(device.memory_use().allocated, 512 * 512 * 2);
    drop(tensor);
}

fn chain(device: &Device, image: &Array4<f32>, weight: &Array4<f32>) -> Result<Array4<f32>> {
    let (x, w) = (halves(device, image), halves(device, weight));
    let bias = device.upload(&Array1::from(vec![1.5, -2.0, 0.25]))?.to_f16()?;
    let conv = Conv2d::new(2, 3, [3, 2]).padding([1, 1]).activation(Activation::Relu);
    let y = conv.forward(&x, &w, Some(&bias))?;
    let y = MaxPool2d::new([2, 3]).stride([1, 2]).forward(&y)?;
    let y = Activation::LeakyRelu { negative_slope: 0.5 }.forward(&y)?;
    AvgPool2d::new([2, 2]).forward(&y)?.download()
}

#[test]
fn a_chain_in_f16_is_the_same_on_the_cpu() {
    let (image, weight) = (integers([2, 2, 13, 17]), integers([3, 2, 3, 2]));
    let expected = chain(&Device::cpu(), &image, &weight).unwrap();
    for device in devices() {
        assert_eq!(chain(&device, &image, &weight).unwrap(), expected, "{device}");
    }
}

#[test]
fn what_exceeds_one_binding_is_split_and_its_sums_are_rounded_once() {
    if !has_f16() {
        return;
    }
    let cpu = Device::cpu();
    let image = integers([3, 4, 21, 19]);
    // Sums beyond 2048, which f16 does not hold all of.
    let weight = integers([6, 2, 3, 5]) * 7.0;
    for bytes in [8_192, 4_096, 2_048, 1_024, 768] {
        let device = with_bindings_of(bytes);
        let conv = Conv2d::new(4, 6, [3, 5]).groups(2).stride([2, 1]).padding([3, 2]);
        let conv = conv.dilation([2, 1]).activation(Activation::Relu);
        let run = |device: &Device| {
            let (x, w) = (halves(device, &image), halves(device, &weight));
            conv.forward(&x, &w, None).unwrap().download().unwrap()
        };
        assert_eq!(run(&device), run(&cpu), "{bytes}");
        let max = MaxPool2d::new([3, 2]).stride([2, 3]).padding([1, 1]).dilation([2, 1]);
        let pools = |device: &Device| {
            let x = halves(device, &image);
            let (y, indices) = max.forward_with_indices(&x).unwrap();
            let average = AvgPool2d::new([4, 4]).ceil_mode(true).divisor_override(4);
            let z = average.forward(&x).unwrap();
            [
                y.download().unwrap(),
                z.download().unwrap(),
                indices.download().unwrap().mapv(|i| i as f32),
            ]
        };
        assert_eq!(pools(&device), pools(&cpu), "{bytes}");
    }
}

fn says<T: std::fmt::Debug>(result: Result<T>, text: &str) {
    assert_eq!(result.unwrap_err().to_string(), text);
}

#[test]
fn a_device_without_f16_says_so() {
    let (device, queue) = wgpu_device(&Default::default());
    let device = Device::from_wgpu(device, queue);
    assert!(!device.limits().unwrap().shader_f16);
    let x = device.upload(&integers([1, 1, 2, 3])).unwrap();
    says(x.to_f16(), &format!("to_dtype: the device {device} has no shaders with f16"));
    assert_eq!(x.to_f32().unwrap().download().unwrap(), x.download().unwrap());
}

#[test]
fn tensors_of_several_types() {
    for device in devices() {
        let full = device.upload(&integers([1, 1, 4, 4])).unwrap();
        let weight = device.upload(&integers([1, 1, 2, 2])).unwrap();
        let bias = device.upload(&Array1::zeros(1)).unwrap();
        let (half, half_weight) = (full.to_f16().unwrap(), weight.to_f16().unwrap());
        let conv = Conv2d::new(1, 1, [2, 2]);
        says(
            conv.forward(&half, &weight, None),
            "conv2d: the elements of weight are f32, but those of the input are f16",
        );
        says(
            conv.forward(&full, &half_weight, None),
            "conv2d: the elements of weight are f16, but those of the input are f32",
        );
        says(
            conv.forward(&half, &half_weight, Some(&bias)),
            "conv2d: the elements of bias are f32, but those of the input are f16",
        );
    }
}

fn is_mismatch<T: std::fmt::Debug>(name: &str, result: Result<T>) {
    let error = result.unwrap_err();
    let Error::DTypeMismatch { argument, actual: DType::F16, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(argument, name);
    assert!(error.to_string().ends_with("are f16, but this takes f32 alone"), "{error}");
}

#[test]
fn what_takes_f32_alone_says_so() {
    for device in devices() {
        let full = device.upload(&integers([1, 1, 4, 4])).unwrap();
        let half = full.to_f16().unwrap();
        let weight = halves(&device, &integers([1, 1, 1, 1]));
        let conv = Conv2d::new(1, 1, [1, 1]);
        is_mismatch("weight", conv.grad_input([1, 1, 4, 4], &weight, &full));
        is_mismatch("weight", conv.grad_input([1, 1, 4, 4], &weight, &half));
        is_mismatch("input", conv.grad_weight(&half, &full));
        is_mismatch("grad_output", conv.grad_weight(&full, &half));
        is_mismatch("grad_output", conv.grad_bias(&half));
        let transposed = ConvTranspose2d::new(1, 1, [1, 1]);
        is_mismatch("input", transposed.forward(&half, &weight, None));
        is_mismatch("weight", transposed.grad_input([1, 1, 4, 4], &weight, &half));
        is_mismatch("input", transposed.grad_weight(&half, &half));
        is_mismatch("grad_output", transposed.grad_bias(&half));
        let max = MaxPool2d::new([1, 1]);
        let (_, indices) = max.forward_with_indices(&half).unwrap();
        is_mismatch("grad_output", max.grad_input([1, 1, 4, 4], &indices, &half));
        is_mismatch("grad_output", AvgPool2d::new([1, 1]).grad_input([1, 1, 4, 4], &half));
        is_mismatch("input", Activation::Relu.grad_input(&half, &full));
        let mut parameter = nn::Parameter::new(full.clone());
        is_mismatch("the gradient", parameter.set_gradient(half.clone()));
        is_mismatch("the tensor", half.select(&device.upload_numbers(&[0], [1, 1, 1, 1]).unwrap()));
        is_mismatch("the output", nn::mse(&half, &full));
        is_mismatch("target", nn::mse(&full, &half));
        let labels = device.upload_numbers(&[0; 16], [1, 1, 4, 4]).unwrap();
        is_mismatch("logits", nn::cross_entropy(&half, &labels));
    }
}

#[test]
fn an_input_in_f16_overflows_to_infinity_and_loses_what_is_small() {
    for device in devices() {
        let x = halves(&device, &array![[[[70_000.0, -70_000.0, 1e-9, 0.1]]]]);
        let expected = array![[[[f32::INFINITY, f32::NEG_INFINITY, 0.0, 0.099_975_586]]]];
        assert_eq!(x.download().unwrap(), expected);
        // Sums are f32: only the output overflows.
        let x = halves(&device, &array![[[[60_000.0, 60_000.0, -60_000.0, -60_000.0]]]]);
        let ones = halves(&device, &Array4::ones((1, 1, 1, 4)));
        let y = Conv2d::new(1, 1, [1, 4]).forward(&x, &ones, None).unwrap();
        assert_eq!(y.to_vec().unwrap(), [0.0]);
        let ones = halves(&device, &Array4::ones((1, 1, 1, 2)));
        let y = Conv2d::new(1, 1, [1, 2]).forward(&x, &ones, None).unwrap();
        assert_eq!(y.to_vec().unwrap(), [f32::INFINITY, 0.0, f32::NEG_INFINITY]);
    }
}
