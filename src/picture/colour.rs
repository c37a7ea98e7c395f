//! Colour maps: a feature map as a picture.

use image::{Rgb, RgbImage};
use ndarray::ArrayView2;

/// How numbers become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColourMap {
    /// Blue, white, red: for values of both signs, white being zero.
    BlueRed,
    /// Black to white.
    Grey,
    /// Dark violet over green to yellow, evenly bright steps: for values of one sign.
    Viridis,
}

impl ColourMap {
    /// The colour of a position, 0 to 1; beyond that the ends. NaN is green, which no map holds.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::picture::ColourMap;
    ///
    /// assert_eq!(ColourMap::Grey.at(1.0), [255, 255, 255]);
    /// let [red, _, blue] = ColourMap::BlueRed.at(1.0);
    /// assert!(red > blue);
    /// ```
    #[must_use]
    pub fn at(self, position: f32) -> [u8; 3] {
        if position.is_nan() {
            return NO_NUMBER;
        }
        let position = position.clamp(0.0, 1.0);
        let colour = match self {
            Self::Grey => return [byte(position); 3],
            Self::BlueRed => colorous::RED_BLUE.eval_continuous(f64::from(1.0 - position)),
            Self::Viridis => colorous::VIRIDIS.eval_continuous(f64::from(position)),
        };
        [colour.r, colour.g, colour.b]
    }
}

/// Which numbers a colour map reaches over.
///
/// # Examples
///
/// ```
/// use filtro::picture::{ColourMap, Scale};
/// use ndarray::array;
///
/// let edges = Scale::of(array![[-2.0, 0.0], [0.5, 1.0]].view());
/// assert_eq!((edges.low, edges.high, edges.colours), (-2.0, 2.0, ColourMap::BlueRed));
/// let light = Scale::of(array![[0.0, 0.5]].view());
/// assert_eq!((light.low, light.high, light.colours), (0.0, 0.5, ColourMap::Grey));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The number at the begin of the colours.
    pub low: f32,
    /// The number at their end.
    pub high: f32,
    /// The colours.
    pub colours: ColourMap,
}

impl Scale {
    /// Black is 0, white is 1: a picture.
    pub const PICTURE: Self = Self { low: 0.0, high: 1.0, colours: ColourMap::Grey };

    /// A scale for these values: [`signed`](Self::signed) if there is a negative one, else grey
    /// from 0 to the largest.
    #[must_use]
    pub fn of(values: ArrayView2<'_, f32>) -> Self {
        if values.iter().any(|&value| value < 0.0) {
            return Self::signed(values);
        }
        Self { low: 0.0, high: reach(values), colours: ColourMap::Grey }
    }

    /// A scale for values of both signs: as far to both sides of zero as all but one in two
    /// hundred reach, so that a few extremes do not leave the rest pale.
    #[must_use]
    pub fn signed(values: ArrayView2<'_, f32>) -> Self {
        let reach = reach(values);
        Self { low: -reach, high: reach, colours: ColourMap::BlueRed }
    }

    /// The colour of a number. NaN is green, which no scale of signs or greys holds, and so is
    /// every number on a scale whose ends are not finite; one without a reach gives its middle.
    #[must_use]
    pub fn colour(&self, value: f32) -> [u8; 3] {
        if value.is_nan() || !(self.low.is_finite() && self.high.is_finite()) {
            return NO_NUMBER;
        }
        if !self.reaches() {
            return self.colours.at(0.5);
        }
        #[allow(clippy::cast_possible_truncation, reason = "in 0 to 1")]
        self.colours.at(self.position(value) as f32)
    }

    /// Whether there are numbers between the ends.
    fn reaches(&self) -> bool {
        self.low.is_finite() && self.high.is_finite() && self.low != self.high
    }

    /// Where a number lies between the ends, 0 to 1.
    fn position(&self, value: f32) -> f64 {
        let [low, high, value] = [self.low, self.high, value].map(f64::from);
        (value.clamp(low.min(high), high.max(low)) - low) / (high - low)
    }
}

const NO_NUMBER: [u8; 3] = [0, 160, 0];

/// The magnitude below which all but one in two hundred values stay; 1 where all are zero.
fn reach(values: ArrayView2<'_, f32>) -> f32 {
    let mut magnitudes: Vec<f32> =
        values.iter().map(|value| value.abs()).filter(|value| value.is_finite()).collect();
    if magnitudes.is_empty() {
        return 1.0;
    }
    let last = magnitudes.len() - 1;
    let (_, &mut most, above) =
        magnitudes.select_nth_unstable_by(last - last / 200, f32::total_cmp);
    let largest = above.iter().copied().fold(most, f32::max);
    match (most > 0.0, largest > 0.0) {
        (true, _) => most,
        (false, true) => largest,
        (false, false) => 1.0,
    }
}

