//! Saved pipeline caches: taken by a device like the one that made them, refused by others.

use filtro::{Conv2d, Device, Error, MaxPool2d, PipelineCache};
use ndarray::Array4;

use crate::tested::open_tested;

/// A cache of the adapter with some shaders.
fn saved() -> PipelineCache {
    let device = open_tested();
    network(&device);
    device.pipeline_cache().expect("Vulkan has pipeline caches")
}

fn network(device: &Device) -> Array4<f32> {
    let ramp = |shape: [usize; 4]| {
        Array4::from_shape_fn(shape, |(n, c, y, x)| ((n * 5 + c * 3 + y * 7 + x) % 9) as f32 - 4.0)
    };
    let x = device.upload(&ramp([1, 4, 13, 17])).unwrap();
    let w = device.upload(&ramp([6, 4, 3, 2])).unwrap();
    let y = Conv2d::new(4, 6, [3, 2]).padding([1, 1]).forward(&x, &w, None).unwrap();
    MaxPool2d::new([2, 3]).forward(&y).unwrap().download().unwrap()
}

fn read(bytes: &[u8]) -> filtro::Result<PipelineCache> {
    #[allow(unsafe_code, reason = "caches are read from bytes")]
    // SAFETY: the tests change bytes of `to_bytes` in ways that a checksum finds, or change what
    // keeps them away from any driver.
    unsafe {
        PipelineCache::from_bytes(bytes)
    }
}

#[test]
fn a_second_device_takes_the_cache_and_gives_the_same() {
    let saved = saved();
    let saved = read(&saved.to_bytes()).unwrap();
    let device = open_tested();
    device.load_pipeline_cache(&saved).unwrap();
    // What was loaded is there before anything is compiled. Some drivers keep nothing in it.
    let loaded = device.pipeline_cache().unwrap().to_bytes().len();
    assert!(loaded >= saved.to_bytes().len(), "{loaded} of {saved:?}");
    assert_eq!(network(&device), network(&Device::cpu()));
    assert!(device.compiled_shaders() > 0);
}

#[test]
fn a_damaged_cache_is_refused_before_a_driver_sees_it() {
    let bytes = saved().to_bytes();
    let message = |bytes: &[u8]| match read(bytes) {
        Err(Error::PipelineCache { message }) => message,
        other => panic!("{other:?}"),
    };
    for length in (0..bytes.len()).step_by(bytes.len() / 50) {
        assert_eq!(message(&bytes[..length]), "it is truncated");
    }
    for index in (36..bytes.len()).step_by(bytes.len() / 50) {
        let mut bytes = bytes.clone();
        bytes[index] ^= 0x10;
        assert_eq!(message(&bytes), "it is damaged: its checksum differs");
    }
    assert!(message(b"a shopping list").contains("not the bytes of a pipeline cache"));
}

/// The same bytes with another text in the header, and the checksum that fits.
fn forged(bytes: &[u8], from: &str, to: &str) -> PipelineCache {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let place = bytes.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
    bytes[place..place + to.len()].copy_from_slice(to.as_bytes());
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes[12..28].iter().chain(&bytes[36..]) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    }
    bytes[28..36].copy_from_slice(&hash.to_le_bytes());
    read(&bytes).unwrap()
}

#[test]
fn a_cache_of_another_adapter_driver_or_version_is_refused_and_the_device_works_on() {
    let bytes = saved().to_bytes();
    let device = open_tested();
    let adapter = device.info().name.clone();
    let other = format!("~{}", &adapter[1..]);
    for (from, to) in [
        (concat!("filtro ", env!("CARGO_PKG_VERSION")), "filtro 9.9.9"),
        (&adapter, &other),
        ("wgpu_pipeline_cache_vulkan_", "wgpu_pipeline_cache_metal__"),
    ] {
        let error = device.load_pipeline_cache(&forged(&bytes, from, to)).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("pipeline cache: it was made by filtro "), "{text}");
        assert!(text.contains(to) && text.contains("but this is filtro "), "{text}");
    }
    device.load_pipeline_cache(&read(&bytes).unwrap()).unwrap();
    assert_eq!(network(&device), network(&Device::cpu()));
}

#[test]
fn devices_that_cannot_take_a_cache_say_why() {
    let saved = saved();
    let message = |device: &Device| match device.load_pipeline_cache(&saved) {
        Err(Error::PipelineCache { message }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(Device::cpu().pipeline_cache(), None);
    assert_eq!(message(&Device::cpu()), "the CPU has none");
    let without = crate::tested::with_bindings_of(1 << 20);
    assert_eq!(without.pipeline_cache(), None);
    assert!(message(&without).contains("the device lacks its feature"));
    let late = open_tested();
    network(&late);
    assert!(message(&late).contains("before the device compiles its first shader"));
}
