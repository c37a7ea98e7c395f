//! How the sums of an input's gradient are added up: by whom, and in which blocks.

use crate::PaddingMode;
use crate::gpu::conv2d::general;
use crate::gpu::runtime::grid::MOST_ITERATIONS;
use crate::gpu::tile::rounding::most_roundings;
use crate::ops::Conv2dProblem;
use crate::window::Axis;

/// The most coordinates of the padded input that are looked at for a cell along one axis.
pub(crate) fn copies(padding_mode: PaddingMode, axis: &Axis) -> usize {
    match padding_mode {
        PaddingMode::Zeros => 1,
        PaddingMode::Reflect | PaddingMode::Circular => 3,
        PaddingMode::Replicate => 1 + replicated(axis),
    }
}

/// The most copies of a cell in the padding.
fn replicated(axis: &Axis) -> usize {
    if axis.input_size == 1 {
        axis.pad_begin.saturating_add(axis.pad_end)
    } else {
        axis.pad_begin.max(axis.pad_end)
    }
}

/// The most pairs of a tap and an output that are looked at for a cell along one axis.
fn pairs(padding_mode: PaddingMode, axis: &Axis) -> usize {
    // Of the taps and the outputs the fewer are gone through, for each the others are found.
    let (fewer, others, step) = if axis.output_size < axis.kernel_size {
        (axis.output_size, axis.kernel_size, axis.dilation)
    } else {
        (axis.kernel_size, axis.output_size, axis.stride)
    };
    let each = match padding_mode {
        PaddingMode::Zeros => 1,
        PaddingMode::Reflect | PaddingMode::Circular => 3,
        PaddingMode::Replicate => (replicated(axis) / step + 1).min(others),
    };
    fewer.saturating_mul(each)
}

/// How the products of a cell are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sums {
    /// Whether by a workgroup.
    pub(crate) shared: bool,
    /// Pairs of taps and outputs.
    pub(crate) pairs: usize,
    pub(crate) block: usize,
    pub(crate) iterations: usize,
    /// The most roundings of one product, and the products of such a sum.
    #[cfg_attr(not(test), allow(dead_code, reason = "for the test of the bound"))]
    pub(crate) roundings: u64,
    #[cfg_attr(not(test), allow(dead_code, reason = "for the test of the bound"))]
    pub(crate) products: usize,
}

impl Sums {
    pub(crate) fn new(problem: &Conv2dProblem) -> Self {
        let channels = problem.group_out_channels();
        let axes = [&problem.vertical, &problem.horizontal];
        let [pairs_y, pairs_x] = axes.map(|axis| pairs(problem.padding_mode, axis));
        let all_pairs = pairs_y.saturating_mul(pairs_x);
        let products = all_pairs.saturating_mul(channels);
        let of_workgroup = general::Sums::shared(products);
        let shared = Self {
            shared: true,
            pairs: all_pairs,
            block: of_workgroup.block,
            iterations: of_workgroup.iterations,
            roundings: of_workgroup.roundings,
            products,
        };
        let cells = problem.input_shape().len();
        if products >= general::MANY_PRODUCTS && cells < general::ENOUGH_OUTPUTS {
            return shared;
        }
        let block = channels.isqrt().max(32);
        let blocks = channels.div_ceil(block);
        // Of every copy: the search for the first tap, and the taps from there.
        let [of_y, of_x] = axes.map(|axis| {
            let taps = axis.kernel_size.div_ceil(axis.tap_step()).min(axis.output_size);
            (copies(problem.padding_mode, axis), axis.tap_step().min(axis.kernel_size), taps)
        });
        let along = |(copies, search, taps): (usize, usize, usize), inner: usize| {
            let copy =
                taps.saturating_mul(1_usize.saturating_add(inner)).saturating_add(search + 1);
            copies.saturating_mul(copy)
        };
        let iterations = along(of_y, along(of_x, channels + blocks));
        let [hits_y, hits_x] = [(of_y, pairs_y), (of_x, pairs_x)]
            .map(|((copies, _, taps), pairs)| copies.saturating_mul(taps).min(pairs));
        let hits = hits_y.saturating_mul(hits_x);
        let products = hits.saturating_mul(channels);
        let roundings = (block.min(channels) + blocks + 1).saturating_add(hits) as u64;
        let alone =
            Self { shared: false, pairs: all_pairs, block, iterations, roundings, products };
        let keeps = iterations <= MOST_ITERATIONS && roundings <= most_roundings(products as u64);
        if keeps { alone } else { shared }
    }
}
