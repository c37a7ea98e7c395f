//! Batch normalisation with the statistics of the batch.

use super::batch_norm2d::{OPERATION, affine_on_gpu, apply};
use crate::cpu::Factors;
use crate::device::Backend;
use crate::gpu::Form;
use crate::{BatchNorm2d, Device, Error, Result, Shape, Tensor, cpu, gpu};

/// Mean and variance of the channels of a batch, as
/// [`BatchNorm2d::forward_training`] found them; what its gradients and
/// [`BatchNorm2d::update`] need. All stays on the device.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    pub(super) mean: Tensor,
    pub(super) var: Tensor,
    /// Four numbers of every channel: a value near the mean, how far the mean is from it, the scale
    /// and the bias of the output.
    pub(super) factors: Tensor,
    /// Whose they are.
    pub(super) input: Shape,
}

impl BatchStatistics {
    /// The mean of every channel, `[1, num_features, 1, 1]`.
    #[must_use]
    pub fn mean(&self) -> &Tensor {
        &self.mean
    }

    /// The biased variance of every channel, `[1, num_features, 1, 1]`: the sum of the squared
    /// differences from the mean over the number of values.
    #[must_use]
    pub fn var(&self) -> &Tensor {
        &self.var
    }
}

impl BatchNorm2d {
    /// Normalises `input` with its own mean and variance, over all images and positions: training.
    ///
    /// Without a weight it is 1, without a bias 0. All tensors are of f32.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and [`Error::ShapeMismatch`] for fewer than two values per
    /// channel, [`Error::InvalidArgument`] for an eps of 0, [`Error::DTypeMismatch`] for f16.
    pub fn forward_training(
        &self,
        input: &Tensor,
        weight: Option<&Tensor>,
        bias: Option<&Tensor>,
    ) -> Result<(Tensor, BatchStatistics)> {
        let (device, shape) = (input.device(), input.shape());
        let problem = self.training_problem(shape)?;
        input.check_f32(OPERATION, "input")?;
        self.check_tensor(device, "weight", weight)?;
        self.check_tensor(device, "bias", bias)?;
        let (factors, mean, var) = match device.backend() {
            Backend::Cpu => {
                let moments = cpu::batch_norm2d_moments(&problem, input.cpu_elements(OPERATION)?);
                let moments = moments.map_err(|missing| missing.during(OPERATION))?;
                let mean = self.of_channels(device, |channel| moments[channel][0])?;
                let var = self.of_channels(device, |channel| moments[channel][1])?;
                let rounded = self.factors([&mean, &var], [weight, bias])?;
                let of_rounded = rounded.cpu_elements(OPERATION)?;
                let of_channel = |channel: usize| {
                    let factors = Factors::of(of_rounded, channel);
                    let rest = moments[channel][0] - f64::from(factors.pivot);
                    Factors { rest: cpu::narrow(rest), ..factors }
                };
                let factors = Tensor::on_cpu(OPERATION, device, rounded.shape(), |elements| {
                    cpu::write_factors(of_channel, elements);
                    Ok(())
                })?;
                (factors, mean, var)
            }
            Backend::Gpu(context) => {
                gpu::check_buffers(OPERATION, &[shape], input.dtype(), context.limits())?;
                let buffer = input.gpu_buffer(OPERATION)?;
                let affine = affine_on_gpu([weight, bias])?;
                let found = gpu::batch_norm2d_moments(context, &problem, buffer, affine)?;
                let of_factors = Shape::new(1, self.num_features, 1, 4);
                let of_channels = self.channels_shape();
                let [mean, var] =
                    [found.mean, found.var].map(|it| Tensor::on_gpu(device, of_channels, it));
                (Tensor::on_gpu(device, of_factors, found.factors), mean, var)
            }
        };
        let output = apply(Form::Normalized, &problem, input, &factors)?;
        Ok((output, BatchStatistics { mean, var, factors, input: shape }))
    }

    /// One value of every channel on the CPU, rounded to f32.
    pub(super) fn of_channels(
        &self,
        device: &Device,
        value: impl Fn(usize) -> f64,
    ) -> Result<Tensor> {
        Tensor::on_cpu(OPERATION, device, self.channels_shape(), |values| {
            for (channel, slot) in values.iter_mut().enumerate() {
                *slot = cpu::narrow(value(channel));
            }
            Ok(())
        })
    }

    /// The running mean and variance after a batch with these statistics:
    ///
    /// ```text
    /// running_mean' = (1 - momentum) * running_mean + momentum * mean
    /// running_var'  = (1 - momentum) * running_var  + momentum * var * n / (n - 1)
    /// ```
    ///
    /// with `n` the values of a channel, so that an unbiased variance goes into the running one. Where
    /// `momentum` is `None` it is `1 / num_batches_tracked` here, and the running statistics are the
    /// means over all batches: `num_batches_tracked` counts them, this one too. PyTorch starts with a
    /// running mean of 0 and a running variance of 1.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a momentum that is not finite and for 0 batches where it is
    /// `None`, [`Error::ShapeMismatch`], [`Error::DTypeMismatch`] and [`Error::DifferentDevice`] for
    /// tensors that do not fit.
    pub fn update(
        &self,
        running_mean: &Tensor,
        running_var: &Tensor,
        statistics: &BatchStatistics,
        num_batches_tracked: u64,
    ) -> Result<(Tensor, Tensor)> {
        let device = running_mean.device();
        self.check_tensor(device, "running_mean", Some(running_mean))?;
        self.check_tensor(device, "running_var", Some(running_var))?;
        self.check_statistics(device, statistics, statistics.input)?;
        let share = self.share(num_batches_tracked)?;
        let unbias = self.training_problem(statistics.input)?.unbias();
        let shape = self.channels_shape();
        match device.backend() {
            Backend::Cpu => {
                let next = |old: &Tensor, new: &Tensor, factor: f32| {
                    let (old, new) = (old.cpu_elements(OPERATION)?, new.cpu_elements(OPERATION)?);
                    Tensor::on_cpu(OPERATION, device, shape, |next| {
                        for ((next, &old), &new) in next.iter_mut().zip(old).zip(new) {
                            *next = (1.0 - share) * old + share * (factor * new);
                        }
                        Ok(())
                    })
                };
                let running_mean = next(running_mean, &statistics.mean, 1.0)?;
                Ok((running_mean, next(running_var, &statistics.var, unbias)?))
            }
            Backend::Gpu(context) => {
                let old = [
                    running_mean.gpu_buffer(OPERATION)?,
                    running_var.gpu_buffer(OPERATION)?,
                    statistics.mean.gpu_buffer(OPERATION)?,
                    statistics.var.gpu_buffer(OPERATION)?,
                ];
                let old = old.map(|buffer| &**buffer);
                let numbers = [share, unbias];
                let new = gpu::batch_norm2d_update(context, self.num_features, numbers, old)?;
                let [mean, var] = new.map(|buffer| Tensor::on_gpu(device, shape, buffer));
                Ok((mean, var))
            }
        }
    }

    /// That statistics are here, and of an input of this shape with these channels.
    pub(super) fn check_statistics(
        &self,
        device: &Device,
        statistics: &BatchStatistics,
        input: Shape,
    ) -> Result<()> {
        statistics.mean.check_on(device, OPERATION, "statistics")?;
        self.check_channels("statistics", statistics.mean.shape())?;
        if statistics.input == input {
            return Ok(());
        }
        let rule = format!("the statistics are of another input, {}", statistics.input);
        Err(Error::shape(OPERATION, "input", input, rule))
    }
}
