//! Values of flags.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, InterpolationMode,
    MaxPool2d, Padding, PaddingMode, Shape,
};

use crate::layer::Pool2d;

/// `[height, width]`: `2`, `2,1` or `2x1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair(pub(crate) [usize; 2]);

impl std::fmt::Display for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self([height, width]) = self;
        if height == width { write!(f, "{height}") } else { write!(f, "{height},{width}") }
    }
}

fn number(text: &str) -> Result<usize, String> {
    let text = text.trim();
    if text.strip_prefix('-').is_some_and(|rest| rest.parse::<f64>().is_ok()) {
        return Err(format!("{text} is negative, but it must be 0 or more"));
    }
    text.parse().map_err(|error| match text.parse::<u128>() {
        Ok(_) => format!("{text} is too large"),
        Err(_) => format!("'{text}' is not a whole number ({error})"),
    })
}

fn numbers(text: &str, separators: &[char]) -> Result<Vec<usize>, String> {
    text.split(separators).map(number).collect()
}

/// A number of groups.
pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    match number(text)? {
        0 => Err("it is 0, but must be at least 1".into()),
        number => Ok(number),
    }
}

/// The size of a picture: `224` for its shorter side, `224x300` for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resize {
    Shorter(usize),
    Both([usize; 2]),
}

pub(crate) fn resize(text: &str) -> Result<Resize, String> {
    match numbers(text, &[',', 'x'])?[..] {
        [shorter] => Ok(Resize::Shorter(shorter)),
        [height, width] => Ok(Resize::Both([height, width])),
        ref all => Err(format!("{} numbers, but it is one or HEIGHTxWIDTH", all.len())),
    }
}

impl Resize {
    /// The new `[height, width]` of a picture; the longer side is rounded down, as in torchvision.
    pub(crate) fn of(self, [height, width]: [usize; 2]) -> [usize; 2] {
        match self {
            Self::Both(size) => size,
            Self::Shorter(shorter) => {
                [height, width].map(|side| side.saturating_mul(shorter) / height.min(width).max(1))
            }
        }
    }
}

pub(crate) fn pair(text: &str) -> Result<Pair, String> {
    match numbers(text, &[',', 'x'])?[..] {
        [both] => Ok(Pair([both, both])),
        [height, width] => Ok(Pair([height, width])),
        ref all => Err(format!("{} numbers, but it is one or HEIGHT,WIDTH", all.len())),
    }
}

/// `[height, width]` that sizes are multiplied by: `2`, `2,1.5` or `2x1.5`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Factors(pub(crate) [f64; 2]);

pub(crate) fn factors(text: &str) -> Result<Factors, String> {
    let factor = |text: &str| {
        let text = text.trim();
        text.parse::<f64>().map_err(|error| format!("'{text}' is not a number ({error})"))
    };
    match text.split([',', 'x']).map(factor).collect::<Result<Vec<_>, _>>()?[..] {
        [both] => Ok(Factors([both, both])),
        [height, width] => Ok(Factors([height, width])),
        ref all => Err(format!("{} numbers, but it is one or HEIGHT,WIDTH", all.len())),
    }
}

/// `BATCHxCHANNELSxHEIGHTxWIDTH`
pub(crate) fn shape(text: &str) -> Result<Shape, String> {
    match numbers(text, &[',', 'x'])?[..] {
        [batch, channels, height, width] => Ok(Shape::new(batch, channels, height, width)),
        ref all => Err(format!("{} numbers, but it is BATCHxCHANNELSxHEIGHTxWIDTH", all.len())),
    }
}

pub(crate) fn padding(text: &str) -> Result<Padding, String> {
    match &text.to_ascii_lowercase().replace('-', "_")[..] {
        "same" => return Ok(Padding::Same),
        "same_upper" => return Ok(Padding::SameUpper),
        "same_lower" => return Ok(Padding::SameLower),
        "valid" => return Ok(Padding::Valid),
        _ => {}
    }
    let help = "it is `same`, `same_upper`, `same_lower`, `valid`, one number, HEIGHT,WIDTH or \
                TOP,BOTTOM,LEFT,RIGHT";
    match numbers(text, &[',', 'x']).map_err(|error| format!("{error}; {help}"))?[..] {
        [all] => Ok(Padding::from([all, all])),
        [height, width] => Ok(Padding::from([height, width])),
        [top, bottom, left, right] => Ok(Padding::sides(top, bottom, left, right)),
        ref all => Err(format!("{} numbers, but {help}", all.len())),
    }
}

