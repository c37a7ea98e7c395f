//! Layers one after the other.

use super::layer::Layer;
use super::{Buffer, Graph, Parameter, Summary, SummaryRow};
use crate::{ReceptiveField, Result, Shape, Tensor};

/// Layers one after the other: the output of each is the input of the next.
///
/// A parameter is named by the number of its layer, or the layer's name if it was given one, and its
/// name in the layer, as in PyTorch: `0.weight`. The module's page has an example. What is no chain
/// is a [`Graph`].
///
/// Source: `torch.nn.Sequential`.
#[derive(Debug, Default)]
pub struct Sequential {
    graph: Graph,
}

impl Sequential {
    /// A network without layers, whose output is its input.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a layer behind the last, named by its number.
    #[must_use]
    pub fn push(self, layer: impl Layer + 'static) -> Self {
        let number = self.graph.layers().count();
        self.push_named(number.to_string(), layer)
    }

    /// Adds a layer behind the last, under a name.
    #[must_use]
    pub fn push_named(mut self, name: impl Into<String>, layer: impl Layer + 'static) -> Self {
        let last = self.graph.last();
        self.graph.layer(name, layer, last);
        self
    }

    /// The layers and their names, in order.
    pub fn layers(&self) -> impl Iterator<Item = (&str, &dyn Layer)> {
        self.graph.layers()
    }

    /// What every layer does to an input of this shape: shapes, parameters, multiply-adds,
    /// receptive fields.
    ///
    /// # Errors
    ///
    /// What the layers report of shapes that do not fit.
    pub fn summary(&self, input: impl Into<Shape>) -> Result<Summary> {
        Summary::new(self, input)
    }

    pub(super) fn into_graph(self) -> Graph {
        self.graph
    }
}

impl Layer for Sequential {
    fn describe(&self) -> String {
        let layers: Vec<_> = self.layers().map(|(_, layer)| layer.describe()).collect();
        format!("Sequential({})", layers.join(", "))
    }

    fn output_shape(&self, input: Shape) -> Result<Shape> {
        self.graph.output_shape(input)
    }

    fn forward(&mut self, input: &Tensor) -> Result<Tensor> {
        self.graph.forward(input)
    }

    fn infer(&self, input: &Tensor) -> Result<Tensor> {
        self.graph.infer(input)
    }

    fn backward(&mut self, grad_output: &Tensor) -> Result<()> {
        self.graph.backward(grad_output)
    }

    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor> {
        self.graph.backward_to_input(grad_output)
    }

    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        self.graph.named_parameters()
    }

    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        self.graph.parameters_mut()
    }

    fn named_buffers(&self) -> Vec<(String, &Buffer)> {
        self.graph.named_buffers()
    }

    fn buffers_mut(&mut self) -> Vec<&mut Buffer> {
        self.graph.buffers_mut()
    }

    fn forget(&mut self) {
        self.graph.forget();
    }

    fn multiply_adds(&self, input: Shape) -> Result<u128> {
        self.graph.multiply_adds(input)
    }

    fn receptive_field(&self, input: Option<ReceptiveField>) -> Option<ReceptiveField> {
        self.graph.receptive_field(input)
    }

    fn summary_rows(&self, input: Shape, field: Option<ReceptiveField>) -> Result<Vec<SummaryRow>> {
        self.graph.summary_rows(input, field)
    }
}
