//! The gradients of Conv2d.

use std::sync::Arc;

use crate::device::Backend;
use crate::gpu::{InputPlan, WeightPlan};
use crate::ops::Conv2dProblem;
use crate::ops::reduction::{Reduction, Term};
use crate::run::pairwise::reduce;
use crate::{Algorithm, Conv2d, DType, Result, Shape, Tensor, cpu, gpu};

const OPERATION: &str = "conv2d";

impl Conv2d {
    /// The gradient of the input of [`forward`](Self::forward), given that of its output.
    ///
    /// Training asks how a loss changes with every number that led to it. `grad_output` holds that
    /// for the output: by how much the loss changes per unit of each output. Each output is a sum
    /// of products of a weight and an input, so an input that changes by one unit changes each
    /// output that read it by the weight that it was multiplied with. All of these add up:
    ///
    /// ```text
    /// grad_input[n, ic, in_y, in_x] = sum over the outputs and taps that read it of
    ///     weight[oc, c, kernel_y, kernel_x] * grad_output[n, oc, out_y, out_x]
    /// ```
    ///
    /// An output `out_y` reads with tap `kernel_y` the cell `in_y = out_y * stride - padding +
    /// kernel_y * dilation`. With stride 1 the sum is itself a convolution, of `grad_output` with
    /// the filters turned by 180 degrees. A padding mode other than zeros reads a cell several
    /// times, so the cell collects several gradients. A cell that no window reads has gradient 0.
    ///
    /// # Shapes
    ///
    /// - `input_shape` `[batch, in_channels, height, width]`, that of the forward pass: a stride
    ///   maps several sizes to the same output
    /// - weight as in the forward pass, grad_output as its output
    /// - the result has the input's shape
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward);
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that is not of the
    /// output's shape, and [`InvalidArgument`](crate::Error::InvalidArgument) for options with an
    /// activation: its gradient, [`Activation::grad_input`](crate::Activation::grad_input), needs
    /// the values before it, so it must be applied and differentiated separately.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Conv2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// // output[0] = 1 * input[0] + 2 * input[1], output[1] = 1 * input[1] + 2 * input[2]
    /// let weight = device.upload(&array![[[[1.0, 2.0]]]])?;
    /// let grad_output = device.upload(&array![[[[10.0, 100.0]]]])?;
    /// let conv = Conv2d::new(1, 1, [1, 2]);
    /// let grad_input = conv.grad_input([1, 1, 1, 3], &weight, &grad_output)?;
    /// assert_eq!(grad_input.download()?, array![[[[10.0, 2.0 * 10.0 + 100.0, 2.0 * 100.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*,
    /// arXiv:1603.07285; numbers as `torch.nn.grad.conv2d_input`.
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
        grad_input(OPERATION, &problem, self.algorithm, weight, None, grad_output)
    }

    /// The gradient of the weight of [`forward`](Self::forward), given that of its output.
    ///
    /// A weight that changes by one unit changes every output by the input that the weight was
    /// multiplied with there. As it is used at every position of every image, it collects over all
    /// of them:
    ///
    /// ```text
    /// grad_weight[oc, c, kernel_y, kernel_x] = sum over n, out_y, out_x of
    ///     grad_output[n, oc, out_y, out_x]
    ///     * padded[n, group * in_channels / groups + c,
    ///              out_y * stride + kernel_y * dilation, out_x * stride + kernel_x * dilation]
    /// with group = oc / (out_channels / groups)
    /// ```
    ///
    /// # Shapes
    ///
    /// - input `[batch, in_channels, height, width]` as in the forward pass, grad_output as its
    ///   output
    /// - the result has the weight's shape; it is zero for an empty batch
    ///
    /// # Errors
    ///
    /// As [`grad_input`](Self::grad_input).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Conv2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let input = device.upload(&array![[[[1.0, 2.0, 3.0]]]])?;
    /// let grad_output = device.upload(&array![[[[10.0, 100.0]]]])?;
    /// let grad_weight = Conv2d::new(1, 1, [1, 2]).grad_weight(&input, &grad_output)?;
    /// // The first weight met 1 and 2, the second 2 and 3.
    /// assert_eq!(grad_weight.download()?, array![[[[210.0, 320.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: numbers as `torch.nn.grad.conv2d_weight`.
    pub fn grad_weight(&self, input: &Tensor, grad_output: &Tensor) -> Result<Tensor> {
        grad_output.check_on(input.device(), OPERATION, "grad_output")?;
        input.check_f32(OPERATION, "input")?;
        grad_output.check_f32(OPERATION, "grad_output")?;
        let problem = self.gradient_problem(input.shape(), None, grad_output.shape())?;
        grad_weight(OPERATION, &problem, self.algorithm, input, grad_output)
    }

    /// The gradient of the bias of [`forward`](Self::forward), given that of its output.
    ///
    /// The bias of a channel is added to each of its outputs, so it collects all of their
    /// gradients:
    ///
    /// ```text
    /// grad_bias[oc] = sum over n, out_y, out_x of grad_output[n, oc, out_y, out_x]
    /// ```
    ///
    /// # Shapes
    ///
    /// - grad_output `[batch, out_channels, out_height, out_width]`
    /// - the result `[1, out_channels, 1, 1]`; it is zero for an empty batch
    ///
    /// # Errors
    ///
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for another number of channels, and
    /// [`InvalidArgument`](crate::Error::InvalidArgument) for options with an activation.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Conv2d, Device};
    /// use ndarray::array;
    ///
    /// let grad_output = Device::cpu().upload(&array![[[[1.0, 2.0]], [[3.0, 4.0]]]])?;
    /// let grad_bias = Conv2d::new(3, 2, [1, 1]).grad_bias(&grad_output)?;
    /// assert_eq!(grad_bias.download()?, array![[[[3.0]], [[7.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_bias(&self, grad_output: &Tensor) -> Result<Tensor> {
        grad_output.check_f32(OPERATION, "grad_output")?;
        let shape = self.bias_gradient_shape(grad_output.shape())?;
        grad_bias(OPERATION, shape, grad_output)
    }
}

