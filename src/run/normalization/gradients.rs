//! The gradients of batch normalisation.

use super::batch_norm2d::{OPERATION, apply};
use super::training::BatchStatistics;
use crate::cpu::{Factors, GradFactors};
use crate::device::Backend;
use crate::gpu::Form;
use crate::ops::{BatchNorm2dProblem, check_grad_output};
use crate::{BatchNorm2d, DType, Result, Tensor, cpu, gpu};

/// The gradients of [`BatchNorm2d::forward_training`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BatchNormGradients {
    /// The gradient of the input, in its shape.
    pub grad_input: Tensor,
    /// The gradient of the weight, `[1, num_features, 1, 1]`, whether or not there is one.
    pub grad_weight: Tensor,
    /// The gradient of the bias, `[1, num_features, 1, 1]`, whether or not there is one.
    pub grad_bias: Tensor,
}

/// The sums of a backward pass with the statistics of the input, on a device.
enum Sums {
    Cpu(Vec<[f64; 2]>),
    Gpu(gpu::GpuBuffer),
}

impl BatchNorm2d {
    /// That an input and a gradient of its output fit each other, are of f32 and on one device.
    fn check_gradient(&self, input: &Tensor, grad_output: &Tensor) -> Result<BatchNorm2dProblem> {
        grad_output.check_on(input.device(), OPERATION, "grad_output")?;
        input.check_f32(OPERATION, "input")?;
        grad_output.check_f32(OPERATION, "grad_output")?;
        let problem = self.problem(input.shape())?;
        check_grad_output(OPERATION, grad_output.shape(), input.shape())?;
        Ok(problem)
    }

    /// The gradients of weight and bias with these statistics, and the sums that those of the input
    /// are made of.
    fn sums(
        &self,
        [input, grad_output]: [&Tensor; 2],
        [var, factors]: [&Tensor; 2],
    ) -> Result<(Tensor, Tensor, Sums)> {
        let problem = self.check_gradient(input, grad_output)?;
        let (device, shape) = (input.device(), self.channels_shape());
        match device.backend() {
            Backend::Cpu => {
                let [input, grad_output] =
                    [input, grad_output].map(|it| it.cpu_elements(OPERATION));
                let (factors, var) =
                    (factors.cpu_elements(OPERATION)?, var.cpu_elements(OPERATION)?);
                let mean = |channel| {
                    let Factors { pivot, rest, .. } = Factors::of(factors, channel);
                    f64::from(pivot) + f64::from(rest)
                };
                let sums = cpu::batch_norm2d_grad_sums(&problem, input?, grad_output?, mean)
                    .map_err(|missing| missing.during(OPERATION))?;
                let grad_weight = self.of_channels(device, |channel| {
                    sums[channel][1] * self.per_deviation(var[channel])
                })?;
                let grad_bias = self.of_channels(device, |channel| sums[channel][0])?;
                Ok((grad_weight, grad_bias, Sums::Cpu(sums)))
            }
            Backend::Gpu(context) => {
                gpu::check_buffers(OPERATION, &[input.shape()], DType::F32, context.limits())?;
                let elements = [input.gpu_buffer(OPERATION)?, grad_output.gpu_buffer(OPERATION)?];
                let statistics = [var.gpu_buffer(OPERATION)?, factors.gpu_buffer(OPERATION)?];
                let elements = elements.map(|buffer| &**buffer);
                let statistics = statistics.map(|buffer| &**buffer);
                let found =
                    gpu::batch_norm2d_grad_parameters(context, &problem, elements, statistics)?;
                let [weight, bias] =
                    [found.weight, found.bias].map(|buffer| Tensor::on_gpu(device, shape, buffer));
                Ok((weight, bias, Sums::Gpu(found.factors)))
            }
        }
    }

