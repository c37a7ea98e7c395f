//! Trains a small convolutional network to read handwritten digits.
//!
//!     cargo run --release --example train_digits
//!     FILTRO_DEVICE=software cargo run --release --example train_digits
//!     cargo run --release --example train_digits -- --data path/to/mnist --epochs 3
//!     cargo run --release --example train_digits -- --residual
//!
//! `--residual` takes a residual network with batch normalisation in place of a short chain.
//! Without `--data` it takes the 1 797 digits of 8 x 8 cells that are shipped with it: 1 437 to
//! learn from, each also shifted by a cell to every side, and 360 held back. With `--data` it takes the four files of MNIST, gzipped or not:
//! `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`,
//! `t10k-labels-idx1-ubyte`.
//!
//! Data and parameters stay on the device. A step is recorded and submitted as one; what comes
//! back is the loss, now and then, for the progress bar.

use std::error::Error;
use std::f64::consts::PI;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use filtro::nn::{
    self, Adam, Batch, Dataset, Flatten, Graph, Layer, Linear, Rng, Sequential, StateDict,
};
use filtro::{
    Activation, AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Device, DeviceChoice, MaxPool2d, Shape,
};
use flate2::read::GzDecoder;
use indicatif::{ProgressBar, ProgressStyle};

const LEARNING_RATE: f64 = 0.01;

#[derive(Parser)]
struct Arguments {
    /// Where to train: gpu, software, cpu, or a part of an adapter's name.
    #[arg(long, env = "FILTRO_DEVICE", default_value = "auto")]
    device: String,
    /// A folder with the files of MNIST; without it, the digits that are shipped.
    #[arg(long)]
    data: Option<PathBuf>,
    /// A residual network with batch normalisation.
    #[arg(long)]
    residual: bool,
    /// Passes over the images.
    #[arg(long, default_value_t = 6)]
    epochs: usize,
    /// One short pass, to see that everything works.
    #[arg(long)]
    quick: bool,
    /// Images of one step.
    #[arg(long, default_value_t = 64)]
    batch_size: usize,
    /// Where the random numbers start: those of the split, of the network and of the order.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where to save the trained parameters, as PyTorch's safetensors.
    #[arg(long)]
    save: Option<PathBuf>,
}

/// Images with their labels, on the host.
#[derive(Default)]
struct Digits {
    size: [usize; 2],
    /// Brightness of 0 to 1, image after image.
    images: Vec<f32>,
    labels: Vec<u32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let device = Device::open(&arguments.device.parse::<DeviceChoice>()?)?;
    let mut rng = Rng::new(arguments.seed);
    let (train, held_back) = match &arguments.data {
        Some(folder) => (read_mnist(folder, "train")?, read_mnist(folder, "t10k")?),
        None => {
            let (train, held_back) = split(&read_shipped()?, 1_437, &mut rng);
            (if arguments.quick { train } else { with_shifted(&train) }, held_back)
        }
    };
    let epochs = if arguments.quick { 1 } else { arguments.epochs };

    let mut network = if arguments.residual {
        residual_network(&device, &mut rng)?
    } else {
        Graph::from(chain(&device, train.size, &mut rng)?)
    };
    println!("{device}");
    println!("{} images to learn from, {} held back", train.labels.len(), held_back.labels.len());
    println!("{}\n", network.summary(train.shape(1))?);

    let train = train.upload(&device)?;
    let held_back_labels = held_back.labels.clone();
    let held_back = held_back.upload(&device)?;
    let mut optimizer = Adam::new(LEARNING_RATE);
    let steps = epochs * train.len().div_ceil(arguments.batch_size.max(1));
    let mut steps_done = 0_u32;
    let start = Instant::now();
    let bar = ProgressBar::new(steps as u64)
        .with_style(ProgressStyle::with_template("{bar:40} step {pos}/{len}  {msg}  {elapsed}")?);
    let mut accuracy = accuracy(&network, &held_back, &held_back_labels)?;
    for epoch in 1..=epochs {
        for batch in train.shuffled(arguments.batch_size, &mut rng)? {
            // From the full rate down to nothing, along half a wave of the cosine.
            let done = f64::from(steps_done) / steps as f64;
            optimizer.learning_rate = LEARNING_RATE * 0.5 * (1.0 + (done * PI).cos());
            steps_done += 1;
            let loss = train_step(&mut network, &mut optimizer, &batch?)?;
            if steps_done.is_multiple_of(16) {
                let loss = loss.item()?;
                bar.set_message(format!("loss {loss:.4}  accuracy {:.2} %", 100.0 * accuracy));
            } else {
                device.flush()?;
            }
            bar.inc(1);
        }
        accuracy = self::accuracy(&network, &held_back, &held_back_labels)?;
        bar.suspend(|| {
            println!("epoch {epoch:2}: {:.2} % of the held-back digits", 100.0 * accuracy);
        });
    }
    bar.finish();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "\n{:.2} % of {} held-back digits read correctly, after {seconds:.1} s on {device}",
        100.0 * accuracy,
        held_back.len(),
    );
    if let Some(path) = &arguments.save {
        network.save(path)?;
        println!("parameters saved to {}", path.display());
    }
    Ok(())
}