/// A picture of a feature map, a pixel an element.
///
/// # Examples
///
/// ```
/// use filtro::picture::{Scale, paint};
/// use ndarray::array;
///
/// let map = array![[-1.0, 1.0]];
/// let image = paint(map.view(), &Scale::signed(map.view()));
/// assert!(image.get_pixel(0, 0).0[2] > image.get_pixel(0, 0).0[0]); // negative is blue
/// assert!(image.get_pixel(1, 0).0[0] > image.get_pixel(1, 0).0[2]); // positive is red
/// ```
#[must_use]
pub fn paint(map: ArrayView2<'_, f32>, scale: &Scale) -> RgbImage {
    let size = |size| u32::try_from(size).unwrap_or(u32::MAX);
    let palette = Palette::of(scale);
    RgbImage::from_fn(size(map.ncols()), size(map.nrows()), |x, y| {
        Rgb(palette.colour(map[[y as usize, x as usize]]))
    })
}

/// The colours of a scale in steps too fine to be told apart: a colour map's curve takes longer
/// than all else that is done to a pixel.
struct Palette<'a> {
    scale: &'a Scale,
    colours: Option<Vec<[u8; 3]>>,
}

impl<'a> Palette<'a> {
    const STEPS: u16 = 4096;

    fn of(scale: &'a Scale) -> Self {
        let at = |step| scale.colours.at(f32::from(step) / f32::from(Self::STEPS));
        let curved = scale.colours != ColourMap::Grey && scale.reaches();
        Self { scale, colours: curved.then(|| (0..=Self::STEPS).map(at).collect()) }
    }

    fn colour(&self, value: f32) -> [u8; 3] {
        let Some(colours) = self.colours.as_ref().filter(|_| !value.is_nan()) else {
            return self.scale.colour(value);
        };
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to the number of steps"
        )]
        let step = (self.scale.position(value) * f64::from(Self::STEPS)).round() as usize;
        colours.get(step).copied().unwrap_or(NO_NUMBER)
    }
}

/// 0 to 1 as 0 to 255.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped, and a cast of NaN is zero"
)]
pub(super) fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn zero_is_white_and_signs_are_blue_and_red() {
        let scale = Scale { low: -2.0, high: 2.0, colours: ColourMap::BlueRed };
        assert!(scale.colour(0.0).iter().all(|&part| part > 235));
        let ([red, _, blue], [low_red, _, low_blue]) = (scale.colour(2.0), scale.colour(-2.0));
        assert!(red > blue && low_blue > low_red);
        assert_eq!(scale.colour(f32::INFINITY), scale.colour(2.0));
        assert_eq!(scale.colour(f32::NAN), [0, 160, 0]);
    }

    #[test]
    fn what_is_painted_is_the_colour_of_every_number() {
        let map = Array2::from_shape_fn((37, 41), |(y, x)| (y * 41 + x) as f32 / 700.0 - 1.1);
        let size = |size| u32::try_from(size).unwrap_or(0);
        for colours in [ColourMap::BlueRed, ColourMap::Grey, ColourMap::Viridis] {
            for (low, high) in [(-1.0, 1.0), (0.0, 0.7), (1.0, -1.0)] {
                let scale = Scale { low, high, colours };
                let image = paint(map.view(), &scale);
                for ((y, x), &value) in map.indexed_iter() {
                    let painted = image.get_pixel(size(x), size(y)).0;
                    let parts = painted.into_iter().zip(scale.colour(value));
                    assert!(parts.into_iter().all(|(a, b)| a.abs_diff(b) <= 1), "{value}");
                }
            }
        }
    }

    #[test]
    fn a_scale_that_is_none_paints_and_does_not_panic() {
        let ends = [f32::NAN, f32::NEG_INFINITY, f32::INFINITY, f32::MIN, f32::MAX, 0.0, 1.0];
        let map = array![[f32::NAN, f32::INFINITY, f32::MIN, 0.0, 0.5]];
        for colours in [ColourMap::BlueRed, ColourMap::Grey, ColourMap::Viridis] {
            for (low, high) in ends.into_iter().flat_map(|low| ends.map(|high| (low, high))) {
                let image = paint(map.view(), &Scale { low, high, colours });
                let finite = low.is_finite() && high.is_finite();
                assert_eq!(image.get_pixel(4, 0).0 == NO_NUMBER, !finite, "{low} to {high}");
            }
        }
        let widest = Scale { low: f32::MIN, high: f32::MAX, colours: ColourMap::Grey };
        assert_eq!(widest.colour(0.0), [128; 3]);
        assert_eq!(Scale { low: 2.0, high: 2.0, colours: ColourMap::Grey }.colour(9.0), [128; 3]);
    }

    #[test]
    fn extremes_special_values_and_flat_maps_leave_a_scale_usable() {
        let mut map = Array2::from_elem((20, 50), -0.5);
        map[[3, 4]] = 1000.0;
        map[[5, 6]] = f32::NAN;
        map[[7, 8]] = f32::INFINITY;
        assert_eq!(Scale::of(map.view()).high, 0.5);
        assert_eq!(Scale::of(Array2::zeros((3, 4)).view()).high, 1.0);
        assert_eq!(Scale::of(Array2::zeros((0, 4)).view()).high, 1.0);
        assert_eq!(Scale::signed(array![[0.0, 0.0, -3.0]].view()).low, -3.0);
    }
}
