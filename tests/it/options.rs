//! What all convolutions, all poolings and all activations can be asked, on a device and of the
//! reference. A new operation of one of these kinds is one line here.

use std::fmt::Debug;

use filtro::reference::{self, ConvGradients};
use filtro::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, Algorithm, AvgPool2d, Conv2d, ConvTranspose2d, Device,
    Indices, MaxPool2d, Result, Shape, Tensor,
};
use ndarray::{Array4, ArrayView1, ArrayView4};

use crate::case::Operation;

type View<'a> = ArrayView4<'a, f64>;

/// The options of a convolution.
pub trait Convolution: Debug {
    /// The same with an algorithm pinned, if it has some to choose from.
    fn pinned(&self, algorithm: Option<Algorithm>) -> Box<dyn Convolution>;
    /// The same without an activation, which gradients are given for.
    fn linear(&self) -> Box<dyn Convolution>;
    fn out_channels(&self) -> usize;
    fn weight_shape(&self) -> Result<Shape>;
    fn output_shape(&self, input: Shape) -> Result<Shape>;
    fn forward(&self, input: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor>;
    fn grad_input(&self, input: Shape, weight: &Tensor, grad_output: &Tensor) -> Result<Tensor>;
    fn grad_weight(&self, input: &Tensor, grad_output: &Tensor) -> Result<Tensor>;
    fn grad_bias(&self, grad_output: &Tensor) -> Result<Tensor>;
    fn reference(
        &self,
        input: View<'_>,
        weight: View<'_>,
        bias: Option<ArrayView1<'_, f64>>,
    ) -> Result<Array4<f64>>;
    fn reference_backward(
        &self,
        input: View<'_>,
        weight: View<'_>,
        grad_output: View<'_>,
    ) -> Result<ConvGradients>;
}

macro_rules! convolution {
    ($name:ident, $forward:path, $backward:path, $pinned:expr, $linear:expr) => {
        impl Convolution for $name {
            fn pinned(&self, algorithm: Option<Algorithm>) -> Box<dyn Convolution> {
                Box::new($pinned(self.clone(), algorithm))
            }
            fn linear(&self) -> Box<dyn Convolution> {
                Box::new($linear(self.clone()))
            }
            fn out_channels(&self) -> usize {
                self.out_channels
            }
            fn weight_shape(&self) -> Result<Shape> {
                self.weight_shape()
            }
            fn output_shape(&self, input: Shape) -> Result<Shape> {
                self.output_shape(input)
            }
            fn forward(
                &self,
                x: &Tensor,
                weight: &Tensor,
                bias: Option<&Tensor>,
            ) -> Result<Tensor> {
                self.forward(x, weight, bias)
            }
            fn grad_input(&self, input: Shape, weight: &Tensor, grad: &Tensor) -> Result<Tensor> {
                self.grad_input(input, weight, grad)
            }
            fn grad_weight(&self, input: &Tensor, grad_output: &Tensor) -> Result<Tensor> {
                self.grad_weight(input, grad_output)
            }
            fn grad_bias(&self, grad_output: &Tensor) -> Result<Tensor> {
                self.grad_bias(grad_output)
            }
            fn reference(
                &self,
                input: View<'_>,
                weight: View<'_>,
                bias: Option<ArrayView1<'_, f64>>,
            ) -> Result<Array4<f64>> {
                $forward(self, input, weight, bias)
            }
            fn reference_backward(
                &self,
                input: View<'_>,
                weight: View<'_>,
                grad_output: View<'_>,
            ) -> Result<ConvGradients> {
                $backward(self, input, weight, grad_output)
            }
        }
    };
}

convolution!(
    Conv2d,
    reference::conv2d,
    reference::conv2d_backward,
    Conv2d::algorithm,
    |options: Self| options.activation(None)
);
convolution!(
    ConvTranspose2d,
    reference::conv_transpose2d,
    reference::conv_transpose2d_backward,
    |options, _| options,
    |options| options
);

/// The options of a pooling.
pub trait Pooling: Debug {
    fn output_shape(&self, input: Shape) -> Result<Shape>;
    /// The same with an algorithm pinned or none.
    fn pinned(&self, algorithm: Option<Algorithm>) -> Box<dyn Pooling>;
    fn forward(&self, input: &Tensor) -> Result<Tensor>;
    fn reference(&self, input: View<'_>) -> Result<Array4<f64>>;
}

/// Of maxima.
pub trait MaxPooling: Pooling {
    /// As [`pinned`](Pooling::pinned).
    fn pinned_maximum(&self, algorithm: Option<Algorithm>) -> Box<dyn MaxPooling>;
    fn forward_with_indices(&self, input: &Tensor) -> Result<(Tensor, Indices)>;
    fn upload_indices(
        &self,
        device: &Device,
        indices: &Array4<u32>,
        input: Shape,
    ) -> Result<Indices>;
    fn indices_from_wgpu_buffer(
        &self,
        device: &Device,
        lent: (&wgpu::Buffer, u64),
        input: Shape,
    ) -> Result<Indices>;
    fn grad_input(&self, input: Shape, indices: &Indices, grad_output: &Tensor) -> Result<Tensor>;
    fn reference_with_indices(&self, input: View<'_>) -> Result<(Array4<f64>, Array4<u32>)>;
    fn reference_backward(
        &self,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: View<'_>,
    ) -> Result<Array4<f64>>;
}

/// Of means.
pub trait AvgPooling: Pooling {
    fn grad_input(&self, input: Shape, grad_output: &Tensor) -> Result<Tensor>;
    fn reference_backward(&self, input: Shape, grad_output: View<'_>) -> Result<Array4<f64>>;
}

macro_rules! pooling {
    ($name:ident, $reference:expr) => {
        impl Pooling for $name {
            fn output_shape(&self, input: Shape) -> Result<Shape> {
                self.output_shape(input)
            }
            fn pinned(&self, algorithm: Option<Algorithm>) -> Box<dyn Pooling> {
                Box::new(self.clone().algorithm(algorithm))
            }
            fn forward(&self, input: &Tensor) -> Result<Tensor> {
                self.forward(input)
            }
            fn reference(&self, input: View<'_>) -> Result<Array4<f64>> {
                $reference(self, input)
            }
        }
    };
}

macro_rules! max_pooling {
    ($name:ident, $forward:path, $backward:path) => {
        pooling!($name, |options, input| $forward(options, input).map(|(output, _)| output));

        impl MaxPooling for $name {
            fn pinned_maximum(&self, algorithm: Option<Algorithm>) -> Box<dyn MaxPooling> {
                Box::new(self.clone().algorithm(algorithm))
            }
            fn forward_with_indices(&self, input: &Tensor) -> Result<(Tensor, Indices)> {
                self.forward_with_indices(input)
            }
            fn upload_indices(
                &self,
                device: &Device,
                indices: &Array4<u32>,
                input: Shape,
            ) -> Result<Indices> {
                self.upload_indices(device, indices, input)
            }
            fn indices_from_wgpu_buffer(
                &self,
                device: &Device,
                (buffer, offset): (&wgpu::Buffer, u64),
                input: Shape,
            ) -> Result<Indices> {
                self.indices_from_wgpu_buffer(device, buffer, offset, input)
            }
            fn grad_input(&self, input: Shape, indices: &Indices, grad: &Tensor) -> Result<Tensor> {
                self.grad_input(input, indices, grad)
            }
            fn reference_with_indices(
                &self,
                input: View<'_>,
            ) -> Result<(Array4<f64>, Array4<u32>)> {
                $forward(self, input)
            }
            fn reference_backward(
                &self,
                input: Shape,
                indices: &Array4<u32>,
                grad_output: View<'_>,
            ) -> Result<Array4<f64>> {
                $backward(self, input, indices.view(), grad_output)
            }
        }
    };
}

macro_rules! avg_pooling {
    ($name:ident, $forward:path, $backward:path) => {
        pooling!($name, $forward);

        impl AvgPooling for $name {
            fn grad_input(&self, input: Shape, grad_output: &Tensor) -> Result<Tensor> {
                self.grad_input(input, grad_output)
            }
            fn reference_backward(&self, input: Shape, grad: View<'_>) -> Result<Array4<f64>> {
                $backward(self, input, grad)
            }
        }
    };
}

max_pooling!(MaxPool2d, reference::max_pool2d, reference::max_pool2d_backward);
max_pooling!(
    AdaptiveMaxPool2d,
    reference::adaptive_max_pool2d,
    reference::adaptive_max_pool2d_backward
);
avg_pooling!(AvgPool2d, reference::avg_pool2d, reference::avg_pool2d_backward);
avg_pooling!(
    AdaptiveAvgPool2d,
    reference::adaptive_avg_pool2d,
    reference::adaptive_avg_pool2d_backward
);

/// An operation by its kind.
#[derive(Debug, Clone, Copy)]
pub enum Kind<'a> {
    Convolution { options: &'a dyn Convolution, bias: bool },
    Max(&'a dyn MaxPooling),
    Average(&'a dyn AvgPooling),
    Activation(filtro::Activation),
}

impl Operation {
    pub fn kind(&self) -> Kind<'_> {
        match self {
            Self::Conv2d { options, bias } => Kind::Convolution { options, bias: *bias },
            Self::ConvTranspose2d { options, bias } => Kind::Convolution { options, bias: *bias },
            Self::MaxPool2d(options) => Kind::Max(options),
            Self::AdaptiveMaxPool2d(options) => Kind::Max(options),
            Self::AvgPool2d(options) => Kind::Average(options),
            Self::AdaptiveAvgPool2d(options) => Kind::Average(options),
            Self::Activation(function) => Kind::Activation(*function),
        }
    }
}
