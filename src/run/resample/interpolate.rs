//! Interpolation and its gradient.

use crate::run::resample::{grad_input, resample};
use crate::{Interpolate, Result, Shape, Tensor};

impl Interpolate {
    /// The image at its new size.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a size or a factor that gives no
    /// output and for `align_corners` with the nearest element,
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for an input without channels,
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for sizes
    /// that cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, Interpolate, InterpolationMode};
    /// use ndarray::array;
    ///
    /// let x = Device::cpu().upload(&array![[[[0.0, 4.0]]]])?;
    /// let nearest = Interpolate::size([1, 4]);
    /// assert_eq!(nearest.forward(&x)?.download()?, array![[[[0.0, 0.0, 4.0, 4.0]]]]);
    /// let bilinear = nearest.mode(InterpolationMode::Bilinear);
    /// assert_eq!(bilinear.forward(&x)?.download()?, array![[[[0.0, 1.0, 3.0, 4.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.functional.interpolate`.
    pub fn forward(&self, input: &Tensor) -> Result<Tensor> {
        resample(&self.problem(input.shape())?, input)
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output.
    ///
    /// An element that changes by one unit changes every output that reads it by its weight there:
    ///
    /// ```text
    /// grad_input[n, c, in_y, in_x] = sum over the outputs that read it of
    ///     weight * grad_output[n, c, out_y, out_x]
    /// ```
    ///
    /// with a weight of 1 for the nearest element. An element that nobody reads, as there are in an
    /// image that becomes smaller, has gradient 0.
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
    /// use filtro::{Device, Interpolate};
    /// use ndarray::array;
    ///
    /// let grad_output = Device::cpu().upload(&array![[[[1.0, 2.0, 3.0]]]])?;
    /// let grad_input = Interpolate::size([1, 3]).grad_input([1, 1, 1, 2], &grad_output)?;
    /// assert_eq!(grad_input.download()?, array![[[[3.0, 3.0]]]]); // outputs 0 and 1, and 2
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.functional.interpolate`.
    pub fn grad_input(
        &self,
        input_shape: impl Into<Shape>,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        grad_input(&self.problem(input_shape.into())?, grad_output)
    }
}
