//! Batch normalisation with given statistics.

use crate::cpu::Factors;
use crate::device::Backend;
use crate::gpu::{Affine, Form};
use crate::ops::BatchNorm2dProblem;
use crate::{BatchNorm2d, Device, Result, Shape, Tensor, cpu, gpu};

pub(super) const OPERATION: &str = BatchNorm2d::OPERATION;

impl BatchNorm2d {
    /// That a tensor of channels is of f32, here, and has a value for each; statistics, weights and
    /// biases are of f32 whatever the input is.
    pub(super) fn check_tensor(
        &self,
        device: &Device,
        argument: &'static str,
        tensor: Option<&Tensor>,
    ) -> Result<()> {
        let Some(tensor) = tensor else { return Ok(()) };
        tensor.check_on(device, OPERATION, argument)?;
        tensor.check_f32(OPERATION, argument)?;
        self.check_channels(argument, tensor.shape())
    }

    /// What becomes of the elements of every channel, `[1, num_features, 1, 4]`, with these statistics,
    /// `[mean, variance]`, and what there is of `[weight, bias]`.
    pub(super) fn factors(
        &self,
        statistics: [&Tensor; 2],
        affine: [Option<&Tensor>; 2],
    ) -> Result<Tensor> {
        let (device, shape) = (statistics[0].device(), Shape::new(1, self.num_features, 1, 4));
        match device.backend() {
            Backend::Cpu => {
                let [mean, var] = statistics.map(|tensor| tensor.cpu_elements(OPERATION));
                let (mean, var) = (mean?, var?);
                let [weight, bias] = affine.map(|it| it.map(|it| it.cpu_elements(OPERATION)));
                let (weight, bias) = (weight.transpose()?, bias.transpose()?);
                let of_channel = |channel: usize| {
                    let weight = weight.map_or(1.0, |weight| weight[channel]);
                    Factors {
                        pivot: mean[channel],
                        rest: 0.0,
                        scale: cpu::narrow(f64::from(weight) * self.per_deviation(var[channel])),
                        bias: bias.map_or(0.0, |bias| bias[channel]),
                    }
                };
                Tensor::on_cpu(OPERATION, device, shape, |elements| {
                    cpu::write_factors(of_channel, elements);
                    Ok(())
                })
            }
            Backend::Gpu(context) => {
                let [mean, var] = statistics.map(|tensor| tensor.gpu_buffer(OPERATION));
                let (statistics, affine) = ([&**mean?, &**var?], affine_on_gpu(affine)?);
                let (channels, eps) = (self.num_features, self.eps);
                let buffer = gpu::batch_norm2d_factors(context, channels, eps, statistics, affine)?;
                Ok(Tensor::on_gpu(device, shape, buffer))
            }
        }
    }

    /// One over the deviation of a channel with this variance.
    pub(super) fn per_deviation(&self, var: f32) -> f64 {
        1.0 / (f64::from(var) + f64::from(self.eps)).sqrt()
    }

    /// Normalises `input` with running statistics: evaluation.
    ///
    /// Without a weight it is 1, without a bias 0. An input of f16 gives an output of f16; the other
    /// tensors are of f32 all the same, as PyTorch keeps them in mixed precision.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options that are none,
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for tensors that do not fit,
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for statistics, a weight or a bias of f16,
    /// [`DifferentDevice`](crate::Error::DifferentDevice),
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for
    /// sizes that cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{BatchNorm2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let x = device.upload(&array![[[[1.0, 5.0]], [[2.0, 3.0]]]])?; // two channels
    /// let (mean, var) = (device.upload(&array![1.0, 2.0])?, device.upload(&array![4.0, 1.0])?);
    /// let bias = device.upload(&array![0.0, 10.0])?;
    /// let norm = BatchNorm2d::new(2).eps(0.0);
    /// let y = norm.forward(&x, &mean, &var, None, Some(&bias))?;
    /// assert_eq!(y.download()?, array![[[[0.0, 2.0]], [[10.0, 11.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn forward(
        &self,
        input: &Tensor,
        running_mean: &Tensor,
        running_var: &Tensor,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (device, problem) = (input.device(), self.problem(input.shape())?);
        self.check_tensor(device, "running_mean", Some(running_mean))?;
        self.check_tensor(device, "running_var", Some(running_var))?;
        self.check_tensor(device, "weight", weight)?;
        self.check_tensor(device, "bias", bias)?;
        let factors = self.factors([running_mean, running_var], [weight, bias])?;
        apply(Form::Normalized, &problem, input, &factors)
    }
}

/// Every element of the input, read in the problem's shape, with the factors of its channel.
pub(super) fn apply(
    form: Form,
    problem: &BatchNorm2dProblem,
    input: &Tensor,
    factors: &Tensor,
) -> Result<Tensor> {
    let (device, shape, dtype) = (input.device(), problem.shape, input.dtype());
    match device.backend() {
        Backend::Cpu => {
            let elements = input.elements_of_any_type(OPERATION)?;
            let factors = factors.cpu_elements(OPERATION)?;
            let of_channel = |channel| {
                let factors = Factors::of(factors, channel);
                match form {
                    Form::Normalized => factors,
                    Form::Scaled => Factors { pivot: 0.0, rest: 0.0, bias: 0.0, ..factors },
                }
            };
            Tensor::on_cpu_as(dtype, OPERATION, device, shape, |output| {
                cpu::batch_norm2d_apply(problem, elements, of_channel, output)
            })
        }
        Backend::Gpu(context) => {
            gpu::check_buffers(OPERATION, &[shape], dtype, context.limits())?;
            let input = input.buffer_of_any_type(OPERATION)?;
            let factors = factors.gpu_buffer(OPERATION)?;
            let output = gpu::batch_norm2d_apply(context, form, shape, input, factors)?;
            Ok(Tensor::on_gpu(device, shape, output))
        }
    }
}

/// A weight and a bias on a GPU.
pub(super) fn affine_on_gpu(
    [weight, bias]: [Option<&Tensor>; 2],
) -> Result<Affine<&gpu::GpuBuffer>> {
    fn buffer(tensor: &Tensor) -> Result<&gpu::GpuBuffer> {
        tensor.gpu_buffer(OPERATION).map(|buffer| &**buffer)
    }
    Ok(Affine { weight: weight.map(buffer).transpose()?, bias: bias.map(buffer).transpose()? })
}
