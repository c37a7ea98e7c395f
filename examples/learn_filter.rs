//! Learns a filter from what it does to a picture.
//!
//!     cargo run --release --example learn_filter
//!     cargo run --release --example learn_filter -- --filter emboss --picture photo.jpg
//!
//! The filters of a convolution are trainable values. Here there is one of nine weights, which
//! starts at random. It sees a picture and what the Sobel filter makes of it; at each step its
//! weights move a little against the gradient of the difference. Nobody shows it the Sobel
//! filter, and yet that is what it becomes.

use std::error::Error;
use std::f64::consts::PI;
use std::path::PathBuf;

use clap::Parser;
use filtro::filters::{self, Filter};
use filtro::nn::{self, Adam, Layer, Rng};
use filtro::picture::{self, ContactSheet, Scale, Tile, kernel_tile, paint};
use filtro::{Conv2d, Device, DeviceChoice};
use ndarray::{Array2, Array4, s};

#[derive(Parser)]
struct Arguments {
    /// The picture; without it, a photo of a cat.
    #[arg(long)]
    picture: Option<PathBuf>,
    /// The filter to learn, such as sobel-y, laplacian or emboss.
    #[arg(long, default_value = "sobel-x")]
    filter: String,
    /// Where to learn: gpu, software, cpu, or a part of an adapter's name.
    #[arg(long, env = "FILTRO_DEVICE", default_value = "auto")]
    device: String,
    /// Steps of gradient descent.
    #[arg(long, default_value_t = 1_500)]
    steps: u32,
    /// Few steps, to see that everything works.
    #[arg(long)]
    quick: bool,
    /// Where the random numbers start.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the picture of the steps is written.
    #[arg(long, default_value = "target/learn_filter.png")]
    output: PathBuf,
}

const LEARNING_RATE: f64 = 0.05;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let filter = Filter::named(&arguments.filter)
        .ok_or_else(|| format!("there is no filter {}", arguments.filter))?;
    let device = Device::open(&arguments.device.parse::<DeviceChoice>()?)?;
    let steps = if arguments.quick { 20 } else { arguments.steps.max(1) };

    let photo = match &arguments.picture {
        Some(path) => picture::load(path)?,
        None => picture::decode(include_bytes!("data/chelsea.png"))?,
    };
    let mut grey = picture::grey(&photo);
    // Around zero, brightness does not hide the small differences that the weights can tell apart.
    let mean = grey.mean().unwrap_or(0.0);
    grey -= mean;
    let input = device.upload(&grey)?;
    let true_kernel = filter.kernel();
    let (height, width) = true_kernel.dim();
    let conv = Conv2d::new(1, 1, [height, width]);
    let target = conv.forward(&input, &device.upload(&filters::bank(&[filter]))?, None)?;

    let mut layer = nn::Conv2d::new(&device, conv, &mut Rng::new(arguments.seed))?.without_bias();
    let mut optimizer = Adam::new(LEARNING_RATE);
    let shown = [0, steps / 60, steps / 15, steps / 4, steps];
    let (mut kernels, mut maps) = (Vec::new(), Vec::new());
    println!("on {device}");
    for step in 0..=steps {
        let output = layer.forward(&input)?;
        let loss = nn::mse(&output, &target)?;
        if shown.contains(&step) {
            let kernel = kernel_of(&layer)?;
            let value = loss.item()?;
            println!("step {step:5}: mean squared error {value:.3e}");
            let caption = format!("step {step}");
            let detail = format!("error {value:.1e}");
            kernels.push(Tile::new(kernel_tile(kernel.view(), TILE), caption.clone(), detail));
            maps.push(Tile::new(map(&output.download()?, &target.download()?), caption, ""));
        }
        layer.backward(&loss.gradient)?;
        // From the full rate down to nothing, along half a wave of the cosine.
        let done = f64::from(step) / f64::from(steps);
        optimizer.learning_rate = LEARNING_RATE * 0.5 * (1.0 + (done * PI).cos());
        optimizer.step(layer.parameters_mut())?;
        device.flush()?;
    }

    let learned = kernel_of(&layer)?;
    println!("\n{:<28}{}", "learned", filter.name());
    for (learned, expected) in learned.rows().into_iter().zip(true_kernel.rows()) {
        let row = |row: ndarray::ArrayView1<'_, f32>| {
            row.iter().map(|weight| format!("{weight:8.3}")).collect::<String>()
        };
        println!("{:<28}{}", row(learned), row(expected));
    }
    let furthest = (&learned - &true_kernel).iter().fold(0.0_f32, |most, it| most.max(it.abs()));
    println!("no weight is further off than {furthest:.1e}");

    let target = target.download()?;
    kernels.push(Tile::new(
        kernel_tile(true_kernel.view(), TILE),
        filter.name(),
        "the true filter",
    ));
    maps.push(Tile::new(map(&target, &target), filter.name(), "what it was shown"));
    let sheet = ContactSheet::new("A filter that learns from a picture", kernels.len())
        .tile_width(TILE)
        .lead(picture::to_image(&picture::resize(&photo, lead_size(&photo))?))
        .line(format!("Nine weights, random at first, become {}.", filter.name()))
        .line(format!("{steps} steps of Adam on the mean squared error, on {device}."))
        .row("The weights", kernels)
        .row("What they make of the picture", maps);
    if let Some(folder) = arguments.output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    sheet.draw().save(&arguments.output)?;
    println!("steps drawn to {}", arguments.output.display());
    Ok(())
}

const TILE: u32 = 210;

fn kernel_of(layer: &nn::Conv2d) -> filtro::Result<Array2<f32>> {
    Ok(layer.weight().value().download()?.slice(s![0, 0, .., ..]).to_owned())
}

/// The picture of a response, in the colours of what it should be.
fn map(response: &Array4<f32>, target: &Array4<f32>) -> picture::RgbImage {
    let scale = Scale::of(target.slice(s![0, 0, .., ..]));
    paint(response.slice(s![0, 0, .., ..]), &scale)
}

fn lead_size(photo: &Array4<f32>) -> [usize; 2] {
    let (_, _, height, width) = photo.dim();
    [90, (90 * width / height).max(1)]
}
