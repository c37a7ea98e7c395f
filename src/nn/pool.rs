//! Pooling and activation layers, which have no parameters.

use super::layer::{Layer, take};
use crate::{Indices, ReceptiveField, Result, Shape, Tensor};

/// A layer without parameters: its options, and what a forward pass leaves.
macro_rules! layer {
    (
        $(#[$doc:meta])*
        $name:ident remembers $remembered:ty;
        describe $describe:expr;
        forward $forward:expr;
        backward $backward:expr;
        field $field:expr;
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            options: crate::$name,
            remembered: Option<$remembered>,
        }

        impl $name {
            /// A layer with these options.
            #[must_use]
            pub const fn new(options: crate::$name) -> Self {
                Self { options, remembered: None }
            }

            /// The options.
            #[must_use]
            pub const fn options(&self) -> &crate::$name {
                &self.options
            }
        }

        impl Layer for $name {
            fn describe(&self) -> String {
                $describe(&self.options)
            }

            fn output_shape(&self, input: Shape) -> Result<Shape> {
                self.options.output_shape(input)
            }

            fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
                let (output, remembered) = $forward(&self.options, input)?;
                self.remembered = Some(remembered);
                Ok(output)
            }

            fn infer(&self, input: &Tensor) -> Result<Tensor> {
                self.options.forward(input)
            }

            fn backward(&mut self, _grad_output: &Tensor) -> Result<()> {
                take(&mut self.remembered, stringify!($name)).map(drop)
            }

            fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
                let remembered = take(&mut self.remembered, stringify!($name))?;
                $backward(&self.options, &remembered, grad_output)
            }

            fn receptive_field(&self, input: Option<ReceptiveField>) -> Option<ReceptiveField> {
                $field(&self.options, input)
            }
        }
    };
}

/// A max pooling that knew its input only by shape, and what it found.
type Found = (Shape, Indices);

layer! {
    /// The largest element of every window; see [`MaxPool2d`](crate::MaxPool2d).
    MaxPool2d remembers Found;
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
    AvgPool2d remembers Shape;
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
    AdaptiveMaxPool2d remembers Found;
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
    AdaptiveAvgPool2d remembers Shape;
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
}
