//! Makes a picture twice as large by a pretrained network.
//!
//!     cargo run --release --example super_resolution
//!     cargo run --release --example super_resolution -- photo.jpg --output large.png
//!
//! The network, ESRGAN Slim, saw many photos and learned what small structures look like when they
//! are larger. Beside the large picture another one is written, which compares its middle with what
//! bicubic interpolation gives, which only draws smooth curves through the pixels.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use filtro::nn::StateDict;
use filtro::picture::{self, ContactSheet, RgbImage, Tile};
use filtro::{Device, DeviceChoice};
use image::imageops::{self, FilterType};
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array4, s};

use crate::esrgan_slim::{esrgan_slim, upscale};

#[path = "networks/esrgan_slim.rs"]
mod esrgan_slim;

#[derive(Parser)]
struct Arguments {
    /// The picture; without it, a photo of a cat.
    picture: Option<PathBuf>,
    /// Where the large picture is written, as PNG.
    #[arg(long, default_value = "target/super_resolution.png")]
    output: PathBuf,
    /// Where to compute: gpu, software, cpu, or a part of an adapter's name.
    #[arg(long, env = "FILTRO_DEVICE", default_value = "auto")]
    device: String,
    /// The side of a tile, in pixels of the picture: larger ones need more memory.
    #[arg(long, default_value_t = 192, value_parser = clap::value_parser!(u32).range(1..=4096))]
    tile: u32,
    /// The middle of the picture alone, to see that everything works.
    #[arg(long)]
    quick: bool,
}

/// The most pixels along an axis of the comparison.
const SHOWN: u32 = 480;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let device = Device::open(&arguments.device.parse::<DeviceChoice>()?)?;
    let photo = match &arguments.picture {
        Some(path) => picture::load(path)?,
        None => picture::decode(include_bytes!("data/chelsea.png"))?,
    };
    let photo = if arguments.quick { middle(&photo, 64) } else { photo };
    let mut network = esrgan_slim(&device)?;
    network.load_safetensors(include_bytes!("data/esrgan_slim_x2.safetensors"))?;
    let network = network.fold_batch_norms()?;

    let (_, _, height, width) = photo.dim();
    println!("on {device}: {height} x {width} to {} x {}", 2 * height, 2 * width);
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} tiles, {eta} left")?;
    let bar = ProgressBar::new(0).with_style(style);
    let begin = Instant::now();
    let tile = usize::try_from(arguments.tile)?;
    let large = upscale(&network, &device, &photo, tile, |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    println!("took {:.2} s", begin.elapsed().as_secs_f64());

    let large = picture::to_image(&large);
    if let Some(folder) = arguments.output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&arguments.output, picture::encode_png(&large)?)?;
    let beside = arguments.output.with_extension("beside.png");
    std::fs::write(&beside, picture::encode_png(&compared(&picture::to_image(&photo), &large))?)?;
    println!("wrote {} and {}", arguments.output.display(), beside.display());
    Ok(())
}

/// At most so many pixels along both axes, of the middle.
fn middle(photo: &Array4<f32>, most: usize) -> Array4<f32> {
    let (_, _, height, width) = photo.dim();
    let [rows, columns] = [height, width].map(|side| {
        let first = side.saturating_sub(most) / 2;
        first..side.min(first + most)
    });
    photo.slice(s![.., .., rows, columns]).to_owned()
}

/// The middle of the picture by bicubic interpolation, and by the network.
fn compared(photo: &RgbImage, large: &RgbImage) -> RgbImage {
    let (width, height) = large.dimensions();
    let bicubic = imageops::resize(photo, width, height, FilterType::CatmullRom);
    let (columns, rows) = (width.min(SHOWN), height.min(SHOWN));
    let middle = |image: &RgbImage| {
        imageops::crop_imm(image, (width - columns) / 2, (height - rows) / 2, columns, rows)
            .to_image()
    };
    let tiles = [(&bicubic, "bicubic"), (large, "ESRGAN Slim")];
    let tiles = tiles.map(|(image, name)| Tile::new(middle(image), name, ""));
    ContactSheet::new("Twice the size", 2)
        .tile_width(columns)
        .line(format!("{} x {} pixels of the middle.", rows, columns))
        .row("", tiles.into())
        .draw()
}
