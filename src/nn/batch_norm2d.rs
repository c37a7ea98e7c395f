//! The batch normalisation layer.

use super::layer::{Layer, take};
use super::{Buffer, Conv2d, Parameter};
use crate::memory::filled;
use crate::{BatchStatistics, Device, Result, Shape, Tensor};

/// Batch normalisation that owns its weight and bias and its running statistics; see
/// [`BatchNorm2d`](crate::BatchNorm2d) for the formulas.
///
/// [`forward`](Layer::forward) is a step of training: it normalises by the mean and the variance of
/// the batch, and moves the running statistics towards them. [`infer`](Layer::infer) is the use of a
/// trained network: it normalises by the running statistics, so that an image gets the same output
/// in any batch.
///
/// The weight starts at 1 and the bias at 0, the running mean at 0 and the running variance at 1.
///
/// # Examples
///
/// ```
/// use filtro::nn::{self, Layer};
/// use filtro::{BatchNorm2d, Device};
///
/// let device = Device::cpu();
/// let mut layer = nn::BatchNorm2d::new(&device, BatchNorm2d::new(1).momentum(0.5))?;
/// let x = device.upload_slice(&[10.0, 14.0], [2, 1, 1, 1])?;
/// let trained = layer.forward(&x)?.to_vec()?; // mean 12, standard deviation 2
/// assert!((trained[0] + 1.0).abs() < 1e-4 && (trained[1] - 1.0).abs() < 1e-4);
/// let running_mean = layer.running_mean().map(|mean| mean.to_vec()).transpose()?;
/// assert_eq!(running_mean, Some(vec![6.0]));
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.BatchNorm2d`.
#[derive(Debug, Clone)]
pub struct BatchNorm2d {
    options: crate::BatchNorm2d,
    affine: Option<[Parameter; 2]>,
    running: Option<Running>,
    remembered: Option<(Tensor, BatchStatistics)>,
}

#[derive(Debug, Clone)]
struct Running {
    mean: Buffer,
    var: Buffer,
    num_batches_tracked: Buffer,
}

impl Running {
    fn statistics(&self) -> Option<[&Tensor; 2]> {
        Some([self.mean.values()?.value(), self.var.values()?.value()])
    }

    fn buffers(&self) -> [(&'static str, &Buffer); 3] {
        let count = ("num_batches_tracked", &self.num_batches_tracked);
        [("running_mean", &self.mean), ("running_var", &self.var), count]
    }
}

const LAYER: &str = "BatchNorm2d";

/// That replaces the values.
fn set(buffer: &mut Buffer, tensor: Tensor) -> Result<()> {
    match buffer {
        Buffer::Values(values) => values.set_value(tensor),
        Buffer::Count(_) => Ok(()),
    }
}

impl BatchNorm2d {
    /// A layer with weight, bias and running statistics.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for options that are wrong by themselves, and what the device
    /// reports.
    pub fn new(device: &Device, options: crate::BatchNorm2d) -> Result<Self> {
        const OPERATION: &str = crate::BatchNorm2d::OPERATION;
        let channels = options.num_features;
        options.output_shape([1, channels, 1, 1])?;
        let constant = |value: f32| {
            let values = filled(value, channels).map_err(|missing| missing.during(OPERATION))?;
            let values = device.upload_vec(values, [1, channels, 1, 1])?;
            Parameter::with_sizes(values, &[channels])
        };
        let running = Running {
            mean: Buffer::Values(constant(0.0)?),
            var: Buffer::Values(constant(1.0)?),
            num_batches_tracked: Buffer::Count(0),
        };
        let affine = Some([constant(1.0)?, constant(0.0)?]);
        Ok(Self { options, affine, running: Some(running), remembered: None })
    }

    /// The same layer without weight and bias, as with `affine=False`.
    #[must_use]
    pub fn without_affine(mut self) -> Self {
        self.affine = None;
        self
    }

    /// The same layer without running statistics, as with `track_running_stats=False`: it always
    /// normalises by those of the batch.
    #[must_use]
    pub fn without_running_stats(mut self) -> Self {
        self.running = None;
        self
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &crate::BatchNorm2d {
        &self.options
    }

    /// What the normalised values are multiplied by.
    #[must_use]
    pub fn weight(&self) -> Option<&Parameter> {
        self.affine.as_ref().map(|[weight, _]| weight)
    }

    /// What is then added.
    #[must_use]
    pub fn bias(&self) -> Option<&Parameter> {
        self.affine.as_ref().map(|[_, bias]| bias)
    }

    /// The running mean.
    #[must_use]
    pub fn running_mean(&self) -> Option<&Tensor> {
        self.statistics().map(|[mean, _]| mean)
    }

    /// The running variance.
    #[must_use]
    pub fn running_var(&self) -> Option<&Tensor> {
        self.statistics().map(|[_, var]| var)
    }

    /// The number of batches that the running statistics are of.
    #[must_use]
    pub fn num_batches_tracked(&self) -> Option<i64> {
        self.running.as_ref()?.num_batches_tracked.count()
    }

    fn statistics(&self) -> Option<[&Tensor; 2]> {
        self.running.as_ref()?.statistics()
    }

    fn affine(&self) -> [Option<&Tensor>; 2] {
        [self.weight(), self.bias()].map(|parameter| parameter.map(Parameter::value))
    }

    /// A convolution that does the work of one without an activation and of this layer behind it;
    /// none without running statistics.
    pub(super) fn fold(&self, conv: &Conv2d) -> Result<Option<Conv2d>> {
        let Some([mean, var]) = self.statistics() else { return Ok(None) };
        let [weight, bias] = self.affine();
        let (options, filters) = (conv.options(), conv.weight().value());
        let offset = conv.bias().map(Parameter::value);
        let (filters, offset) =
            self.options.fold(options, filters, offset, mean, var, weight, bias)?;
        Conv2d::with_parameters(options.clone(), filters, Some(offset)).map(Some)
    }

    fn track(&mut self, statistics: &BatchStatistics) -> Result<()> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let (Some(count), Some([mean, var])) =
            (running.num_batches_tracked.count(), running.statistics())
        else {
            return Ok(());
        };
        let count = count.saturating_add(1);
        let (mean, var) =
            self.options.update(mean, var, statistics, u64::try_from(count).unwrap_or(0))?;
        set(&mut running.mean, mean)?;
        set(&mut running.var, var)?;
        running.num_batches_tracked = Buffer::Count(count);
        Ok(())
    }

    fn set_gradients(&mut self, [of_weight, of_bias]: [Tensor; 2]) -> Result<()> {
        let Some([weight, bias]) = &mut self.affine else { return Ok(()) };
        weight.set_gradient(of_weight)?;
        bias.set_gradient(of_bias)
    }
}

impl Layer for BatchNorm2d {
    fn describe(&self) -> String {
        let options = &self.options;
        let default = crate::BatchNorm2d::new(options.num_features);
        let mut text = format!("BatchNorm2d({}", options.num_features);
        if options.eps != default.eps {
            text.push_str(&format!(", eps={}", options.eps));
        }
        match options.momentum {
            Some(momentum) if options.momentum != default.momentum => {
                text.push_str(&format!(", momentum={momentum}"));
            }
            None => text.push_str(", momentum=none"),
            Some(_) => {}
        }
        if self.affine.is_none() {
            text.push_str(", affine=false");
        }
        if self.running.is_none() {
            text.push_str(", track_running_stats=false");
        }
        text + ")"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        self.options.output_shape(input)
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        let [weight, bias] = self.affine();
        let (output, statistics) = self.options.forward_training(input, weight, bias)?;
        self.track(&statistics)?;
        self.remembered = Some((input.clone(), statistics));
        Ok(output)
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        let [weight, bias] = self.affine();
        match self.statistics() {
            Some([mean, var]) => self.options.forward(input, mean, var, weight, bias),
            None => Ok(self.options.forward_training(input, weight, bias)?.0),
        }
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        let (input, statistics) = take(&mut self.remembered, LAYER)?;
        let (of_weight, of_bias) =
            self.options.grad_parameters_training(&input, &statistics, grad_output)?;
        self.set_gradients([of_weight, of_bias])
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        let (input, statistics) = take(&mut self.remembered, LAYER)?;
        let gradients = self.options.grad_training(&input, &statistics, grad_output)?;
        self.set_gradients([gradients.grad_weight, gradients.grad_bias])?;
        Ok(gradients.grad_input)
    }

    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        let affine = self.affine.iter().flatten();
        ["weight", "bias"].into_iter().map(String::from).zip(affine).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.affine.iter_mut().flatten().collect()
    }

    fn named_buffers(&self) -> Vec<(String, &Buffer)> {
        let buffers = self.running.iter().flat_map(Running::buffers);
        buffers.map(|(name, buffer)| (name.to_string(), buffer)).collect()
    }

    fn buffers_mut(&mut self) -> Vec<&mut Buffer> {
        let running = self.running.iter_mut();
        running.flat_map(|it| [&mut it.mean, &mut it.var, &mut it.num_batches_tracked]).collect()
    }

    fn forget(&mut self) {
        self.remembered = None;
    }
}
