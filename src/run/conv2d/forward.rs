//! The forward pass of convolutions.

use std::sync::Arc;

use crate::device::Backend;
use crate::gpu::Operands;
use crate::ops::Conv2dProblem;
use crate::run::conv2d::plan::plan;
use crate::{Conv2d, Result, Shape, Tensor, cpu, gpu};

pub(super) const OPERATION: &str = "conv2d";

impl Conv2d {
    /// The problem for an input of this shape that is like a tensor.
    pub(super) fn checked(
        &self,
        (like, shape): (&Tensor, Shape),
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Conv2dProblem> {
        for (argument, tensor) in [("weight", Some(weight)), ("bias", bias)] {
            if let Some(tensor) = tensor {
                tensor.check_on(like.device(), OPERATION, argument)?;
                tensor.check_dtype_of(OPERATION, argument, like)?;
            }
        }
        self.problem_with(shape, weight.shape(), bias.map(Tensor::shape))
    }

    /// Convolves `input` with `weight` and adds `bias`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) and
    /// [`NoOutput`](crate::Error::NoOutput) for options that do not fit each other or the input,
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for tensors that do not fit,
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for a weight or bias of another type than the
    /// input, [`DifferentDevice`](crate::Error::DifferentDevice),
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for
    /// sizes that cannot be.
    ///
    /// # Examples
    ///
    /// A vertical edge, found by the Sobel filter:
    ///
    /// ```
    /// use filtro::{Conv2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let image = device.upload(&array![[[[0., 0., 1., 1.], [0., 0., 1., 1.], [0., 0., 1., 1.]]]])?;
    /// let sobel_x = device.upload(&array![[[[-1., 0., 1.], [-2., 0., 2.], [-1., 0., 1.]]]])?;
    /// let edges = Conv2d::new(1, 1, [3, 3]).forward(&image, &sobel_x, None)?;
    /// assert_eq!(edges.download()?, array![[[[4., 4.]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn forward(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (device, dtype) = (input.device(), input.dtype());
        let problem = self.checked((input, input.shape()), weight, bias)?;
        let shape = problem.output_shape();
        match device.backend() {
            Backend::Cpu => {
                let input = input.elements_of_any_type(OPERATION)?;
                let weight = weight.cpu_weight(OPERATION)?;
                let bias = bias.map(|bias| bias.elements_of_any_type(OPERATION)).transpose()?;
                Tensor::on_cpu_as(dtype, OPERATION, device, shape, |output| {
                    cpu::conv2d_with_kept(&problem, input, weight, bias, output)
                })
            }
            Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(OPERATION, device, shape, dtype),
            Backend::Gpu(context) => {
                let operands = Operands { bias: bias.is_some(), dtype };
                let plan = plan(device, context, &problem, operands, self.algorithm)?;
                let input = input.buffer_of_any_type(OPERATION)?;
                let weight = weight.buffer_of_any_type(OPERATION)?;
                let bias = bias.map(|bias| bias.buffer_of_any_type(OPERATION)).transpose()?;
                let bias = bias.map(Arc::as_ref);
                let output = gpu::conv2d(context, &problem, &plan, input, weight, bias)?;
                Ok(Tensor::on_gpu(device, shape, output))
            }
        }
    }
}
