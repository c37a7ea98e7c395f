//! Feature maps as pictures, with names.

use filtro::picture::{self, ColourMap, RgbImage, Scale, Tile, paint};
use ndarray::ArrayView2;

/// How the maps of a channel are painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Both signs: blue, white, red.
    Signed,
    /// A picture: black is 0, white is 1.
    Picture,
    /// By what is in it.
    Either,
}

impl Look {
    pub(crate) fn scale(self, map: ArrayView2<'_, f32>) -> Scale {
        match self {
            Self::Signed => Scale::signed(map),
            Self::Picture => Scale::PICTURE,
            Self::Either => Scale::of(map),
        }
    }
}

/// A map as a picture, with its size and its scale in words.
pub(crate) struct Painted {
    image: RgbImage,
    detail: String,
}

impl Painted {
    pub(crate) fn new(map: ArrayView2<'_, f32>, look: Look) -> Self {
        let scale = look.scale(map);
        let (height, width) = map.dim();
        let range = match (scale.colours, scale == Scale::PICTURE) {
            (_, true) => "0 to 1".into(),
            (ColourMap::BlueRed, _) => format!("±{}", digits(scale.high)),
            _ => format!("0 to {}", digits(scale.high)),
        };
        Self { image: paint(map, &scale), detail: format!("{height} x {width}, {range}") }
    }

    /// The bytes of a PNG.
    pub(crate) fn png(&self) -> Result<Vec<u8>, picture::Error> {
        picture::encode_png(&self.image)
    }

    pub(crate) fn tile(self, name: &str) -> Tile {
        Tile::new(self.image, name, self.detail)
    }
}

/// Three digits that say something.
fn digits(value: f32) -> String {
    if (0.01..1000.0).contains(&value) {
        let decimals = if value >= 100.0 {
            0
        } else if value >= 10.0 {
            1
        } else {
            2
        };
        format!("{value:.decimals$}")
    } else {
        format!("{value:.1e}")
    }
}
