//! What a problem must give, by the reference, and whether that is what came out.

use filtro::{DType, Result, Tensor};
use ndarray::Array4;

use super::Problem;
use crate::case::{nearest, wide};
use crate::compare::{self, Check};
use crate::recorder::Recorder;
use crate::tested::held;

/// A problem's tensors as a type holds them.
pub struct Operands {
    pub problem: Problem,
    inputs: Vec<Array4<f32>>,
    pub wide: Vec<Array4<f64>>,
}

impl Operands {
    pub fn new(problem: Problem, dtype: DType) -> Self {
        let inputs = problem.inputs().into_iter();
        let inputs: Vec<_> = inputs.map(|input| held(nearest(input, dtype))).collect();
        let wide = inputs.iter().map(wide).collect();
        Self { problem, inputs, wide }
    }

    fn record(&self, recorder: &Recorder) -> Result<Vec<Tensor>> {
        self.inputs.iter().map(|input| recorder.tensor(input, recorder.dtype)).collect()
    }
}

/// What a problem must give forward.
pub struct Forward {
    operands: Operands,
    expected: Array4<f64>,
    tolerance: Array4<f64>,
    dtype: DType,
}

impl Forward {
    pub fn of(problem: Problem, dtype: DType) -> Result<Self> {
        let operands = Operands::new(problem, dtype);
        let operation = operands.problem.operation.as_ref();
        let expected = operation.reference(&operands.wide)?;
        let tolerance = operation.tolerance(&operands.wide, &expected)?;
        Ok(Self { operands, expected, tolerance, dtype })
    }

    /// Whether the operation has to refuse the type.
    pub fn is_refused(&self) -> bool {
        self.dtype == DType::F16 && !self.operands.problem.operation.takes_f16()
    }

    pub fn run(&self, recorder: &Recorder) -> Result<Tensor> {
        let tensors = self.operands.record(recorder)?;
        recorder.poison(self.operands.problem.output_shape())?;
        self.operands.problem.operation.forward(&tensors)
    }

    /// Whether a tensor can be the problem's output.
    pub fn is_like(&self, output: &Tensor) -> Check {
        if output.dtype() != self.dtype || output.shape() != self.operands.problem.output_shape() {
            return Err(format!("{} of {}", output.dtype(), output.shape()));
        }
        Ok(())
    }

    /// Whether this is the problem's output.
    pub fn compare(&self, output: &Array4<f32>) -> Check {
        match self.dtype {
            DType::F16 => compare::within_f16("output", output, &self.expected, &self.tolerance),
            _ => compare::within("output", output, &self.expected, &self.tolerance),
        }
    }
}

/// What a problem must give backward.
pub struct Backward {
    operands: Operands,
    grad_output: Array4<f32>,
    expected: Vec<Array4<f64>>,
    tolerances: Vec<Array4<f64>>,
}

impl Backward {
    pub fn new(problem: Problem) -> Result<Self> {
        let operands = Operands::new(problem, DType::F32);
        let operation = operands.problem.operation.as_ref();
        let grad_output = operands.problem.grad_output();
        let wide_grad = wide(&grad_output);
        let expected = operation.reference_backward(&operands.wide, &wide_grad)?;
        let tolerances = operation.gradient_tolerances(&operands.wide, &wide_grad, &expected)?;
        Ok(Self { operands, grad_output, expected, tolerances })
    }

    pub fn run(&self, recorder: &Recorder) -> Result<Vec<Tensor>> {
        let problem = &self.operands.problem;
        let tensors = self.operands.record(recorder)?;
        let grad_output = recorder.tensor(&self.grad_output, DType::F32)?;
        for &shape in &problem.inputs {
            recorder.poison(shape.into())?;
        }
        problem.operation.backward(&tensors, &grad_output)
    }

    /// Whether these are the problem's gradients.
    pub fn compare(&self, gradients: &[Array4<f32>]) -> Check {
        let (actual, expected) = (gradients.len(), self.expected.len());
        if actual != expected || self.tolerances.len() != expected {
            return Err(format!("{actual} gradients instead of {expected}"));
        }
        for (at, (actual, expected)) in gradients.iter().zip(&self.expected).enumerate() {
            let what = format!("the gradient of input {at}");
            compare::within(&what, actual, expected, &self.tolerances[at])?;
        }
        Ok(())
    }
}
