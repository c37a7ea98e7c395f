//! What devices promise: chains, threads, memory, sizes beyond one binding, errors of the GPU.

use std::thread;
use std::time::Duration;

use filtro::{Activation, Algorithm, AvgPool2d, Conv2d, DType, Device, Error, MaxPool2d, Shape};
use ndarray::{Array4, s};

use crate::tested::{is_software, open_tested, tested, wgpu_device, with_bindings_of};

pub fn ramp(shape: [usize; 4]) -> Array4<f32> {
    let mut next = 0_u32;
    Array4::from_shape_simple_fn(shape, || {
        next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u8::try_from(next >> 28).unwrap()) - 8.0
    })
}

#[test]
fn an_adapter_says_what_it_is() {
    let device = tested();
    let kind = if is_software() { "software adapter" } else { "GPU" };
    assert!(device.to_string().contains(kind), "{device}");
    assert!(!device.info().name.is_empty() && !device.info().driver.is_empty());
    assert!(Device::available().contains(device.info()));
    assert_eq!(Device::available().last(), Some(Device::cpu().info()));
}

#[test]
fn views_and_other_layouts_come_back_as_they_were() {
    for device in [tested().clone(), Device::cpu()] {
        let array = ramp([2, 3, 5, 7]);
        for view in [
            array.view(),
            array.slice(s![.., ..;-1, 1..4, ..;2]),
            array.view().permuted_axes([3, 1, 0, 2]),
            array.slice(s![.., .., 2..2, ..]),
        ] {
            let tensor = device.upload(&view).unwrap();
            assert_eq!(tensor.download().unwrap(), view);
            assert_eq!(pollster::block_on(tensor.download_async()).unwrap(), view);
        }
    }
}

#[test]
fn every_bit_of_a_value_survives_the_way_to_the_device_and_back() {
    let bits = [0x7fc0_1234, 0xff80_0000, 0x8000_0000, 1, 0x7f7f_ffff, 0x3f80_0001];
    let values = bits.map(f32::from_bits);
    let tensor = tested().upload_slice(&values, [1, 1, 2, 3]).unwrap();
    let back: Vec<u32> = tensor.to_vec().unwrap().iter().map(|value| value.to_bits()).collect();
    assert_eq!(back, bits);
}

/// Three layers; integer values, so that every device gives the same bits.
fn network(device: &Device, image: &Array4<f32>) -> Array4<f32> {
    let x = device.upload(image).unwrap();
    let w = device.upload(&ramp([3, 2, 3, 2])).unwrap();
    let x = Conv2d::new(2, 3, [3, 2]).padding([1, 1]).forward(&x, &w, None).unwrap();
    let x = Activation::Relu.forward(&x).unwrap();
    MaxPool2d::new([2, 3]).forward(&x).unwrap().download().unwrap()
}

#[test]
fn a_device_serves_many_threads_at_once() {
    let image = ramp([1, 2, 12, 17]);
    let (device, expected) = (tested(), network(&Device::cpu(), &image));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(network(device, &image), expected);
                }
            });
        }
    });
}

#[test]
fn two_devices_live_side_by_side() {
    let other = open_tested();
    let image = ramp([1, 2, 12, 17]);
    assert_eq!(network(&other, &image), network(tested(), &image));
}

#[test]
fn a_device_around_the_callers_own_wgpu_device_works() {
    let (device, queue) = wgpu_device(&Default::default());
    let device = Device::from_wgpu(device, queue);
    let image = ramp([1, 2, 12, 17]);
    assert_eq!(network(&device, &image), network(&Device::cpu(), &image));
    assert_eq!(device.limits().unwrap().subgroup_sizes, None);
}

