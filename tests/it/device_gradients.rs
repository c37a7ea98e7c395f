//! The gradients on devices: the software adapter as planned and with the general shaders, and the
//! CPU.

use filtro::{
    Activation, AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, Conv2d, ConvTranspose2d,
    MaxPool2d, Result, Shape,
};
use ndarray::{Array1, Array4};

use crate::device_runner::DeviceRunner;
use crate::runner::{ConvGradients, GradientRunner};

/// A bias' gradient as the reference has it.
fn flat(grad_bias: Array4<f32>) -> Array1<f32> {
    Array1::from_iter(grad_bias)
}

impl GradientRunner for DeviceRunner {
    fn name(&self) -> String {
        crate::runner::Runner::name(self)
    }

    fn conv2d_backward(
        &self,
        options: &Conv2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients> {
        let options = options.clone().algorithm(self.algorithm);
        let input = self.device.upload(input)?;
        let weight = self.device.upload(weight)?;
        let grad_output = self.device.upload(grad_output)?;
        self.poison(input.shape())?;
        let grad_input = options.grad_input(input.shape(), &weight, &grad_output)?;
        self.poison(weight.shape())?;
        let grad_weight = options.grad_weight(&input, &grad_output)?;
        self.poison(Shape::new(1, options.out_channels, 1, 1))?;
        let grad_bias = options.grad_bias(&grad_output)?;
        Ok((grad_input.download()?, grad_weight.download()?, flat(grad_bias.download()?)))
    }

    fn conv_transpose2d_backward(
        &self,
        options: &ConvTranspose2d,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients> {
        let input = self.device.upload(input)?;
        let weight = self.device.upload(weight)?;
        let grad_output = self.device.upload(grad_output)?;
        self.poison(input.shape())?;
        let grad_input = options.grad_input(input.shape(), &weight, &grad_output)?;
        self.poison(weight.shape())?;
        let grad_weight = options.grad_weight(&input, &grad_output)?;
        let grad_bias = options.grad_bias(&grad_output)?;
        Ok((grad_input.download()?, grad_weight.download()?, flat(grad_bias.download()?)))
    }

    fn max_pool2d_backward(
        &self,
        options: &MaxPool2d,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let indices = options.upload_indices(&self.device, indices, input)?;
        let grad_output = self.device.upload(grad_output)?;
        self.poison(input)?;
        options.grad_input(input, &indices, &grad_output)?.download()
    }

    fn avg_pool2d_backward(
        &self,
        options: &AvgPool2d,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let grad_output = self.device.upload(grad_output)?;
        self.poison(input)?;
        options.grad_input(input, &grad_output)?.download()
    }

    fn adaptive_avg_pool2d_backward(
        &self,
        options: &AdaptiveAvgPool2d,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let grad_output = self.device.upload(grad_output)?;
        self.poison(input)?;
        options.grad_input(input, &grad_output)?.download()
    }

    fn adaptive_max_pool2d_backward(
        &self,
        options: &AdaptiveMaxPool2d,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let indices = options.upload_indices(&self.device, indices, input)?;
        let grad_output = self.device.upload(grad_output)?;
        self.poison(input)?;
        options.grad_input(input, &indices, &grad_output)?.download()
    }

    fn activation_backward(
        &self,
        function: Activation,
        input: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let input = self.device.upload(input)?;
        let grad_output = self.device.upload(grad_output)?;
        self.poison(input.shape())?;
        function.grad_input(&input, &grad_output)?.download()
    }
}
