//! How the sums of the general convolution are added up: by whom, and in which blocks.

use crate::gpu::runtime::grid::MOST_ITERATIONS;
use crate::gpu::runtime::workgroup_sum::{MOST_SHARED, TREE, WORKGROUP};
use crate::gpu::tile::rounding::most_roundings;
use crate::ops::Conv2dProblem;

/// Products of a sum from which on a workgroup shares them, where outputs are few.
pub(crate) const MANY_PRODUCTS: usize = 1024;
/// Outputs that keep a device busy with an invocation each.
pub(crate) const ENOUGH_OUTPUTS: usize = 1 << 14;

/// How the products of a sum are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// By one invocation, in blocks of input channels.
    Channels,
    /// By one invocation, in blocks of kernel rows.
    Rows,
    /// By a workgroup.
    Shared,
}

impl Form {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Channels => "channels",
            Self::Rows => "rows",
            Self::Shared => "shared",
        }
    }
}

/// How sums are added up: the form, the length of a block in channels or products, and the
/// iterations and roundings that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) form: Form,
    pub(crate) block: usize,
    pub(crate) iterations: usize,
    /// The most roundings of one product.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the test of the bound"))]
    pub(crate) roundings: u64,
}

impl Sums {
    /// Those of so many products shared by the invocations of a workgroup, in dispatches of at most
    /// [`MOST_SHARED`].
    pub(crate) fn shared(products: usize) -> Self {
        let lane = products.min(MOST_SHARED).div_ceil(WORKGROUP);
        let block = lane.isqrt().max(32);
        let blocks = lane.div_ceil(block);
        let roundings = block.min(lane) + blocks + TREE + products.div_ceil(MOST_SHARED) + 1;
        let iterations = lane + blocks + TREE;
        Self { form: Form::Shared, block, iterations, roundings: roundings as u64 }
    }

    pub(crate) fn new(problem: &Conv2dProblem, outputs: usize) -> Self {
        let channels = problem.group_in_channels();
        let [height, width] = problem.most_taps();
        let rows = channels.saturating_mul(height);
        let taps = height.saturating_mul(width);
        let products = rows.saturating_mul(width);
        let shared = Self::shared(products);
        if products >= MANY_PRODUCTS && outputs < ENOUGH_OUTPUTS {
            return shared;
        }
        let most = usize::try_from(most_roundings(products as u64)).unwrap_or(usize::MAX);
        let long = products.isqrt().max(48);
        let iterations = products.saturating_add(rows).saturating_add(2 * channels);
        let block = (long / taps).clamp(1, channels);
        let in_channels = Self {
            form: Form::Channels,
            block,
            iterations,
            roundings: block.saturating_mul(taps).saturating_add(channels.div_ceil(block) + 1)
                as u64,
        };
        // A block ends with the row in which it is full.
        let block = products.isqrt().max(1);
        let in_rows = Self {
            form: Form::Rows,
            block,
            iterations,
            roundings: (block + width).saturating_add(products.div_ceil(block) + 2) as u64,
        };
        let keeps =
            |sums: &Self| sums.iterations <= MOST_ITERATIONS && sums.roundings <= most as u64;
        [in_channels, in_rows].into_iter().find(keeps).unwrap_or(shared)
    }
}
