//! Cooperative matrices: who asks for them, and the bound of their rounding.

use filtro::{
    Algorithm, Conv2d, DType, Device, DeviceChoice, DeviceOptions, Error, Result, Tensor, reference,
};
use ndarray::Array4;

use crate::case::{Data, Random, nearest, wide};
use crate::compare::{by_matrices, within_f16};
use crate::tested::{adapter, has_f16, has_matrices, tell, tested, wgpu_device};

fn conv() -> Conv2d {
    Conv2d::new(64, 64, [3, 3]).padding([1, 1])
}

/// What a convolution of f16 is done by.
fn algorithm(device: &Device) -> Algorithm {
    let plan = conv().plan_on_of(DType::F16, [1, 64, 30, 30], device).unwrap();
    plan.unwrap().algorithm()
}

fn pinned(device: &Device) -> Result<Tensor> {
    let zeros = |shape: [usize; 4]| device.upload(&Array4::zeros(shape))?.to_f16();
    let (x, w) = (zeros([1, 64, 5, 6])?, zeros([64, 64, 3, 3])?);
    conv().algorithm(Algorithm::Cooperative).forward(&x, &w, None)
}

#[test]
fn nobody_has_matrices_who_did_not_ask_for_them() {
    if !has_f16() {
        return;
    }
    let named = DeviceChoice::Named(tested().info().name.clone());
    for device in [Device::open(&named), Device::open_with(&named, DeviceOptions::new())] {
        let device = device.unwrap();
        assert!(!device.limits().unwrap().cooperative_matrices);
        assert_ne!(algorithm(&device), Algorithm::Cooperative);
        let error = pinned(&device).unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }), "{error}");
        let rule = "it serves devices that were opened with cooperative matrices";
        assert!(error.to_string().contains(rule), "{error}");
    }
}

#[test]
fn a_lent_device_without_the_feature_has_no_matrices() {
    let (device, queue) = wgpu_device(&wgpu::DeviceDescriptor {
        required_features: wgpu::Features::SHADER_F16 | wgpu::Features::SUBGROUP,
        ..Default::default()
    });
    let options = DeviceOptions::new().cooperative_matrices(true);
    let device = Device::from_wgpu_with(&adapter(), device, queue, options);
    assert!(!device.limits().unwrap().cooperative_matrices);
}

#[test]
fn a_lent_device_with_the_feature_has_matrices_for_who_asks() {
    if !has_matrices() {
        return tell("the adapter lists no matrices");
    }
    #[allow(unsafe_code, reason = "wgpu asks for a word that experimental features may have bugs")]
    // SAFETY: see the reason above; only this crate's shaders use them.
    let experimental_features = unsafe { wgpu::ExperimentalFeatures::enabled() };
    let (device, queue) = wgpu_device(&wgpu::DeviceDescriptor {
        required_features: wgpu::Features::SHADER_F16
            | wgpu::Features::SUBGROUP
            | wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX,
        required_limits: adapter().limits(),
        experimental_features,
        ..Default::default()
    });
    let with = |asked| {
        let options = DeviceOptions::new().cooperative_matrices(asked);
        Device::from_wgpu_with(&adapter(), device.clone(), queue.clone(), options)
    };
    assert_eq!(algorithm(&with(true)), Algorithm::Cooperative);
    pinned(&with(true)).unwrap();
    assert_ne!(algorithm(&with(false)), Algorithm::Cooperative);
    assert_ne!(
        algorithm(&Device::from_wgpu(device.clone(), queue.clone())),
        Algorithm::Cooperative
    );
}

#[test]
fn who_asks_for_them_has_them_where_the_adapter_lists_them() {
    let listed = adapter().cooperative_matrix_properties().iter().any(|it| {
        (it.m_size, it.n_size, it.k_size) == (16, 16, 16)
            && it.ab_type == wgpu::CooperativeScalarType::F16
            && it.cr_type == wgpu::CooperativeScalarType::F32
    });
    let options = DeviceOptions::new().cooperative_matrices(true);
    let named = DeviceChoice::Named(tested().info().name.clone());
    let device = Device::open_with(&named, options).unwrap();
    assert_eq!(device.limits().unwrap().cooperative_matrices, listed);
    if listed {
        assert_eq!(algorithm(&device), Algorithm::Cooperative);
        pinned(&device).unwrap();
    } else {
        tell("the adapter lists no matrices");
    }
}

#[test]
fn sums_by_matrices_stay_within_the_stated_bound() {
    if !has_matrices() {
        return tell("the device has no cooperative matrices: no sum is by them");
    }
    for (channels, kernel_size) in [(16, [1, 1]), (64, [3, 3]), (512, [3, 3]), (2048, [3, 3])] {
        for data in [Data::Uniform, Data::Positive, Data::WideHalf] {
            let conv = Conv2d::new(channels, 32, kernel_size).algorithm(Algorithm::Cooperative);
            let numbers =
                |shape, stream| nearest(Random::new(9, stream).array4(shape, data), DType::F16);
            let x = numbers([2, channels, 5, 7], 1);
            let w = numbers(conv.weight_shape().unwrap().dims(), 2);
            let [wide_x, wide_w] = [&x, &w].map(wide);
            let (expected, sums) =
                reference::conv2d_with_magnitude(&conv, wide_x.view(), wide_w.view(), None)
                    .unwrap();
            let tolerance = by_matrices(w.len() / 32, &sums);
            let half = |array: &Array4<f32>| tested().upload(array).unwrap().to_f16().unwrap();
            let y = conv.forward(&half(&x), &half(&w), None).unwrap().download().unwrap();
            within_f16(&format!("{conv:?}, {data:?}"), &y, &expected, &tolerance).unwrap();
        }
    }
}
