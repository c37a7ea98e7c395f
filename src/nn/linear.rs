//! Dense layers, and the step from images to lists of features before them.

use super::layer::{Layer, take};
use super::{Parameter, Rng};
use crate::memory::collected;
use crate::{Device, Error, ReceptiveField, Result, Shape, Tensor};

/// A dense layer: every output is a weighted sum of all inputs, `y = x W^T + b`.
///
/// It is a 1x1 convolution of images of one cell, and done as one. Its weight and bias start as
/// those of [`Conv2d`](super::Conv2d).
///
/// # Shapes
///
/// - input `[batch, in_features, 1, 1]`, as [`Flatten`] gives it
/// - weight `[out_features, in_features]`; as a tensor `[out_features, in_features, 1, 1]`
/// - bias `[out_features]`; as a tensor `[1, out_features, 1, 1]`
/// - output `[batch, out_features, 1, 1]`
///
/// # Examples
///
/// ```
/// use filtro::Device;
/// use filtro::nn::{Layer, Linear};
///
/// let device = Device::cpu();
/// let weight = device.upload_slice(&[1.0, 2.0, 3.0, 4.0], [2, 2, 1, 1])?;
/// let layer = Linear::with_parameters(weight, None)?;
/// let x = device.upload_slice(&[1.0, 10.0], [1, 2, 1, 1])?;
/// assert_eq!(layer.infer(&x)?.to_vec()?, [21.0, 43.0]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Linear`.
#[derive(Debug, Clone)]
pub struct Linear {
    options: crate::Conv2d,
    weight: Parameter,
    bias: Option<Parameter>,
    input: Option<Tensor>,
}

const OPERATION: &str = "linear";

impl Linear {
    /// A layer with random weight and bias.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for no features, and what the device reports.
    pub fn new(
        device: &Device,
        in_features: usize,
        out_features: usize,
        rng: &mut Rng,
    ) -> Result<Self> {
        for (argument, value) in [("in_features", in_features), ("out_features", out_features)] {
            if value == 0 {
                return Err(Error::argument(OPERATION, argument, 0, "must be at least 1"));
            }
        }
        let shape = Shape::new(out_features, in_features, 1, 1);
        let weights = shape.checked_len(OPERATION)?;
        let bound = 1.0 / (in_features as f32).sqrt();
        let mut random = |len| {
            let numbers = collected((0..len).map(|_| rng.symmetric(bound)));
            numbers.map_err(|missing| missing.during(OPERATION))
        };
        let weight = device.upload_vec(random(weights)?, shape)?;
        let bias = device.upload_vec(random(out_features)?, [1, out_features, 1, 1])?;
        Self::with_parameters(weight, Some(bias))
    }

    /// A layer with the caller's own weight and bias.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for tensors of other shapes than a layer has.
    pub fn with_parameters(weight: Tensor, bias: Option<Tensor>) -> Result<Self> {
        let Shape { batch: out_features, channels: in_features, height, width } = weight.shape();
        if [height, width] != [1, 1] || out_features == 0 || in_features == 0 {
            let rule = "it must be [out_features, in_features, 1, 1]";
            return Err(Error::shape(OPERATION, "weight", weight.shape(), rule));
        }
        let expected = Shape::new(1, out_features, 1, 1);
        let bias = match bias {
            Some(bias) if bias.shape() != expected => {
                let rule = format!("one value per output is {expected}");
                return Err(Error::shape(OPERATION, "bias", bias.shape(), rule));
            }
            Some(bias) => Some(Parameter::with_sizes(bias, &[out_features])?),
            None => None,
        };
        Ok(Self {
            options: crate::Conv2d::new(in_features, out_features, [1, 1]),
            weight: Parameter::with_sizes(weight, &[out_features, in_features])?,
            bias,
            input: None,
        })
    }

    /// The same layer without a bias.
    #[must_use]
    pub fn without_bias(mut self) -> Self {
        self.bias = None;
        self
    }

    /// The weights.
    #[must_use]
    pub const fn weight(&self) -> &Parameter {
        &self.weight
    }

    /// What is added to every output.
    #[must_use]
    pub const fn bias(&self) -> Option<&Parameter> {
        self.bias.as_ref()
    }

    fn backward_parameters(&mut self, grad_output: &Tensor) -> Result<Shape> {
        let input = take(&mut self.input, "Linear")?;
        self.weight.set_gradient(self.options.grad_weight(&input, grad_output)?)?;
        if let Some(bias) = &mut self.bias {
            bias.set_gradient(self.options.grad_bias(grad_output)?)?;
        }
        Ok(input.shape())
    }
}

impl Layer for Linear {
    fn describe(&self) -> String {
        let bias = if self.bias.is_none() { ", bias=false" } else { "" };
        format!("Linear({}, {}{bias})", self.options.in_channels, self.options.out_channels)
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        let in_features = self.options.in_channels;
        if [input.channels, input.height, input.width] != [in_features, 1, 1] {
            let rule = format!(
                "in_features is {in_features}, so that it must be [batch, {in_features}, 1, 1], as Flatten gives it"
            );
            return Err(Error::shape(OPERATION, "input", input, rule));
        }
        self.options.output_shape(input)
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        let output = self.infer(input)?;
        self.input = Some(input.clone());
        Ok(output)
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        self.output_shape(input.shape())?;
        let bias = self.bias.as_ref().map(Parameter::value);
        self.options.forward(input, self.weight.value(), bias)
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        self.backward_parameters(grad_output).map(drop)
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        let input = self.backward_parameters(grad_output)?;
        self.options.grad_input(input, self.weight.value(), grad_output)
    }

    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        let bias = self.bias.as_ref().map(|bias| ("bias".to_string(), bias));
        std::iter::once(("weight".to_string(), &self.weight)).chain(bias).collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        std::iter::once(&mut self.weight).chain(&mut self.bias).collect()
    }

    fn forget(&mut self) {
        self.input = None;
    }

    fn multiply_adds(&self, input: Shape) -> Result<u128> {
        self.output_shape(input)?;
        self.options.multiply_adds(input)
    }

    fn receptive_field(&self, _input: Option<ReceptiveField>) -> Option<ReceptiveField> {
        None
    }
}

/// Makes the channels and cells of an image one list of features, without a copy.
///
/// # Shapes
///
/// From `[batch, channels, height, width]` to `[batch, channels * height * width, 1, 1]`, in the
/// order of memory.
///
/// Source: `torch.nn.Flatten`.
#[derive(Debug, Clone, Default)]
pub struct Flatten {
    input: Option<Shape>,
}

impl Flatten {
    /// The layer.
    #[must_use]
    pub const fn new() -> Self {
        Self { input: None }
    }
}

impl Layer for Flatten {
    fn describe(&self) -> String {
        "Flatten()".into()
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        input.checked_len("flatten")?;
        let features = Shape { batch: 1, ..input }.checked_len("flatten")?;
        Ok(Shape::new(input.batch, features, 1, 1))
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        let output = self.infer(input)?;
        self.input = Some(input.shape());
        Ok(output)
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        input.reshape(self.output_shape(input.shape())?)
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        self.backward_to_input(grad_output).map(drop)
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        grad_output.reshape(take(&mut self.input, "Flatten")?)
    }

    fn forget(&mut self) {
        self.input = None;
    }
}
