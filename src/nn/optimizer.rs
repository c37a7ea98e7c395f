//! Optimizers: how far each parameter moves against its gradient.

use super::Parameter;
use crate::device::Backend;
use crate::{Device, Error, Result, Tensor, cpu, gpu};

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

/// What one step of [`Sgd`] does to every element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SgdStep {
    pub(crate) learning_rate: f32,
    pub(crate) momentum: f32,
    pub(crate) weight_decay: f32,
    pub(crate) nesterov: bool,
}

impl SgdStep {
    pub(crate) const OPERATION: &str = "sgd";
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

/// What one step of [`Adam`] does to every element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AdamStep {
    pub(crate) weight_decay: f32,
    pub(crate) one_minus_beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) one_minus_beta2: f32,
    /// `learning_rate / (1 - beta1^steps)`.
    pub(crate) step_size: f32,
    /// `sqrt(1 - beta2^steps)`.
    pub(crate) root_correction: f32,
    pub(crate) epsilon: f32,
}

impl AdamStep {
    pub(crate) const OPERATION: &str = "adam";
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
    /// As [`Sgd::step`].
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

/// PyTorch's condition on most options; false for NaN.
fn check_not_negative(operation: &'static str, argument: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::argument(operation, argument, value, "must be finite and at least 0"))
}

fn zeros_like(tensor: &Tensor) -> Result<Tensor> {
    tensor.device().upload_vec(vec![0.0; tensor.shape().len()], tensor.shape())
}

/// That the state at this place was made for a parameter of this shape and device.
fn same_as_before(operation: &'static str, value: &Tensor, state: Tensor) -> Result<Tensor> {
    value.device().check(operation, "the optimizer's state", &state)?;
    if state.shape() == value.shape() {
        return Ok(state);
    }
    let rule = format!("in the steps before, the parameter in its place had {}", state.shape());
    Err(Error::shape(operation, "a parameter", value.shape(), rule))
}

fn on_gpu<const N: usize>(
    device: &Device,
    like: &Tensor,
    buffers: Vec<gpu::GpuBuffer>,
) -> Result<[Tensor; N]> {
    let tensors: Vec<_> =
        buffers.into_iter().map(|buffer| Tensor::on_gpu(device, like.shape(), buffer)).collect();
    tensors.try_into().map_err(|_| device.not_here("step", "a tensor"))
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
                let next = Tensor::on_cpu(device, shape, |next| {
                    cpu::sgd(step, elements, gradient, next);
                });
                return Ok((next, None));
            };
            let mut velocity = velocity.cpu_elements(OPERATION)?.to_vec();
            let next = Tensor::on_cpu(device, shape, |next| {
                cpu::sgd_with_momentum(step, elements, gradient, &mut velocity, next);
            });
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
            let mut mean = mean.cpu_elements(OPERATION)?.to_vec();
            let mut square = square.cpu_elements(OPERATION)?.to_vec();
            let next = Tensor::on_cpu(device, shape, |next| {
                cpu::adam(step, elements, gradient, &mut mean, &mut square, next);
            });
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