pub(crate) fn padding_mode() -> impl TypedValueParser<Value = PaddingMode> {
    PossibleValuesParser::new(PaddingMode::ALL.map(PaddingMode::name)).map(|name| {
        PaddingMode::ALL
            .into_iter()
            .find(|mode| mode.name().eq_ignore_ascii_case(&name))
            .unwrap_or_default()
    })
}

pub(crate) fn interpolation_mode() -> impl TypedValueParser<Value = InterpolationMode> {
    let known = [InterpolationMode::Nearest, InterpolationMode::Bilinear];
    PossibleValuesParser::new(known.map(InterpolationMode::name)).map(move |name| {
        let mode = known.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(&name));
        mode.unwrap_or_default()
    })
}

pub(crate) fn activation(text: &str) -> Result<Activation, String> {
    let (name, slope) = match text.split_once(':') {
        None => (text, None),
        Some((name, slope)) => match slope.parse() {
            Ok(slope) => (name, Some(slope)),
            Err(error) => return Err(format!("the slope '{slope}': {error}")),
        },
    };
    let known = [
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu { negative_slope: slope.unwrap_or(0.01) },
        Activation::Silu,
        Activation::HardSwish,
        Activation::HardSigmoid,
        Activation::Sigmoid,
        Activation::Tanh,
    ];
    let written = name.to_ascii_lowercase().replace('-', "_");
    let Some(activation) = known.iter().find(|known| known.name() == written) else {
        let names = known.map(Activation::name).join(", ");
        return Err(format!("there are {names}; leaky_relu:0.2 sets the slope"));
    };
    match (activation, slope) {
        (Activation::LeakyRelu { .. }, _) | (_, None) => Ok(*activation),
        (_, Some(_)) => Err(format!("{name} takes no number")),
    }
}

pub(crate) fn algorithm(text: &str) -> Result<Algorithm, String> {
    let name = text.to_ascii_lowercase();
    name.parse().map_err(|error: filtro::Error| error.to_string())
}

