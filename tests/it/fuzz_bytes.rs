//! Files from outside, changed at random: whatever the bytes are, they are read or refused, and
//! nothing panics. `FILTRO_FUZZ_SECONDS` lengthens it.

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use filtro::nn::{self, Sequential, StateDict};
use filtro::picture;
use filtro::tuning::Tuning;
use filtro::{Algorithm, AvgPool2d, BatchNorm2d, Conv2d, Device, MaxPool2d, PipelineCache};
use image::ImageFormat;
use ndarray::Array4;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::fuzz::{Fuzz, fuzz};
use crate::npy_file;
use crate::tested::{open_tested, tested};

/// One change of some bytes; positions are parts of the whole.
#[derive(Debug, Clone)]
enum Change {
    Flip(f64, u8),
    Set(f64, u8),
    /// A number of 2, 4 or 8 bytes that a header may hold, of either byte order.
    Number(f64, u64, usize, bool),
    Cut(f64),
    Remove(f64, usize),
    Insert(f64, Vec<u8>),
    /// A part from one place to another.
    Copy(f64, f64, usize),
    /// Words that headers are made of.
    Word(f64, &'static str),
}

fn at(len: usize, part: f64) -> usize {
    ((len as f64 * part) as usize).min(len)
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len();
        match *self {
            Self::Flip(part, bit) => {
                if let Some(byte) = bytes.get_mut(at(len, part)) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Set(part, value) => {
                if let Some(byte) = bytes.get_mut(at(len, part)) {
                    *byte = value;
                }
            }
            Self::Number(part, number, size, big_endian) => {
                let little = number.to_le_bytes();
                let big = number.to_be_bytes();
                let number = if big_endian { &big[8 - size..] } else { &little[..size] };
                overwrite(bytes, at(len, part), number);
            }
            Self::Cut(part) => bytes.truncate(at(len, part)),
            Self::Remove(part, count) => {
                let begin = at(len, part);
                drop(bytes.drain(begin..(begin + count).min(len)));
            }
            Self::Insert(part, ref more) => {
                let begin = at(len, part);
                drop(bytes.splice(begin..begin, more.iter().copied()));
            }
            Self::Copy(from, to, count) => {
                let begin = at(len, from);
                let part = bytes[begin..(begin + count).min(len)].to_vec();
                overwrite(bytes, at(len, to), &part);
            }
            Self::Word(part, word) => {
                let begin = at(len, part);
                drop(bytes.splice(begin..begin, word.bytes()));
            }
        }
    }
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    for (byte, with) in bytes.iter_mut().skip(at).zip(with) {
        *byte = *with;
    }
}

/// A place: anywhere, or in the head of the file.
fn place() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1.0_f64, 0.0..0.1_f64]
}

fn change() -> impl Strategy<Value = Change> {
    let number = prop_oneof![
        (0..64_u32).prop_map(|bits| 1 << bits),
        (0..64_u32).prop_map(|bits| (1_u64 << bits) - 1),
        Just(u64::MAX),
        any::<u64>(),
    ];
    let size = prop::sample::select(vec![2_usize, 4, 8]);
    let words = vec!["'", "\"", "(", ")", ",", "L", "-1", "0", "99999999999999999999", "x", "="];
    let words = [words, vec!["\n", "shape", "descr", "{", "}", "[", "]", ":", "\0", "é"]].concat();
    let bytes = prop::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        4 => (place(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        3 => (place(), any::<u8>()).prop_map(|(at, value)| Change::Set(at, value)),
        3 => (place(), number, size, any::<bool>())
            .prop_map(|(at, number, size, big)| Change::Number(at, number, size, big)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (place(), bytes).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (place(), place(), 1..60_usize)
            .prop_map(|(from, to, count)| Change::Copy(from, to, count)),
        1 => (place(), prop::sample::select(words)).prop_map(|(at, word)| Change::Word(at, word)),
    ]
}

/// One of some valid files, and what becomes of it.
type Changed = (usize, Vec<Change>);

fn changed(of: usize) -> impl Strategy<Value = Changed> {
    (0..of, prop::collection::vec(change(), 0..7))
}

fn bytes_of((index, changes): &Changed, of: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = of[*index].clone();
    changes.iter().for_each(|change| change.apply(&mut bytes));
    bytes
}

fn is(condition: bool, otherwise: &str) -> Result<(), TestCaseError> {
    if condition { Ok(()) } else { Err(TestCaseError::fail(otherwise.to_owned())) }
}

fn photo() -> image::DynamicImage {
    let image = image::RgbaImage::from_fn(23, 17, |x, y| {
        image::Rgba([x * 7 + y, y * 11 + x * 3, x * y, 255 - x].map(|part| (part % 251) as u8))
    });
    image::DynamicImage::from(image)
}

macro_rules! pictures {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../data/pictures/", $name)))),+]
    };
}

/// The files of `data/pictures`.
const FILES: &[(&str, &[u8])] = pictures!(
    "alpha.bmp",
    "bits.bmp",
    "bits.png",
    "cmyk.jpg",
    "cmyk.tif",
    "deep.png",
    "deep.tif",
    "film.gif",
    "film.png",
    "film.webp",
    "float.tif",
    "grey.jpg",
    "group4.tif",
    "jpeg.tif",
    "lossless.webp",
    "lossy.webp",
    "packbits.tif",
    "palette.bmp",
    "palette.png",
    "progressive.jpg",
    "restarts.jpg",
    "tiff_adobe_deflate.tif",
    "tiff_lzw.tif",
);

#[test]
fn every_file_of_pictures_is_read_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pictures");
    // A binary may run where it was not built.
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files {
        let name = file.unwrap().file_name();
        assert!(FILES.iter().any(|(listed, _)| name == *listed), "{name:?} is not listed");
    }
}

