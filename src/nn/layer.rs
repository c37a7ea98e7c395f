//! What every layer can do.

use std::any::Any;
use std::fmt::Debug;

use super::{Buffer, Parameter, SummaryRow};
use crate::{Error, ReceptiveField, Result, Shape, Tensor};

/// A step of a network: forward from an input to an output, and backward from the gradient of the
/// output to those of the parameters and of the input.
///
/// A forward pass remembers what the backward pass needs, and the backward pass forgets it. Other
/// layers than this crate's can be written by implementing the trait.
pub trait Layer: Any + Debug + Send + Sync {
    /// The layer and its options, as PyTorch prints them.
    fn describe(&self) -> String;

    /// The shape of the output for an input of this shape.
    ///
    /// # Errors
    ///
    /// What [`forward`](Self::forward) reports of shapes.
    fn output_shape(&self, input: Shape) -> Result<Shape>;

    /// The output, remembering what [`backward`](Self::backward) needs.
    ///
    /// # Errors
    ///
    /// What the operation reports.
    fn forward(&mut self, input: &Tensor) -> Result<Tensor>;

    /// The output alone: for a network that is used and not trained.
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward).
    fn infer(&self, input: &Tensor) -> Result<Tensor>;

    /// Sets the gradients of the parameters, given that of the output.
    ///
    /// # Errors
    ///
    /// [`Error::NoForward`] without a forward pass before, and what the operation reports.
    fn backward(&mut self, grad_output: &Tensor) -> Result<()>;

    /// As [`backward`](Self::backward); also gives the gradient of the input.
    ///
    /// # Errors
    ///
    /// As [`backward`](Self::backward).
    fn backward_to_input(&mut self, grad_output: &Tensor) -> Result<Tensor>;

    /// The parameters and their names, such as `weight`.
    fn named_parameters(&self) -> Vec<(String, &Parameter)> {
        Vec::new()
    }

    /// The parameters, in the order of [`named_parameters`](Self::named_parameters), to be changed.
    fn parameters_mut(&mut self) -> Vec<&mut Parameter> {
        Vec::new()
    }

    /// The buffers and their names, such as `running_mean`; none by default.
    fn named_buffers(&self) -> Vec<(String, &Buffer)> {
        Vec::new()
    }

    /// The buffers, in the order of [`named_buffers`](Self::named_buffers), to be changed.
    fn buffers_mut(&mut self) -> Vec<&mut Buffer> {
        Vec::new()
    }

    /// Lets go of what a forward pass remembered. A network calls it for layers that need no
    /// backward pass, since nothing before them is trained; it does nothing by default.
    fn forget(&mut self) {}

    /// The number of multiply-adds for an input of this shape; none by default.
    ///
    /// # Errors
    ///
    /// As [`output_shape`](Self::output_shape).
    fn multiply_adds(&self, input: Shape) -> Result<u128> {
        self.output_shape(input).map(|_| 0)
    }

    /// The receptive field of this layer's output, given that of its input; `None` stands for the
    /// whole image. The same by default.
    fn receptive_field(&self, input: Option<ReceptiveField>) -> Option<ReceptiveField> {
        input
    }

    /// The rows of a [`Summary`](super::Summary), for an input of this shape and receptive field:
    /// by default one without a name. A network gives one per layer.
    ///
    /// # Errors
    ///
    /// As [`output_shape`](Self::output_shape).
    fn summary_rows(&self, input: Shape, field: Option<ReceptiveField>) -> Result<Vec<SummaryRow>> {
        let parameters = self.named_parameters();
        Ok(vec![SummaryRow {
            name: String::new(),
            layer: self.describe(),
            output: self.output_shape(input)?,
            parameters: parameters.iter().map(|(_, it)| it.value().shape().len()).sum(),
            multiply_adds: self.multiply_adds(input)?,
            receptive_field: self.receptive_field(field).map(|field| field.size()),
        }])
    }
}

/// What a forward pass left, for the backward pass that takes it.
pub(super) fn take<T>(remembered: &mut Option<T>, layer: &'static str) -> Result<T> {
    remembered.take().ok_or(Error::NoForward { layer })
}

/// The name of what a layer of this name has; either may be empty.
pub(super) fn join(layer: &str, name: &str) -> String {
    match (layer, name) {
        ("", name) | (name, "") => name.into(),
        (layer, name) => format!("{layer}.{name}"),
    }
}
