//! ConvTranspose2d and its gradients: those of the convolution that it is the gradient of.

use crate::device::Backend;
use crate::gpu::Conv2dPlan;
use crate::ops::Conv2dProblem;
use crate::run::conv2d::gradients::{grad_bias, grad_input, grad_weight};
use crate::{Algorithm, ConvTranspose2d, DType, Result, Shape, Tensor, cpu, gpu};

const OPERATION: &str = "conv_transpose2d";

impl ConvTranspose2d {
    /// Spreads every element of `input` over the output, multiplied by its filter, and adds `bias`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options that do not fit each
    /// other or the input, [`ShapeMismatch`](crate::Error::ShapeMismatch) for tensors that do not
    /// fit, [`DTypeMismatch`](crate::Error::DTypeMismatch) for
    /// tensors of f16, [`DifferentDevice`](crate::Error::DifferentDevice),
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for
    /// sizes that cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{ConvTranspose2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let input = device.upload(&array![[[[1.0, 2.0, 3.0]]]])?;
    /// let weight = device.upload(&array![[[[1.0, 0.5]]]])?;
    /// let spread = ConvTranspose2d::new(1, 1, [1, 2]).stride([1, 2]);
    /// let output = spread.forward(&input, &weight, None)?;
    /// assert_eq!(output.download()?, array![[[[1.0, 0.5, 2.0, 1.0, 3.0, 1.5]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn forward(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let device = input.device();
        weight.check_on(device, OPERATION, "weight")?;
        input.check_f32(OPERATION, "input")?;
        weight.check_f32(OPERATION, "weight")?;
        if let Some(bias) = bias {
            bias.check_on(device, OPERATION, "bias")?;
            bias.check_f32(OPERATION, "bias")?;
        }
        self.check(input.shape(), weight.shape(), bias.map(Tensor::shape))?;
        let problem = self.convolution(input.shape())?;
        grad_input(OPERATION, &problem, None, weight, bias, input)
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output.
    ///
    /// An input that changes by one unit changes every output that it was spread to by the weight
    /// that it was multiplied with. The sum of these is a plain convolution of `grad_output`:
    ///
    /// ```text
    /// grad_input[n, ic, in_y, in_x] = sum over oc of its group, kernel_y, kernel_x of
    ///     weight[ic, oc - group * out_channels / groups, kernel_y, kernel_x]
    ///     * grad_output[n, oc, in_y * stride - padding + kernel_y * dilation,
    ///                          in_x * stride - padding + kernel_x * dilation]
    /// with group = ic / (in_channels / groups)
    /// ```
    ///
    /// # Shapes
    ///
    /// - `input_shape` `[batch, in_channels, height, width]`, which the result has too
    /// - weight as in the forward pass, grad_output as its output
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and [`ShapeMismatch`](crate::Error::ShapeMismatch) for a
    /// grad_output that is not of the output's shape.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{ConvTranspose2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let weight = device.upload(&array![[[[3.0, 4.0]]]])?;
    /// let grad_output = device.upload(&array![[[[1.0, 10.0, 100.0]]]])?;
    /// let spread = ConvTranspose2d::new(1, 1, [1, 2]);
    /// let grad_input = spread.grad_input([1, 1, 1, 2], &weight, &grad_output)?;
    /// assert_eq!(grad_input.download()?, array![[[[43.0, 430.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: numbers as `torch.autograd.grad` of `torch.nn.ConvTranspose2d`.
    pub fn grad_input(
        &self,
        input_shape: impl Into<Shape>,
        weight: &Tensor,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        let device = grad_output.device();
        weight.check_on(device, OPERATION, "weight")?;
        weight.check_f32(OPERATION, "weight")?;
        grad_output.check_f32(OPERATION, "grad_output")?;
        let shape = input_shape.into();
        let problem = self.gradient_problem(shape, Some(weight.shape()), grad_output.shape())?;
        convolve(&problem, weight, grad_output)
    }

