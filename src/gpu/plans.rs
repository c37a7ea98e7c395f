//! Plans of the problems that came last: a network asks for the same ones in every frame.

use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gpu::conv2d::Conv2dPlan;
use crate::gpu::conv2d::gradients::{InputPlan, WeightPlan};
use crate::gpu::pool2d::Pool2dPlan;
use crate::gpu::rearrange::resample::bilinear::BilinearPlan;
use crate::gpu::rearrange::resample::copy::CopyPlan;
use crate::gpu::rearrange::resample::grad_input::ResamplingGradPlan;
use crate::gpu::runtime::kept::{Kept, hash_of};
use crate::gpu::tile::operands::Operands;
use crate::ops::pool2d::Pool2dProblem;
use crate::ops::{Conv2dProblem, Copied, Resampling};
use crate::{Algorithm, DType, Result};

/// So many are kept of each kind.
const KEPT: usize = 256;

/// The plans of one device.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    pub(crate) conv2d: PlansOf<(Conv2dProblem, Operands, Wish), Conv2dPlan>,
    pub(crate) pool2d: PlansOf<(Pool2dProblem, Wish), Pool2dPlan>,
    /// With or without a bias, as a transposed convolution may have.
    pub(crate) grad_input: PlansOf<(Conv2dProblem, bool, Option<Algorithm>), InputPlan>,
    pub(crate) grad_weight: PlansOf<(Conv2dProblem, Option<Algorithm>), WeightPlan>,
    /// Of convolutions that are the gradient of another operation.
    pub(crate) untuned: PlansOf<(Conv2dProblem, Option<Algorithm>), Conv2dPlan>,
    pub(crate) copies: PlansOf<Copied, CopyPlan>,
    pub(crate) bilinear: PlansOf<(Resampling, DType), BilinearPlan>,
    pub(crate) resampling_gradients: PlansOf<Resampling, ResamplingGradPlan>,
}

/// What is said of the algorithm: a pinned one, else by which of the device's tunings, of which there
/// may be none, it is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Wish {
    pub(crate) pinned: Option<Algorithm>,
    pub(crate) tuning: u64,
}

/// Plans by the hashes of what they were made for, which holds numbers that cannot be keys.
#[derive(Debug)]
pub(crate) struct PlansOf<P, T>(Mutex<Kept<u64, (P, Arc<T>)>>);

impl<P: Copy, T> Default for PlansOf<P, T> {
    fn default() -> Self {
        Self(Mutex::new(Kept::new(KEPT)))
    }
}

impl<P: Copy + Hash + PartialEq, T> PlansOf<P, T> {
    fn kept(&self) -> MutexGuard<'_, Kept<u64, (P, Arc<T>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan for a problem, made now if it is not kept.
    pub(crate) fn get(&self, problem: P, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let hash = hash_of(&problem);
        if let Some((_, plan)) = self.kept().get(&hash).filter(|(known, _)| *known == problem) {
            return Ok(plan);
        }
        let plan = Arc::new(make()?);
        self.kept().insert(hash, (problem, plan.clone()));
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Conv2d};

    #[test]
    fn a_plan_is_made_once_for_a_problem_and_anew_where_a_number_differs() {
        let plans = PlansOf::<Conv2dProblem, f32>::default();
        let problem = |negative_slope| {
            let conv = Conv2d::new(3, 5, [3, 2]);
            let conv = conv.activation(Activation::LeakyRelu { negative_slope });
            conv.problem([1, 3, 8, 9].into()).unwrap()
        };
        let plan = |slope| {
            let made = std::cell::Cell::new(false);
            let make = || {
                made.set(true);
                Ok(slope)
            };
            (*plans.get(problem(slope), make).unwrap(), made.get())
        };
        // Both have one hash, so that the second takes the place of the first.
        assert_eq!(plan(0.1), (0.1, true));
        assert_eq!(plan(0.1), (0.1, false));
        assert_eq!(plan(0.2), (0.2, true));
        assert_eq!(plan(0.2), (0.2, false));
        assert_eq!(plan(0.1), (0.1, true));
    }
}
