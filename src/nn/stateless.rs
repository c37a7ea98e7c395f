//! Layers without parameters and buffers: an operation, and what its forward pass leaves.

/// A layer without parameters: its options, and what a forward pass leaves.
macro_rules! layer {
    (
        $(#[$doc:meta])*
        $name:ident of $options:ty, remembers $remembered:ty;
        describe $describe:expr;
        forward $forward:expr;
        backward $backward:expr;
        field $field:expr;
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            options: $options,
            remembered: Option<$remembered>,
        }

        impl $name {
            /// A layer with these options.
            #[must_use]
            pub const fn new(options: $options) -> Self {
                Self { options, remembered: None }
            }

            /// The options.
            #[must_use]
            pub const fn options(&self) -> &$options {
                &self.options
            }
        }

        impl $crate::nn::Layer for $name {
            fn describe(&self) -> String {
                $describe(&self.options)
            }

            fn output_shape(&self, input: $crate::Shape) -> $crate::Result<$crate::Shape> {
                self.options.output_shape(input)
            }

            fn forward(&mut self, input: &$crate::Tensor) -> $crate::Result<$crate::Tensor> {
                let (output, remembered) = $forward(&self.options, input)?;
                self.remembered = Some(remembered);
                Ok(output)
            }

            fn infer(&self, input: &$crate::Tensor) -> $crate::Result<$crate::Tensor> {
                self.options.forward(input)
            }

            fn backward(&mut self, _grad_output: &$crate::Tensor) -> $crate::Result<()> {
                $crate::nn::layer::take(&mut self.remembered, stringify!($name)).map(drop)
            }

            fn backward_to_input(&mut self, grad_output: &$crate::Tensor) -> $crate::Result<$crate::Tensor> {
                let remembered = $crate::nn::layer::take(&mut self.remembered, stringify!($name))?;
                $backward(&self.options, &remembered, grad_output)
            }

            fn forget(&mut self) {
                self.remembered = None;
            }

            fn receptive_field(&self, input: Option<$crate::ReceptiveField>) -> Option<$crate::ReceptiveField> {
                $field(&self.options, input)
            }
        }
    };
}

pub(super) use layer;
