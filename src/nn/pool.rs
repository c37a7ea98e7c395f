//! Pooling and activation layers, which have no parameters.

use super::layer::{Layer, take};
use super::stateless::layer;
use crate::{Indices, ReceptiveField, Result, Shape, Tensor};

/// A max pooling that knew its input only by shape, and what it found.
type Found = (Shape, Indices);

layer! {
    /// The largest element of every window; see [`MaxPool2d`](crate::MaxPool2d).
    MaxPool2d of crate::MaxPool2d, remembers Found;
    describe |options: &crate::MaxPool2d| {
        let mut text = format!(
            "MaxPool2d(kernel_size={:?}, stride={:?}", options.kernel_size, options.stride
        );
        if options.padding.is_some() {
            text.push_str(&format!(", padding={}", options.padding));
        }
        if options.dilation != [1, 1] {
            text.push_str(&format!(", dilation={:?}", options.dilation));
        }
        text + if options.ceil_mode { ", ceil_mode=true)" } else { ")" }
    };
    forward |options: &crate::MaxPool2d, input: &Tensor| {
        let (output, indices) = options.forward_with_indices(input)?;
        Ok::<_, crate::Error>((output, (input.shape(), indices)))
    };
    backward |options: &crate::MaxPool2d, (input, indices): &Found, grad_output: &Tensor| {
        options.grad_input(*input, indices, grad_output)
    };
    field |options: &crate::MaxPool2d, input: Option<ReceptiveField>| {
        input.map(|field| field.max_pool2d(options))
    };
}

layer! {
    /// The mean of every window; see [`AvgPool2d`](crate::AvgPool2d).
    AvgPool2d of crate::AvgPool2d, remembers Shape;
    describe |options: &crate::AvgPool2d| {
        let mut text = format!(
            "AvgPool2d(kernel_size={:?}, stride={:?}", options.kernel_size, options.stride
        );
        if options.padding.is_some() {
            text.push_str(&format!(", padding={}", options.padding));
        }
        text + if options.ceil_mode { ", ceil_mode=true)" } else { ")" }
    };
    forward |options: &crate::AvgPool2d, input: &Tensor| {
        Ok::<_, crate::Error>((options.forward(input)?, input.shape()))
    };
    backward |options: &crate::AvgPool2d, input: &Shape, grad_output: &Tensor| {
        options.grad_input(*input, grad_output)
    };
    field |options: &crate::AvgPool2d, input: Option<ReceptiveField>| {
        input.map(|field| field.avg_pool2d(options))
    };
}

layer! {
    /// The largest element of windows that divide the image; see
    /// [`AdaptiveMaxPool2d`](crate::AdaptiveMaxPool2d).
    AdaptiveMaxPool2d of crate::AdaptiveMaxPool2d, remembers Found;
    describe |options: &crate::AdaptiveMaxPool2d| {
        format!("AdaptiveMaxPool2d({:?})", options.output_size)
    };
    forward |options: &crate::AdaptiveMaxPool2d, input: &Tensor| {
        let (output, indices) = options.forward_with_indices(input)?;
        Ok::<_, crate::Error>((output, (input.shape(), indices)))
    };
    backward |options: &crate::AdaptiveMaxPool2d, (input, indices): &Found, grad_output: &Tensor| {
        options.grad_input(*input, indices, grad_output)
    };
    field |_: &crate::AdaptiveMaxPool2d, _| None;
}

layer! {
    /// The mean of windows that divide the image; see
    /// [`AdaptiveAvgPool2d`](crate::AdaptiveAvgPool2d).
    AdaptiveAvgPool2d of crate::AdaptiveAvgPool2d, remembers Shape;
    describe |options: &crate::AdaptiveAvgPool2d| {
        format!("AdaptiveAvgPool2d({:?})", options.output_size)
    };
    forward |options: &crate::AdaptiveAvgPool2d, input: &Tensor| {
        Ok::<_, crate::Error>((options.forward(input)?, input.shape()))
    };
    backward |options: &crate::AdaptiveAvgPool2d, input: &Shape, grad_output: &Tensor| {
        options.grad_input(*input, grad_output)
    };
    field |_: &crate::AdaptiveAvgPool2d, _| None;
}

layer! {
    /// Probabilities of channels; see [`Softmax`](crate::Softmax).
    ///
    /// Source: `torch.nn.Softmax2d`; `torch.nn.Softmax(dim=1)`.
    Softmax of crate::Softmax, remembers Tensor;
    describe |_: &crate::Softmax| "Softmax()".into();
    forward |options: &crate::Softmax, input: &Tensor| {
        let output = options.forward(input)?;
        Ok::<_, crate::Error>((output.clone(), output))
    };
    backward |options: &crate::Softmax, output: &Tensor, grad_output: &Tensor| {
        options.grad_input(output, grad_output)
    };
    field |_: &crate::Softmax, input: Option<ReceptiveField>| input;
}

/// A function of every element; see [`Activation`](crate::Activation).
#[derive(Debug, Clone)]
pub struct Activation {
    function: crate::Activation,
    input: Option<Tensor>,
}

impl Activation {
    /// A layer of this function.
    #[must_use]
    pub const fn new(function: crate::Activation) -> Self {
        Self { function, input: None }
    }

    /// The function.
    #[must_use]
    pub const fn function(&self) -> crate::Activation {
        self.function
    }
}

impl Layer for Activation {
    fn describe(&self) -> String {
        match self.function {
            crate::Activation::LeakyRelu { negative_slope } => {
                format!("LeakyReLU(negative_slope={negative_slope})")
            }
            crate::Activation::Relu => "ReLU()".into(),
            crate::Activation::Relu6 => "ReLU6()".into(),
            crate::Activation::Silu => "SiLU()".into(),
            crate::Activation::HardSwish => "Hardswish()".into(),
            crate::Activation::HardSigmoid => "Hardsigmoid()".into(),
            crate::Activation::Sigmoid => "Sigmoid()".into(),
            crate::Activation::Tanh => "Tanh()".into(),
        }
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        input.checked_len("activation")?;
        Ok(input)
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        let output = self.infer(input)?;
        self.input = Some(input.clone());
        Ok(output)
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        self.function.forward(input)
    }

    fn backward(&mut self, _grad_output: &Tensor) -> Result<()> {
        take(&mut self.input, "Activation").map(drop)
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        self.function.grad_input(&take(&mut self.input, "Activation")?, grad_output)
    }

    fn forget(&mut self) {
        self.input = None;
    }
}
