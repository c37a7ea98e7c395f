//! One step of a pipeline: options and weights, apart from a device.

use filtro::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, DType, Device, MaxPool2d, Result,
    Shape, Tensor,
};
use ndarray::{Array1, Array4};

/// A convolution with its weights, or a pooling.
#[derive(Debug, Clone)]
pub(crate) enum Layer {
    Conv2d { options: Conv2d, weight: Array4<f32>, bias: Option<Array1<f32>> },
    Pool2d(Pool2d),
}

/// A pooling of any kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pool2d {
    Max(MaxPool2d),
    Avg(AvgPool2d),
    AdaptiveMax(AdaptiveMaxPool2d),
    AdaptiveAvg(AdaptiveAvgPool2d),
}

impl Pool2d {
    pub(crate) fn forward(&self, input: &Tensor) -> Result<Tensor> {
        match self {
            Self::Max(options) => options.forward(input),
            Self::Avg(options) => options.forward(input),
            Self::AdaptiveMax(options) => options.forward(input),
            Self::AdaptiveAvg(options) => options.forward(input),
        }
    }
}

impl Layer {
    /// The layer with its weights on a device.
    pub(crate) fn on(&self, device: &Device) -> Result<Loaded<'_>> {
        self.on_as(device, DType::F32)
    }

    /// The same, with weights of a type.
    pub(crate) fn on_as(&self, device: &Device, dtype: DType) -> Result<Loaded<'_>> {
        let (weight, bias) = match self {
            Self::Pool2d(_) => (None, None),
            Self::Conv2d { weight, bias, .. } => (
                Some(device.upload(weight)?.to_dtype(dtype)?),
                bias.as_ref().map(|bias| device.upload(bias)?.to_dtype(dtype)).transpose()?,
            ),
        };
        Ok(Loaded { layer: self, weight, bias })
    }

    /// The layer with the weights that f16 holds of these.
    pub(crate) fn of_halves(&self) -> Self {
        match self {
            Self::Pool2d(_) => self.clone(),
            Self::Conv2d { options, weight, bias } => Self::Conv2d {
                options: options.clone(),
                weight: weight.mapv(nearest_half),
                bias: bias.as_ref().map(|bias| bias.mapv(nearest_half)),
            },
        }
    }

    /// How many products are added up for an output; none where an output is no sum of products.
    pub(crate) fn products(&self) -> Option<usize> {
        match self {
            Self::Pool2d(_) => None,
            Self::Conv2d { options, .. } => {
                let [height, width] = options.kernel_size;
                Some(options.in_channels / options.groups * height * width)
            }
        }
    }

    /// The layer with absolute weights, which sums up magnitudes.
    pub(crate) fn of_magnitudes(&self) -> Self {
        match self {
            Self::Pool2d(_) => self.clone(),
            Self::Conv2d { options, weight, bias } => Self::Conv2d {
                options: options.clone().activation(None),
                weight: weight.mapv(f32::abs),
                bias: bias.as_ref().map(|bias| bias.mapv(f32::abs)),
            },
        }
    }

    /// Whether an output is one of the inputs, and nothing is added up for it.
    pub(crate) fn is_maximum(&self) -> bool {
        matches!(self, Self::Pool2d(Pool2d::Max(_) | Pool2d::AdaptiveMax(_)))
    }

    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape> {
        match self {
            Self::Conv2d { options, .. } => options.output_shape(input),
            Self::Pool2d(Pool2d::Max(options)) => options.output_shape(input),
            Self::Pool2d(Pool2d::Avg(options)) => options.output_shape(input),
            Self::Pool2d(Pool2d::AdaptiveMax(options)) => options.output_shape(input),
            Self::Pool2d(Pool2d::AdaptiveAvg(options)) => options.output_shape(input),
        }
    }

    /// The numbers of weights and of multiply-adds; a pooling has none of either.
    pub(crate) fn cost(&self, input: Shape) -> Result<Option<(usize, u128)>> {
        match self {
            Self::Pool2d(_) => Ok(None),
            Self::Conv2d { options, bias, .. } => {
                let biases = bias.as_ref().map_or(0, Array1::len);
                Ok(Some((options.weights()? + biases, options.multiply_adds(input)?)))
            }
        }
    }

    /// What the layer is, in the words of its options.
    pub(crate) fn name(&self) -> String {
        let pair = |[height, width]: [usize; 2]| format!("{height}x{width}");
        match self {
            Self::Conv2d { options, .. } => format!("conv2d {}", pair(options.kernel_size)),
            Self::Pool2d(Pool2d::Max(options)) => {
                format!("max_pool2d {}", pair(options.kernel_size))
            }
            Self::Pool2d(Pool2d::Avg(options)) => {
                format!("avg_pool2d {}", pair(options.kernel_size))
            }
            Self::Pool2d(Pool2d::AdaptiveMax(options)) => {
                format!("adaptive_max_pool2d {}", pair(options.output_size))
            }
            Self::Pool2d(Pool2d::AdaptiveAvg(options)) => {
                format!("adaptive_avg_pool2d {}", pair(options.output_size))
            }
        }
    }
}

/// The nearest number of f16.
pub(crate) fn nearest_half(value: f32) -> f32 {
    half::f16::from_f32(value).to_f32()
}

/// A layer with its weights on a device.
#[derive(Debug)]
pub(crate) struct Loaded<'a> {
    layer: &'a Layer,
    weight: Option<Tensor>,
    bias: Option<Tensor>,
}

impl Loaded<'_> {
    pub(crate) fn forward(&self, input: &Tensor) -> Result<Tensor> {
        match (self.layer, &self.weight) {
            (Layer::Conv2d { options, .. }, Some(weight)) => {
                options.forward(input, weight, self.bias.as_ref())
            }
            (Layer::Pool2d(pool), _) => pool.forward(input),
            // `Layer::on` uploads the weight of every convolution.
            (Layer::Conv2d { .. }, None) => Ok(input.clone()),
        }
    }
}
