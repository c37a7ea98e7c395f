//! Devices that are lost, and devices that have too little.

use std::time::Duration;

use filtro::{Activation, Algorithm, AvgPool2d, Conv2d, Device, MaxPool2d, Numbers, Tensor, nn};

use crate::devices::ramp;
use crate::tested::wgpu_device;

/// A device of the caller, what it holds, and wgpu's own device, to destroy it.
struct Doomed {
    device: Device,
    raw: wgpu::Device,
    x: Tensor,
    y: Tensor,
    labels: Numbers,
}

impl Doomed {
    fn new() -> Self {
        let (raw, queue) = wgpu_device(&Default::default());
        let device = Device::from_wgpu(raw.clone(), queue);
        let x = device.upload(&ramp([1, 1, 8, 8])).unwrap();
        // The pooling is compiled, the activation is recorded.
        MaxPool2d::new([2, 2]).forward(&x).unwrap().download().unwrap();
        let y = Activation::Relu.forward(&x).unwrap();
        let labels = device.upload_numbers(&[0; 64], [1, 1, 8, 8]).unwrap();
        Self { device, raw, x, y, labels }
    }
}

#[test]
fn every_call_on_a_lost_device_says_that_it_is_lost() {
    type Call = fn(&Doomed) -> filtro::Result<()>;
    let calls: [(&str, Call); 30] = [
        ("forward", |on| MaxPool2d::new([2, 2]).forward(&on.x).map(drop)),
        ("forward of a new shader", |on| AvgPool2d::new([2, 2]).forward(&on.x).map(drop)),
        ("convolution", |on| Conv2d::new(1, 1, [8, 8]).forward(&on.x, &on.x, None).map(drop)),
        ("grad_input", |on| Activation::Relu.grad_input(&on.x, &on.y).map(drop)),
        ("flush", |on| on.device.flush()),
        ("synchronize", |on| on.device.synchronize()),
        ("time", |on| on.device.time(|| Ok(())).map(drop)),
        ("time of work", |on| on.device.time(|| Activation::Tanh.forward(&on.x)).map(drop)),
        ("download of recorded work", |on| on.y.download().map(drop)),
        ("download of finished work", |on| on.x.download().map(drop)),
        ("to_vec", |on| on.x.to_vec().map(drop)),
        ("download_async", |on| pollster::block_on(on.y.download_async()).map(drop)),
        ("to_vec_async", |on| pollster::block_on(on.x.to_vec_async()).map(drop)),
        ("numbers, async", |on| pollster::block_on(on.labels.to_vec_async()).map(drop)),
        ("synchronize_async", |on| pollster::block_on(on.device.synchronize_async())),
        ("time_async", |on| pollster::block_on(on.device.time_async(|| Ok(()))).map(drop)),
        ("time_async of work", |on| {
            let work = || Activation::Tanh.forward(&on.x);
            pollster::block_on(on.device.time_async(work)).map(drop)
        }),
        ("warm_up_async", |on| {
            let warm = MaxPool2d::new([2, 2]).warm_up_async(&on.device, [1, 1, 8, 8]);
            pollster::block_on(warm)
        }),
        ("warm_up_async of a new shader", |on| {
            let warm = MaxPool2d::new([3, 2]).warm_up_async(&on.device, [1, 1, 8, 8]);
            pollster::block_on(warm)
        }),
        ("item_async", |on| {
            let loss = nn::Loss { value: on.y.clone(), gradient: on.x.clone() };
            pollster::block_on(loss.item_async()).map(drop)
        }),
        ("upload", |on| on.device.upload(&ramp([1, 1, 8, 8])).map(drop)),
        ("upload of a new size", |on| on.device.upload(&ramp([1, 1, 80, 80])).map(drop)),
        ("upload of nothing", |on| on.device.upload_slice(&[], [0, 1, 1, 1]).map(drop)),
        ("upload_numbers", |on| on.device.upload_numbers(&[7], [1, 1, 1, 1]).map(drop)),
        ("numbers", |on| on.labels.to_vec().map(drop)),
        ("warm_up", |on| MaxPool2d::new([2, 2]).warm_up(&on.device, [1, 1, 8, 8])),
        ("warm_up of a new shader", |on| MaxPool2d::new([3, 2]).warm_up(&on.device, [1, 1, 8, 8])),
        ("cross_entropy", |on| nn::cross_entropy(&on.x, &on.labels).map(drop)),
        ("mse", |on| nn::mse(&on.x, &on.y).map(drop)),
        ("select", |on| on.x.select(&on.labels).map(drop)),
    ];
    for (name, call) in calls {
        let doomed = Doomed::new();
        doomed.raw.destroy();
        for time in ["first", "second"] {
            let result = call(&doomed);
            let is_lost = matches!(result, Err(filtro::Error::DeviceLost { .. }));
            assert!(is_lost, "{name}, {time} call: {result:?}");
        }
        // Nor does anything fail that can tell nobody.
        doomed.device.trim();
        drop(doomed);
    }
}

