//! Padding: how many cells lie around the input, and what they hold.

use crate::window::AxisOptions;
use crate::{Error, Result};

/// How far the input is padded on its four sides.
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, Padding};
///
/// assert_eq!(Padding::from([1, 2]), Padding::sides(1, 1, 2, 2)); // [height, width]
///
/// let conv = Conv2d::new(3, 8, [3, 3]).stride([2, 2]).padding(Padding::SameUpper);
/// assert_eq!(conv.output_shape([1, 3, 7, 8])?, [1, 8, 4, 4].into()); // 1, 1 and 0, 1
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Padding {
    /// No padding: the same as all sides zero.
    Valid,
    /// As much padding as keeps the output as large as the input; needs stride 1. The total is
    /// `dilation * (kernel_size - 1)` per axis; of an odd total the bottom and the right get the
    /// extra cell.
    ///
    /// Source: `torch.nn.Conv2d`.
    Same,
    /// As much padding as `ceil(size / stride)` windows need, with any stride: per axis the total is
    /// `max((ceil(size / stride) - 1) * stride + dilation * (kernel_size - 1) + 1 - size, 0)`; of an
    /// odd total the bottom and the right get the extra cell. With stride 1 this is
    /// [`Same`](Self::Same); with others it depends on the input's size.
    ///
    /// Source: TensorFlow's `padding="SAME"`, ONNX's `auto_pad="SAME_UPPER"`.
    SameUpper,
    /// As [`SameUpper`](Self::SameUpper), but of an odd total the top and the left get the extra
    /// cell.
    ///
    /// Source: ONNX's `auto_pad="SAME_LOWER"`.
    SameLower,
    /// So many cells on each side.
    Sides {
        /// Rows above.
        top: usize,
        /// Rows below.
        bottom: usize,
        /// Columns before.
        left: usize,
        /// Columns after.
        right: usize,
    },
}

impl Padding {
    /// Padding of each side by itself.
    #[must_use]
    pub const fn sides(top: usize, bottom: usize, left: usize, right: usize) -> Self {
        Self::Sides { top, bottom, left, right }
    }

    /// Whether there may be any.
    pub(crate) fn is_some(self) -> bool {
        self != Self::Valid && self != Self::sides(0, 0, 0, 0)
    }

    /// The axes of an operation with the pads that this is for their sizes.
    pub(crate) fn around(self, mut axes: [AxisOptions; 2]) -> Result<[AxisOptions; 2]> {
        let strides = axes.map(|axis| axis.stride);
        if self == Self::Same && strides != [1, 1] {
            let rule = "padding same needs stride 1 along both axes; same_upper and same_lower \
                        serve any";
            return Err(Error::argument(axes[0].operation, "stride", format!("{strides:?}"), rule));
        }
        for (index, axis) in axes.iter_mut().enumerate() {
            [axis.pad_begin, axis.pad_end] = match self {
                Self::Valid => [0, 0],
                Self::Sides { top, bottom, left, right } => [[top, bottom], [left, right]][index],
                Self::Same | Self::SameUpper => {
                    let total = axis.same_padding()?;
                    [total / 2, total - total / 2]
                }
                Self::SameLower => {
                    let total = axis.same_padding()?;
                    [total - total / 2, total / 2]
                }
            };
        }
        Ok(axes)
    }
}

impl std::fmt::Display for Padding {
    /// `valid`, `same`, `same_upper`, `same_lower`, `[height, width]` where opposite sides are
    /// alike, or `[top, bottom, left, right]`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Valid => f.write_str("valid"),
            Self::Same => f.write_str("same"),
            Self::SameUpper => f.write_str("same_upper"),
            Self::SameLower => f.write_str("same_lower"),
            Self::Sides { top, bottom, left, right } if top == bottom && left == right => {
                write!(f, "[{top}, {left}]")
            }
            Self::Sides { top, bottom, left, right } => {
                write!(f, "[{top}, {bottom}, {left}, {right}]")
            }
        }
    }
}

impl Default for Padding {
    /// No padding.
    fn default() -> Self {
        Self::Valid
    }
}

impl From<[usize; 2]> for Padding {
    /// `[height, width]`: so many rows above and below, so many columns on both sides.
    fn from([height, width]: [usize; 2]) -> Self {
        Self::sides(height, height, width, width)
    }
}

/// What the cells of the padding hold.
///
/// Except for zeros these are index maps inside the operation; no padded copy is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PaddingMode {
    /// Zeros. A tap outside the input is skipped, so that an infinite weight over padding gives no
    /// NaN. No upper bound.
    #[default]
    Zeros,
    /// The input mirrored at its edge, the edge not repeated. Every side must be less than the
    /// input's size.
    Reflect,
    /// The nearest cell of the input. No upper bound.
    Replicate,
    /// The input repeated. Every side must be at most the input's size.
    Circular,
}

impl PaddingMode {
    /// PyTorch's name: `zeros`, `reflect`, `replicate` or `circular`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zeros => "zeros",
            Self::Reflect => "reflect",
            Self::Replicate => "replicate",
            Self::Circular => "circular",
        }
    }

    /// The four modes, in PyTorch's order.
    pub const ALL: [Self; 4] = [Self::Zeros, Self::Reflect, Self::Replicate, Self::Circular];
}

impl std::fmt::Display for PaddingMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