/// The gradient of a convolution's input, or a transposed convolution with its bias.
pub(crate) fn grad_input(
    operation: &'static str,
    problem: &Conv2dProblem,
    pinned: Option<Algorithm>,
    weight: &Tensor,
    bias: Option<&Tensor>,
    grad_output: &Tensor,
) -> Result<Tensor> {
    let (device, shape) = (grad_output.device(), problem.input_shape());
    match device.backend() {
        Backend::Cpu => {
            let weight = weight.cpu_elements(operation)?;
            let bias = bias.map(|bias| bias.cpu_elements(operation)).transpose()?;
            let grad_output = grad_output.cpu_elements(operation)?;
            Tensor::on_cpu(operation, device, shape, |grad_input| {
                cpu::conv2d_grad_input(problem, weight, bias, grad_output, grad_input)
            })
        }
        Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(operation, device, shape, DType::F32),
        Backend::Gpu(context) => {
            gpu::check_buffers(operation, &[shape], DType::F32, context.limits())?;
            let weight = weight.gpu_buffer(operation)?;
            let bias = bias.map(|bias| bias.gpu_buffer(operation)).transpose()?;
            let bias = bias.map(Arc::as_ref);
            let grad_output = grad_output.gpu_buffer(operation)?;
            let plan = device.plans().grad_input.get((*problem, bias.is_some(), pinned), || {
                InputPlan::new(problem, bias.is_some(), pinned, context.limits())
            })?;
            let buffer =
                gpu::conv2d_grad_input(context, problem, &plan, weight, bias, grad_output)?;
            Ok(Tensor::on_gpu(device, shape, buffer))
        }
    }
}

/// The gradient of a convolution's weight.
pub(crate) fn grad_weight(
    operation: &'static str,
    problem: &Conv2dProblem,
    pinned: Option<Algorithm>,
    input: &Tensor,
    grad_output: &Tensor,
) -> Result<Tensor> {
    let (device, shape) = (input.device(), problem.weight_shape());
    match device.backend() {
        Backend::Cpu => {
            let input = input.cpu_elements(operation)?;
            let grad_output = grad_output.cpu_elements(operation)?;
            Tensor::on_cpu(operation, device, shape, |grad_weight| {
                cpu::conv2d_grad_weight(problem, input, grad_output, grad_weight)
            })
        }
        Backend::Gpu(_) if grad_output.shape().is_empty() || input.shape().is_empty() => {
            Tensor::zeros(operation, device, shape, DType::F32)
        }
        Backend::Gpu(context) => {
            gpu::check_buffers(operation, &[shape], DType::F32, context.limits())?;
            let input = input.gpu_buffer(operation)?;
            let grad_output = grad_output.gpu_buffer(operation)?;
            let plan = device
                .plans()
                .grad_weight
                .get((*problem, pinned), || WeightPlan::new(problem, pinned, context.limits()))?;
            let buffer = gpu::conv2d_grad_weight(context, problem, &plan, input, grad_output)?;
            Ok(Tensor::on_gpu(device, shape, buffer))
        }
    }
}

/// The sums of the channels of grad_output, in this shape.
pub(crate) fn grad_bias(
    operation: &'static str,
    shape: Shape,
    grad_output: &Tensor,
) -> Result<Tensor> {
    let sums = Reduction {
        operation,
        term: Term::Gradient,
        negated: false,
        target: shape,
        output: grad_output.shape(),
        factor: None,
    };
    reduce(&sums, grad_output, None)
}