#[test]
fn a_device_that_its_owner_is_told_of_still_tells_its_owner() {
    let (raw, queue) = wgpu_device(&Default::default());
    let (told, tell) = std::sync::mpsc::channel();
    let told_of = std::sync::Mutex::new(told);
    raw.set_device_lost_callback(move |reason, _| {
        told_of.lock().unwrap().send(reason).unwrap();
    });
    let device = Device::from_wgpu(raw.clone(), queue);
    let x = device.upload(&ramp([1, 1, 8, 8])).unwrap();
    raw.destroy();
    assert!(matches!(x.download(), Err(filtro::Error::DeviceLost { .. })));
    raw.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    assert_eq!(tell.recv_timeout(Duration::from_secs(9)), Ok(wgpu::DeviceLostReason::Destroyed));
}

#[test]
fn a_shader_that_needs_more_than_the_device_has_is_a_limit() {
    type Work = fn(&Device) -> filtro::Result<()>;
    let of = |limits: wgpu::Limits| {
        let descriptor = wgpu::DeviceDescriptor {
            required_limits: limits,
            required_features: wgpu::Features::SUBGROUP,
            ..Default::default()
        };
        let (device, queue) = wgpu_device(&descriptor);
        Device::from_wgpu(device, queue)
    };
    let adam: Work = |device| {
        let x = device.upload(&ramp([1, 4, 8, 8]))?;
        let mut parameter = nn::Parameter::new(x.clone());
        parameter.set_gradient(x)?;
        nn::Adam::new(0.1).step([&mut parameter])
    };
    let conv2d: Work = |device| {
        let x = device.upload(&ramp([1, 4, 8, 8]))?;
        let w = device.upload(&ramp([4, 4, 3, 3]))?;
        Conv2d::new(4, 4, [3, 3]).algorithm(Algorithm::Texel).forward(&x, &w, None).map(drop)
    };
    let pool: Work = |device| {
        let x = device.upload(&ramp([1, 4, 8, 8]))?;
        MaxPool2d::new([2, 2]).algorithm(Algorithm::General).forward(&x).map(drop)
    };
    let bias: Work = |device| {
        let x = device.upload(&ramp([1, 4, 8, 8]))?;
        Conv2d::new(4, 4, [3, 3]).grad_bias(&x).map(drop)
    };
    let least = wgpu::Limits::default;
    let cases: [(&str, u64, wgpu::Limits, Work); 6] = [
        (
            "the number of storage buffers",
            4,
            wgpu::Limits { max_storage_buffers_per_shader_stage: 4, ..least() },
            adam,
        ),
        (
            "the number of storage textures",
            1,
            wgpu::Limits { max_storage_textures_per_shader_stage: 1, ..least() },
            conv2d,
        ),
        (
            "the number of uniform buffers",
            0,
            wgpu::Limits { max_dynamic_uniform_buffers_per_pipeline_layout: 0, ..least() },
            pool,
        ),
        (
            "the number of invocations of a workgroup",
            32,
            wgpu::Limits { max_compute_invocations_per_workgroup: 32, ..least() },
            pool,
        ),
        (
            "the first size of a workgroup",
            32,
            wgpu::Limits { max_compute_workgroup_size_x: 32, ..least() },
            pool,
        ),
        (
            "the bytes of workgroup memory",
            128,
            wgpu::Limits { max_compute_workgroup_storage_size: 128, ..least() },
            bias,
        ),
    ];
    for (quantity, allowed, limits, work) in cases {
        let error = work(&of(limits)).unwrap_err();
        let filtro::Error::DeviceLimit { quantity: told, needed, allowed: has, .. } = &error else {
            panic!("{quantity}: {error}");
        };
        assert!(told.starts_with(quantity) && *has == allowed && *needed > allowed, "{error}");
    }
}

#[test]
fn no_device_is_taken_for_lost_while_many_threads_use_it() {
    let (raw, queue) = wgpu_device(&Default::default());
    let device = Device::from_wgpu(raw, queue);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let x = device.upload(&ramp([1, 2, 8, 8])).unwrap();
                    let y = MaxPool2d::new([2, 2]).forward(&x).unwrap();
                    assert_eq!(y.download().unwrap().dim(), (1, 2, 4, 4));
                }
            });
        }
    });
}
