//! The gradient of Conv2d's weight: a product of matrices that are never stored.
//!
//! Every weight is the inner product of a channel of grad_output with the input as its tap saw it.
//! A task takes some filters and some input channels. It copies the padded rows that some rows of
//! outputs read ([`layout`](crate::cpu::kit::layout)), where every tap finds its inputs at an offset, and
//! multiplies them in registers ([`conv2d_grad_tile`](crate::cpu::conv2d::grad_weight_tile)): many filters side
//! by side in the lanes of a vector, few by neighbouring outputs in the lanes.

use crate::cpu::conv2d::direct::layouts;
use crate::cpu::conv2d::grad_weight_chunk::{Chunk, Shared, Task};
use crate::cpu::conv2d::grad_weight_tile as tile;
use crate::cpu::conv2d::grad_weight_tile::panel_lanes;
use crate::cpu::conv2d::problem::add_to;
use crate::cpu::kit::blocks::Scratch;
use crate::cpu::kit::layout::AxisLayout;
use crate::cpu::kit::rounding::{block_sums, register_terms};
use crate::cpu::kit::simd;
use crate::cpu::kit::threads;
use crate::memory::{NoMemory, push, zeros};
use crate::ops::Conv2dProblem;
use crate::window::Axis;
use pulp::{Simd, WithSimd};

/// Outputs of a chunk of rows, whose copies stay in the second cache.
const CHUNK_LEN: usize = 512;

/// Filters of a task up to which a vector holds neighbouring outputs instead of filters.
const FEW_FILTERS: usize = 4;

/// Filters and columns (taps of input channels) of a task.
const BLOCK_FILTERS: usize = 32;
const BLOCK_COLUMNS: usize = 144;

/// Tasks that keep many threads busy; with fewer, the outputs are split into parts.
const ENOUGH_TASKS: usize = 16;

/// Chunks that are worth a part of their own.
const PART_CHUNKS: usize = 8;

/// `grad_weight[oc, c, kernel_y, kernel_x] = sum of grad_output * padded input`, the definition in
/// [`Conv2d::grad_weight`](crate::Conv2d::grad_weight), or perhaps NaN where a factor is not
/// finite.
pub(crate) fn grad_weight(
    problem: &Conv2dProblem,
    input: &[f32],
    grad_output: &[f32],
    grad_weight: &mut [f32],
) -> Result<(), NoMemory> {
    let shared = Shared::new(problem, input, grad_output)?;
    let problem = &shared.problem;
    let (channels, taps) = (problem.group_in_channels(), shared.taps);
    let block_channels = (BLOCK_COLUMNS / taps).clamp(1, channels);
    let most_filters = BLOCK_FILTERS * BLOCK_COLUMNS / (block_channels * taps).max(BLOCK_COLUMNS);
    let block_filters = most_filters.clamp(1, problem.group_out_channels());
    let chunks = problem.batch * shared.vertical.len() * shared.horizontal.len();

    let filters = problem.group_out_channels();
    let blocks =
        problem.groups * filters.div_ceil(block_filters) * channels.div_ceil(block_channels);
    let parts = ENOUGH_TASKS.div_ceil(blocks).min(chunks.div_ceil(PART_CHUNKS));
    let part_chunks = chunks.div_ceil(parts);
    let parts = chunks.div_ceil(part_chunks);
    let weights = grad_weight.len();
    // The first part is summed in place.
    let mut partial: Vec<f32> = zeros(weights.saturating_mul(parts - 1))?;
    let mut tasks = Vec::new();
    let sums = [&mut *grad_weight].into_iter().chain(partial.chunks_exact_mut(weights));
    for (part, sums) in sums.enumerate() {
        let chunks = part * part_chunks..((part + 1) * part_chunks).min(chunks);
        for (group, sums) in sums.chunks_exact_mut(filters * channels * taps).enumerate() {
            for (block, sums) in sums.chunks_mut(block_filters * channels * taps).enumerate() {
                let first = tasks.len();
                let filters = block * block_filters..;
                for (filter, row) in filters.zip(sums.chunks_exact_mut(channels * taps)) {
                    let rows = row.chunks_mut(block_channels * taps).enumerate();
                    for (block, row) in rows {
                        if tasks.len() <= first + block {
                            let first_channel = block * block_channels;
                            let channels = first_channel..first_channel + row.len() / taps;
                            let (chunks, sums) = (chunks.clone(), Vec::new());
                            let filters = filter..filter;
                            push(&mut tasks, Task { group, filters, channels, chunks, sums })?;
                        }
                        let task: &mut Task<'_> = &mut tasks[first + block];
                        task.filters.end += 1;
                        push(&mut task.sums, row)?;
                    }
                }
            }
        }
    }
    let work = grad_output.len().saturating_mul(channels * taps) / 16;
    threads::for_each(tasks, work, |task| {
        Scratch::with(|scratch| simd::dispatch(RunTask { shared: &shared, task, scratch }))
    })?;
    for partial in partial.chunks_exact(weights) {
        add_to(grad_weight, partial);
    }
    Ok(())
}