    /// The gradient of the weight of [`forward`](Self::forward), given that of its output.
    ///
    /// ```text
    /// grad_weight[ic, c, kernel_y, kernel_x] = sum over n, in_y, in_x of input[n, ic, in_y, in_x]
    ///     * grad_output[n, group * out_channels / groups + c,
    ///                   in_y * stride - padding + kernel_y * dilation,
    ///                   in_x * stride - padding + kernel_x * dilation]
    /// with group = ic / (in_channels / groups)
    /// ```
    ///
    /// # Shapes
    ///
    /// - input as in the forward pass, grad_output as its output
    /// - the result has the weight's shape; it is zero for an empty batch
    ///
    /// # Errors
    ///
    /// As [`grad_input`](Self::grad_input).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{ConvTranspose2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let input = device.upload(&array![[[[1.0, 2.0]]]])?;
    /// let grad_output = device.upload(&array![[[[1.0, 10.0, 100.0]]]])?;
    /// let grad_weight = ConvTranspose2d::new(1, 1, [1, 2]).grad_weight(&input, &grad_output)?;
    /// assert_eq!(grad_weight.download()?, array![[[[21.0, 210.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_weight(&self, input: &Tensor, grad_output: &Tensor) -> Result<Tensor> {
        grad_output.check_on(input.device(), OPERATION, "grad_output")?;
        input.check_f32(OPERATION, "input")?;
        grad_output.check_f32(OPERATION, "grad_output")?;
        let problem = self.gradient_problem(input.shape(), None, grad_output.shape())?;
        grad_weight(OPERATION, &problem, None, grad_output, input)
    }

    /// The gradient of the bias of [`forward`](Self::forward), given that of its output: the sum of
    /// every channel of `grad_output`.
    ///
    /// # Shapes
    ///
    /// - grad_output `[batch, out_channels, out_height, out_width]`
    /// - the result `[1, out_channels, 1, 1]`; it is zero for an empty batch
    ///
    /// # Errors
    ///
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for another number of channels.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{ConvTranspose2d, Device};
    /// use ndarray::array;
    ///
    /// let grad_output = Device::cpu().upload(&array![[[[1.0, 10.0, 100.0]]]])?;
    /// let grad_bias = ConvTranspose2d::new(1, 1, [1, 2]).grad_bias(&grad_output)?;
    /// assert_eq!(grad_bias.download()?, array![[[[111.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_bias(&self, grad_output: &Tensor) -> Result<Tensor> {
        grad_output.check_f32(OPERATION, "grad_output")?;
        let shape = self.bias_gradient_shape(grad_output.shape())?;
        grad_bias(OPERATION, shape, grad_output)
    }
}

fn convolve(problem: &Conv2dProblem, weight: &Tensor, input: &Tensor) -> Result<Tensor> {
    let (device, shape) = (input.device(), problem.output_shape());
    match device.backend() {
        Backend::Cpu => {
            let (input, weight) = (input.cpu_elements(OPERATION)?, weight.cpu_weight(OPERATION)?);
            Tensor::on_cpu(OPERATION, device, shape, |output| {
                cpu::conv2d_with_kept(problem, input, weight, None, output)
            })
        }
        Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(OPERATION, device, shape, DType::F32),
        Backend::Gpu(context) => {
            gpu::check_buffers(OPERATION, &[shape], DType::F32, context.limits())?;
            let (input, weight) = (input.gpu_buffer(OPERATION)?, weight.gpu_buffer(OPERATION)?);
            let pinned = (!problem.reads_all()).then_some(Algorithm::General);
            let plan = device.plans().untuned.get((*problem, pinned), || {
                Conv2dPlan::new(problem, false, pinned, context.limits())
            })?;
            let output = gpu::conv2d(context, problem, &plan, input, weight, None)?;
            Ok(Tensor::on_gpu(device, shape, output))
        }
    }
}