/// Pictures of every kind that is read.
static PICTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let photo = photo();
    let kinds = [
        (ImageFormat::Png, image::DynamicImage::from(photo.to_rgba16())),
        (ImageFormat::Png, photo.clone()),
        (ImageFormat::Jpeg, photo.to_rgb8().into()),
        (ImageFormat::Gif, photo.clone()),
        (ImageFormat::Bmp, photo.to_rgb8().into()),
        (ImageFormat::WebP, photo.clone()),
        (ImageFormat::Tiff, photo.to_rgb32f().into()),
        (ImageFormat::Tiff, photo.to_rgba16().into()),
    ];
    let mut pictures: Vec<_> = kinds
        .into_iter()
        .map(|(format, image)| {
            let mut bytes = Cursor::new(Vec::new());
            image.write_to(&mut bytes, format).unwrap();
            bytes.into_inner()
        })
        .collect();
    pictures.extend(FILES.iter().map(|(_, bytes)| bytes.to_vec()));
    pictures
});

/// Sets the checksum of every chunk of a PNG that is whole, or nothing behind it would be read.
fn mend_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let len = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(chunk) = bytes.get(at + 4..at + 8 + len) else { return };
        let mut crc = flate2::Crc::new();
        crc.update(chunk);
        let crc = crc.sum().to_be_bytes();
        overwrite(bytes, at + 8 + len, &crc);
        at += 12 + len;
    }
}

const MOST_PIXELS: usize = 1 << 20;

fn a_picture(changed: &Changed) -> Result<(), TestCaseError> {
    let mut bytes = bytes_of(changed, &PICTURES);
    if bytes.starts_with(b"\x89PNG") {
        mend_png(&mut bytes);
    }
    match picture::decode_within(&bytes, MOST_PIXELS) {
        Err(error) => is(!error.to_string().is_empty(), "no words"),
        Ok(array) => {
            let (batch, channels, height, width) = array.dim();
            is((batch, channels) == (1, 3), "another shape")?;
            is(height * width <= MOST_PIXELS, "more pixels than were allowed")
        }
    }
}

static ARRAYS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let file = |header: &str, data: &[u8]| {
        let header = format!("{header:<117}\n");
        let len = u16::try_from(header.len()).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\0", &len[..], header.as_bytes(), data].concat()
    };
    let data: Vec<u8> = (0..96).collect();
    [
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 4), }", 96),
        ("{'descr': '>f8', 'fortran_order': True, 'shape': (3, 4), }", 96),
        ("{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2L, 3L)}", 6),
        ("{'descr': '<i2', 'fortran_order': True, 'shape': (0, 3), }", 0),
        ("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", 1),
    ]
    .map(|(header, len)| file(header, &data[..len]))
    .into()
});

fn an_array(changed: &Changed) -> Result<(), TestCaseError> {
    let bytes = bytes_of(changed, &ARRAYS);
    match npy_file::parse(&bytes) {
        Err(error) => is(!error.is_empty(), "no words"),
        Ok(file) => {
            let is_rounded = file.rounded_from.is_some_and(|name| name.len() >= 4);
            is(file.array.len() <= bytes.len() || is_rounded, "more numbers than bytes")
        }
    }
}

static TUNINGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut tuning = Tuning::new(tested()).unwrap();
    let conv = Conv2d::new(4, 6, [3, 2]).padding([1, 1]);
    tuning.set(conv, [1, 4, 12, 17], Algorithm::General).unwrap();
    tuning.set(MaxPool2d::new([3, 2]), [1, 4, 12, 17], Algorithm::Strip).unwrap();
    tuning.set(AvgPool2d::new([2, 2]), [2, 1, 9, 9], Algorithm::Windows).unwrap();
    vec![tuning.to_string().into_bytes()]
});

fn a_tuning(changed: &Changed) -> Result<(), TestCaseError> {
    static DEVICE: LazyLock<Device> = LazyLock::new(open_tested);
    let bytes = bytes_of(changed, &TUNINGS);
    let text = String::from_utf8_lossy(&bytes);
    let Ok(tuning) = text.parse::<Tuning>() else { return Ok(()) };
    is(tuning.to_string().parse() == Ok(tuning.clone()), "it does not survive its own text")?;
    if DEVICE.set_tuning(tuning).is_ok() {
        let conv = Conv2d::new(4, 6, [3, 2]).padding([1, 1]);
        is(conv.plan_on([1, 4, 12, 17], &DEVICE).is_ok(), "it spoils a plan")?;
        let pool = MaxPool2d::new([3, 2]);
        is(pool.plan_on([1, 4, 12, 17], &DEVICE).is_ok(), "it spoils a plan")?;
    }
    Ok(())
}

fn network() -> Sequential {
    let (device, rng) = (Device::cpu(), &mut nn::Rng::new(7));
    Sequential::new()
        .push(nn::Conv2d::new(&device, Conv2d::new(1, 2, [3, 2]), rng).unwrap())
        .push(nn::BatchNorm2d::new(&device, BatchNorm2d::new(2)).unwrap())
        .push(nn::Linear::new(&device, 4, 3, rng).unwrap())
}

static PARAMETERS: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| vec![network().to_safetensors().unwrap()]);

fn parameters(changed: &Changed) -> Result<(), TestCaseError> {
    let bytes = bytes_of(changed, &PARAMETERS);
    let mut network = network();
    match network.load_safetensors(&bytes) {
        Ok(()) => is(network.to_safetensors().is_ok(), "what was loaded cannot be saved"),
        Err(error) => {
            is(!error.to_string().is_empty(), "no words")?;
            let left = network.to_safetensors().ok();
            is(left.as_ref() == Some(&PARAMETERS[0]), "the network is not as it was")
        }
    }
}

static CACHES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let device = open_tested();
    let x = device.upload(&Array4::zeros([1, 1, 8, 9])).unwrap();
    MaxPool2d::new([2, 2]).forward(&x).unwrap().to_vec().unwrap();
    vec![device.pipeline_cache().unwrap().to_bytes()]
});

fn a_cache(changed: &Changed) -> Result<(), TestCaseError> {
    let bytes = bytes_of(changed, &CACHES);
    #[allow(unsafe_code, reason = "caches are read from bytes")]
    // SAFETY: no driver is given what is read.
    let cache = unsafe { PipelineCache::from_bytes(&bytes) };
    is(cache.is_err() || bytes == CACHES[0], "changed bytes are taken for a cache")
}

#[test]
fn a_picture_of_any_bytes_is_read_or_refused() {
    assert!(PICTURES.iter().all(|bytes| picture::decode(bytes).is_ok()));
    fuzz("pictures", &[Fuzz::new(changed(PICTURES.len()), a_picture)]);
}

#[test]
fn an_array_of_any_bytes_is_read_or_refused() {
    assert!(ARRAYS.iter().all(|bytes| npy_file::parse(bytes).is_ok()));
    fuzz("arrays", &[Fuzz::new(changed(ARRAYS.len()), an_array)]);
}

#[test]
fn a_tuning_parameters_and_a_cache_of_any_bytes_are_read_or_refused() {
    let files = [
        Fuzz::new(changed(1), a_tuning),
        Fuzz::new(changed(1), parameters),
        Fuzz::new(changed(1), a_cache),
    ];
    fuzz("files", &files);
}