/// `max:KERNEL[:STRIDE[:PADDING]]`, `avg:...`, `adaptive-max:SIZE`, `adaptive-avg:SIZE`,
/// `global-max`, `global-avg`.
pub(crate) fn pool(text: &str) -> Result<Pool2d, String> {
    const HELP: &str = "it is max:KERNEL, max:KERNEL:STRIDE, max:KERNEL:STRIDE:PADDING, the same \
                        with avg, adaptive-max:SIZE, adaptive-avg:SIZE, global-max or global-avg; \
                        KERNEL and the others are a number or HEIGHTxWIDTH, PADDING may also be \
                        TOPxBOTTOMxLEFTxRIGHT, same, same_upper or same_lower";
    let text = text.to_ascii_lowercase();
    let parts: Vec<&str> = text.split(':').collect();
    let help = |error| format!("{error}; {HELP}");
    let size = |text| pair(text).map(|Pair(size)| size).map_err(help);
    Ok(match parts[..] {
        [kind @ ("max" | "avg"), kernel_size, ref rest @ ..] if rest.len() <= 2 => {
            let kernel_size = size(kernel_size)?;
            let stride = rest.first().map_or(Ok(kernel_size), |stride| size(stride))?;
            let pads =
                rest.get(1).map_or(Ok(Padding::Valid), |pads| padding(pads).map_err(help))?;
            match kind {
                "max" => Pool2d::Max(MaxPool2d::new(kernel_size).stride(stride).padding(pads)),
                _ => Pool2d::Avg(AvgPool2d::new(kernel_size).stride(stride).padding(pads)),
            }
        }
        ["adaptive-max", output] => Pool2d::AdaptiveMax(AdaptiveMaxPool2d::new(size(output)?)),
        ["adaptive-avg", output] => Pool2d::AdaptiveAvg(AdaptiveAvgPool2d::new(size(output)?)),
        ["global-max"] => Pool2d::AdaptiveMax(AdaptiveMaxPool2d::global()),
        ["global-avg"] => Pool2d::AdaptiveAvg(AdaptiveAvgPool2d::global()),
        _ => return Err(HELP.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_one_number_or_height_and_width() {
        assert_eq!(pair("2"), Ok(Pair([2, 2])));
        assert_eq!(pair("2x3"), pair("2,3"));
        assert_eq!(pair("-1").unwrap_err(), "-1 is negative, but it must be 0 or more");
        assert!(pair("99999999999999999999").unwrap_err().contains("too large"));
        assert!(pair("1,2,3").is_err() && pair("two").is_err() && pair("").is_err());
    }

    #[test]
    fn factors_are_one_number_or_height_and_width() {
        assert_eq!(factors("2"), Ok(Factors([2.0, 2.0])));
        assert_eq!(factors("0.5x3"), Ok(Factors([0.5, 3.0])));
        assert!(factors("1,2,3").is_err() && factors("2,").is_err() && factors("two").is_err());
    }

    #[test]
    fn paddings_are_words_or_one_two_or_four_numbers() {
        assert_eq!(padding("same"), Ok(Padding::Same));
        assert_eq!(padding("SAME_UPPER"), Ok(Padding::SameUpper));
        assert_eq!(padding("same-lower"), Ok(Padding::SameLower));
        assert_eq!(padding("1"), Ok(Padding::from([1, 1])));
        assert_eq!(padding("1,2"), Ok(Padding::from([1, 2])));
        assert_eq!(padding("1,2,3,4"), Ok(Padding::sides(1, 2, 3, 4)));
        assert!(padding("1,2,3").is_err() && padding("1,-2").unwrap_err().contains("negative"));
    }

    #[test]
    fn a_size_is_of_the_shorter_side_or_of_both() {
        assert_eq!(resize("224").map(|size| size.of([300, 451])), Ok([224, 336]));
        assert_eq!(resize("224x224").map(|size| size.of([300, 451])), Ok([224, 224]));
        assert_eq!(resize("100,50").map(|size| size.of([300, 451])), Ok([100, 50]));
        assert_eq!(resize("20").map(|size| size.of([40, 60])), Ok([20, 30]));
        assert!(resize("1x2x3").is_err() && resize("-1").is_err() && resize("").is_err());
    }

    #[test]
    fn names_may_be_in_upper_or_lower_case() {
        assert_eq!(padding("Same"), Ok(Padding::Same));
        assert_eq!(activation("ReLU6"), Ok(Activation::Relu6));
        assert_eq!(algorithm("General"), Ok(Algorithm::General));
        assert_eq!(pool("Global-Max"), Ok(Pool2d::AdaptiveMax(AdaptiveMaxPool2d::global())));
    }

    #[test]
    fn poolings_are_a_kind_and_sizes() {
        assert_eq!(pool("max:2"), Ok(Pool2d::Max(MaxPool2d::new([2, 2]))));
        let strided = AvgPool2d::new([3, 2]).stride([2, 2]).padding([1, 1]);
        assert_eq!(pool("avg:3x2:2:1"), Ok(Pool2d::Avg(strided)));
        let uneven = MaxPool2d::new([3, 3]).stride([2, 2]).padding(Padding::sides(0, 1, 0, 1));
        assert_eq!(pool("max:3:2:0x1x0x1"), Ok(Pool2d::Max(uneven.clone())));
        assert_eq!(pool("max:3:2:same-lower"), Ok(Pool2d::Max(uneven.padding(Padding::SameLower))));
        assert_eq!(pool("global-avg"), Ok(Pool2d::AdaptiveAvg(AdaptiveAvgPool2d::global())));
        for wrong in ["", "max", "min:2", "max:2:2:1:1", "global-max:2", "max:-2"] {
            assert!(pool(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn activations_have_names_and_one_a_slope() {
        assert_eq!(activation("hard-swish"), Ok(Activation::HardSwish));
        let slope = Activation::LeakyRelu { negative_slope: 0.2 };
        assert_eq!(activation("leaky_relu:0.2"), Ok(slope));
        assert!(activation("relu:2").is_err() && activation("gelu").is_err());
    }
}