impl<'a> Shared<'a> {
    fn new(
        problem: &Conv2dProblem,
        input: &'a [f32],
        grad_output: &'a [f32],
    ) -> Result<Self, NoMemory> {
        let problem = one_row_planes(problem);
        let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
        let chunk_columns = horizontal.output_size.min(2 * CHUNK_LEN);
        let chunk_rows = (CHUNK_LEN / chunk_columns).clamp(1, vertical.output_size);
        let taps = vertical.kernel_size * horizontal.kernel_size;
        let outputs = vertical.output_size * horizontal.output_size * problem.batch;
        let mode = problem.padding_mode;
        let (vertical, horizontal) =
            (layouts(vertical, mode, chunk_rows)?, layouts(horizontal, mode, chunk_columns)?);
        let longest =
            |layouts: &[AxisLayout]| layouts.iter().map(|axis| axis.len).max().unwrap_or(0);
        let longest_row = longest(&horizontal);
        let longest_copy = longest(&vertical).saturating_mul(longest_row);
        Ok(Self {
            problem,
            input,
            grad_output,
            taps,
            vertical,
            horizontal,
            longest_row,
            longest_copy,
            chunk_rows,
            chunk_columns,
            panel_outputs: register_terms(outputs),
        })
    }
}

/// The problem with every plane as one row where no output has neighbours.
fn one_row_planes(problem: &Conv2dProblem) -> Conv2dProblem {
    let mut problem = *problem;
    let plain = |axis: &Axis| {
        axis.kernel_size == 1 && axis.stride == 1 && axis.output_size == axis.input_size
    };
    let unpadded = |axis: &Axis| axis.pad_begin == 0 && axis.pad_end == 0;
    let axes = [problem.vertical, problem.horizontal];
    if axes.iter().all(plain) && axes.iter().all(unpadded) {
        let len = problem.vertical.input_size * problem.horizontal.input_size;
        problem.vertical = Axis { input_size: 1, output_size: 1, ..problem.vertical };
        problem.horizontal = Axis { input_size: len, output_size: len, ..problem.horizontal };
    }
    problem
}

struct RunTask<'a, 'b> {
    shared: &'a Shared<'a>,
    task: Task<'b>,
    scratch: &'a mut Scratch,
}

impl WithSimd for RunTask<'_, '_> {
    type Output = Result<(), NoMemory>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
        let Self { shared, task, scratch } = self;
        let lanes = S::F32_LANES;
        let (filters, columns) = (task.filters.len(), task.channels.len() * shared.taps);
        let few_filters = filters <= FEW_FILTERS;
        let panels = filters.div_ceil(panel_lanes::<S>());
        let (sums_len, grads_len) = if few_filters {
            let row_len = shared.chunk_columns.next_multiple_of(lanes).max(shared.longest_row);
            (filters * columns * lanes, filters * (shared.chunk_rows * row_len + lanes))
        } else {
            let most = shared.panel_outputs;
            (panels * columns * panel_lanes::<S>(), panels * most * panel_lanes::<S>())
        };
        let inputs_len = shared.longest_copy.saturating_mul(task.channels.len());
        let inputs_len = inputs_len.saturating_add(shared.longest_row + lanes);
        let panels_of_chunk =
            (shared.chunk_rows * shared.chunk_columns).div_ceil(shared.panel_outputs);
        let register_sums = task.chunks.len() * panels_of_chunk;
        let block = block_sums(register_sums);
        let totals_len = if register_sums > block { sums_len } else { 0 };
        let [inputs, grads, sums] =
            scratch.buffers([inputs_len, grads_len, sums_len + totals_len])?;
        sums.fill(0.0);
        let (sums, totals) = sums.split_at_mut(sums_len);
        let mut done = 0_usize;
        let mut chunk = Chunk::default();
        for index in task.chunks.clone() {
            chunk.prepare(shared, &task, index, inputs)?;
            if few_filters {
                chunk.rows(shared, &task, lanes, grads)?;
            } else {
                chunk.outputs()?;
            }
            let (offsets, pitch) = (&chunk.offsets, chunk.steps.len());
            for (panel, steps) in chunk.steps.chunks(shared.panel_outputs).enumerate() {
                let first = panel * shared.panel_outputs;
                if few_filters {
                    let grads = &grads[first * lanes..];
                    tile::by_outputs(simd, grads, filters, inputs, offsets, steps, pitch, sums);
                } else {
                    chunk.pack::<S>(shared, &task, first..first + steps.len(), grads);
                    tile::by_filters(simd, grads, panels, inputs, offsets, steps, sums);
                }
                done += 1;
                if done.is_multiple_of(block) && !totals.is_empty() {
                    add_to(totals, sums);
                    sums.fill(0.0);
                }
            }
        }
        if !totals.is_empty() {
            add_to(sums, totals);
        }
        for (filter, totals) in task.sums.into_iter().enumerate() {
            if few_filters {
                let sums = sums[filter * columns * lanes..].chunks_exact(lanes);
                totals.iter_mut().zip(sums).for_each(|(total, lanes)| *total = add_lanes(lanes));
            } else {
                let (panel, lane) = (filter / panel_lanes::<S>(), filter % panel_lanes::<S>());
                let sums =
                    sums[panel * columns * panel_lanes::<S>()..].chunks_exact(panel_lanes::<S>());
                totals.iter_mut().zip(sums).for_each(|(total, lanes)| *total = lanes[lane]);
            }
        }
        Ok(())
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
fn add_lanes(lanes: &[f32]) -> f32 {
    lanes.iter().copied().map(f64::from).sum::<f64>() as f32
}
