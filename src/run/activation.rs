//! Activations and their gradient.

use crate::device::Backend;
use crate::ops::check_grad_output;
use crate::{Activation, Result, Tensor, cpu, gpu};

impl Activation {
    /// Applies the function to every element.
    ///
    /// # Errors
    ///
    /// What the device reports: out of memory, lost.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Activation, Device};
    /// use ndarray::array;
    ///
    /// let x = Device::cpu().upload(&array![[[[-1.0, 0.5]]]])?;
    /// assert_eq!(Activation::Relu.forward(&x)?.download()?, array![[[[0.0, 0.5]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn forward(self, input: &Tensor) -> Result<Tensor> {
        const OPERATION: &str = "activation";
        let (device, shape) = (input.device(), input.shape());
        match device.backend() {
            Backend::Cpu => {
                let elements = input.elements_of_any_type(OPERATION)?;
                Tensor::on_cpu_over(input.dtype(), OPERATION, device, shape, |output| {
                    cpu::activation(self, elements, output)
                })
            }
            Backend::Gpu(context) => {
                let buffer = input.buffer_of_any_type(OPERATION)?;
                let output = gpu::activation(context, self, buffer, shape.len())?;
                Ok(Tensor::on_gpu(device, shape, output))
            }
        }
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output.
    ///
    /// The output changes by the derivative `f'` of the function for every unit that its input
    /// changes by, so the loss changes by that times what the output's gradient says:
    ///
    /// ```text
    /// grad_input[i] = f'(input[i]) * grad_output[i]
    /// ```
    ///
    /// `input` is what `forward` was given, not what it returned. At a kink the derivative is
    /// PyTorch's: 0 for ReLU at 0, and for ReLU6 at 0 and 6.
    ///
    /// # Shapes
    ///
    /// Input, grad_output and the result have the same shape.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output of another shape,
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for tensors of f16,
    /// [`DifferentDevice`](crate::Error::DifferentDevice), and what the device reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Activation, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let input = device.upload(&array![[[[-1.0, 3.0]]]])?;
    /// let grad_output = device.upload(&array![[[[5.0, 7.0]]]])?;
    /// let grad_input = Activation::Relu.grad_input(&input, &grad_output)?;
    /// assert_eq!(grad_input.download()?, array![[[[0.0, 7.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_input(self, input: &Tensor, grad_output: &Tensor) -> Result<Tensor> {
        const OPERATION: &str = "activation";
        let (device, shape) = (input.device(), input.shape());
        grad_output.check_on(device, OPERATION, "grad_output")?;
        input.check_f32(OPERATION, "input")?;
        grad_output.check_f32(OPERATION, "grad_output")?;
        check_grad_output(OPERATION, grad_output.shape(), shape)?;
        match device.backend() {
            Backend::Cpu => {
                let input = input.cpu_elements(OPERATION)?;
                let grad_output = grad_output.cpu_elements(OPERATION)?;
                Tensor::on_cpu(OPERATION, device, shape, |grad_input| {
                    cpu::activation_grad_input(self, input, grad_output, grad_input)
                })
            }
            Backend::Gpu(context) => {
                let input = input.gpu_buffer(OPERATION)?;
                let grad_output = grad_output.gpu_buffer(OPERATION)?;
                let len = shape.len();
                let buffer = gpu::activation_grad_input(context, self, input, grad_output, len)?;
                Ok(Tensor::on_gpu(device, shape, buffer))
            }
        }
    }
}