/// Two convolutions that find strokes and what strokes make, and a dense layer that decides.
fn chain(
    device: &Device,
    [height, width]: [usize; 2],
    rng: &mut Rng,
) -> filtro::Result<Sequential> {
    let find = Sequential::new()
        .push(nn::Conv2d::new(device, Conv2d::new(1, 16, [3, 3]).padding([1, 1]), rng)?)
        .push(nn::Activation::new(Activation::Relu))
        .push(nn::MaxPool2d::new(MaxPool2d::new([2, 2])))
        .push(nn::Conv2d::new(device, Conv2d::new(16, 32, [3, 3]).padding([1, 1]), rng)?)
        .push(nn::Activation::new(Activation::Relu))
        .push(Flatten::new());
    let features = find.output_shape(Shape::new(1, 1, height, width))?.channels;
    Ok(find.push(Linear::new(device, features, 10, rng)?))
}

/// A convolution, two residual blocks of which the second halves the size, and a dense layer that
/// decides by the mean of every channel. The names are those that PyTorch's ResNets have.
fn residual_network(device: &Device, rng: &mut Rng) -> filtro::Result<Graph> {
    let mut graph = Graph::new();
    let x = graph.input();
    let stem = Conv2d::new(1, 16, [3, 3]).padding([1, 1]);
    let x = graph.layer("conv1", nn::Conv2d::new(device, stem, rng)?.without_bias(), x);
    let x = graph.layer("bn1", nn::BatchNorm2d::new(device, BatchNorm2d::new(16))?, x);
    let x = graph.layer("relu", nn::Activation::new(Activation::Relu), x);
    let x = graph.layer("layer1.0", block(device, 16, 16, 1, rng)?, x);
    let x = graph.layer("layer2.0", block(device, 16, 32, 2, rng)?, x);
    let x = graph.layer("avgpool", nn::AdaptiveAvgPool2d::new(AdaptiveAvgPool2d::global()), x);
    graph.layer("fc", Linear::new(device, 32, 10, rng)?, x);
    Ok(graph)
}

/// Two convolutions, whose result is added to what came in.
fn block(
    device: &Device,
    in_channels: usize,
    channels: usize,
    stride: usize,
    rng: &mut Rng,
) -> filtro::Result<Graph> {
    let first = Conv2d::new(in_channels, channels, [3, 3]).stride([stride; 2]).padding([1, 1]);
    let second = Conv2d::new(channels, channels, [3, 3]).padding([1, 1]);
    let norm = || nn::BatchNorm2d::new(device, BatchNorm2d::new(channels));
    let mut graph = Graph::new();
    let x = graph.input();
    let y = graph.layer("conv1", nn::Conv2d::new(device, first, rng)?.without_bias(), x);
    let y = graph.layer("bn1", norm()?, y);
    let y = graph.layer("relu", nn::Activation::new(Activation::Relu), y);
    let y = graph.layer("conv2", nn::Conv2d::new(device, second, rng)?.without_bias(), y);
    let y = graph.layer("bn2", norm()?, y);
    let mut shortcut = x;
    if in_channels != channels || stride != 1 {
        let fit = Conv2d::new(in_channels, channels, [1, 1]).stride([stride; 2]);
        let fit = nn::Conv2d::new(device, fit, rng)?.without_bias();
        shortcut = graph.layer("downsample", Sequential::new().push(fit).push(norm()?), x);
    }
    graph.add_activated(y, shortcut, Activation::Relu);
    Ok(graph)
}

/// Forward, loss, backward, step.
fn train_step(
    network: &mut Graph,
    optimizer: &mut Adam,
    batch: &Batch,
) -> filtro::Result<nn::Loss> {
    let logits = network.forward(&batch.inputs)?;
    let loss = nn::cross_entropy(&logits, &batch.labels)?;
    network.backward(&loss.gradient)?;
    optimizer.step(network.parameters_mut())?;
    Ok(loss)
}

/// The share of images whose largest logit is that of their label.
fn accuracy(network: &Graph, data: &Dataset, labels: &[u32]) -> filtro::Result<f64> {
    let mut predictions = Vec::with_capacity(labels.len());
    for batch in data.batches(500)? {
        let logits = network.infer(&batch?.inputs)?;
        predictions.extend(nn::predictions(&logits)?.to_vec()?);
    }
    let right = predictions.iter().zip(labels).filter(|(prediction, label)| prediction == label);
    Ok(right.count() as f64 / labels.len() as f64)
}

impl Digits {
    fn shape(&self, batch: usize) -> Shape {
        let [height, width] = self.size;
        Shape::new(batch, 1, height, width)
    }

