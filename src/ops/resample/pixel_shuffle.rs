//! Pixel shuffle: options, validation and sizes.

use crate::ops::resample::check_input;
use crate::{Error, Result, Shape};

pub(super) const OPERATION: &str = "pixel_shuffle";

/// Channels laid out as pixels, as `torch.nn.PixelShuffle`: what a convolution says of the
/// `upscale_factor` rows and columns that become of each of its outputs.
///
/// ```text
/// output[n, c, h * r + i, w * r + j] = input[n, c * r * r + i * r + j, h, w]
/// ```
///
/// with `r` the `upscale_factor`.
///
/// # Shapes
///
/// - input `[batch, channels * r * r, height, width]`
/// - output `[batch, channels, height * r, width * r]`
///
/// # Examples
///
/// ```
/// use filtro::PixelShuffle;
///
/// assert_eq!(PixelShuffle::new(2).output_shape([1, 12, 20, 30])?, [1, 3, 40, 60].into());
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.PixelShuffle`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PixelShuffle {
    /// How many times larger the output is, along both axes.
    pub upscale_factor: usize,
}

impl PixelShuffle {
    /// To so many times the size.
    #[must_use]
    pub const fn new(upscale_factor: usize) -> Self {
        Self { upscale_factor }
    }

    /// The shape of the output for an input of this shape.
    ///
    /// # Errors
    ///
    /// Every misuse that [`forward`](Self::forward) reports.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        Ok(self.problem(input.into())?.output)
    }

    pub(crate) fn problem(&self, input: Shape) -> Result<PixelShuffleProblem> {
        check_input(OPERATION, input)?;
        let factor = self.upscale_factor;
        if factor == 0 {
            return Err(Error::argument(OPERATION, "upscale_factor", 0, "must be at least 1"));
        }
        let phases = factor.checked_mul(factor).filter(|&it| input.channels.is_multiple_of(it));
        let Some(phases) = phases else {
            let rule =
                format!("its channels must be divisible by the square of upscale_factor {factor}");
            return Err(Error::shape(OPERATION, "input", input, rule));
        };
        // As many elements as the input has, so that no product overflows.
        let output = Shape {
            channels: input.channels / phases,
            height: input.height * factor,
            width: input.width * factor,
            ..input
        };
        output.checked_len(OPERATION)?;
        Ok(PixelShuffleProblem { input, output, factor })
    }
}

/// A pixel shuffle resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PixelShuffleProblem {
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) factor: usize,
}