#[test]
fn repetitions_of_a_chain_leave_the_memory_where_it_was() {
    let device = open_tested();
    let image = ramp([1, 4, 16, 16]);
    let w = device.upload(&ramp([4, 4, 3, 3])).unwrap();
    let conv = Conv2d::new(4, 4, [3, 3]).padding([1, 1]);
    let mut after_second = 0;
    for repetition in 0..1000 {
        let mut x = device.upload(&image).unwrap();
        for _ in 0..3 {
            x = conv.forward(&x, &w, None).unwrap();
            x = Activation::Tanh.forward(&x).unwrap();
        }
        if repetition % 2 == 0 {
            x.download().unwrap();
        }
        match repetition {
            0 => {}
            1 => after_second = device.memory_use().allocated,
            _ => assert_eq!(device.memory_use().allocated, after_second, "{repetition}"),
        }
    }
    drop(w);
    device.trim();
    assert_eq!(device.memory_use().allocated, 0);
}

#[test]
fn uploads_that_are_never_used_do_not_pile_up() {
    let device = open_tested();
    let image = ramp([1, 4, 16, 16]);
    for _ in 0..100 {
        let x = device.upload(&image).unwrap();
        Activation::Relu.forward(&x).unwrap();
    }
    assert!(device.memory_use().allocated <= 4 * 4096, "{:?}", device.memory_use());
}

#[test]
fn an_upload_does_not_overtake_recorded_work() {
    let device = open_tested();
    let first = device.upload(&Array4::from_elem((1, 1, 8, 8), 1.0_f32)).unwrap();
    let y = Activation::Relu.forward(&first).unwrap();
    // The buffer of `first` is free, but the recorded work has not read it yet.
    drop(first);
    let second = device.upload(&Array4::from_elem((1, 1, 8, 8), 2.0_f32)).unwrap();
    assert_eq!(y.download().unwrap()[[0, 0, 7, 7]], 1.0);
    assert_eq!(second.download().unwrap()[[0, 0, 7, 7]], 2.0);
}

#[test]
fn the_last_upload_into_a_reused_buffer_wins() {
    // A device of its own: other tests would take its buffers.
    let device = open_tested();
    let array = |value| Array4::from_elem([1, 1, 4, 4], value);
    let image = device.upload(&ramp([1, 16, 64, 96])).unwrap();
    let weight = device.upload(&ramp([16, 16, 3, 3])).unwrap();
    let conv = Conv2d::new(16, 16, [3, 3]).padding([1, 1]);
    conv.forward(&image, &weight, None).unwrap().download().unwrap();
    for round in 0..20 {
        // The small buffers are busy for as long as the convolution that is submitted with them.
        let small = device.upload(&array(1.0)).unwrap();
        let used = Activation::Relu.forward(&small).unwrap();
        let busy = conv.forward(&image, &weight, None).unwrap();
        device.flush().unwrap();
        drop((small, used));
        // One upload into such a buffer while it is busy, and one when it no longer is; nothing
        // is submitted between them.
        drop(device.upload(&array(f32::NAN)).unwrap());
        thread::sleep(Duration::from_millis(30));
        let last = device.upload(&array(2.0)).unwrap();
        assert_eq!(last.download().unwrap(), array(2.0), "round {round}");
        drop(busy);
    }
}

#[test]
fn uploads_into_one_buffer_keep_their_order() {
    let device = open_tested();
    for value in 0..100_u16 {
        let value = f32::from(value);
        drop(device.upload(&Array4::from_elem((1, 1, 8, 8), f32::NAN)).unwrap());
        let y = device.upload(&Array4::from_elem((1, 1, 8, 8), value)).unwrap();
        assert_eq!(y.download().unwrap(), Array4::from_elem((1, 1, 8, 8), value));
    }
}

#[test]
fn a_chain_compiles_each_variant_once_and_warm_up_compiles_ahead() {
    let device = open_tested();
    let conv = Conv2d::new(4, 4, [3, 3]).padding([1, 1]);
    let pool = MaxPool2d::new([2, 2]);
    conv.warm_up(&device, [1, 4, 16, 16]).unwrap();
    pool.warm_up(&device, [1, 4, 16, 16]).unwrap();
    let compiled = device.compiled_shaders();
    assert!(compiled >= 2);
    let w = device.upload(&ramp([4, 4, 3, 3])).unwrap();
    let b = device.upload(&ndarray::Array1::zeros(4)).unwrap();
    let x = device.upload(&ramp([1, 4, 16, 16])).unwrap();
    for _ in 0..3 {
        pool.forward(&conv.forward(&x, &w, Some(&b)).unwrap()).unwrap().download().unwrap();
    }
    assert_eq!(device.compiled_shaders(), compiled);
}

