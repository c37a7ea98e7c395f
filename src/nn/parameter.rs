//! Parameters: the values that training changes.

use crate::{Error, Result, Tensor};

const OPERATION: &str = "parameter";

/// A tensor that training changes, and the gradient of the loss with respect to it.
///
/// A backward pass sets the gradient (it does not add to the one before), and an optimizer's step
/// takes it and replaces the value by a new tensor.
#[derive(Debug, Clone)]
pub struct Parameter {
    value: Tensor,
    gradient: Option<Tensor>,
    sizes: Vec<usize>,
}

impl Parameter {
    /// A parameter of this value, without a gradient yet.
    #[must_use]
    pub fn new(value: Tensor) -> Self {
        let sizes = value.shape().dims().to_vec();
        Self { value, gradient: None, sizes }
    }

    /// As [`new`](Self::new), for a parameter that has other axes in a file than a tensor's four:
    /// the weight of a dense layer has two, a bias has one.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for sizes of another number of elements.
    pub fn with_sizes(value: Tensor, sizes: &[usize]) -> Result<Self> {
        let product = |len: usize, &size: &usize| len.checked_mul(size);
        let len = if sizes.contains(&0) { Some(0) } else { sizes.iter().try_fold(1, product) };
        if len != Some(value.shape().len()) {
            let rule = format!("sizes {sizes:?} have another number of elements");
            return Err(Error::shape(OPERATION, "the value", value.shape(), rule));
        }
        Ok(Self { value, gradient: None, sizes: sizes.to_vec() })
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

    /// The sizes of the axes as PyTorch has them.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Replaces the value by one of the same shape and on the same device.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`], [`Error::DTypeMismatch`] and [`Error::DifferentDevice`].
    pub fn set_value(&mut self, value: Tensor) -> Result<()> {
        self.check("the value", &value)?;
        self.value = value;
        Ok(())
    }

    /// Sets the gradient, as a layer's backward pass does.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`], [`Error::DTypeMismatch`] and [`Error::DifferentDevice`].
    pub fn set_gradient(&mut self, gradient: Tensor) -> Result<()> {
        self.check("the gradient", &gradient)?;
        self.gradient = Some(gradient);
        Ok(())
    }

    pub(super) fn take_gradient(&mut self) -> Option<Tensor> {
        self.gradient.take()
    }

    fn check(&self, argument: &'static str, tensor: &Tensor) -> Result<()> {
        tensor.check_on(self.value.device(), OPERATION, argument)?;
        tensor.check_f32(OPERATION, argument)?;
        if tensor.shape() != self.value.shape() {
            let rule = format!("the parameter has shape {}", self.value.shape());
            return Err(Error::shape(OPERATION, argument, tensor.shape(), rule));
        }
        Ok(())
    }
}
