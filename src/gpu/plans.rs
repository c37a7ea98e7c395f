//! Plans of the problems that came last: a network asks for the same ones in every frame.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::gpu::conv2d::Conv2dPlan;
use crate::gpu::pool2d::Pool2dPlan;
use crate::gpu::runtime::kept::Kept;
use crate::gpu::tile::operands::Operands;
use crate::ops::Conv2dProblem;
use crate::ops::pool2d::Pool2dProblem;
use crate::{Algorithm, Result};

/// So many are kept of each kind.
const KEPT: usize = 256;

/// The plans of one device.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    pub(crate) conv2d: PlansOf<(Conv2dProblem, Operands, Wish), Conv2dPlan>,
    pub(crate) pool2d: PlansOf<(Pool2dProblem, Wish), Pool2dPlan>,
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
pub(crate) struct PlansOf<P, T> {
    hashes: RandomState,
    kept: Mutex<Kept<u64, (P, Arc<T>)>>,
}

impl<P: Copy, T> Default for PlansOf<P, T> {
    fn default() -> Self {
        Self { hashes: RandomState::new(), kept: Mutex::new(Kept::new(KEPT)) }
    }
}

impl<P: Copy + Hash + PartialEq, T> PlansOf<P, T> {
    fn kept(&self) -> MutexGuard<'_, Kept<u64, (P, Arc<T>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan for a problem, made now if it is not kept.
    pub(crate) fn get(&self, problem: P, make: impl FnOnce() -> Result<T>) -> Result<Arc<T>> {
        let hash = self.hashes.hash_one(problem);
        if let Some((_, plan)) = self.kept().get(&hash).filter(|(known, _)| *known == problem) {
            return Ok(plan);
        }
        let plan = Arc::new(make()?);
        self.kept().insert(hash, (problem, plan.clone()));
        Ok(plan)
    }
}
