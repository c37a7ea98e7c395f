//! How the output of a dense convolution is split into blocks.

use crate::cpu::conv2d::problem::Convolution;
use crate::cpu::kit::threads;
use crate::cpu::kit::threads::longest_share;
use crate::window::Axis;

/// Outputs of a block, so that the copy of its inputs is short.
const MOST_LANES: usize = 1024;

/// Sums of a block, so that they stay in the second cache.
const MOST_SUMS: usize = 1 << 16;

/// Outputs that are computed at once at the least.
const VECTOR: usize = 16;

/// How the output of a dense convolution is split.
#[derive(Debug)]
pub(crate) struct DensePlan {
    /// Filters of a block.
    pub(crate) filters: usize,
    /// Rows of outputs of a block.
    rows: usize,
    /// Outputs of a row.
    columns: usize,
    /// Whether a row is copied for each tap and not for each phase of the stride.
    pub(crate) columns_by_taps: bool,
}

/// One way to split it.
#[derive(Debug, Clone, Copy)]
struct Shape {
    filters: usize,
    rows: usize,
    columns: usize,
}

impl DensePlan {
    /// The way that takes least time if every thread has a processor of its own.
    pub(crate) fn new(convolution: &Convolution<'_>) -> Self {
        let threads = threads::count();
        let (height, width) = (convolution.problem.vertical.output_size, convolution.out_width());
        let filters = convolution.filters;
        let mut best: Option<(usize, Shape, bool)> = None;
        let parts = (1..=2 * threads)
            .filter(|&parts| filters.is_multiple_of(parts) && (parts == 1 || filters / parts >= 8));
        for parts in parts {
            let filters = filters / parts;
            let most = MOST_LANES.min(MOST_SUMS / filters).max(VECTOR);
            // Long rows are cut; otherwise blocks are whole rows.
            let (long, least) = if width > most {
                (width, width.div_ceil(most))
            } else {
                (height, height.div_ceil(most / width))
            };
            let mut pieces = least;
            let mut last = 0;
            while pieces <= long.min(least + 8 * threads + 16) {
                let size = long.div_ceil(pieces);
                pieces += 1;
                let size = if width > most { size.next_multiple_of(VECTOR) } else { size };
                if size == last {
                    continue;
                }
                last = size;
                let shape = if width > most {
                    Shape { filters, rows: 1, columns: size }
                } else {
                    Shape { filters, rows: size, columns: width }
                };
                for by_taps in [false, true] {
                    let cycles = cycles(convolution, shape, by_taps, threads, parts);
                    if best.is_none_or(|(least, ..)| cycles < least) {
                        best = Some((cycles, shape, by_taps));
                    }
                }
            }
        }
        let shape = Shape { filters, rows: 1, columns: width.min(MOST_LANES) };
        let (_, shape, columns_by_taps) = best.unwrap_or((0, shape, true));
        let Shape { filters, rows, columns } = shape;
        Self { filters, rows, columns, columns_by_taps }
    }

    /// The lengths of planes, spans and blocks that [`split`](crate::cpu::kit::blocks::split) takes.
    pub(crate) fn lengths(&self, convolution: &Convolution<'_>) -> [usize; 3] {
        let (plane_len, width) = (convolution.out_plane_len(), convolution.out_width());
        let span = if self.columns < width { width } else { plane_len };
        [plane_len, span, self.rows * self.columns]
    }

    /// Whether rows are copied for each tap and not for each phase of the stride: whichever is less.
    pub(crate) fn rows_by_taps(&self, vertical: &Axis, rows: usize) -> bool {
        cells(vertical, rows, true) < cells(vertical, rows, false)
    }
}

/// Cells of an axis that are copied for so many outputs.
fn cells(axis: &Axis, outputs: usize, by_taps: bool) -> usize {
    if by_taps {
        axis.kernel_size.saturating_mul(outputs)
    } else {
        axis.stride.min(axis.kernel_size).saturating_mul(phase_len(axis, outputs))
    }
}

fn phase_len(axis: &Axis, outputs: usize) -> usize {
    outputs.saturating_add((axis.span() - 1) / axis.stride)
}

/// About the cycles until the last block is done.
fn cycles(
    convolution: &Convolution<'_>,
    shape: Shape,
    by_taps: bool,
    threads: usize,
    parts: usize,
) -> usize {
    let (vertical, horizontal) = (&convolution.problem.vertical, &convolution.problem.horizontal);
    let Shape { filters, rows, columns } = shape;
    let row_len = if by_taps { columns } else { phase_len(horizontal, columns) };
    let of_block = |rows: usize| {
        let lanes = (rows - 1).saturating_mul(row_len).saturating_add(columns);
        // Half a vector more for the weights that every block reads, and for a lonely vector.
        let vectors = lanes.div_ceil(VECTOR);
        let halves = 2 * vectors + 1 + usize::from(vectors == 1);
        let products = halves.saturating_mul(filters).saturating_mul(convolution.gemm_k() + 16) / 4;
        let copied_rows = cells(vertical, rows, true).min(cells(vertical, rows, false));
        let row_cells = cells(horizontal, columns, by_taps);
        // In sixteenths of a cycle.
        let (per_cell, per_row) = match horizontal.stride {
            1 if row_len == horizontal.input_size => (2, 160),
            1 => (2, 400),
            _ => (6, 400),
        };
        let runs = row_cells / row_len;
        let row = row_cells.saturating_mul(per_cell).saturating_add(runs.saturating_mul(per_row));
        let copy = copied_rows.saturating_mul(row) / 16;
        products.saturating_add(copy.saturating_mul(convolution.channels)).saturating_add(3000)
    };
    let height = vertical.output_size;
    let per_plane = height.div_ceil(rows) * horizontal.output_size.div_ceil(columns);
    let planes = convolution.problem.batch * convolution.problem.groups * parts;
    let blocks = per_plane.saturating_mul(planes);
    let full = of_block(rows);
    let last = if height.is_multiple_of(rows) { full } else { of_block(height % rows) };
    let whole = (blocks - planes).saturating_mul(full).saturating_add(planes.saturating_mul(last));
    // Of shares that are not equal, that of the last block is the longest.
    let slowest = longest_share(blocks, [full, last]);
    (whole / threads).max(slowest).saturating_add(full / 8)
}