    /// The gradients of [`forward_training`](Self::forward_training), given that of its output.
    ///
    /// An element of the input moves the mean and the variance too, and by these all outputs of its
    /// channel; so what all of them ask for in common, and what they ask for in proportion to their
    /// values, has no effect and is taken off:
    ///
    /// ```text
    /// normalized = (input - mean) / sqrt(var + eps)
    /// grad_bias[c]   = sum over n, y, x of grad_output[n, c, y, x]
    /// grad_weight[c] = sum over n, y, x of grad_output[n, c, y, x] * normalized[n, c, y, x]
    /// grad_input = weight / sqrt(var + eps)
    ///     * (grad_output - grad_bias / values - normalized * grad_weight / values)
    /// ```
    ///
    /// The weight is that of the forward pass, which the statistics remember.
    ///
    /// # Shapes
    ///
    /// `input` is what the forward pass was given, grad_output as its output.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that does not fit and
    /// for statistics of another input, [`DTypeMismatch`](crate::Error::DTypeMismatch) for f16,
    /// [`DifferentDevice`](crate::Error::DifferentDevice), and what the device reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{BatchNorm2d, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let norm = BatchNorm2d::new(1);
    /// let x = device.upload(&array![[[[1.0, 2.0, 3.0]]]])?;
    /// let (_, statistics) = norm.forward_training(&x, None, None)?;
    /// let grad_output = device.upload(&array![[[[5.0, 5.0, 5.0]]]])?;
    /// let gradients = norm.grad_training(&x, &statistics, &grad_output)?;
    /// assert_eq!(gradients.grad_bias.to_vec()?, [15.0]);
    /// assert_eq!(gradients.grad_input.to_vec()?, [0.0; 3]); // a shift of all changes nothing
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.BatchNorm2d`.
    pub fn grad_training(
        &self,
        input: &Tensor,
        statistics: &BatchStatistics,
        grad_output: &Tensor,
    ) -> Result<BatchNormGradients> {
        let (device, shape) = (input.device(), input.shape());
        self.check_statistics(device, statistics, shape)?;
        let both = [input, grad_output];
        let (grad_weight, grad_bias, sums) =
            self.sums(both, [&statistics.var, &statistics.factors])?;
        let problem = self.training_problem(shape)?;
        let grad_input = match (sums, device.backend()) {
            (Sums::Cpu(sums), _) => {
                let [input, grad_output] = both.map(|it| it.cpu_elements(OPERATION));
                let (input, grad_output) = (input?, grad_output?);
                let factors = statistics.factors.cpu_elements(OPERATION)?;
                let var = statistics.var.cpu_elements(OPERATION)?;
                let values = problem.values() as f64;
                let factors = |channel: usize| {
                    let Factors { pivot, rest, scale, .. } = Factors::of(factors, channel);
                    let [sum, product] = sums[channel];
                    let slope = product * self.per_deviation(var[channel]).powi(2) / values;
                    let offset = sum / values - f64::from(rest) * slope;
                    let (offset, slope) = (cpu::narrow(offset), cpu::narrow(slope));
                    GradFactors { pivot, offset, slope, scale }
                };
                Tensor::on_cpu(OPERATION, device, shape, |gradient| {
                    cpu::batch_norm2d_grad_input(&problem, input, grad_output, factors, gradient)
                })?
            }
            (Sums::Gpu(factors), Backend::Gpu(context)) => {
                let buffers = [input.gpu_buffer(OPERATION)?, grad_output.gpu_buffer(OPERATION)?];
                let buffers = buffers.map(|buffer| &**buffer);
                let buffer = gpu::batch_norm2d_grad_input(context, &problem, buffers, &factors)?;
                Tensor::on_gpu(device, shape, buffer)
            }
            (Sums::Gpu(_), Backend::Cpu) => return Err(device.not_here(OPERATION, "the sums")),
        };
        Ok(BatchNormGradients { grad_input, grad_weight, grad_bias })
    }

    /// As [`grad_training`](Self::grad_training), of the weight and the bias alone.
    ///
    /// # Errors
    ///
    /// As [`grad_training`](Self::grad_training).
    pub fn grad_parameters_training(
        &self,
        input: &Tensor,
        statistics: &BatchStatistics,
        grad_output: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        self.check_statistics(input.device(), statistics, input.shape())?;
        let of_batch = [&statistics.var, &statistics.factors];
        let (grad_weight, grad_bias, _) = self.sums([input, grad_output], of_batch)?;
        Ok((grad_weight, grad_bias))
    }

    /// The gradients of weight and bias of [`forward`](Self::forward), given that of its output:
    /// those of [`grad_training`](Self::grad_training) with running statistics.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a
    /// grad_output that does not fit, [`DTypeMismatch`](crate::Error::DTypeMismatch) for f16.
    pub fn grad_parameters(
        &self,
        input: &Tensor,
        running_mean: &Tensor,
        running_var: &Tensor,
        grad_output: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let device = input.device();
        self.check_tensor(device, "running_mean", Some(running_mean))?;
        self.check_tensor(device, "running_var", Some(running_var))?;
        self.check_gradient(input, grad_output)?;
        if input.shape().is_empty() {
            let zeros = || Tensor::zeros(OPERATION, device, self.channels_shape(), DType::F32);
            return Ok((zeros()?, zeros()?));
        }
        let factors = self.factors([running_mean, running_var], [None, None])?;
        let (grad_weight, grad_bias, _) =
            self.sums([input, grad_output], [running_var, &factors])?;
        Ok((grad_weight, grad_bias))
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output:
    /// `grad_output * weight / sqrt(running_var + eps)`, since running statistics do not depend on
    /// the input.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), and [`Error::DTypeMismatch`](crate::Error::DTypeMismatch) for
    /// f16.
    pub fn grad_input(
        &self,
        running_var: &Tensor,
        weight: Option<&Tensor>,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        let (device, problem) = (grad_output.device(), self.problem(grad_output.shape())?);
        grad_output.check_f32(OPERATION, "grad_output")?;
        self.check_tensor(device, "running_var", Some(running_var))?;
        self.check_tensor(device, "weight", weight)?;
        let factors = self.factors([running_var, running_var], [weight, None])?;
        apply(Form::Scaled, &problem, grad_output, &factors)
    }
}
