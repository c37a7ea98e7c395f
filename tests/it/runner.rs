//! What runs the cases: every device, every pinned algorithm, one interface.

use filtro::{Activation, DType, Result, Shape, reference};
use ndarray::{Array1, Array4};

use crate::case::wide;
use crate::computes::{Backwards, ConvGradients, Forwards};
use crate::options::{AvgPooling, Convolution, MaxPooling, Pooling};

/// Something that the cases run on.
pub trait Runner: Forwards {
    /// The device and the algorithm, for messages.
    fn name(&self) -> String;

    /// Whether it serves some problems only and answers the others with
    /// [`Error::Unsupported`](filtro::Error::Unsupported).
    fn is_partial(&self) -> bool {
        false
    }

    /// Whether it serves nothing on a hardware GPU.
    fn is_for_software_alone(&self) -> bool {
        false
    }

    /// Whether it needs cooperative matrices, which the device has not.
    fn lacks_matrices(&self) -> bool {
        false
    }

    /// Whether its convolutions can be by cooperative matrices, which have a bound of rounding of their
    /// own.
    fn uses_matrices(&self) -> bool {
        false
    }
}

/// Something that the cases run on backward.
pub trait GradientRunner: Backwards {
    /// The device and the algorithm, for messages.
    fn name(&self) -> String;
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
}

impl Forwards for Reference {
    fn convolve(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Array4<f32>> {
        let bias = bias.map(wide);
        let bias = bias.as_ref().map(|bias| bias.view());
        options.reference(wide(input).view(), wide(weight).view(), bias).map(narrow)
    }

    fn pool(&self, options: &dyn Pooling, input: &Array4<f32>) -> Result<Array4<f32>> {
        options.reference(wide(input).view()).map(narrow)
    }

    fn pool_with_indices(
        &self,
        options: &dyn MaxPooling,
        input: &Array4<f32>,
    ) -> Result<(Array4<f32>, Array4<u32>)> {
        let (output, indices) = options.reference_with_indices(wide(input).view())?;
        Ok((narrow(output), indices))
    }

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<Array4<f32>> {
        Ok(narrow(reference::activation(function, wide(input).view())))
    }
}

impl GradientRunner for Reference {
    fn name(&self) -> String {
        "reference".into()
    }
}

impl Backwards for Reference {
    fn convolve_backward(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients> {
        let (input, weight, grad_output) = (wide(input), wide(weight), wide(grad_output));
        let gradients =
            options.reference_backward(input.view(), weight.view(), grad_output.view())?;
        let reference::ConvGradients { grad_input, grad_weight, grad_bias } = gradients;
        Ok((narrow(grad_input), narrow(grad_weight), narrow(grad_bias)))
    }

    fn maximum_backward(
        &self,
        options: &dyn MaxPooling,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        options.reference_backward(input, indices, wide(grad_output).view()).map(narrow)
    }

    fn average_backward(
        &self,
        options: &dyn AvgPooling,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        options.reference_backward(input, wide(grad_output).view()).map(narrow)
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
