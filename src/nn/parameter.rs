//! Parameters: the values that training changes.

use crate::{Error, Result, Tensor};

/// A tensor that training changes, and the gradient of the loss with respect to it.
///
/// A backward pass sets the gradient (it does not add to the one before), and an optimizer's step
/// takes it and replaces the value by a new tensor.
#[derive(Debug, Clone)]
pub struct Parameter {
    value: Tensor,
    gradient: Option<Tensor>,
}

impl Parameter {
    /// A parameter of this value, without a gradient yet.
    #[must_use]
    pub const fn new(value: Tensor) -> Self {
        Self { value, gradient: None }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &Tensor {
        &self.value
    }

    /// The gradient of the last backward pass, if no optimizer has taken it.
    #[must_use]
    pub const fn gradient(&self) -> Option<&Tensor> {
        self.gradient.as_ref()
    }

    /// Replaces the value by one of the same shape and on the same device.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] and [`Error::DifferentDevice`].
    pub fn set_value(&mut self, value: Tensor) -> Result<()> {
        self.check("the value", &value)?;
        self.value = value;
        Ok(())
    }

    /// Sets the gradient, as a layer's backward pass does.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] and [`Error::DifferentDevice`].
    pub fn set_gradient(&mut self, gradient: Tensor) -> Result<()> {
        self.check("the gradient", &gradient)?;
        self.gradient = Some(gradient);
        Ok(())
    }

    pub(super) fn take_gradient(&mut self) -> Option<Tensor> {
        self.gradient.take()
    }

    fn check(&self, argument: &'static str, tensor: &Tensor) -> Result<()> {
        const OPERATION: &str = "parameter";
        self.value.device().check(OPERATION, argument, tensor)?;
        if tensor.shape() != self.value.shape() {
            let rule = format!("the parameter has shape {}", self.value.shape());
            return Err(Error::shape(OPERATION, argument, tensor.shape(), rule));
        }
        Ok(())
    }
}