#[test]
fn the_device_times_what_was_recorded() {
    let x = tested().upload(&ramp([1, 8, 64, 64])).unwrap();
    let timed = tested().time(|| MaxPool2d::new([3, 3]).forward(&x)).unwrap();
    assert_eq!(timed.value.shape(), Shape::new(1, 8, 21, 21));
    let on_device = timed.device.expect("timestamps");
    assert!(on_device > std::time::Duration::ZERO && on_device <= timed.wall, "{timed:?}");
}

#[test]
fn an_image_of_16_million_pixels_is_convolved() {
    let mut image = Array4::<f32>::zeros((1, 1, 4096, 4096));
    image[[0, 0, 0, 0]] = 1.0;
    image[[0, 0, 4095, 4095]] = 2.0;
    image[[0, 0, 2047, 1000]] = 3.0;
    let weight = Array4::from_shape_fn((1, 1, 3, 3), |(_, _, y, x)| (y * 3 + x + 1) as f32);
    let conv = Conv2d::new(1, 1, [3, 3]).padding([1, 1]);
    let (x, w) = (tested().upload(&image).unwrap(), tested().upload(&weight).unwrap());
    let y = conv.forward(&x, &w, None).unwrap().download().unwrap();
    assert_eq!(y.slice(s![0, 0, ..2, ..2]), ndarray::array![[5.0, 4.0], [2.0, 1.0]]);
    assert_eq!(y.slice(s![0, 0, 4094.., 4094..]), ndarray::array![[18.0, 16.0], [12.0, 10.0]]);
    let around = y.slice(s![0, 0, 2046..2049, 999..1002]);
    assert_eq!(around, ndarray::array![[27.0, 24.0, 21.0], [18.0, 15.0, 12.0], [9.0, 6.0, 3.0]]);
    assert_eq!(y.sum(), 24.0 + (1 + 2 + 4 + 5) as f32 + 2.0 * (5 + 6 + 8 + 9) as f32 + 111.0);
    tested().trim();
}

#[test]
fn a_pooling_of_144_megabytes_is_split() {
    let input =
        Array4::from_shape_fn((1, 16, 1500, 1500), |(_, c, y, x)| (c * 3 + y % 7 + x % 5) as f32);
    let pool = MaxPool2d::new([2, 2]);
    let limits = tested().limits().unwrap();
    let dispatches = pool.plan([1, 16, 1500, 1500], limits).unwrap().dispatches();
    assert_eq!(dispatches > 1, limits.max_binding_bytes < 16 * 1500 * 1500 * 4);
    let x = tested().upload(&input).unwrap();
    let y = pool.forward(&x).unwrap();
    drop(x);
    let y = y.download().unwrap();
    let cpu = pool.forward(&Device::cpu().upload(&input).unwrap()).unwrap().download().unwrap();
    assert!(y == cpu);
    tested().trim();
}

