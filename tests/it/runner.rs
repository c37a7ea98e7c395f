//! What runs the cases: every device, every pinned algorithm, one interface.

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d, DType,
    MaxPool2d, Result, Shape, reference,
};
use ndarray::{Array1, Array4};

use crate::case::wide;

/// Something that computes the operations forward.
pub trait Runner {
    /// The device and the algorithm, for messages.
    fn name(&self) -> String;

    /// Whether it serves some problems only and answers the others with
    /// [`Error::Unsupported`](filtro::Error::Unsupported).
    fn is_partial(&self) -> bool {
        false
    }

    fn conv2d(
        &self,
        options: &Conv2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>>;

    fn conv_transpose2d(
        &self,
        options: &ConvTranspose2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>>;

    fn max_pool2d(&self, options: &MaxPool2d, input: &Array4<f32>) -> Result<Array4<f32>>;

    fn max_pool2d_with_indices(
        &self,
        options: &MaxPool2d,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)>;

    fn avg_pool2d(&self, options: &AvgPool2d, input: &Array4<f32>) -> Result<Array4<f32>>;

    fn adaptive_avg_pool2d(
        &self,
        options: &AdaptiveAvgPool2d,
        input: &Array4<f32>,
    ) -> Result<Array4<f32>>;

    fn adaptive_max_pool2d(
        &self,
        options: &AdaptiveMaxPool2d,
        input: &Array4<f32>,
    ) -> Result<Array4<f32>>;

    fn adaptive_max_pool2d_with_indices(
        &self,
        options: &AdaptiveMaxPool2d,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)>;

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<Array4<f32>>;
}

/// Gradients of a convolution: of input, weight and bias.
pub type ConvGradients = (Array4<f32>, Array4<f32>, Array1<f32>);

/// Something that computes the operations backward.
pub trait GradientRunner {
    /// The device and the algorithm, for messages.
    fn name(&self) -> String;

    fn conv2d_backward(
        &self,
        options: &Conv2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients>;

    fn conv_transpose2d_backward(
        &self,
        options: &ConvTranspose2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients>;

    fn max_pool2d_backward(
        &self,
        options: &MaxPool2d,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>>;

    fn avg_pool2d_backward(
        &self,
        options: &AvgPool2d,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>>;

    fn adaptive_avg_pool2d_backward(
        &self,
        options: &AdaptiveAvgPool2d,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>>;

    fn adaptive_max_pool2d_backward(
        &self,
        options: &AdaptiveMaxPool2d,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>>;

    fn activation_backward(
        &self,
        function: Activation,
        input: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>>;
}

/// Everything that must pass the cases of an operation: each device, and each pinned algorithm of
/// that operation.
pub fn runners(operation: &str) -> Vec<Box<dyn Runner>> {
    runners_of(operation, DType::F32)
}

/// The same with tensors of a type.
pub fn runners_of(operation: &str, dtype: DType) -> Vec<Box<dyn Runner>> {
    crate::device_runner::device_runners(operation, dtype)
}

/// Everything that serves any problem of an operation, the reference among them: for what is held
/// against numbers or laws instead of the reference.
pub fn general_runners(operation: &str) -> Vec<Box<dyn Runner>> {
    let mut general: Vec<Box<dyn Runner>> = vec![Box::new(Reference)];
    general.extend(runners(operation).into_iter().filter(|runner| !runner.is_partial()));
    general
}

/// Everything that must pass the cases of an operation backward.
pub fn gradient_runners(_operation: &str) -> Vec<Box<dyn GradientRunner>> {
    crate::device_runner::device_gradient_runners()
}

/// The same and the reference: for what is held against numbers instead of the reference.
pub fn general_gradient_runners(operation: &str) -> Vec<Box<dyn GradientRunner>> {
    let mut general: Vec<Box<dyn GradientRunner>> = vec![Box::new(Reference)];
    general.extend(gradient_runners(operation));
    general
}

/// The reference, rounded to f32.
#[derive(Debug)]
pub struct Reference;

fn narrow<D: ndarray::Dimension>(array: ndarray::Array<f64, D>) -> ndarray::Array<f32, D> {
    array.mapv(|value| value as f32)
}

impl Runner for Reference {
    fn name(&self) -> String {
        "reference".into()
    }

    fn conv2d(
        &self,
        options: &Conv2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>> {
        let bias = bias.map(wide);
        let bias = bias.as_ref().map(|bias| bias.view());
        reference::conv2d(options, wide(input).view(), wide(weight).view(), bias).map(narrow)
    }

    fn conv_transpose2d(
        &self,
        options: &ConvTranspose2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>> {
        let bias = bias.map(wide);
        let bias = bias.as_ref().map(|bias| bias.view());
        reference::conv_transpose2d(options, wide(input).view(), wide(weight).view(), bias)
            .map(narrow)
    }

    fn max_pool2d(&self, options: &MaxPool2d, input: &Array4<f32>) -> Result<Array4<f32>> {
        Ok(self.max_pool2d_with_indices(options, input)?.0)
    }

    fn max_pool2d_with_indices(
        &self,
        options: &MaxPool2d,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)> {
        let (output, indices) = reference::max_pool2d(options, wide(input).view())?;
        Ok((narrow(output), indices))
    }

    fn avg_pool2d(&self, options: &AvgPool2d, input: &Array4<f32>) -> Result<Array4<f32>> {
        reference::avg_pool2d(options, wide(input).view()).map(narrow)
    }

    fn adaptive_avg_pool2d(
        &self,
        options: &AdaptiveAvgPool2d,
        input: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        reference::adaptive_avg_pool2d(options, wide(input).view()).map(narrow)
    }

    fn adaptive_max_pool2d(
        &self,
        options: &AdaptiveMaxPool2d,
        input: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        Ok(self.adaptive_max_pool2d_with_indices(options, input)?.0)
    }

    fn adaptive_max_pool2d_with_indices(
        &self,
        options: &AdaptiveMaxPool2d,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)> {
        let (output, indices) = reference::adaptive_max_pool2d(options, wide(input).view())?;
        Ok((narrow(output), indices))
    }

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<Array4<f32>> {
        Ok(narrow(reference::activation(function, wide(input).view())))
    }
}

fn narrow_all(gradients: reference::ConvGradients) -> ConvGradients {
    let reference::ConvGradients { grad_input, grad_weight, grad_bias } = gradients;
    (narrow(grad_input), narrow(grad_weight), narrow(grad_bias))
}

impl GradientRunner for Reference {
    fn name(&self) -> String {
        "reference".into()
    }

    fn conv2d_backward(
        &self,
        options: &Conv2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients> {
        let (input, weight, grad_output) = (wide(input), wide(weight), wide(grad_output));
        reference::conv2d_backward(options, input.view(), weight.view(), grad_output.view())
            .map(narrow_all)
    }

    fn conv_transpose2d_backward(
        &self,
        options: &ConvTranspose2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients> {
        let (input, weight, grad_output) = (wide(input), wide(weight), wide(grad_output));
        reference::conv_transpose2d_backward(
            options,
            input.view(),
            weight.view(),
            grad_output.view(),
        )
        .map(narrow_all)
    }

    fn max_pool2d_backward(
        &self,
        options: &MaxPool2d,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let grad_output = wide(grad_output);
        reference::max_pool2d_backward(options, input, indices.view(), grad_output.view())
            .map(narrow)
    }

    fn avg_pool2d_backward(
        &self,
        options: &AvgPool2d,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        reference::avg_pool2d_backward(options, input, wide(grad_output).view()).map(narrow)
    }

    fn adaptive_avg_pool2d_backward(
        &self,
        options: &AdaptiveAvgPool2d,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        reference::adaptive_avg_pool2d_backward(options, input, wide(grad_output).view())
            .map(narrow)
    }

    fn adaptive_max_pool2d_backward(
        &self,
        options: &AdaptiveMaxPool2d,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let grad_output = wide(grad_output);
        reference::adaptive_max_pool2d_backward(options, input, indices.view(), grad_output.view())
            .map(narrow)
    }

    fn activation_backward(
        &self,
        function: Activation,
        input: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let (input, grad_output) = (wide(input), wide(grad_output));
        reference::activation_backward(function, input.view(), grad_output.view()).map(narrow)
    }
}
