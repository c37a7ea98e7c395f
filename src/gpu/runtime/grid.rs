//! Grids: how many workgroups, and how long an invocation may take.
//!
//! More workgroups than one dimension takes are folded into the second.

use crate::{Error, Limits, Result};

/// The most iterations of all loops of one invocation together, nested ones added up.
///
/// A dispatch that takes seconds may be ended by a driver. llvmpipe ends the loops of an invocation
/// after 65 535 iterations, without an error (`LP_MAX_TGSI_LOOP_ITERATIONS`).
pub(crate) const MOST_ITERATIONS: usize = 60_000;

/// The iterations of a shader without loops, or with a few of a fixed number.
pub(crate) const NO_LOOP: usize = 0;

/// Workgroups of one dispatch.
///
/// A shader finds its own number as `workgroup_id.x + workgroup_id.y * grid_width` and returns at
/// once where that is not below the number of workgroups it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Grid {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) depth: u32,
}

impl Grid {
    /// A grid of at least `workgroups`, whose invocations take at most so many iterations.
    pub(crate) fn new(
        operation: &'static str,
        workgroups: usize,
        iterations: usize,
        limits: &Limits,
    ) -> Result<Self> {
        if iterations > MOST_ITERATIONS {
            return Err(Error::DeviceLimit {
                operation,
                quantity: "the iterations of one invocation".into(),
                needed: iterations as u64,
                allowed: MOST_ITERATIONS as u64,
            });
        }
        let too_many = || Error::DeviceLimit {
            operation,
            quantity: "the number of workgroups".into(),
            needed: workgroups as u64,
            allowed: u64::from(limits.max_workgroups).pow(2),
        };
        let workgroups = u32::try_from(workgroups).map_err(|_| too_many())?;
        let width = workgroups.min(limits.max_workgroups).max(1);
        let height = workgroups.div_ceil(width).max(1);
        if height > limits.max_workgroups {
            return Err(too_many());
        }
        Ok(Self { width, height, depth: 1 })
    }

    /// `depth` times a grid of at least `workgroups`; a shader finds which as `workgroup_id.z`.
    pub(crate) fn with_depth(
        operation: &'static str,
        workgroups: usize,
        depth: u32,
        iterations: usize,
        limits: &Limits,
    ) -> Result<Self> {
        if depth > limits.max_workgroups {
            return Err(Error::DeviceLimit {
                operation,
                quantity: "the depth of a grid of workgroups".into(),
                needed: u64::from(depth),
                allowed: u64::from(limits.max_workgroups),
            });
        }
        Ok(Self { depth, ..Self::new(operation, workgroups, iterations, limits)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_beyond_65_535_workgroups_is_folded_and_covers_them() {
        let limits = Limits::webgpu();
        for workgroups in [0, 1, 65_535, 65_536, 1 << 24, 4_000_000_000] {
            let grid = Grid::new("conv2d", workgroups, NO_LOOP, &limits).unwrap();
            assert!(grid.width <= 65_535 && grid.height <= 65_535);
            assert!(grid.width as usize * grid.height as usize >= workgroups);
        }
        assert!(Grid::new("conv2d", 1 << 32, NO_LOOP, &limits).is_err());
    }

    #[test]
    fn an_invocation_that_would_take_too_long_is_an_error() {
        let limits = Limits::webgpu();
        assert!(Grid::new("conv2d", 1, MOST_ITERATIONS, &limits).is_ok());
        let error = Grid::new("conv2d", 1, MOST_ITERATIONS + 1, &limits).unwrap_err();
        assert!(matches!(error, Error::DeviceLimit { needed: 60_001, allowed: 60_000, .. }));
    }
}
