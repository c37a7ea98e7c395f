//! The networks of the examples against PyTorch's numbers.

#[path = "../../../examples/networks/efficientnet_lite0.rs"]
mod efficientnet_lite0;
#[path = "../../../examples/networks/esrgan_slim.rs"]
mod esrgan_slim;
mod formula;
mod frozen;

use std::cell::RefCell;

use filtro::nn::{Graph, Layer, StateDict};
use filtro::{Device, Error};
use ndarray::{Array4, s};

use self::frozen::{difference, frozen};
use crate::tested::devices;

/// That no output is further off than the bound.
fn close(what: &str, actual: &[f32], expected: &[f64], bound: f64) {
    let largest = difference(actual, expected);
    println!("{what}: {largest:.1e}");
    assert!(largest <= bound, "{what}: {largest:.1e} off");
}

const SMALL: &[u8] = include_bytes!("../../data/esrgan_slim_x2.safetensors");

fn super_resolution(device: &Device) -> Graph {
    let mut network = esrgan_slim::esrgan_slim(device).unwrap();
    let file = include_bytes!("../../../examples/data/esrgan_slim_x2.safetensors");
    network.load_safetensors(file).unwrap();
    network
}

fn small_picture() -> Array4<f32> {
    let input = frozen(SMALL, "input", |word| f64::from(f32::from_le_bytes(word)));
    let input = input.into_iter().map(|value| value as f32).collect();
    Array4::from_shape_vec([1, 3, 13, 19], input).unwrap()
}

#[test]
fn super_resolution_gives_pytorchs_picture() {
    let expected = frozen(SMALL, "output", f64::from_le_bytes);
    for device in devices() {
        let network = super_resolution(&device);
        let input = device.upload(&small_picture()).unwrap();
        let folded = super_resolution(&device).fold_batch_norms().unwrap();
        for network in [&network, &folded] {
            let output = network.infer(&input).unwrap();
            assert_eq!(output.shape(), [1, 3, 26, 38].into());
            close(&device.to_string(), &output.to_vec().unwrap(), &expected, 1e-5);
        }
    }
}

#[test]
fn tiles_give_the_picture_that_the_whole_gives() {
    let picture = Array4::from_shape_fn([1, 3, 47, 61], |(_, c, y, x)| {
        ((c * 5 + y * 7 + x * 3) % 17) as f32 / 16.0
    });
    for device in devices() {
        let network = super_resolution(&device);
        let whole = network.infer(&device.upload(&picture).unwrap()).unwrap().to_vec().unwrap();
        let whole: Vec<_> = whole.into_iter().map(f64::from).collect();
        let calls = RefCell::new(Vec::new());
        let done = |count, all| calls.borrow_mut().push((count, all));
        let tiled = esrgan_slim::upscale(&network, &device, &picture, 23, done).unwrap();
        assert_eq!(*calls.borrow(), (1..=9).map(|count| (count, 9)).collect::<Vec<_>>());
        close(&device.to_string(), tiled.as_slice().unwrap(), &whole, 1e-5);
    }
    // One pixel less around a tile, and what is beyond it is missed.
    assert_eq!(reach(), esrgan_slim::REACH);
}

/// How far from a pixel another one changes what becomes of it.
fn reach() -> usize {
    let device = Device::cpu();
    let network = super_resolution(&device);
    let size = 2 * esrgan_slim::REACH + 7;
    let middle = size / 2;
    let mut picture = Array4::from_elem([1, 3, size, size], 0.5_f32);
    let output = |picture: &Array4<f32>| {
        network.infer(&device.upload(picture).unwrap()).unwrap().download().unwrap()
    };
    let before = output(&picture);
    picture.slice_mut(s![.., .., middle, middle]).fill(8.0);
    let changed = output(&picture) - before;
    let of_row = |y: usize| changed.slice(s![0, .., y, ..]).iter().any(|&it| it != 0.0);
    let rows = (0..2 * size).filter(|&y| of_row(y));
    rows.map(|y| (y / 2).abs_diff(middle)).max().unwrap()
}

#[test]
fn classification_gives_pytorchs_logits() {
    let file = include_bytes!("../../data/efficientnet_lite0.safetensors");
    let expected = frozen(file, "logits", f64::from_le_bytes);
    let input = formula::noise("input", 2 * 3 * 64 * 96).map(|value| value as f32).collect();
    let input = Array4::from_shape_vec([2, 3, 64, 96], input).unwrap();
    for device in devices() {
        let mut network = efficientnet_lite0::efficientnet_lite0(&device).unwrap();
        formula::fill(&mut network).unwrap();
        let input = device.upload(&input).unwrap();
        let plain = network.infer(&input).unwrap().to_vec().unwrap();
        close(&format!("{device}"), &plain, &expected, 1e-4);
        let network = network.fold_batch_norms().unwrap();
        let folded = network.infer(&input).unwrap().to_vec().unwrap();
        close(&format!("{device}, folded"), &folded, &expected, 1e-4);
    }
}

#[test]
fn parameters_of_another_network_are_refused_by_name() {
    let device = Device::cpu();
    let mut network = efficientnet_lite0::efficientnet_lite0(&device).unwrap();
    let file = include_bytes!("../../../examples/data/esrgan_slim_x2.safetensors");
    let error = network.load_safetensors(file).unwrap_err();
    assert!(matches!(error, Error::OtherParameters { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("_conv_stem.weight") && text.contains("F_m1.weight"), "{text}");
    assert_eq!(efficientnet_lite0::SIZE, 224);
}
