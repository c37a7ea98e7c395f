//! Softmax and its gradient.

use crate::device::Backend;
use crate::ops::check_grad_output;
use crate::{DType, Result, Softmax, Tensor, cpu, gpu};

const OPERATION: &str = Softmax::OPERATION;

impl Softmax {
    /// The softmax of the channels of every position of `input`, of f32 or f16.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLimit`](crate::Error::DeviceLimit) for more than 1.2 million channels on a GPU,
    /// and what the device reports.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        let (device, shape) = (input.device(), self.output_shape(input.shape())?);
        match device.backend() {
            Backend::Cpu => {
                let elements = input.elements_of_any_type(OPERATION)?;
                Tensor::on_cpu_as(input.dtype(), OPERATION, device, shape, |output| {
                    cpu::softmax(shape, elements, output)
                })
            }
            Backend::Gpu(context) => {
                gpu::check_buffers(OPERATION, &[shape], input.dtype(), context.limits())?;
                let buffer = input.buffer_of_any_type(OPERATION)?;
                let output = gpu::softmax(context, shape, buffer)?;
                Ok(Tensor::on_gpu(device, shape, output))
            }
        }
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output.
    ///
    /// `output` is what `forward` returned, not what it was given. All channels of a position add up
    /// to 1, so what the gradient asks of all of them alike has no effect:
    ///
    /// ```text
    /// grad_input[n, c, y, x] = output[n, c, y, x] * (grad_output[n, c, y, x]
    ///     - sum over k of output[n, k, y, x] * grad_output[n, k, y, x])
    /// ```
    ///
    /// # Shapes
    ///
    /// Output, grad_output and the result have the same shape.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output of another shape,
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for tensors of f16,
    /// [`DifferentDevice`](crate::Error::DifferentDevice), and as [`forward`](Self::forward).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, Softmax};
    ///
    /// let device = Device::cpu();
    /// let output = device.upload_slice(&[0.25, 0.75], [1, 2, 1, 1])?;
    /// let grad_output = device.upload_slice(&[4.0, 0.0], [1, 2, 1, 1])?;
    /// let grad_input = Softmax.grad_input(&output, &grad_output)?;
    /// assert_eq!(grad_input.to_vec()?, [0.75, -0.75]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_input(&self, output: &Tensor, grad_output: &Tensor) -> Result<Tensor> {
        let (device, shape) = (output.device(), self.output_shape(output.shape())?);
        grad_output.check_on(device, OPERATION, "grad_output")?;
        output.check_f32(OPERATION, "the output")?;
        grad_output.check_f32(OPERATION, "grad_output")?;
        check_grad_output(OPERATION, grad_output.shape(), shape)?;
        match device.backend() {
            Backend::Cpu => {
                let output = output.cpu_elements(OPERATION)?;
                let grad_output = grad_output.cpu_elements(OPERATION)?;
                Tensor::on_cpu(OPERATION, device, shape, |grad_input| {
                    cpu::softmax_grad_input(shape, output, grad_output, grad_input)
                })
            }
            Backend::Gpu(context) => {
                gpu::check_buffers(OPERATION, &[shape], DType::F32, context.limits())?;
                let output = output.gpu_buffer(OPERATION)?;
                let grad_output = grad_output.gpu_buffer(OPERATION)?;
                let buffer = gpu::softmax_grad_input(context, shape, [output, grad_output])?;
                Ok(Tensor::on_gpu(device, shape, buffer))
            }
        }
    }
}
