//! Arithmetic of two tensors and its gradients.

use crate::ops::{Operand, Operator};
use crate::run::pairwise::{pairwise, reduce};
use crate::{Arithmetic, Result, Tensor};

impl Arithmetic {
    /// The sum, the difference or the product of two tensors, element by element.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for shapes that do not broadcast,
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for tensors of different types,
    /// [`DifferentDevice`](crate::Error::DifferentDevice),
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for sizes
    /// that cannot be.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Arithmetic, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let x = device.upload(&array![[[[1.0, 2.0], [3.0, 4.0]]]])?;
    /// let row = device.upload(&array![[[[10.0, 100.0]]]])?;
    /// assert_eq!(
    ///     Arithmetic::mul().forward(&x, &row)?.download()?,
    ///     array![[[[10.0, 200.0], [30.0, 400.0]]]]
    /// );
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn forward(&self, input: &Tensor, other: &Tensor) -> Result<Tensor> {
        let operation = self.operator.name();
        other.check_on(input.device(), operation, "other")?;
        other.check_dtype_of(operation, "other", input)?;
        pairwise(&self.problem(input.shape(), other.shape())?, [input, other], None)
    }

    /// The gradient of the input of [`forward`](Self::forward), given that of its output.
    ///
    /// What the input adds to an output it adds once, or as often as `other` says, and an element
    /// that was used for several outputs collects from all of them:
    ///
    /// ```text
    /// grad_input = the sum over the axes that input was broadcast along of
    ///     grad_output             for an addition or a difference
    ///     grad_output * other     for a product
    /// ```
    ///
    /// # Shapes
    ///
    /// - input and other as in the forward pass, grad_output as its output
    /// - the result has the input's shape
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward);
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that is not of the output's
    /// shape, [`DTypeMismatch`](crate::Error::DTypeMismatch) for tensors of f16, and
    /// [`InvalidArgument`](crate::Error::InvalidArgument) for options with an activation: its
    /// gradient, [`Activation::grad_input`](crate::Activation::grad_input), needs the values before
    /// it, so it must be applied and differentiated separately.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Arithmetic, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let x = device.upload(&array![[[[1.0, 2.0]]]])?;
    /// let gate = device.upload(&array![[[[5.0]]]])?;
    /// let grad_output = device.upload(&array![[[[10.0, 100.0]]]])?;
    /// let grad_input = Arithmetic::mul().grad_input(&x, &gate, &grad_output)?;
    /// assert_eq!(grad_input.download()?, array![[[[50.0, 500.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_input(
        &self,
        input: &Tensor,
        other: &Tensor,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        self.gradient_of(Operand::Input, input, other, grad_output)
    }

    /// The gradient of `other` of [`forward`](Self::forward), given that of the output.
    ///
    /// ```text
    /// grad_other = the sum over the axes that other was broadcast along of
    ///      grad_output             for an addition
    ///     -grad_output             for a difference
    ///      grad_output * input     for a product
    /// ```
    ///
    /// # Shapes
    ///
    /// - input and other as in the forward pass, grad_output as its output
    /// - the result has the shape of other
    ///
    /// # Errors
    ///
    /// As [`grad_input`](Self::grad_input).
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Arithmetic, Device};
    /// use ndarray::array;
    ///
    /// let device = Device::cpu();
    /// let x = device.upload(&array![[[[1.0, 2.0]]]])?;
    /// let gate = device.upload(&array![[[[5.0]]]])?;
    /// let grad_output = device.upload(&array![[[[10.0, 100.0]]]])?;
    /// let grad_other = Arithmetic::mul().grad_other(&x, &gate, &grad_output)?;
    /// assert_eq!(grad_other.download()?, array![[[[1.0 * 10.0 + 2.0 * 100.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_other(
        &self,
        input: &Tensor,
        other: &Tensor,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        self.gradient_of(Operand::Other, input, other, grad_output)
    }

    fn gradient_of(
        &self,
        operand: Operand,
        input: &Tensor,
        other: &Tensor,
        grad_output: &Tensor,
    ) -> Result<Tensor> {
        let (operation, device) = (self.operator.name(), input.device());
        for (argument, tensor) in [("other", other), ("grad_output", grad_output)] {
            tensor.check_on(device, operation, argument)?;
        }
        for (argument, tensor) in [("input", input), ("other", other), ("grad_output", grad_output)]
        {
            tensor.check_f32(operation, argument)?;
        }
        let shapes = [input.shape(), other.shape()];
        let problem = self.gradient(shapes, grad_output.shape(), operand)?;
        let factor = match operand {
            Operand::Input => other,
            Operand::Other => input,
        };
        match (self.operator, problem.is_each()) {
            (Operator::Mul, true) => {
                let product = Self::mul().problem(problem.output, factor.shape())?;
                pairwise(&product, [grad_output, factor], None)
            }
            _ => reduce(&problem, grad_output, problem.factor.map(|_| factor)),
        }
    }
}
