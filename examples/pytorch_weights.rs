//! Loads the weights of a network that PyTorch saved, and gives PyTorch's output.
//!
//!     cargo run --release --example pytorch_weights
//!
//! `data/make_pytorch_weights.py` builds the same network in PyTorch and saves its
//! `state_dict()`, an input and its output for it, as safetensors.

use std::error::Error;

use filtro::nn::{self, Flatten, Layer, Linear, Rng, Sequential, StateDict};
use filtro::{
    Activation, AdaptiveAvgPool2d, Conv2d, Device, MaxPool2d, Padding, PaddingMode, Tensor,
};
use safetensors::SafeTensors;

fn main() -> Result<(), Box<dyn Error>> {
    let device = Device::new()?;
    let mut network = network(&device)?;
    network.load_safetensors(include_bytes!("data/pytorch_weights.safetensors"))?;

    let file = SafeTensors::deserialize(include_bytes!("data/pytorch_output.safetensors"))?;
    let input = tensor(&device, &file, "input", |sizes| sizes.try_into().ok())?;
    let expected = tensor(&device, &file, "output", |sizes| match *sizes {
        [batch, features] => Some([batch, features, 1, 1]),
        _ => None,
    })?;
    println!("on {device}\n{}\n", network.summary(input.shape())?);

    let output = network.infer(&input)?.to_vec()?;
    let expected = expected.to_vec()?;
    println!("{:>12}{:>12}", "this crate", "PyTorch");
    let mut largest = 0.0_f32;
    for (output, expected) in output.iter().zip(&expected) {
        println!("{output:12.6}{expected:12.6}");
        largest = largest.max((output - expected).abs());
    }
    println!("largest difference {largest:.1e}");
    if output.len() != expected.len() || largest.is_nan() || largest > 1e-4 {
        return Err("the outputs differ".into());
    }
    Ok(())
}

/// The network of the script, layer by layer. Its random parameters are replaced.
fn network(device: &Device) -> filtro::Result<Sequential> {
    let mut rng = Rng::new(0);
    let first =
        Conv2d::new(3, 8, [3, 3]).stride([2, 2]).padding([1, 1]).padding_mode(PaddingMode::Reflect);
    let second = Conv2d::new(8, 16, [3, 5]).padding(Padding::Same).groups(2);
    Ok(Sequential::new()
        .push(nn::Conv2d::new(device, first, &mut rng)?)
        .push(nn::Activation::new(Activation::Relu))
        .push(nn::MaxPool2d::new(MaxPool2d::new([3, 3]).stride([2, 2]).padding([1, 1])))
        .push(nn::Conv2d::new(device, second, &mut rng)?)
        .push(nn::Activation::new(Activation::Silu))
        .push(nn::AdaptiveAvgPool2d::new(AdaptiveAvgPool2d::new([3, 4])))
        .push(Flatten::new())
        .push(Linear::new(device, 16 * 3 * 4, 10, &mut rng)?))
}

/// A tensor of a file, in the four sizes that `shape` makes of its own.
fn tensor(
    device: &Device,
    file: &SafeTensors<'_>,
    name: &str,
    shape: impl Fn(&[usize]) -> Option<[usize; 4]>,
) -> Result<Tensor, Box<dyn Error>> {
    let view = file.tensor(name)?;
    let shape = shape(view.shape()).ok_or_else(|| format!("{name} is {:?}", view.shape()))?;
    let (words, _) = view.data().as_chunks();
    let elements = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    Ok(device.upload_vec(elements, shape)?)
}
