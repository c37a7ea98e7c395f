//! Tells what is on a picture, by a pretrained network.
//!
//!     python examples/data/make_efficientnet_lite0.py   # once: fetches its parameters
//!     cargo run --release --example classify
//!     cargo run --release --example classify -- photo.jpg
//!
//! EfficientNet-Lite0 learned from 1.2 million photos to tell 1 000 classes apart. It is made of
//! depthwise convolutions, 1x1 convolutions and residuals; its batch normalisations become part of
//! the convolutions before it is used.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use filtro::nn::{Layer, StateDict};
use filtro::{Device, DeviceChoice, Softmax, picture};
use ndarray::{Array4, s};

use crate::efficientnet_lite0::{SIZE, efficientnet_lite0};

#[path = "networks/efficientnet_lite0.rs"]
mod efficientnet_lite0;

#[derive(Parser)]
struct Arguments {
    /// The picture; without it, a photo of a cat.
    picture: Option<PathBuf>,
    /// The parameters.
    #[arg(long, default_value = "target/efficientnet_lite0.safetensors")]
    weights: PathBuf,
    /// Where to compute: gpu, software, cpu, or a part of an adapter's name.
    #[arg(long, env = "FILTRO_DEVICE", default_value = "auto")]
    device: String,
    /// With random parameters where there are none, to see that everything works.
    #[arg(long)]
    quick: bool,
}

const CLASSES: &str = include_str!("data/imagenet_classes.txt");

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let has_weights = arguments.weights.exists();
    if !has_weights && !arguments.quick {
        let path = arguments.weights.display();
        return Err(format!(
            "there is no {path}; `python examples/data/make_efficientnet_lite0.py` fetches it"
        )
        .into());
    }
    let device = Device::open(&arguments.device.parse::<DeviceChoice>()?)?;
    let photo = match &arguments.picture {
        Some(path) => picture::load(path)?,
        None => picture::decode(include_bytes!("data/chelsea.png"))?,
    };
    let mut network = efficientnet_lite0(&device)?;
    if has_weights {
        network.load(&arguments.weights)?;
    } else {
        println!("random parameters: what follows means nothing");
    }
    let network = network.fold_batch_norms()?;

    let input = device.upload(&prepared(&photo)?)?;
    let classify = || Softmax.forward(&network.infer(&input)?)?.to_vec();
    classify()?; // compiles what it needs
    let begin = Instant::now();
    let probabilities = classify()?;
    println!("on {device}, in {:.1} ms", begin.elapsed().as_secs_f64() * 1e3);
    let mut classes: Vec<_> = probabilities.iter().zip(CLASSES.lines()).collect();
    classes.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    for (probability, class) in classes.iter().take(5) {
        println!("{:5.1} %  {class}", *probability * 100.0);
    }
    Ok(())
}

/// The middle of a picture whose shorter side becomes the network's size, in -1 to 1.
fn prepared(photo: &Array4<f32>) -> Result<Array4<f32>, picture::Error> {
    let (_, _, height, width) = photo.dim();
    let shorter = height.min(width);
    let [height, width] = [height, width].map(|side| (side * SIZE).div_ceil(shorter));
    let photo = picture::resize(photo, [height, width])?;
    let [top, left] = [height, width].map(|side| (side - SIZE) / 2);
    let middle = photo.slice(s![.., .., top..top + SIZE, left..left + SIZE]);
    Ok(middle.mapv(|value| (value * 255.0 - 127.0) / 128.0))
}
