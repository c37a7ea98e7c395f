//! Padding and its gradient.

use crate::run::resample::{grad_input, resample};
use crate::{Pad, Result, Shape, Tensor};

impl Pad {
    /// The image with its padding.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for sides that the mode does not
    /// find in the input, for a padding that follows from a kernel, and for a value with a mode that
    /// takes none; [`ShapeMismatch`](crate::Error::ShapeMismatch) for an input without channels,
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for sizes
    /// that cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, Pad, Padding, PaddingMode};
    /// use ndarray::array;
    ///
    /// let x = Device::cpu().upload(&array![[[[1.0, 2.0, 3.0]]]])?;
    /// let pad = Pad::new(Padding::sides(0, 0, 2, 1));
    /// let padded = pad.clone().value(-1.0).forward(&x)?;
    /// assert_eq!(padded.download()?, array![[[[-1.0, -1.0, 1.0, 2.0, 3.0, -1.0]]]]);
    /// let padded = pad.mode(PaddingMode::Reflect).forward(&x)?;
    /// assert_eq!(padded.download()?, array![[[[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.functional.pad`.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        resample(&self.problem(input.shape())?, input)
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output: every
    /// element adds up the gradients of its copies.
    ///
    /// # Shapes
    ///
    /// - `input_shape` is that of the forward pass, which the result has too
    /// - grad_output as the output of the forward pass
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward), [`ShapeMismatch`](crate::Error::ShapeMismatch) for a
    /// grad_output that is not of the output's shape, and
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for one of f16.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, Pad, PaddingMode};
    /// use ndarray::Array4;
    ///
    /// let grad_output = Device::cpu().upload(&Array4::ones((1, 1, 1, 8)))?;
    /// let pad = Pad::new([0, 2]).mode(PaddingMode::Reflect);
    /// let grad_input = pad.grad_input([1, 1, 1, 4], &grad_output)?;
    /// assert_eq!(grad_input.to_vec()?, [1.0, 3.0, 3.0, 1.0]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.functional.pad`.
    pub fn grad_input(
        &self,
        input_shape: impl Into<Shape>,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        grad_input(&self.problem(input_shape.into())?, grad_output)
    }
}
