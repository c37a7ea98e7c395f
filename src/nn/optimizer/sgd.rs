//! Gradient descent with momentum.

use super::{check_not_negative, on_gpu, same_as_before, zeros_like};
use crate::device::Backend;
use crate::memory::copied;
use crate::nn::Parameter;
use crate::ops::training::SgdStep;
use crate::{Error, Result, Tensor, cpu, gpu};

/// Gradient descent with momentum, with the options of `torch.optim.SGD` and dampening 0.
///
/// ```text
/// slope    = gradient + weight_decay * parameter
/// velocity = momentum * velocity + slope
/// parameter = parameter - learning_rate * (nesterov ? slope + momentum * velocity : velocity)
/// ```
///
/// # Examples
///
/// ```
/// use filtro::{Device, nn};
///
/// let device = Device::cpu();
/// let mut filter = nn::Parameter::new(device.upload_slice(&[1.0], [1, 1, 1, 1])?);
/// filter.set_gradient(device.upload_slice(&[4.0], [1, 1, 1, 1])?)?;
/// nn::Sgd::new(0.25).step([&mut filter])?;
/// assert_eq!(filter.value().to_vec()?, [0.0]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: Sutskever and others, *On the importance of initialization and momentum in deep
/// learning*, ICML 2013; `torch.optim.SGD`.
#[derive(Debug, Clone)]
pub struct Sgd {
    /// How far a step goes along the slope.
    pub learning_rate: f64,
    /// How much of the last step's velocity is kept; 0 by default.
    pub momentum: f64,
    /// How strongly parameters are pulled to zero; 0 by default.
    pub weight_decay: f64,
    /// Whether the slope is taken as if the velocity had already been followed; not by default.
    pub nesterov: bool,
    velocities: Vec<Option<Tensor>>,
}

impl Sgd {
    /// Gradient descent without momentum and weight decay.
    #[must_use]
    pub const fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            momentum: 0.0,
            weight_decay: 0.0,
            nesterov: false,
            velocities: Vec::new(),
        }
    }

    /// Sets how much of the last step's velocity is kept.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets how strongly parameters are pulled to zero.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Sets whether the slope is taken as if the velocity had already been followed.
    #[must_use]
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
    }

    /// Moves every parameter that has a gradient, and takes the gradient. The parameters are the
    /// same ones in the same order at every step.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for options that PyTorch does not take,
    /// [`Error::ShapeMismatch`] and [`Error::DifferentDevice`] for other parameters than before.
    pub fn step<'a>(
        &mut self,
        parameters: impl IntoIterator<Item = &'a mut Parameter>,
    ) -> Result<()> {
        const OPERATION: &str = SgdStep::OPERATION;
        check_not_negative(OPERATION, "learning_rate", self.learning_rate)?;
        check_not_negative(OPERATION, "momentum", self.momentum)?;
        check_not_negative(OPERATION, "weight_decay", self.weight_decay)?;
        if self.nesterov && self.momentum == 0.0 {
            return Err(Error::argument(OPERATION, "nesterov", true, "needs momentum above 0"));
        }
        let step = SgdStep {
            learning_rate: cpu::narrow(self.learning_rate),
            momentum: cpu::narrow(self.momentum),
            weight_decay: cpu::narrow(self.weight_decay),
            nesterov: self.nesterov,
        };
        for (index, parameter) in parameters.into_iter().enumerate() {
            let Some(gradient) = parameter.take_gradient() else { continue };
            let value = parameter.value();
            if self.velocities.len() <= index {
                self.velocities.resize(index + 1, None);
            }
            let velocity = match self.velocities[index].take() {
                _ if self.momentum == 0.0 => None,
                None => Some(zeros_like(value)?),
                Some(velocity) => Some(same_as_before(OPERATION, value, velocity)?),
            };
            let (value, velocity) = sgd(&step, value, &gradient, velocity)?;
            self.velocities[index] = velocity;
            parameter.set_value(value)?;
        }
        Ok(())
    }
}

fn sgd(
    step: &SgdStep,
    value: &Tensor,
    gradient: &Tensor,
    velocity: Option<Tensor>,
) -> Result<(Tensor, Option<Tensor>)> {
    const OPERATION: &str = SgdStep::OPERATION;
    let (device, shape) = (value.device(), value.shape());
    match device.backend() {
        Backend::Cpu => {
            let elements = value.cpu_elements(OPERATION)?;
            let gradient = gradient.cpu_elements(OPERATION)?;
            let Some(velocity) = velocity else {
                let next = Tensor::on_cpu(OPERATION, device, shape, |next| {
                    cpu::sgd(step, elements, gradient, next);
                    Ok(())
                })?;
                return Ok((next, None));
            };
            let velocity = copied(velocity.cpu_elements(OPERATION)?);
            let mut velocity = velocity.map_err(|missing| missing.during(OPERATION))?;
            let next = Tensor::on_cpu(OPERATION, device, shape, |next| {
                cpu::sgd_with_momentum(step, elements, gradient, &mut velocity, next);
                Ok(())
            })?;
            Ok((next, Some(device.upload_vec(velocity, shape)?)))
        }
        Backend::Gpu(context) => {
            let old = [value.gpu_buffer(OPERATION)?.as_ref(), gradient.gpu_buffer(OPERATION)?];
            match velocity {
                None => {
                    let new = gpu::sgd(context, step, old, None, shape.len())?;
                    let [value] = on_gpu(device, value, new)?;
                    Ok((value, None))
                }
                Some(velocity) => {
                    let velocity = velocity.gpu_buffer(OPERATION)?;
                    let new = gpu::sgd(context, step, old, Some(velocity), shape.len())?;
                    let [value, velocity] = on_gpu(device, value, new)?;
                    Ok((value, Some(velocity)))
                }
            }
        }
    }
}