    fn upload(&self, device: &Device) -> filtro::Result<Dataset> {
        let count = self.labels.len();
        let images = device.upload_slice(&self.images, self.shape(count))?;
        Dataset::new(images, device.upload_numbers(&self.labels, [count, 1, 1, 1])?)
    }

    fn push(&mut self, image: &[f32], label: u32) {
        self.images.extend_from_slice(image);
        self.labels.push(label);
    }
}

/// The digits that are shipped: 64 values of 0 to 16 and a label per line.
fn read_shipped() -> Result<Digits, Box<dyn Error>> {
    let file = include_bytes!("data/digits.csv.gz");
    let mut digits = Digits { size: [8, 8], ..Digits::default() };
    for line in BufReader::new(GzDecoder::new(file.as_slice())).lines() {
        let line = line?;
        let numbers = line.split(',').map(str::parse).collect::<Result<Vec<u16>, _>>()?;
        let [image @ .., label] = numbers.as_slice() else { return Err("an empty line".into()) };
        if image.len() != 64 {
            return Err(format!("an image of {} values", image.len()).into());
        }
        let image: Vec<f32> = image.iter().map(|&value| f32::from(value) / 16.0).collect();
        digits.push(&image, u32::from(*label));
    }
    Ok(digits)
}

/// Some digits by chance, and the others.
fn split(digits: &Digits, first: usize, rng: &mut Rng) -> (Digits, Digits) {
    let mut order: Vec<usize> = (0..digits.labels.len()).collect();
    rng.shuffle(&mut order);
    let cells = digits.size[0] * digits.size[1];
    let pick = |numbers: &[usize]| {
        let mut picked = Digits { size: digits.size, ..Digits::default() };
        for &number in numbers {
            let image = &digits.images[number * cells..(number + 1) * cells];
            picked.push(image, digits.labels[number]);
        }
        picked
    };
    let (train, held_back) = order.split_at(first.min(order.len()));
    (pick(train), pick(held_back))
}

/// Every digit, and every digit moved by a cell to the left, the right, up and down.
fn with_shifted(digits: &Digits) -> Digits {
    let [height, width] = digits.size;
    let mut all = Digits { size: digits.size, ..Digits::default() };
    for (image, &label) in digits.images.chunks(height * width).zip(&digits.labels) {
        let cell = |y: Option<usize>, x: Option<usize>| match (y, x) {
            (Some(y), Some(x)) if y < height && x < width => image[y * width + x],
            _ => 0.0,
        };
        for (down, right) in [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)] {
            let moved: Vec<f32> = (0..height * width)
                .map(|at| {
                    let (y, x) = (at / width, at % width);
                    cell(y.checked_add_signed(-down), x.checked_add_signed(-right))
                })
                .collect();
            all.push(&moved, label);
        }
    }
    all
}

/// A part of MNIST, `train` or `t10k`, in the IDX format: big-endian sizes, then bytes.
fn read_mnist(folder: &Path, part: &str) -> Result<Digits, Box<dyn Error>> {
    let images = read_file(folder, &format!("{part}-images-idx3-ubyte"))?;
    let labels = read_file(folder, &format!("{part}-labels-idx1-ubyte"))?;
    let ([count, height, width], pixels) = read_idx(&images, 0x0803)?;
    let ([label_count], labels) = read_idx(&labels, 0x0801)?;
    if count != label_count {
        return Err(format!("{count} images, but {label_count} labels").into());
    }
    Ok(Digits {
        size: [height, width],
        images: pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect(),
        labels: labels.iter().map(|&byte| u32::from(byte)).collect(),
    })
}

/// The sizes of an IDX file and its bytes.
type Idx<'a, const N: usize> = ([usize; N], &'a [u8]);

/// The contents of an IDX file of this kind.
fn read_idx<const N: usize>(file: &[u8], kind: u32) -> Result<Idx<'_, N>, Box<dyn Error>> {
    let word = |index: usize| {
        let bytes = file.get(4 * index..4 * index + 4).ok_or("the file is too short")?;
        Ok::<_, Box<dyn Error>>(u32::from_be_bytes(bytes.try_into()?))
    };
    if word(0)? != kind {
        return Err(format!("the file starts with {:#x} and not {kind:#x}", word(0)?).into());
    }
    let mut sizes = [0; N];
    for (index, size) in sizes.iter_mut().enumerate() {
        *size = usize::try_from(word(index + 1)?)?;
    }
    let bytes = &file[4 * (N + 1)..];
    if bytes.len() != sizes.iter().product::<usize>() {
        return Err(format!("{} bytes for sizes {sizes:?}", bytes.len()).into());
    }
    Ok((sizes, bytes))
}

/// A file, or the file with `.gz` behind its name.
fn read_file(folder: &Path, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    let path = folder.join(name);
    if path.exists() {
        File::open(path)?.read_to_end(&mut bytes)?;
    } else {
        let path = folder.join(format!("{name}.gz"));
        let file = File::open(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        GzDecoder::new(file).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
