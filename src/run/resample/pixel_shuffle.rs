//! Pixel shuffle and its gradient.

use crate::ops::CopyMap;
use crate::run::resample::{check, copy};
use crate::{PixelShuffle, Result, Shape, Tensor};

impl PixelShuffle {
    /// The image that the channels are the pixels of.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a factor of 0,
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for channels that the factor's square does not
    /// divide, [`Overflow`](crate::Error::Overflow) and
    /// [`DeviceLimit`](crate::Error::DeviceLimit) for sizes that cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, PixelShuffle};
    /// use ndarray::array;
    ///
    /// let x = Device::cpu().upload(&array![[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]])?;
    /// let y = PixelShuffle::new(2).forward(&x)?;
    /// assert_eq!(y.download()?, array![[[[1.0, 2.0], [3.0, 4.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.PixelShuffle`.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        copy(&CopyMap::Shuffle(self.problem(input.shape())?), input)
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output: the way
    /// back.
    ///
    /// ```text
    /// grad_input[n, c * r * r + i * r + j, h, w] = grad_output[n, c, h * r + i, w * r + j]
    /// ```
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
    /// use filtro::{Device, PixelShuffle};
    /// use ndarray::array;
    ///
    /// let grad_output = Device::cpu().upload(&array![[[[1.0, 2.0], [3.0, 4.0]]]])?;
    /// let grad_input = PixelShuffle::new(2).grad_input([1, 4, 1, 1], &grad_output)?;
    /// assert_eq!(grad_input.download()?, array![[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.PixelUnshuffle`.
    pub fn grad_input(
        &self,
        input_shape: impl Into<Shape>,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        let problem = self.problem(input_shape.into())?;
        check("pixel_shuffle", grad_output, problem.output)?;
        copy(&CopyMap::Unshuffle(problem), grad_output)
    }
}
