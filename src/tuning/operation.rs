//! What can be tuned.

use crate::choice::key::Key;
use crate::ops::pool2d::Pool2dProblem;
use crate::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d, Limits, MaxPool2d, Plan,
    Result, Shape, Tensor,
};

/// An operation with its options.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// A convolution.
    Conv2d(Conv2d),
    /// A max pooling.
    MaxPool2d(MaxPool2d),
    /// An average pooling.
    AvgPool2d(AvgPool2d),
    /// A max pooling to a size.
    AdaptiveMaxPool2d(AdaptiveMaxPool2d),
    /// An average pooling to a size.
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
}

macro_rules! from {
    ($($name:ident),+) => {
        $(impl From<$name> for Operation {
            fn from(options: $name) -> Self {
                Self::$name(options)
            }
        })+

        impl Operation {
            /// The operation with the algorithm that an option pins.
            pub(super) fn pinned(&self, algorithm: impl Into<Option<Algorithm>>) -> Self {
                let algorithm = algorithm.into();
                match self.clone() {
                    $(Self::$name(options) => Self::$name(options.algorithm(algorithm)),)+
                }
            }

            pub(super) fn plan(&self, input: Shape, limits: &Limits) -> Result<Plan> {
                match self {
                    $(Self::$name(options) => options.plan(input, limits),)+
                }
            }
        }
    };
}

from!(Conv2d, MaxPool2d, AvgPool2d, AdaptiveMaxPool2d, AdaptiveAvgPool2d);

impl Operation {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Conv2d(_) => "conv2d",
            Self::MaxPool2d(_) => "max_pool2d",
            Self::AvgPool2d(_) => "avg_pool2d",
            Self::AdaptiveMaxPool2d(_) => "adaptive_max_pool2d",
            Self::AdaptiveAvgPool2d(_) => "adaptive_avg_pool2d",
        }
    }

    pub(super) fn key(&self, input: Shape) -> Result<Key> {
        Ok(match self {
            Self::Conv2d(options) => Key::from(&options.problem(input)?),
            Self::MaxPool2d(options) => {
                Key::from(&Pool2dProblem::max(&options.problem(input)?, false))
            }
            Self::AvgPool2d(options) => {
                Key::from(&Pool2dProblem::average(&options.problem(input)?))
            }
            Self::AdaptiveMaxPool2d(options) => {
                Key::from(&Pool2dProblem::adaptive_max(&options.problem(input)?, false))
            }
            Self::AdaptiveAvgPool2d(options) => {
                Key::from(&Pool2dProblem::adaptive_average(&options.problem(input)?))
            }
        })
    }

    /// The shapes of what a convolution takes beside its input.
    pub(super) fn weight_shapes(&self) -> Result<Option<[Shape; 2]>> {
        let Self::Conv2d(options) = self else { return Ok(None) };
        let bias = Shape::new(1, options.out_channels, 1, 1);
        Ok(Some([options.weight_shape()?, bias]))
    }

    /// Whether the result is one of the input's values as it is.
    pub(super) const fn is_exact(&self) -> bool {
        matches!(self, Self::MaxPool2d(_) | Self::AdaptiveMaxPool2d(_))
    }

    pub(super) fn forward(&self, input: &Tensor, weights: Option<&[Tensor; 2]>) -> Result<Tensor> {
        match (self, weights) {
            (Self::Conv2d(options), Some([weight, bias])) => {
                options.forward(input, weight, Some(bias))
            }
            // `weight_shapes` has some for every convolution.
            (Self::Conv2d(_), None) => Ok(input.clone()),
            (Self::MaxPool2d(options), _) => options.forward(input),
            (Self::AvgPool2d(options), _) => options.forward(input),
            (Self::AdaptiveMaxPool2d(options), _) => options.forward(input),
            (Self::AdaptiveAvgPool2d(options), _) => options.forward(input),
        }
    }
}
