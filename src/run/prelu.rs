//! PReLU and its gradients.

use crate::ops::prelu::OPERATION;
use crate::run::pairwise::{pairwise, reduce};
use crate::{PRelu, Result, Tensor};

impl PRelu {
    /// Every element as it is where it is positive, else times its channel's slope.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a weight that is neither one number
    /// nor one for each channel, [`DTypeMismatch`](crate::Error::DTypeMismatch) for one of another
    /// type than the input, [`DifferentDevice`](crate::Error::DifferentDevice), and what the device
    /// reports.
    pub fn forward(&self, input: &Tensor, weight: &Tensor) -> Result<Tensor> {
        weight.check_on(input.device(), OPERATION, "weight")?;
        weight.check_dtype_of(OPERATION, "weight", input)?;
        pairwise(&self.problem(input.shape(), weight.shape())?, [input, weight], None)
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output.
    ///
    /// ```text
    /// grad_input[n, c, y, x] = grad_output[n, c, y, x]                if input[n, c, y, x] > 0
    ///                          weight[c] * grad_output[n, c, y, x]    elsewhere
    /// ```
    ///
    /// # Shapes
    ///
    /// - input and weight as in the forward pass, grad_output as its output
    /// - the result has the input's shape
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward);
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that is not of the input's
    /// shape, and [`DTypeMismatch`](crate::Error::DTypeMismatch) for tensors of f16.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, PRelu};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let x = device.upload(&array![[[[-1.0, 0.0, 2.0]]]])?;
    /// let weight = device.upload(&array![0.5])?;
    /// let grad_output = device.upload(&array![[[[10.0, 100.0, 1000.0]]]])?;
    /// let grad_input = PRelu.grad_input(&x, &weight, &grad_output)?;
    /// assert_eq!(grad_input.download()?, array![[[[5.0, 50.0, 1000.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_input(
        &self,
        input: &Tensor,
        weight: &Tensor,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        check(input, weight, grad_output)?;
        let problem = self.input_gradient(input.shape(), weight.shape(), grad_output.shape())?;
        pairwise(&problem, [input, weight], Some(grad_output))
    }

    /// The gradient of the weight of [`forward`](Self::forward), given that of its output.
    ///
    /// A slope has a part in all outputs of its channel whose input is not positive:
    ///
    /// ```text
    /// grad_weight[c] = sum over n, y, x with input[n, c, y, x] <= 0 of
    ///     input[n, c, y, x] * grad_output[n, c, y, x]
    /// ```
    ///
    /// One slope for all channels collects over these too.
    ///
    /// # Shapes
    ///
    /// - input and weight as in the forward pass, grad_output as its output
    /// - the result has the weight's shape; it is zero for an empty batch
    ///
    /// # Errors
    ///
    /// As [`grad_input`](Self::grad_input).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, PRelu};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let x = device.upload(&array![[[[-1.0, -3.0, 2.0]]]])?;
    /// let weight = device.upload(&array![0.5])?;
    /// let grad_output = device.upload(&array![[[[10.0, 100.0, 1000.0]]]])?;
    /// let grad_weight = PRelu.grad_weight(&x, &weight, &grad_output)?;
    /// assert_eq!(grad_weight.download()?, array![[[[-1.0 * 10.0 - 3.0 * 100.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_weight(
        &self,
        input: &Tensor,
        weight: &Tensor,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        check(input, weight, grad_output)?;
        let problem = self.weight_gradient(input.shape(), weight.shape(), grad_output.shape())?;
        reduce(&problem, grad_output, Some(input))
    }
}

/// That the tensors of a gradient are on one device and of f32.
fn check(input: &Tensor, weight: &Tensor, grad_output: &Tensor) -> Result<()> {
    for (argument, tensor) in [("input", input), ("weight", weight), ("grad_output", grad_output)] {
        tensor.check_on(input.device(), OPERATION, argument)?;
        tensor.check_f32(OPERATION, argument)?;
    }
    Ok(())
}
