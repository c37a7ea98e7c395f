//! Arithmetic of two tensors: options, validation and sizes.

use crate::ops::broadcast::{Broadcast, broadcast};
use crate::ops::gradients::{check_grad_output, check_no_activation};
use crate::ops::reduction::{Reduction, Term};
use crate::ops::setters::setters;
use crate::{Activation, Result, Shape};

/// What is computed of two elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operator {
    /// `input + other`.
    Add,
    /// `input - other`.
    Sub,
    /// `input * other`.
    Mul,
}

impl Operator {
    /// The name in shaders and messages, such as `add`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
        }
    }
}

/// The sum, the difference or the product of two tensors, element by element, with NumPy's
/// broadcasting and an activation behind it.
///
/// ```text
/// output = activation(input + other), or input - other, or input * other
/// ```
///
/// Along an axis where one tensor has size 1 its elements are used for all of the other's: `[1, C,
/// 1, 1]` is a bias or a scale of channels, `[N, C, 1, 1]` a gate of every plane, `[1, 1, 1, 1]` one
/// number. Both tensors may broadcast at once. A residual is an addition, mostly with
/// [`Activation::Relu`] behind it, which costs no pass over memory of its own.
///
/// # Shapes
///
/// - input and other: along each axis the same size, or one of them 1
/// - output: along each axis the size of the one that is not 1
///
/// # Examples
///
/// ```
/// use filtro::{Activation, Arithmetic, Device};
/// use ndarray::array;
///
/// let device = Device::cpu();
/// let x = device.upload(&array![[[[1.0, 2.0]], [[3.0, 4.0]]]])?;
/// let bias = device.upload(&array![-2.0, 10.0])?; // [1, 2, 1, 1]
/// let y = Arithmetic::add().activation(Activation::Relu).forward(&x, &bias)?;
/// assert_eq!(y.download()?, array![[[[0.0, 0.0]], [[13.0, 14.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.add`, `torch.sub`, `torch.mul`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Arithmetic {
    /// What is computed of two elements.
    pub operator: Operator,
    /// What is applied to every output; nothing by default.
    pub activation: Option<Activation>,
}

impl Arithmetic {
    /// `input + other`.
    #[must_use]
    pub const fn add() -> Self {
        Self::new(Operator::Add)
    }

    /// `input - other`.
    #[must_use]
    pub const fn sub() -> Self {
        Self::new(Operator::Sub)
    }

    /// `input * other`.
    #[must_use]
    pub const fn mul() -> Self {
        Self::new(Operator::Mul)
    }

    /// An operator, with nothing behind it.
    #[must_use]
    pub const fn new(operator: Operator) -> Self {
        Self { operator, activation: None }
    }

    setters! {
        /// Sets what is applied to every output.
        activation: into Option<Activation>,
    }

    /// The shape of the output.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for shapes that do not broadcast,
    /// [`Overflow`](crate::Error::Overflow) for an output that no memory holds.
    pub fn output_shape(&self, input: impl Into<Shape>, other: impl Into<Shape>) -> Result<Shape> {
        broadcast(self.operator.name(), input.into(), other.into())
    }

    /// The operation on tensors of these shapes.
    pub(crate) fn problem(&self, input: Shape, other: Shape) -> Result<Pairwise> {
        let output = self.output_shape(input, other)?;
        let (operation, activation) = (self.operator.name(), self.activation);
        let function = match self.operator {
            Operator::Add => Function::Add,
            Operator::Sub => Function::Sub,
            Operator::Mul => Function::Mul,
        };
        Ok(Pairwise { operation, function, activation, operands: [input, other], output })
    }

    /// How the gradient of one of both tensors follows from that of the output.
    pub(crate) fn gradient(
        &self,
        [input, other]: [Shape; 2],
        grad_output: Shape,
        operand: Operand,
    ) -> Result<Reduction> {
        let operation = self.operator.name();
        check_no_activation(operation, self.activation)?;
        let output = self.output_shape(input, other)?;
        check_grad_output(operation, grad_output, output)?;
        let (target, factor) = match operand {
            Operand::Input => (input, other),
            Operand::Other => (other, input),
        };
        let (term, factor) = match self.operator {
            Operator::Add | Operator::Sub => (Term::Gradient, None),
            Operator::Mul => (Term::Product, Some(factor)),
        };
        let negated = self.operator == Operator::Sub && operand == Operand::Other;
        Ok(Reduction { operation, term, negated, target, output, factor })
    }
}

/// One of the tensors of an operation on two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    Input,
    Other,
}

/// What is computed of the elements of two tensors, in any operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    Add,
    Sub,
    Mul,
    /// The first where it is positive, else its product with the second.
    PRelu,
    /// A gradient where the first is positive, else its product with the second.
    PReluGradient,
}

impl Function {
    /// The name in shaders.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Sub => "sub",
            Self::Mul => "mul",
            Self::PRelu => "prelu",
            Self::PReluGradient => "prelu_gradient",
        }
    }
}

/// An operation on two tensors that broadcast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pairwise {
    pub(crate) operation: &'static str,
    pub(crate) function: Function,
    pub(crate) activation: Option<Activation>,
    pub(crate) operands: [Shape; 2],
    pub(crate) output: Shape,
}

impl Pairwise {
    /// Where the elements of both tensors lie; the output is not empty.
    pub(crate) fn places(&self) -> Broadcast<2> {
        Broadcast::new(self.output, self.operands)
    }
}
