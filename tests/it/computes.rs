//! What computes the operations, to arrays or to tensors that are yet to be downloaded.

use filtro::{Activation, Result, Shape};
use ndarray::{Array1, Array4};

use crate::options::{AvgPooling, Convolution, MaxPooling, Pooling};

/// Computes the operations forward.
pub trait Forwards<T = Array4<f32>, I = Array4<u32>> {
    fn convolve(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<T>;

    fn pool(&self, options: &dyn Pooling, input: &Array4<f32>) -> Result<T>;

    fn pool_with_indices(&self, options: &dyn MaxPooling, input: &Array4<f32>) -> Result<(T, I)>;

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<T>;
}

/// Gradients of a convolution: of input, weight and bias.
pub type ConvGradients<T = Array4<f32>, B = Array1<f32>> = (T, T, B);

/// Computes the operations backward.
pub trait Backwards<T = Array4<f32>, B = Array1<f32>> {
    fn convolve_backward(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients<T, B>>;

    fn maximum_backward(
        &self,
        options: &dyn MaxPooling,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<T>;

    fn average_backward(
        &self,
        options: &dyn AvgPooling,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<T>;

    fn activation_backward(
        &self,
        function: Activation,
        input: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<T>;
}
