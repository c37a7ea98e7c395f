//! Activations: element by element, alone or in the store of a convolution.

/// A function of each element.
///
/// Set with [`Conv2d::activation`](crate::Conv2d::activation) it is applied in the store of the
/// convolution, which gives the same values as applying it afterwards.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x` where positive, `negative_slope * x` elsewhere: NaN at 0 for a slope that is NaN or
    /// infinite. PyTorch's default slope is 0.01.
    LeakyRelu {
        /// The factor of negative elements.
        negative_slope: f32,
    },
    /// `x / (1 + exp(-x))`.
    Silu,
    /// `x * (min(max(x + 3, 0), 6) / 6)`, which does not overflow where PyTorch's product does.
    HardSwish,
    /// `min(max(x + 3, 0), 6) / 6`.
    HardSigmoid,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
}

impl Activation {
    /// The name in shaders and on the command line, such as `leaky_relu`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Silu => "silu",
            Self::HardSwish => "hard_swish",
            Self::HardSigmoid => "hard_sigmoid",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
        }
    }

    /// The number that the function takes beside the element: the slope of a leaky ReLU.
    pub(crate) const fn parameter(self) -> f32 {
        match self {
            Self::LeakyRelu { negative_slope } => negative_slope,
            _ => 0.0,
        }
    }
}
