//! Filters and pooling on a picture of the user's.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use filtro::filters::{self, Filter};
use filtro::picture::{self, ColourMap, ContactSheet, Scale};
use filtro::{Activation, Algorithm, Conv2d, Padding, PaddingMode, Shape};
use ndarray::{Array1, Array4, concatenate, s};
use rayon::prelude::*;

use crate::chosen::DeviceFlag;
use crate::failure::Failure;
use crate::layer::{Layer, Pool2d};
use crate::maps::{Look, Painted};
use crate::options::{self, Pair, Resize};
use crate::{arrays, npy_write, output, table};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The picture: PNG, JPEG, GIF, BMP, WebP or TIFF
    image: PathBuf,
    /// Filters by name, see `filtro filters` [default: six of them]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = filter, conflicts_with_all = ["weight", "bias"])]
    filter: Vec<Filter>,
    /// A .npy file of [out_channels, in_channels / groups, height, width] or of one matrix, in place
    /// of filters
    #[arg(long, value_name = "FILE")]
    weight: Option<PathBuf>,
    /// A .npy file of [out_channels]
    #[arg(long, value_name = "FILE", requires = "weight")]
    bias: Option<PathBuf>,
    /// Filters red, green and blue apart, not the brightness
    #[arg(long, conflicts_with = "weight")]
    rgb: bool,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    stride: Pair,
    /// same, same_upper, same_lower, valid, N, HEIGHT,WIDTH or TOP,BOTTOM,LEFT,RIGHT [default: half
    /// of the filter]
    #[arg(long, value_name = "N", value_parser = options::padding, allow_hyphen_values = true)]
    padding: Option<Padding>,
    /// What the padding holds
    #[arg(long, value_name = "MODE", default_value = "replicate", ignore_case = true, value_parser = options::padding_mode())]
    padding_mode: PaddingMode,
    /// N or HEIGHT,WIDTH
    #[arg(long, value_name = "N", default_value = "1", value_parser = options::pair, allow_hyphen_values = true)]
    dilation: Pair,
    /// Groups of channels, with --weight
    #[arg(long, value_name = "N", default_value_t = 1, requires = "weight", value_parser = options::at_least_one, allow_hyphen_values = true)]
    groups: usize,
    /// relu, relu6, leaky_relu[:SLOPE], silu, hard_swish, hard_sigmoid, sigmoid or tanh, after the convolution
    #[arg(long, value_name = "NAME", value_parser = options::activation)]
    activation: Option<Activation>,
    /// Pins the algorithm of the convolution on a GPU
    #[arg(long, value_name = "NAME", value_parser = options::algorithm)]
    algorithm: Option<Algorithm>,
    /// Poolings in order: max:KERNEL[:STRIDE[:PADDING]], avg:..., adaptive-max:SIZE,
    /// adaptive-avg:SIZE, global-max, global-avg; alone, they pool the picture itself
    #[arg(long, value_name = "POOL", value_delimiter = ',', value_parser = options::pool)]
    pool: Vec<Pool2d>,
    /// Resizes the picture first: N for its shorter side, or HEIGHTxWIDTH
    #[arg(long, value_name = "SIZE", value_parser = options::resize, allow_hyphen_values = true)]
    resize: Option<Resize>,
    /// The most pixels that the picture may have
    #[arg(long, value_name = "N", default_value_t = picture::MAX_PIXELS)]
    max_pixels: usize,
    #[command(flatten)]
    device: DeviceFlag,
    /// The folder for the pictures
    #[arg(long, value_name = "DIR", default_value = "out")]
    out: PathBuf,
    /// Writes the feature maps as one .npy file too
    #[arg(long, value_name = "FILE")]
    npy: Option<PathBuf>,
}

/// The filters of a picture when none are named.
pub(crate) const CLASSICS: [Filter; 6] = [
    filters::SOBEL_X,
    filters::SOBEL_Y,
    filters::LAPLACIAN,
    filters::GAUSSIAN,
    filters::SHARPEN,
    filters::EMBOSS,
];

/// The most maps on a contact sheet.
const MOST_TILES: usize = 96;

fn filter(name: &str) -> Result<Filter, String> {
    Filter::named(name).ok_or_else(|| {
        let names: Vec<_> = filters::ALL.iter().map(Filter::name).collect();
        format!("there are {}", names.join(", "))
    })
}

/// What is done to a picture, and how its channels are called and painted.
struct Work {
    layers: Vec<Layer>,
    input: Array4<f32>,
    names: Vec<String>,
    looks: Vec<Look>,
    /// How many maps belong together: those of one colour.
    together: usize,
}

