//! Depthwise convolution: strips whose planes have weights of their own.

use super::{OPERATION, Operands};
use crate::gpu::strip::{Kind, Plan, Problem};
use crate::ops::Conv2dProblem;
use crate::{Algorithm, Limits, Result};

/// The plan, or that of the pinned algorithm; `None` where strips do not serve the problem.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    Operands { bias, dtype }: Operands,
    pinned: Option<Algorithm>,
    limits: &Limits,
) -> Result<Option<Plan>> {
    if problem.group_in_channels() != 1 {
        return Ok(None);
    }
    let Ok(multiplier) = u32::try_from(problem.group_out_channels()) else { return Ok(None) };
    let problem = Problem::new(
        OPERATION,
        Kind::Depthwise { multiplier, bias, activation: problem.activation },
        problem.padding_mode,
        [problem.batch, problem.in_channels],
        [&problem.vertical, &problem.horizontal],
    );
    problem.map_or(Ok(None), |problem| Plan::new(&problem.of(dtype), pinned, limits))
}
