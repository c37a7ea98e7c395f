//! The gradients on devices: the adapter as planned and with the general shaders, and the
//! CPU.

use filtro::{Activation, DType, Result, Shape};
use ndarray::{Array1, Array4};

use crate::device_runner::DeviceRunner;
use crate::options::{AvgPooling, Convolution, MaxPooling};
use crate::runner::{ConvGradients, GradientRunner};
use crate::tested::lend;

impl GradientRunner for DeviceRunner {
    fn name(&self) -> String {
        crate::runner::Runner::name(self)
    }

    fn convolve_backward(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients> {
        let options = options.pinned(self.algorithm);
        let input = self.tensor(input, DType::F32)?;
        let weight = self.tensor(weight, DType::F32)?;
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input.shape())?;
        let grad_input = options.grad_input(input.shape(), &weight, &grad_output)?;
        self.poison(weight.shape())?;
        let grad_weight = options.grad_weight(&input, &grad_output)?;
        self.poison(Shape::new(1, options.out_channels(), 1, 1))?;
        let grad_bias = options.grad_bias(&grad_output)?;
        let grad_bias = Array1::from_iter(grad_bias.download()?);
        Ok((grad_input.download()?, grad_weight.download()?, grad_bias))
    }

    fn maximum_backward(
        &self,
        options: &dyn MaxPooling,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let indices = if self.is_lent && !indices.is_empty() {
            let (buffer, offset) = lend(&self.device, &Vec::from_iter(indices.iter().copied()));
            options.indices_from_wgpu_buffer(&self.device, (&buffer, offset), input)?
        } else {
            options.upload_indices(&self.device, indices, input)?
        };
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input)?;
        options.grad_input(input, &indices, &grad_output)?.download()
    }

    fn average_backward(
        &self,
        options: &dyn AvgPooling,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input)?;
        options.grad_input(input, &grad_output)?.download()
    }

    fn activation_backward(
        &self,
        function: Activation,
        input: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<Array4<f32>> {
        let input = self.tensor(input, DType::F32)?;
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input.shape())?;
        function.grad_input(&input, &grad_output)?.download()
    }
}
