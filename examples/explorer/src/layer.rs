//! The layers of the page, as it writes them, and the operations that they are.

use filtro::{
    Activation, AvgPool2d, Conv2d, Device, MaxPool2d, Padding, PaddingMode, ReceptiveField, Result,
    Tensor, reference,
};
use ndarray::{Array1, Array4, ArrayView4};
use serde::Deserialize;

use crate::axis::Axis;
use crate::kernel::{Kernel, weight};

/// `[channels, height, width]`.
pub type Shape = [usize; 3];

/// A layer with PyTorch's parameters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type")]
pub enum Layer {
    Conv2d(Convolution),
    MaxPool2d(MaxPooling),
    AvgPool2d(AvgPooling),
    ReLU,
}

/// `torch.nn.Conv2d`, whose `in_channels` follow from what reaches it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Convolution {
    pub out_channels: usize,
    pub kernel_size: [usize; 2],
    pub stride: [usize; 2],
    pub padding: Pads,
    pub dilation: [usize; 2],
    pub groups: usize,
    /// A number for each output channel; those that are missing are zero.
    pub bias: Option<Vec<f32>>,
    #[serde(with = "PaddingModeName")]
    pub padding_mode: PaddingMode,
    pub kernels: Vec<Kernel>,
    pub seed: u32,
}

/// `torch.nn.MaxPool2d`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct MaxPooling {
    pub kernel_size: [usize; 2],
    pub stride: Option<[usize; 2]>,
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
    pub ceil_mode: bool,
}

/// `torch.nn.AvgPool2d`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AvgPooling {
    pub kernel_size: [usize; 2],
    pub stride: Option<[usize; 2]>,
    pub padding: [usize; 2],
    pub ceil_mode: bool,
    pub count_include_pad: bool,
    pub divisor_override: Option<i64>,
}

/// The padding of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Pads {
    Pair([usize; 2]),
    Named(NamedPads),
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamedPads {
    Valid,
    Same,
}

#[derive(Deserialize)]
#[serde(remote = "PaddingMode", rename_all = "lowercase")]
enum PaddingModeName {
    Zeros,
    Reflect,
    Replicate,
    Circular,
}

impl From<Pads> for Padding {
    fn from(pads: Pads) -> Self {
        match pads {
            Pads::Pair(pair) => pair.into(),
            Pads::Named(NamedPads::Valid) => Self::Valid,
            Pads::Named(NamedPads::Same) => Self::Same,
        }
    }
}

impl Convolution {
    pub fn options(&self, in_channels: usize) -> Conv2d {
        Conv2d::new(in_channels, self.out_channels, self.kernel_size)
            .stride(self.stride)
            .padding(self.padding)
            .padding_mode(self.padding_mode)
            .dilation(self.dilation)
            .groups(self.groups)
    }

    pub fn bias_of(&self, out_channel: usize) -> Option<f32> {
        let bias = self.bias.as_ref()?;
        Some(bias.get(out_channel).copied().unwrap_or(0.0))
    }

    fn bias_values(&self) -> Option<Array1<f32>> {
        (0..self.out_channels).map(|channel| self.bias_of(channel)).collect()
    }

    fn forward(&self, device: &Device, input: &Tensor) -> Result<Tensor> {
        let options = self.options(input.shape().channels);
        options.output_shape(input.shape())?;
        let weight = device.upload(&weight(self, input.shape().channels)?)?;
        let bias = self.bias_values().map(|bias| device.upload(&bias)).transpose()?;
        options.forward(input, &weight, bias.as_ref())
    }
}

impl MaxPooling {
    pub fn options(&self) -> MaxPool2d {
        MaxPool2d::new(self.kernel_size)
            .stride(self.stride.unwrap_or(self.kernel_size))
            .padding(self.padding)
            .dilation(self.dilation)
            .ceil_mode(self.ceil_mode)
    }
}

impl AvgPooling {
    pub fn options(&self) -> AvgPool2d {
        AvgPool2d::new(self.kernel_size)
            .stride(self.stride.unwrap_or(self.kernel_size))
            .padding(self.padding)
            .ceil_mode(self.ceil_mode)
            .count_include_pad(self.count_include_pad)
            .divisor_override(self.divisor_override)
    }
}

