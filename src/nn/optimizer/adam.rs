//! Adam.

use super::{check_not_negative, on_gpu, same_as_before, zeros_like};
use crate::device::Backend;
use crate::memory::copied;
use crate::nn::Parameter;
use crate::ops::training::AdamStep;
use crate::{Error, Result, Tensor, cpu, gpu};

/// The Adam optimizer, with the options and defaults of `torch.optim.Adam`.
///
/// ```text
/// slope  = gradient + weight_decay * parameter
/// mean   = beta1 * mean   + (1 - beta1) * slope
/// square = beta2 * square + (1 - beta2) * slope^2
/// parameter = parameter - learning_rate * (mean / (1 - beta1^step))
///     / (sqrt(square / (1 - beta2^step)) + epsilon)
/// ```
///
/// # Examples
///
/// ```
/// use filtro::{Device, nn};
///
/// let device = Device::cpu();
/// let mut filter = nn::Parameter::new(device.upload_slice(&[1.0], [1, 1, 1, 1])?);
/// filter.set_gradient(device.upload_slice(&[400.0], [1, 1, 1, 1])?)?;
/// nn::Adam::new(0.25).step([&mut filter])?; // the first step is as long as the learning rate
/// assert_eq!(filter.value().to_vec()?, [0.75]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: Kingma and Ba, *Adam: A Method for Stochastic Optimization*, arXiv:1412.6980;
/// `torch.optim.Adam`.
#[derive(Debug, Clone)]
pub struct Adam {
    /// How long a step is at most, roughly; PyTorch's default is 0.001.
    pub learning_rate: f64,
    /// How much of the running mean and mean square is kept; 0.9 and 0.999 by default.
    pub betas: [f64; 2],
    /// What keeps the divisor from zero; 1e-8 by default.
    pub epsilon: f64,
    /// How strongly parameters are pulled to zero; 0 by default.
    pub weight_decay: f64,
    states: Vec<Option<AdamState>>,
}

/// What [`Adam`] keeps for one parameter.
#[derive(Debug, Clone)]
struct AdamState {
    steps: i32,
    mean: Tensor,
    square: Tensor,
}

impl Adam {
    /// Adam with PyTorch's defaults beside the learning rate.
    #[must_use]
    pub const fn new(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            weight_decay: 0.0,
            states: Vec::new(),
        }
    }

    /// Sets how much of the running mean and mean square is kept.
    #[must_use]
    pub fn betas(mut self, betas: [f64; 2]) -> Self {
        self.betas = betas;
        self
    }

    /// Sets what keeps the divisor from zero.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets how strongly parameters are pulled to zero.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    fn at_step(&self, steps: i32) -> AdamStep {
        let [beta1, beta2] = self.betas;
        AdamStep {
            weight_decay: cpu::narrow(self.weight_decay),
            one_minus_beta1: cpu::narrow(1.0 - beta1),
            beta2: cpu::narrow(beta2),
            one_minus_beta2: cpu::narrow(1.0 - beta2),
            step_size: cpu::narrow(self.learning_rate / (1.0 - beta1.powi(steps))),
            root_correction: cpu::narrow((1.0 - beta2.powi(steps)).sqrt()),
            epsilon: cpu::narrow(self.epsilon),
        }
    }

    /// Moves every parameter that has a gradient, and takes the gradient. The parameters are the
    /// same ones in the same order at every step.
    ///
    /// # Errors
    ///
    /// As [`Sgd::step`](super::Sgd::step).
    pub fn step<'a>(
        &mut self,
        parameters: impl IntoIterator<Item = &'a mut Parameter>,
    ) -> Result<()> {
        const OPERATION: &str = AdamStep::OPERATION;
        check_not_negative(OPERATION, "learning_rate", self.learning_rate)?;
        check_not_negative(OPERATION, "epsilon", self.epsilon)?;
        check_not_negative(OPERATION, "weight_decay", self.weight_decay)?;
        if !self.betas.iter().all(|beta| (0.0..1.0).contains(beta)) {
            let rule = "must be at least 0 and below 1";
            return Err(Error::argument(OPERATION, "betas", format!("{:?}", self.betas), rule));
        }
        for (index, parameter) in parameters.into_iter().enumerate() {
            let Some(gradient) = parameter.take_gradient() else { continue };
            let value = parameter.value();
            if self.states.len() <= index {
                self.states.resize(index + 1, None);
            }
            let state = match self.states[index].take() {
                None => {
                    AdamState { steps: 0, mean: zeros_like(value)?, square: zeros_like(value)? }
                }
                Some(state) => {
                    AdamState { mean: same_as_before(OPERATION, value, state.mean)?, ..state }
                }
            };
            let steps = state.steps.saturating_add(1);
            let (value, mean, square) =
                adam(&self.at_step(steps), value, &gradient, state.mean, state.square)?;
            self.states[index] = Some(AdamState { steps, mean, square });
            parameter.set_value(value)?;
        }
        Ok(())
    }
}

fn adam(
    step: &AdamStep,
    value: &Tensor,
    gradient: &Tensor,
    mean: Tensor,
    square: Tensor,
) -> Result<(Tensor, Tensor, Tensor)> {
    const OPERATION: &str = AdamStep::OPERATION;
    let (device, shape) = (value.device(), value.shape());
    match device.backend() {
        Backend::Cpu => {
            let elements = value.cpu_elements(OPERATION)?;
            let gradient = gradient.cpu_elements(OPERATION)?;
            let copy = |tensor: &Tensor| {
                let elements = tensor.cpu_elements(OPERATION)?;
                copied(elements).map_err(|missing| missing.during(OPERATION))
            };
            let (mut mean, mut square) = (copy(&mean)?, copy(&square)?);
            let next = Tensor::on_cpu(OPERATION, device, shape, |next| {
                cpu::adam(step, elements, gradient, &mut mean, &mut square, next);
                Ok(())
            })?;
            Ok((next, device.upload_vec(mean, shape)?, device.upload_vec(square, shape)?))
        }
        Backend::Gpu(context) => {
            let old = [
                value.gpu_buffer(OPERATION)?.as_ref(),
                gradient.gpu_buffer(OPERATION)?,
                mean.gpu_buffer(OPERATION)?,
                square.gpu_buffer(OPERATION)?,
            ];
            let new = gpu::adam(context, step, old, shape.len())?;
            let [value, mean, square] = on_gpu(device, value, new)?;
            Ok((value, mean, square))
        }
    }
}
