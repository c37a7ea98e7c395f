//! The convolution layer.

use super::layer::{Layer, take};
use super::{Parameter, Rng};
use crate::memory::collected;
use crate::run::conv2d::pair;
use crate::run::conv2d::pair::Filters;
use crate::{Device, Error, PaddingMode, ReceptiveField, Result, Shape, Tensor};

/// A convolution that owns its weight and bias.
///
/// Its filters start at random, as in PyTorch: weight and bias uniform in
/// `-1 / sqrt(fan_in) .. 1 / sqrt(fan_in)`, where `fan_in` is the number of weights of one filter.
///
/// # Examples
///
/// ```
/// use filtro::nn::{self, Layer, Rng};
/// use filtro::{Conv2d, Device, Shape};
///
/// let options = Conv2d::new(3, 8, [3, 3]).padding([1, 1]);
/// let layer = nn::Conv2d::new(&Device::cpu(), options, &mut Rng::new(7))?;
/// assert_eq!(layer.weight().value().shape(), Shape::new(8, 3, 3, 3));
/// assert_eq!(layer.output_shape(Shape::new(1, 3, 32, 32))?, Shape::new(1, 8, 32, 32));
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Conv2d`.
#[derive(Debug, Clone)]
pub struct Conv2d {
    options: crate::Conv2d,
    /// The options without the activation, which the backward pass looks into.
    linear: crate::Conv2d,
    weight: Parameter,
    bias: Option<Parameter>,
    remembered: Option<Remembered>,
}

#[derive(Debug, Clone)]
struct Remembered {
    input: Tensor,
    /// The output before the activation, where there is one.
    before_activation: Option<Tensor>,
}

const LAYER: &str = "Conv2d";

impl Conv2d {
    /// A layer with random weight and bias.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for options that do not fit each other, and what the device
    /// reports.
    pub fn new(device: &Device, options: crate::Conv2d, rng: &mut Rng) -> Result<Self> {
        let shape = options.weight_shape()?;
        let weights = options.weights()?;
        let fan_in = (weights / options.out_channels).max(1);
        let bound = 1.0 / (fan_in as f32).sqrt();
        let mut random = |len| {
            let numbers = collected((0..len).map(|_| rng.symmetric(bound)));
            numbers.map_err(|missing| missing.during("conv2d"))
        };
        let weight = device.upload_vec(random(weights)?, shape)?;
        let bias = random(options.out_channels)?;
        let bias = device.upload_vec(bias, [1, options.out_channels, 1, 1])?;
        Self::with_parameters(options, weight, Some(bias))
    }

    /// A layer with the caller's own weight and bias, in the shapes that
    /// [`Conv2d`](crate::Conv2d) takes.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for tensors that do not fit the options.
    pub fn with_parameters(
        options: crate::Conv2d,
        weight: Tensor,
        bias: Option<Tensor>,
    ) -> Result<Self> {
        let expected = options.weight_shape()?;
        if weight.shape() != expected {
            let rule = format!("the options ask for {expected}");
            return Err(Error::shape("conv2d", "weight", weight.shape(), rule));
        }
        let expected = Shape::new(1, options.out_channels, 1, 1);
        let bias = match bias {
            Some(bias) if bias.shape() != expected => {
                let rule = format!("one value per output channel is {expected}");
                return Err(Error::shape("conv2d", "bias", bias.shape(), rule));
            }
            Some(bias) => Some(Parameter::with_sizes(bias, &[options.out_channels])?),
            None => None,
        };
        let linear = options.clone().activation(None);
        Ok(Self { options, linear, weight: Parameter::new(weight), bias, remembered: None })
    }

    /// The same layer without a bias.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }

    /// The same layer with a function behind it, in one step.
    pub(super) fn with_activation(&self, activation: crate::Activation) -> Result<Self> {
        let bias = self.bias_value().cloned();
        let options = self.options.clone().activation(activation);
        Self::with_parameters(options, self.weight.value().clone(), bias)
    }

    /// The options.
    #[must_use]
    pub const fn options(&self) -> &crate::Conv2d {
        &self.options
    }

    /// The filters.
    #[must_use]
    pub const fn weight(&self) -> &Parameter {
        &self.weight
    }

    /// What is added to every output channel.
    #[must_use]
    pub const fn bias(&self) -> Option<&Parameter> {
        self.bias.as_ref()
    }

    /// Sets the parameters' gradients; gives the input and the gradient of what was before the
    /// activation.
    fn backward_parameters(&mut self, grad_output: &Tensor) -> Result<(Shape, Tensor)> {
        let Remembered { input, before_activation } = take(&mut self.remembered, LAYER)?;
        let grad_output = match (self.options.activation, before_activation) {
            (Some(activation), Some(before)) => activation.grad_input(&before, grad_output)?,
            _ => grad_output.clone(),
        };
        self.weight.set_gradient(self.linear.grad_weight(&input, &grad_output)?)?;
        if let Some(bias) = &mut self.bias {
            bias.set_gradient(self.linear.grad_bias(&grad_output)?)?;
        }
        Ok((input.shape(), grad_output))
    }

    /// The output of a layer for that of this one, where they are computed together.
    pub(super) fn infer_pair(&self, next: &Self, input: &Tensor) -> Result<Option<Tensor>> {
        pair::forward(self.filters(), next.filters(), input)
    }

    fn filters(&self) -> Filters<'_> {
        let (weight, bias) = (self.weight.value(), self.bias_value());
        Filters { options: &self.options, weight, bias }
    }

    fn bias_value(&self) -> Option<&Tensor> {
        self.bias.as_ref().map(Parameter::value)
    }
}

impl Layer for Conv2d {
    fn describe(&self) -> String {
        let options = &self.options;
        let default = crate::Conv2d::new(1, 1, [1, 1]);
        let mut text = format!(
            "Conv2d({}, {}, kernel_size={:?}",
            options.in_channels, options.out_channels, options.kernel_size
        );
        if options.stride != default.stride {
            text.push_str(&format!(", stride={:?}", options.stride));
        }
        if options.padding.is_some() {
            text.push_str(&format!(", padding={}", options.padding));
        }
        if options.padding_mode != PaddingMode::Zeros {
            text.push_str(&format!(", padding_mode={}", options.padding_mode));
        }
        if options.dilation != default.dilation {
            text.push_str(&format!(", dilation={:?}", options.dilation));
        }
        if options.groups != 1 {
            text.push_str(&format!(", groups={}", options.groups));
        }
        if let Some(activation) = options.activation {
            text.push_str(&format!(", activation={}", activation.name()));
        }
        if self.bias.is_none() {
            text.push_str(", bias=false");
        }
        text + ")"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        self.options.output_shape(input)
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        let linear = self.linear.forward(input, self.weight.value(), self.bias_value())?;
        let (output, before_activation) = match self.options.activation {
            None => (linear, None),
            Some(activation) => (activation.forward(&linear)?, Some(linear)),
        };
        self.remembered = Some(Remembered { input: input.clone(), before_activation });
        Ok(output)
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        self.options.forward(input, self.weight.value(), self.bias_value())
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        self.backward_parameters(grad_output).map(drop)
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        let (input, grad_output) = self.backward_parameters(grad_output)?;
        self.linear.grad_input(input, self.weight.value(), &grad_output)
    }

    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        let bias = self.bias.as_ref().map(|bias| ("bias".to_string(), bias));
        std::iter::once(("weight".to_string(), &self.weight)).chain(bias).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        std::iter::once(&mut self.weight).chain(&mut self.bias).collect()
    }

    fn forget(&mut self) {
        self.remembered = None;
    }

    fn multiply_adds(&self, input: Shape) -> Result<u128> {
        self.options.multiply_adds(input)
    }

    fn receptive_field(&self, input: Option<ReceptiveField>) -> Option<ReceptiveField> {
        input.map(|field| field.conv2d(&self.options))
    }
}
