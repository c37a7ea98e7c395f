//! Layers one after the other.

use super::layer::Layer;
use super::{Parameter, Summary};
use crate::{ReceptiveField, Result, Shape, Tensor};

/// Layers one after the other: the output of each is the input of the next.
///
/// A parameter is named by the number of its layer and its name in the layer, as in PyTorch:
/// `0.weight`. The module's page has an example.
///
/// Source: `torch.nn.Sequential`.
#[derive(Debug, Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Layer>>,
}

impl Sequential {
    /// A network without layers, whose output is its input.
    #[must_use]
    pub const fn new() -> Self {
        Self { layers: Vec::new() }
    }

    /// Adds a layer behind the last.
    #[must_use]
    pub fn push(mut self, layer: impl Layer + 'static) -> Self {
        self.layers.push(Box::new(layer));
        self
    }

    /// The layers, in order.
    #[must_use]
    pub fn layers(&self) -> &[Box<dyn Layer>] {
        &self.layers
    }

    /// What every layer does to an input of this shape: shapes, parameters, multiply-adds,
    /// receptive fields.
    ///
    /// # Errors
    ///
    /// What the layers report of shapes that do not fit.
    pub fn summary(&self, input: impl Into<Shape>) -> Result<Summary> {
        Summary::new(&self.layers, input.into())
    }

    /// The first layer that has parameters: those before need no gradient of their input.
    fn first_trained(&self) -> usize {
        let mut layers = self.layers.iter();
        layers.position(|layer| !layer.named_parameters().is_empty()).unwrap_or(self.layers.len())
    }
}

impl Layer for Sequential {
    fn describe(&self) -> String {
        let layers: Vec<_> = self.layers.iter().map(|layer| layer.describe()).collect();
        format!("Sequential({})", layers.join(", "))
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        self.layers.iter().try_fold(input, |shape, layer| layer.output_shape(shape))
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        self.layers.iter_mut().try_fold(input.clone(), |tensor, layer| layer.forward(&tensor))
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        self.layers.iter().try_fold(input.clone(), |tensor, layer| layer.infer(&tensor))
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        let first = self.first_trained();
        let mut gradient = grad_output.clone();
        for (index, layer) in self.layers.iter_mut().enumerate().rev() {
            if index > first {
                gradient = layer.backward_to_input(&gradient)?;
            } else {
                // Also makes the layers before the first trained one forget their forward pass.
                layer.backward(&gradient)?;
            }
        }
        Ok(())
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        let mut layers = self.layers.iter_mut().rev();
        layers.try_fold(grad_output.clone(), |tensor, layer| layer.backward_to_input(&tensor))
    }

    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        let layers = self.layers.iter().enumerate();
        layers
            .flat_map(|(index, layer)| {
                let named = layer.named_parameters().into_iter();
                named.map(move |(name, parameter)| (format!("{index}.{name}"), parameter))
            })
            .collect()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.layers.iter_mut().flat_map(|layer| layer.parameters_mut()).collect()
    }

    fn multiply_adds(&self, input: Shape) -> Result<u128> {
        Ok(self.summary(input)?.multiply_adds())
    }

    fn receptive_field(&self, input: Option<ReceptiveField>) -> Option<ReceptiveField> {
        self.layers.iter().fold(input, |field, layer| layer.receptive_field(field))
    }
}
