//! Interpolation: options, validation and sizes.

use crate::ops::resample::{AxisMap, Resampling, check_input};
use crate::ops::setters::setters;
use crate::window::AXIS_NAMES;
use crate::{Error, Result, Shape};

pub(super) const OPERATION: &str = "interpolate";

/// How large the output of an [`Interpolate`] is.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum InterpolateTarget {
    /// `[height, width]` of the output.
    Size([usize; 2]),
    /// `[height, width]` factors: the output has `floor(size * factor)` elements along an axis.
    ScaleFactor([f64; 2]),
}

/// What an [`Interpolate`] makes an output of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum InterpolationMode {
    /// One element of the input.
    #[default]
    Nearest,
    /// The four elements of the input around it, weighted by how near they are.
    Bilinear,
}

impl InterpolationMode {
    /// PyTorch's name: `nearest` or `bilinear`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
        }
    }
}

impl std::fmt::Display for InterpolationMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// An image made larger or smaller, as `torch.nn.functional.interpolate` with `antialias=False`.
///
/// ```text
/// nearest:  output[n, c, out_y, out_x] = input[n, c, source(out_y), source(out_x)]
///           source(i) = min(floor(i * scale), size - 1)
/// bilinear: a weighted mean of the elements around place(out_y), place(out_x)
///           place(i) = max((i + 0.5) * scale - 0.5, 0)
///           place(i) = i * (size - 1) / (out_size - 1)     with align_corners
/// ```
///
/// with `scale = size / out_size`, or `1 / scale_factor` where factors are given, along each axis.
///
/// # Numbers
///
/// The nearest element is found as by PyTorch to the last digit: `scale` and its product with `i` are
/// rounded to f32, whatever the tensor's elements are. Where the output is as large as the input or
/// twice as large, factors do not matter: output `i` is input `i`, or `i / 2` rounded down. PyTorch's
/// gradients and most of its kernels have that rule too; one of them, for large outputs of few
/// channels, keeps to a factor such as 2.0001.
///
/// Places of bilinear interpolation are computed in f64 and weights rounded to f32. PyTorch does so
/// for tensors of float64; its kernels for float32 round places to f32, each in its own way. All four
/// elements are multiplied by their weights, so that infinity times a weight of 0 is NaN, as there.
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, out_height, out_width]`, the size, or `floor(height * factor)` and
///   `floor(width * factor)`
///
/// # Examples
///
/// ```
/// use filtro::{Interpolate, InterpolationMode};
///
/// let twice = Interpolate::scale_factor([2.0, 2.0]).mode(InterpolationMode::Bilinear);
/// assert_eq!(twice.output_shape([1, 3, 20, 30])?, [1, 3, 40, 60].into());
/// assert_eq!(Interpolate::size([7, 5]).output_shape([1, 3, 20, 30])?, [1, 3, 7, 5].into());
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.functional.interpolate`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Interpolate {
    /// How large the output is.
    pub target: InterpolateTarget,
    /// What an output is made of; the nearest element by default.
    pub mode: InterpolationMode,
    /// Whether the first and the last element of the input and the output lie on each other, rather
    /// than the edges of the images; of bilinear interpolation alone.
    pub align_corners: bool,
}

impl Interpolate {
    /// An interpolation to this `[height, width]`.
    #[must_use]
    pub const fn size(size: [usize; 2]) -> Self {
        Self::to(InterpolateTarget::Size(size))
    }

    /// An interpolation by these `[height, width]` factors.
    #[must_use]
    pub const fn scale_factor(factors: [f64; 2]) -> Self {
        Self::to(InterpolateTarget::ScaleFactor(factors))
    }

    const fn to(target: InterpolateTarget) -> Self {
        Self { target, mode: InterpolationMode::Nearest, align_corners: false }
    }

    setters! {
        /// Sets what an output is made of.
        mode: InterpolationMode,
        /// Sets whether corners lie on corners, rather than edges on edges.
        align_corners: bool,
    }

    /// The shape of the output for an input of this shape.
    ///
    /// # Errors
    ///
    /// Every misuse that [`forward`](Self::forward) reports.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        Ok(self.problem(input.into())?.output_shape())
    }

    pub(crate) fn problem(&self, input: Shape) -> Result<Resampling> {
        check_input(OPERATION, input)?;
        if self.align_corners && self.mode == InterpolationMode::Nearest {
            let rule = "mode nearest has no corners to align";
            return Err(Error::argument(OPERATION, "align_corners", true, rule));
        }
        let axis = |axis: usize| {
            let input_size = [input.height, input.width][axis];
            let (output_size, factor) = self.output_size(axis, input_size)?;
            let sizes = [input_size, output_size];
            Ok(match self.mode {
                InterpolationMode::Nearest => AxisMap::nearest(sizes, factor),
                InterpolationMode::Bilinear => AxisMap::linear(sizes, factor, self.align_corners),
            })
        };
        let (vertical, horizontal) = (axis(0)?, axis(1)?);
        let problem = Resampling { operation: OPERATION, input, vertical, horizontal, value: 0 };
        problem.output_shape().checked_len(OPERATION)?;
        Ok(problem)
    }

    /// The size along an axis, and its factor where one is given.
    fn output_size(&self, axis: usize, input_size: usize) -> Result<(usize, Option<f64>)> {
        let name = AXIS_NAMES[axis];
        match self.target {
            InterpolateTarget::Size(size) if size[axis] == 0 => {
                let rule = format!("must be at least 1 along the {name}");
                Err(Error::argument(OPERATION, "size", 0, rule))
            }
            InterpolateTarget::Size(size) => Ok((size[axis], None)),
            InterpolateTarget::ScaleFactor(factors) => {
                let factor = factors[axis];
                #[allow(clippy::cast_precision_loss, reason = "as PyTorch, in f64")]
                let size = (input_size as f64 * factor).floor();
                if !(factor.is_finite() && size >= 1.0) {
                    let rule = format!(
                        "times the input's {name} {input_size} must be a finite number of at least 1"
                    );
                    return Err(Error::argument(OPERATION, "scale_factor", factor, rule));
                }
                #[allow(clippy::cast_precision_loss, reason = "a bound")]
                let most = isize::MAX as f64;
                if size >= most {
                    let quantity = format!("the input's {name} {input_size} times {factor}");
                    return Err(Error::overflow(OPERATION, quantity));
                }
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "between 1 and what an isize holds"
                )]
                Ok((size as usize, Some(factor)))
            }
        }
    }
}
