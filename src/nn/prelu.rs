//! The ReLU that learns its slope.

use super::Parameter;
use super::layer::{Layer, take};
use crate::memory::filled;
use crate::{Device, Error, Result, Shape, Tensor};

/// A ReLU that learns its slope for negative elements; see [`PRelu`](crate::PRelu).
///
/// # Examples
///
/// ```
/// use filtro::Device;
/// use filtro::nn::{Layer, PRelu};
///
/// let device = Device::cpu();
/// let layer = PRelu::new(&device, 1)?; // one slope for all channels
/// let x = device.upload_slice(&[-4.0, 2.0], [1, 2, 1, 1])?;
/// assert_eq!(layer.infer(&x)?.to_vec()?, [-1.0, 2.0]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.PReLU`.
#[derive(Debug, Clone)]
pub struct PRelu {
    weight: Parameter,
    input: Option<Tensor>,
}

const OPERATION: &str = "prelu";
const LAYER: &str = "PReLU";

impl PRelu {
    /// A layer with so many slopes of 0.25: one for all channels, or one for each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for no slope, and what the device reports.
    pub fn new(device: &Device, num_parameters: usize) -> Result<Self> {
        if num_parameters == 0 {
            let rule = "must be at least 1";
            return Err(Error::argument(OPERATION, "num_parameters", 0, rule));
        }
        let slopes = filled(0.25, num_parameters).map_err(|missing| missing.during(OPERATION))?;
        Self::with_parameters(device.upload_vec(slopes, [1, num_parameters, 1, 1])?)
    }

    /// A layer with the caller's own slopes, `[1, channels, 1, 1]` or `[1, 1, 1, 1]`.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for a tensor of another shape.
    pub fn with_parameters(weight: Tensor) -> Result<Self> {
        let Shape { channels, .. } = weight.shape();
        if channels == 0 || weight.shape() != Shape::new(1, channels, 1, 1) {
            let rule = "one slope per channel is [1, channels, 1, 1]";
            return Err(Error::shape(OPERATION, "weight", weight.shape(), rule));
        }
        Ok(Self { weight: Parameter::with_sizes(weight, &[channels])?, input: None })
    }

    /// The slopes.
    #[must_use]
    pub const fn weight(&self) -> &Parameter {
        &self.weight
    }

    fn backward_parameters(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        let input = take(&mut self.input, LAYER)?;
        let gradient = crate::PRelu.grad_weight(&input, self.weight.value(), grad_output)?;
        self.weight.set_gradient(gradient)?;
        Ok(input)
    }
}

impl Layer for PRelu {
    fn describe(&self) -> String {
        format!("PReLU({})", self.weight.value().shape().channels)
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        crate::PRelu.output_shape(input, self.weight.value().shape())
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        let output = self.infer(input)?;
        self.input = Some(input.clone());
        Ok(output)
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        crate::PRelu.forward(input, self.weight.value())
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        self.backward_parameters(grad_output).map(drop)
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        let input = self.backward_parameters(grad_output)?;
        crate::PRelu.grad_input(&input, self.weight.value(), grad_output)
    }

    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        vec![("weight".into(), &self.weight)]
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        vec![&mut self.weight]
    }

    fn forget(&mut self) {
        self.input = None;
    }
}