#[test]
fn what_exceeds_one_binding_is_split_by_images_channels_and_rows() {
    let cpu = Device::cpu();
    let image = ramp([3, 4, 21, 19]);
    let weight = ramp([6, 2, 3, 5]);
    for bytes in [16_384, 8_192, 4_096, 2_048, 1_024] {
        let device = with_bindings_of(bytes);
        for mode in filtro::PaddingMode::ALL {
            let conv = Conv2d::new(4, 6, [3, 5])
                .groups(2)
                .stride([2, 1])
                .padding([3, 2])
                .dilation([2, 1])
                .padding_mode(mode)
                .activation(Activation::Relu);
            let expected = conv
                .forward(&cpu.upload(&image).unwrap(), &cpu.upload(&weight).unwrap(), None)
                .unwrap();
            let plan = conv.plan([3, 4, 21, 19], device.limits().unwrap());
            let (x, w) = (device.upload(&image).unwrap(), device.upload(&weight).unwrap());
            let y = conv.forward(&x, &w, None);
            // Circular padding wraps from the first rows to the last: those cannot be split.
            if bytes == 1_024 && mode == filtro::PaddingMode::Circular {
                assert!(matches!(plan, Err(filtro::Error::DeviceLimit { .. })), "{plan:?}");
                assert!(y.is_err());
                continue;
            }
            assert!(plan.unwrap().dispatches() > 1);
            assert_eq!(y.unwrap().download().unwrap(), expected.download().unwrap(), "{mode}");
        }
        let max = MaxPool2d::new([3, 2]).stride([2, 3]).padding([1, 1]).dilation([2, 1]);
        let x = device.upload(&image).unwrap();
        let (y, i) = max.forward_with_indices(&x).unwrap();
        let (z, j) = max.forward_with_indices(&cpu.upload(&image).unwrap()).unwrap();
        assert_eq!(y.download().unwrap(), z.download().unwrap());
        assert_eq!(i.download().unwrap(), j.download().unwrap());
        let avg = AvgPool2d::new([4, 4]).ceil_mode(true).divisor_override(4);
        let y = avg.forward(&x).unwrap().download().unwrap();
        let z = avg.forward(&cpu.upload(&image).unwrap()).unwrap().download().unwrap();
        assert_eq!(y, z);
    }
}

#[test]
fn images_beyond_a_binding_are_convolved_in_bands_by_the_fast_algorithms() {
    let (cpu, device) = (Device::cpu(), with_bindings_of(16_384));
    let limits = device.limits().unwrap();
    let f16 = limits.shader_f16.then_some(DType::F16);
    for (conv, input) in [
        (Conv2d::new(8, 8, [3, 3]).padding([1, 1]), [2, 8, 30, 20]),
        (Conv2d::new(8, 12, [3, 5]).stride([2, 1]).padding([2, 1]).groups(2), [1, 8, 31, 20]),
        (Conv2d::new(4, 8, [3, 3]).padding([2, 0]).dilation([2, 1]), [1, 4, 60, 14]),
        (Conv2d::new(16, 8, [1, 1]).activation(Activation::Relu), [1, 16, 30, 10]),
    ] {
        let (image, weight) = (ramp(input), ramp(conv.weight_shape().unwrap().dims()));
        let bias =
            ndarray::Array1::linspace(0.0, (conv.out_channels - 1) as f32, conv.out_channels);
        for mode in filtro::PaddingMode::ALL {
            let conv = conv.clone().padding_mode(mode);
            let run = |device: &Device, conv: &Conv2d, dtype: DType| {
                let upload = |array: &Array4<f32>| device.upload(array)?.to_dtype(dtype);
                let bias = device.upload(&bias)?.to_dtype(dtype)?;
                conv.forward(&upload(&image)?, &upload(&weight)?, Some(&bias))?.download()
            };
            for dtype in [DType::F32].into_iter().chain(f16) {
                let expected = run(&cpu, &conv, dtype).unwrap();
                for pin in
                    [None, Some(Algorithm::Halo), Some(Algorithm::Tiled), Some(Algorithm::Gemm)]
                {
                    let conv = conv.clone().algorithm(pin);
                    let is_banded =
                        mode != filtro::PaddingMode::Circular || conv.kernel_size == [1, 1];
                    if dtype == DType::F32 && is_banded {
                        let plan = conv.plan(input, limits).unwrap();
                        assert_ne!(plan.algorithm(), Algorithm::General, "{conv:?}");
                        assert!(plan.dispatches() > 1, "{conv:?}");
                    }
                    match run(&device, &conv, dtype) {
                        Ok(output) => assert_eq!(output, expected, "{conv:?} {dtype}"),
                        Err(Error::Unsupported { .. }) if pin.is_some() && !is_banded => {}
                        Err(error) => panic!("{conv:?} {dtype}: {error}"),
                    }
                }
            }
        }
    }
}
