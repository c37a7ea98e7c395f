//! Plans on a device that may have a tuning.

use std::sync::{Arc, PoisonError};

use super::{Context, Conv2dPlan, Pool2dPlan, check_buffers};
use crate::gpu::tile::operands::Operands;
use crate::ops::Conv2dProblem;
use crate::ops::pool2d::Pool2dProblem;
use crate::tuning::{Key, Tuning};
use crate::{Algorithm, Result};

impl Context {
    /// Replaces the tuning.
    pub(crate) fn set_tuning(&self, tuning: Option<Tuning>) {
        *self.tuning.write().unwrap_or_else(PoisonError::into_inner) = tuning.map(Arc::new);
    }

    /// The plan of the pinned algorithm, else of the tuned one where it serves, else the device's.
    fn plan<'a, P, T>(
        &self,
        problem: &'a P,
        pinned: Option<Algorithm>,
        plan: impl Fn(Option<Algorithm>) -> Result<T>,
    ) -> Result<T>
    where
        Key: From<&'a P>,
    {
        if pinned.is_some() {
            return plan(pinned);
        }
        let tuning = self.tuning.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(algorithm) = tuning.and_then(|tuning| tuning.of(&Key::from(problem))) else {
            return plan(None);
        };
        plan(Some(algorithm)).or_else(|error| {
            log::debug!("the tuning's choice is not used: {error}");
            plan(None)
        })
    }

    pub(crate) fn plan_conv2d(
        &self,
        problem: &Conv2dProblem,
        operands: Operands,
        pinned: Option<Algorithm>,
    ) -> Result<Conv2dPlan> {
        let shapes = [problem.input_shape(), problem.weight_shape(), problem.output_shape()];
        check_buffers("conv2d", &shapes, operands.dtype, self.limits())?;
        self.plan(problem, pinned, |pinned| {
            Conv2dPlan::new(problem, operands, pinned, self.limits())
        })
    }

    pub(crate) fn plan_pool2d(
        &self,
        problem: &Pool2dProblem,
        pinned: Option<Algorithm>,
    ) -> Result<Pool2dPlan> {
        let shapes = [problem.input, problem.output];
        check_buffers(problem.operation, &shapes, problem.dtype, self.limits())?;
        self.plan(problem, pinned, |pinned| Pool2dPlan::new(problem, pinned, self.limits()))
    }
}