impl Layer {
    /// PyTorch's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv2d(_) => "Conv2d",
            Self::MaxPool2d(_) => "MaxPool2d",
            Self::AvgPool2d(_) => "AvgPool2d",
            Self::ReLU => "ReLU",
        }
    }

    /// The output's shape, by the crate.
    pub fn output(&self, input @ [channels, height, width]: Shape) -> Result<Shape> {
        let batch = [1, channels, height, width];
        let output = match self {
            Self::Conv2d(layer) => layer.options(channels).output_shape(batch)?,
            Self::MaxPool2d(layer) => layer.options().output_shape(batch)?,
            Self::AvgPool2d(layer) => layer.options().output_shape(batch)?,
            Self::ReLU => return Ok(input),
        };
        Ok([output.channels, output.height, output.width])
    }

    /// Records the layer.
    pub fn forward(&self, device: &Device, input: &Tensor) -> Result<Tensor> {
        match self {
            Self::Conv2d(layer) => layer.forward(device, input),
            Self::MaxPool2d(layer) => layer.options().forward(input),
            Self::AvgPool2d(layer) => layer.options().forward(input),
            Self::ReLU => Activation::Relu.forward(input),
        }
    }

    /// The layer by the reference.
    pub fn reference(&self, input: ArrayView4<'_, f64>) -> Result<Array4<f64>> {
        match self {
            Self::Conv2d(layer) => {
                let channels = input.dim().1;
                let weight = weight(layer, channels)?.mapv(f64::from);
                let bias = layer.bias_values().map(|bias| bias.mapv(f64::from));
                let bias = bias.as_ref().map(|bias| bias.view());
                reference::conv2d(&layer.options(channels), input, weight.view(), bias)
            }
            Self::MaxPool2d(layer) => {
                reference::max_pool2d(&layer.options(), input).map(|(output, _)| output)
            }
            Self::AvgPool2d(layer) => reference::avg_pool2d(&layer.options(), input),
            Self::ReLU => Ok(reference::activation(Activation::Relu, input)),
        }
    }

    /// How its windows lie along the rows and along the columns.
    pub fn axes(&self, input: Shape) -> Result<[Axis; 2]> {
        let output = self.output(input)?;
        let (kernel_size, stride, dilation) = match self {
            Self::Conv2d(layer) => (layer.kernel_size, layer.stride, layer.dilation),
            Self::MaxPool2d(layer) => {
                let options = layer.options();
                (options.kernel_size, options.stride, options.dilation)
            }
            Self::AvgPool2d(layer) => {
                let options = layer.options();
                (options.kernel_size, options.stride, [1, 1])
            }
            Self::ReLU => ([1, 1], [1, 1], [1, 1]),
        };
        let pads = match self {
            Self::Conv2d(Convolution { padding: Pads::Pair(pads), .. })
            | Self::MaxPool2d(MaxPooling { padding: pads, .. })
            | Self::AvgPool2d(AvgPooling { padding: pads, .. }) => pads.map(|pad| [pad, pad]),
            // Of an odd total the bottom and the right get the extra cell.
            Self::Conv2d(Convolution { padding: Pads::Named(NamedPads::Same), .. }) => {
                [0, 1].map(|axis| {
                    let total = dilation[axis] * (kernel_size[axis] - 1);
                    [total / 2, total - total / 2]
                })
            }
            _ => [[0, 0], [0, 0]],
        };
        Ok([0, 1].map(|axis| Axis {
            in_size: input[1 + axis],
            out_size: output[1 + axis],
            kernel_size: kernel_size[axis],
            stride: stride[axis],
            pads: pads[axis],
            dilation: dilation[axis],
        }))
    }

    /// What its padding holds; in a pooling nothing is read there.
    pub fn padding_mode(&self) -> PaddingMode {
        match self {
            Self::Conv2d(layer) => layer.padding_mode,
            _ => PaddingMode::Zeros,
        }
    }

    /// The receptive field behind the layer.
    pub fn field(&self, field: ReceptiveField) -> ReceptiveField {
        match self {
            // It has no part in channels.
            Self::Conv2d(layer) => field.conv2d(&layer.options(1)),
            Self::MaxPool2d(layer) => field.max_pool2d(&layer.options()),
            Self::AvgPool2d(layer) => field.avg_pool2d(&layer.options()),
            Self::ReLU => field,
        }
    }
}