pub(crate) fn run(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let picture = resized(options, picture::load_within(&options.image, options.max_pixels)?)?;
    let work = work(options, &picture)?;
    let device = options.device.open()?;

    let mut shape = shape_of(&work.input);
    let mut rows = Vec::new();
    for layer in &work.layers {
        let (weights, multiply_adds) = layer.cost(shape)?.map_or_else(
            || ("-".into(), "-".into()),
            |(weights, multiply_adds)| (table::count(weights), table::count(multiply_adds)),
        );
        shape = layer.output_shape(shape)?;
        rows.push(vec![layer.name(), shape.to_string(), weights, multiply_adds]);
    }
    let loaded =
        work.layers.iter().map(|layer| layer.on(&device)).collect::<Result<Vec<_>, _>>()?;
    let timed = device.time(|| {
        let mut tensor = device.upload(&work.input)?;
        for layer in &loaded {
            tensor = layer.forward(&tensor)?;
        }
        tensor.download()
    })?;
    let maps = timed.value;

    write(options, &work, &picture, &maps)?;
    table::print(out, &["step", "output", "weights", "multiply-adds"], 2, rows)?;
    writeln!(out, "{} ms on {device}", table::milliseconds(timed.wall))?;
    writeln!(
        out,
        "Wrote {} and a contact sheet to {}",
        count(maps.dim().1),
        options.out.display()
    )?;
    Ok(())
}

pub(crate) fn list_filters(out: &mut dyn Write) -> Result<(), Failure> {
    let rows = filters::ALL
        .iter()
        .map(|filter| {
            let (height, width) = filter.kernel().dim();
            vec![filter.name().into(), format!("{height} x {width}"), filter.about().into()]
        })
        .collect();
    Ok(table::print(out, &["filter", "size", "what it shows"], 3, rows)?)
}

fn count(maps: usize) -> String {
    if maps == 1 { "1 feature map".into() } else { format!("{maps} feature maps") }
}

fn shape_of(array: &Array4<f32>) -> Shape {
    let (batch, channels, height, width) = array.dim();
    Shape::new(batch, channels, height, width)
}

fn resized(options: &Options, picture: Array4<f32>) -> Result<Array4<f32>, Failure> {
    let Some(resize) = options.resize else { return Ok(picture) };
    let (_, _, height, width) = picture.dim();
    let size = resize.of([height, width]);
    let most = options.max_pixels;
    if size.contains(&0) || size[0].saturating_mul(size[1]) > most {
        let [height, width] = size;
        return Err(Failure::input(format!(
            "--resize makes a picture of {height} x {width}, but it must have 1 to {most} pixels"
        )));
    }
    Ok(picture::resize(&picture, size)?)
}

/// Names of which no two are the same: the second `sobel-x` is `sobel-x-2`.
fn apart(names: Vec<String>) -> Vec<String> {
    let mut all = Vec::<String>::new();
    for name in names {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let mut free = std::iter::once(name.clone()).chain(numbered);
        all.extend(free.find(|name| !all.contains(name)));
    }
    all
}

fn work(options: &Options, picture: &Array4<f32>) -> Result<Work, Failure> {
    let pools = options.pool.iter().cloned().map(Layer::Pool2d);
    let colours = ["red", "green", "blue"];
    let mut work = if let Some(path) = &options.weight {
        learned(options, path, picture)?
    } else if options.filter.is_empty() && !options.pool.is_empty() {
        Work {
            layers: Vec::new(),
            input: picture.clone(),
            names: colours.map(String::from).into(),
            looks: vec![Look::Picture; 3],
            together: 3,
        }
    } else {
        let bank = if options.filter.is_empty() { &CLASSICS[..] } else { &options.filter };
        let weight = filters::bank(bank);
        let look = |filter: &Filter| match (options.activation, filter.is_signed()) {
            (Some(_), _) => Look::Either,
            (None, true) => Look::Signed,
            (None, false) => Look::Picture,
        };
        let colours = if options.rgb { &colours[..] } else { &[""] };
        let weights = vec![weight.view(); colours.len()];
        let weight = concatenate(ndarray::Axis(0), &weights).map_err(Failure::input)?;
        let input = if options.rgb { picture.clone() } else { picture::grey(picture) };
        let named = |colour: &&str| {
            bank.iter()
                .map(|filter| [filter.name(), colour].join("-").trim_end_matches('-').to_owned())
                .collect::<Vec<_>>()
        };
        Work {
            layers: vec![convolution(options, weight, None, colours.len(), &input)?],
            input,
            names: apart(colours.iter().flat_map(named).collect()),
            looks: colours.iter().flat_map(|_| bank.iter().map(look)).collect(),
            together: bank.len(),
        }
    };
    work.layers.extend(pools);
    Ok(work)
}

