//! Batch normalisation with given statistics.

use crate::cpu::Factors;
use crate::device::Backend;
use crate::gpu::{Affine, Form};
use crate::{BatchNorm2d, Device, Result, Tensor, cpu, gpu};

pub(super) const OPERATION: &str = BatchNorm2d::OPERATION;

/// Statistics, a weight and a bias as the CPU reads them.
pub(super) struct OnCpu<'a> {
    mean: &'a [f32],
    var: &'a [f32],
    weight: Option<&'a [f32]>,
    bias: Option<&'a [f32]>,
    eps: f32,
}

impl OnCpu<'_> {
    pub(super) fn factors(&self, channel: usize) -> Factors {
        let of = |values: Option<&[f32]>| values.map(|values| values[channel]);
        let deviation = (f64::from(self.var[channel]) + f64::from(self.eps)).sqrt();
        Factors {
            pivot: self.mean[channel],
            rest: 0.0,
            scale: cpu::narrow(f64::from(of(self.weight).unwrap_or(1.0)) / deviation),
            bias: of(self.bias).unwrap_or(0.0),
        }
    }
}

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

    /// As the CPU reads them.
    pub(super) fn on_cpu<'a>(
        &self,
        [mean, var]: [&'a Tensor; 2],
        [weight, bias]: [Option<&'a Tensor>; 2],
    ) -> Result<OnCpu<'a>> {
        let elements = |tensor: &'a Tensor| tensor.cpu_elements(OPERATION);
        Ok(OnCpu {
            mean: elements(mean)?,
            var: elements(var)?,
            weight: weight.map(elements).transpose()?,
            bias: bias.map(elements).transpose()?,
            eps: self.eps,
        })
    }

    /// The factors on a GPU.
    pub(super) fn on_gpu(
        &self,
        context: &std::sync::Arc<gpu::Context>,
        statistics: [&Tensor; 2],
        affine: [Option<&Tensor>; 2],
    ) -> Result<gpu::GpuBuffer> {
        let [mean, var] = statistics.map(|tensor| tensor.gpu_buffer(OPERATION));
        let affine = affine_on_gpu(affine)?;
        gpu::batch_norm2d_factors(context, self.num_features, self.eps, [mean?, var?], affine)
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
        let (device, shape) = (input.device(), input.shape());
        let problem = self.problem(shape)?;
        let (statistics, affine) = ([running_mean, running_var], [weight, bias]);
        self.check_tensor(device, "running_mean", Some(running_mean))?;
        self.check_tensor(device, "running_var", Some(running_var))?;
        self.check_tensor(device, "weight", weight)?;
        self.check_tensor(device, "bias", bias)?;
        match device.backend() {
            Backend::Cpu => {
                let elements = input.elements_of_any_type(OPERATION)?;
                let on_cpu = self.on_cpu(statistics, affine)?;
                Tensor::on_cpu_as(input.dtype(), OPERATION, device, shape, |output| {
                    cpu::batch_norm2d_apply(
                        &problem,
                        elements,
                        |channel| on_cpu.factors(channel),
                        output,
                    )
                })
            }
            Backend::Gpu(context) => {
                gpu::check_buffers(OPERATION, &[shape], input.dtype(), context.limits())?;
                let buffer = input.buffer_of_any_type(OPERATION)?;
                let factors = self.on_gpu(context, statistics, affine)?;
                let form = Form::Normalized;
                let output = gpu::batch_norm2d_apply(context, form, shape, buffer, &factors)?;
                Ok(Tensor::on_gpu(device, shape, output))
            }
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
