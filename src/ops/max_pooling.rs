//! The pooling that indices belong to.

use super::{AdaptivePool2dProblem, PoolWindows};
use crate::{Padding, Shape};

/// A max pooling resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MaxPooling {
    Fixed(PoolWindows),
    Adaptive(AdaptivePool2dProblem),
}

impl From<&PoolWindows> for MaxPooling {
    fn from(problem: &PoolWindows) -> Self {
        Self::Fixed(*problem)
    }
}

impl From<&AdaptivePool2dProblem> for MaxPooling {
    fn from(problem: &AdaptivePool2dProblem) -> Self {
        Self::Adaptive(*problem)
    }
}

impl MaxPooling {
    pub(crate) fn input_shape(&self) -> Shape {
        match self {
            Self::Fixed(problem) => problem.input_shape(),
            Self::Adaptive(problem) => problem.input,
        }
    }

    pub(crate) fn output_shape(&self) -> Shape {
        match self {
            Self::Fixed(problem) => problem.output_shape(),
            Self::Adaptive(problem) => problem.output_shape(),
        }
    }

    /// Whether a cell of the input is a tap of the window of an output.
    pub(crate) fn reads(&self, [out_y, out_x]: [usize; 2], [in_y, in_x]: [usize; 2]) -> bool {
        match self {
            Self::Fixed(problem) => {
                let reads = |axis: &crate::window::Axis, out, at: usize| {
                    let (_, count, start) = axis.taps_inside(out);
                    at.checked_sub(start).is_some_and(|distance| {
                        distance.is_multiple_of(axis.dilation) && distance / axis.dilation < count
                    })
                };
                reads(&problem.vertical, out_y, in_y) && reads(&problem.horizontal, out_x, in_x)
            }
            Self::Adaptive(AdaptivePool2dProblem { input, output_size }) => {
                let reads = |size, out_size, out, at| {
                    let [begin, end] = AdaptivePool2dProblem::window(size, out_size, out);
                    (begin..end).contains(&at)
                };
                reads(input.height, output_size[0], out_y, in_y)
                    && reads(input.width, output_size[1], out_x, in_x)
            }
        }
    }
}

impl std::fmt::Display for MaxPooling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(PoolWindows { vertical, horizontal, .. }) => {
                let axes = |of: fn(&crate::window::Axis) -> usize| [of(vertical), of(horizontal)];
                let ([top, left], [bottom, right]) =
                    (axes(|axis| axis.pad_begin), axes(|axis| axis.pad_end));
                write!(
                    f,
                    "of a max_pool2d with kernel_size {:?}, stride {:?}, padding {} and \
                     dilation {:?}",
                    axes(|axis| axis.kernel_size),
                    axes(|axis| axis.stride),
                    Padding::sides(top, bottom, left, right),
                    axes(|axis| axis.dilation)
                )
            }
            Self::Adaptive(problem) => {
                write!(f, "of an adaptive_max_pool2d with output_size {:?}", problem.output_size)
            }
        }
    }
}