/// The work of a weight from a file, on the brightness or on the colours, as its channels say.
fn learned(options: &Options, path: &Path, picture: &Array4<f32>) -> Result<Work, Failure> {
    let weight = arrays::read_weight(path)?;
    let bias = options.bias.as_deref().map(arrays::read_bias).transpose()?;
    let out_channels = weight.dim().0;
    let in_channels = weight.dim().1.saturating_mul(options.groups);
    let input = match in_channels {
        1 => picture::grey(picture),
        3 => picture.clone(),
        _ => {
            let groups = options.groups;
            return Err(Failure::input(format!(
                "{}: has shape {:?}, which with --groups {groups} takes {in_channels} channels, but a \
                 picture has 3, or 1 as grey",
                path.display(),
                weight.shape(),
            )));
        }
    };
    Ok(Work {
        layers: vec![convolution(options, weight, bias, options.groups, &input)?],
        input,
        names: (0..out_channels).map(|channel| format!("map-{channel:03}")).collect(),
        looks: vec![Look::Either; out_channels],
        together: out_channels,
    })
}

fn convolution(
    options: &Options,
    weight: Array4<f32>,
    bias: Option<Array1<f32>>,
    groups: usize,
    input: &Array4<f32>,
) -> Result<Layer, Failure> {
    let (out_channels, group_in_channels, kernel_height, kernel_width) = weight.dim();
    let (kernel_size, dilation) = ([kernel_height, kernel_width], options.dilation.0);
    let half =
        [0, 1].map(|axis| dilation[axis].saturating_mul(kernel_size[axis].saturating_sub(1)) / 2);
    let (_, _, height, width) = input.dim();
    let room = [height, width].map(|size| match options.padding_mode {
        PaddingMode::Reflect => size.saturating_sub(1),
        PaddingMode::Circular => size,
        _ => usize::MAX,
    });
    if options.padding.is_none() && (half[0] > room[0] || half[1] > room[1]) {
        return Err(Failure::input(format!(
            "the picture is {height} x {width}, too small for --padding-mode {} and a filter of \
             {kernel_height} x {kernel_width}, which looks {} x {} beyond it; --padding 0 leaves \
             the border out",
            options.padding_mode.name(),
            half[0],
            half[1]
        )));
    }
    let in_channels = group_in_channels.saturating_mul(groups);
    let conv = Conv2d::new(in_channels, out_channels, kernel_size)
        .stride(options.stride.0)
        .padding(options.padding.unwrap_or(Padding::from(half)))
        .padding_mode(options.padding_mode)
        .dilation(dilation)
        .groups(groups)
        .activation(options.activation)
        .algorithm(options.algorithm);
    Ok(Layer::Conv2d { options: conv, weight, bias })
}

fn write(
    options: &Options,
    work: &Work,
    picture: &Array4<f32>,
    maps: &Array4<f32>,
) -> Result<(), Failure> {
    // With the extension, or a cat.png and a cat.jpg would write the same files.
    let name = options.image.file_name().unwrap_or_default().to_string_lossy();
    let named: Vec<_> = work.names.iter().zip(&work.looks).enumerate().collect();
    let painted = named
        .par_iter()
        .map(|&(channel, (map, look))| {
            let painted = Painted::new(maps.slice(s![0, channel, .., ..]), *look);
            let file = (options.out.join(format!("{name}-{map}.png")), painted.png()?);
            Ok((file, (channel < MOST_TILES).then(|| painted.tile(map))))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let (mut files, tiles): (Vec<_>, Vec<_>) = painted.into_iter().unzip();
    let tiles = tiles.into_iter().flatten().collect();
    let steps: Vec<_> = work.layers.iter().map(Layer::name).collect();
    let (_, channels, height, width) = maps.dim();
    let shown = match channels > MOST_TILES {
        true => format!("; the first {MOST_TILES} of them"),
        false => String::new(),
    };
    let sheet = ContactSheet::new(name.clone(), work.together.clamp(3, 6))
        .lead(picture::to_image(picture))
        .line(steps.join(", "))
        .line(format!("{} of {height} x {width}{shown}", count(channels)))
        .legend(
            Scale { low: -1.0, high: 1.0, colours: ColourMap::BlueRed },
            ["negative", "0", "positive"],
        )
        .row("Feature maps", tiles);
    let path = options.out.join(format!("{name}-sheet.png"));
    files.push((path, picture::encode_small_png(&sheet.draw())?));
    let array = options.npy.as_deref().map(|path| (path, npy_write::bytes(maps)));

    output::make_folder(&options.out)?;
    for (path, bytes) in &files {
        output::write(path, bytes)?;
    }
    array.map_or(Ok(()), |(path, bytes)| output::write(path, &bytes))
}
