//! The gradient of Conv2d's weight: a product of matrices that are never stored.
//!
//! Every weight is the inner product of a channel of grad_output with the input as its tap saw it.
//! A task takes some filters and some input channels. It copies the padded rows that some rows of
//! outputs read ([`layout`](super::layout)), where every tap finds its inputs at an offset, and
//! multiplies them in registers ([`conv2d_grad_tile`](super::conv2d_grad_tile)): many filters side
//! by side in the lanes of a vector, few by neighbouring outputs in the lanes.

use super::blocks::{self, Scratch};
use super::conv2d::add_to;
use super::conv2d_direct::layouts;
use super::conv2d_grad_tile::{self as tile, panel_lanes};
use super::layout::{AxisLayout, copy_plane};
use super::rounding::{block_sums, register_terms};
use super::simd;
use crate::memory::{NoMemory, extend, push, zeros};
use crate::ops::Conv2dProblem;
use crate::window::Axis;
use pulp::{Simd, WithSimd};
use std::ops::Range;

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

/// What all tasks share.
struct Shared<'a> {
    problem: Conv2dProblem,
    input: &'a [f32],
    grad_output: &'a [f32],
    taps: usize,
    vertical: Vec<AxisLayout>,
    horizontal: Vec<AxisLayout>,
    chunk_rows: usize,
    chunk_columns: usize,
    longest_row: usize,
    longest_copy: usize,
    /// Outputs whose products are summed in a register before they join the sum in memory.
    panel_outputs: usize,
}

/// Some filters and input channels of a group, and some of the chunks of all images.
struct Task<'a> {
    group: usize,
    filters: Range<usize>,
    channels: Range<usize>,
    chunks: Range<usize>,
    /// Of each filter, `[channel][tap]`.
    sums: Vec<&'a mut [f32]>,
}

/// `grad_weight[oc, c, kernel_y, kernel_x] = sum of grad_output * padded input`, the definition in
/// [`Conv2d::grad_weight`](crate::Conv2d::grad_weight), or perhaps NaN where a factor is not
/// finite.
pub(super) fn grad_weight(
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
    blocks::for_each(tasks, work, |task| {
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

/// A part of some rows of the outputs of an image, and where their taps are.
#[derive(Debug, Default)]
struct Chunk {
    image: usize,
    first_y: usize,
    first_x: usize,
    height: usize,
    width: usize,
    /// Cells of a row of the copy.
    copy_width: usize,
    /// Where each tap of each channel of the chunk's first output is.
    offsets: Vec<usize>,
    /// How much further each output, or vector of outputs, is.
    steps: Vec<usize>,
}

impl Chunk {
    /// Copies the inputs of a chunk.
    #[inline(always)]
    fn prepare(
        &mut self,
        shared: &Shared<'_>,
        task: &Task<'_>,
        chunk: usize,
        inputs: &mut [f32],
    ) -> Result<(), NoMemory> {
        let problem = &shared.problem;
        let (in_width, out_width) = (problem.horizontal.input_size, problem.horizontal.output_size);
        let in_len = problem.vertical.input_size * in_width;
        let (rest, chunk_x) = (chunk / shared.horizontal.len(), chunk % shared.horizontal.len());
        let (image, chunk_y) = (rest / shared.vertical.len(), rest % shared.vertical.len());
        let (rows, cells) = (&shared.vertical[chunk_y], &shared.horizontal[chunk_x]);
        self.image = image;
        (self.first_y, self.first_x) =
            (chunk_y * shared.chunk_rows, chunk_x * shared.chunk_columns);
        self.height = shared.chunk_rows.min(problem.vertical.output_size - self.first_y);
        self.width = shared.chunk_columns.min(out_width - self.first_x);
        self.copy_width = cells.len;

        let channels = task.channels.len();
        let copy_len = rows.len * cells.len;
        let first_channel = task.group * problem.group_in_channels() + task.channels.start;
        let first_plane = image * problem.in_channels + first_channel;
        let planes = shared.input[first_plane * in_len..].chunks_exact(in_len);
        for (copy, plane) in inputs.chunks_exact_mut(copy_len).take(channels).zip(planes) {
            copy_plane([rows, cells], plane, in_width, copy);
        }
        // What the last vectors read behind the copies is multiplied with zeros.
        inputs[channels * copy_len..].fill(0.0);
        self.offsets.clear();
        for channel in 0..channels {
            for &row in &rows.tap_offsets {
                let row = channel * copy_len + row * cells.len;
                extend(&mut self.offsets, cells.tap_offsets.iter().map(|&cell| row + cell))?;
            }
        }
        Ok(())
    }

    /// Where a row of a filter's gradients starts.
    fn grad_row(&self, shared: &Shared<'_>, task: &Task<'_>, filter: usize, row: usize) -> usize {
        let problem = &shared.problem;
        let channel = task.group * problem.group_out_channels() + task.filters.start + filter;
        let out_y = self.first_y + row;
        let plane = self.image * problem.out_channels + channel;
        let row = plane * problem.vertical.output_size + out_y;
        row * problem.horizontal.output_size + self.first_x
    }

    /// Steps from output to output.
    fn outputs(&mut self) -> Result<(), NoMemory> {
        self.steps.clear();
        for row in 0..self.height {
            let first = row * self.copy_width;
            extend(&mut self.steps, first..first + self.width)?;
        }
        Ok(())
    }

    /// Steps from vector to vector, and the gradients of every filter in vectors, zero where the
    /// chunk has no output: rows one after another with what lies between them, or each by itself,
    /// whichever takes fewer vectors.
    #[inline(always)]
    fn rows(
        &mut self,
        shared: &Shared<'_>,
        task: &Task<'_>,
        lanes: usize,
        grads: &mut [f32],
    ) -> Result<(), NoMemory> {
        let (height, width) = (self.height, self.width);
        let together = ((height - 1) * self.copy_width + width).div_ceil(lanes);
        let apart = height * width.div_ceil(lanes);
        self.steps.clear();
        let pitch = if together <= apart {
            extend(&mut self.steps, (0..together).map(|step| step * lanes))?;
            self.copy_width
        } else {
            for row in 0..height {
                let starts = (0..width).step_by(lanes);
                let starts = starts.map(|start| row * self.copy_width + start);
                extend(&mut self.steps, starts)?;
            }
            width.next_multiple_of(lanes)
        };
        let grads_len = self.steps.len() * lanes;
        let grads = grads.chunks_exact_mut(grads_len).take(task.filters.len());
        for (filter, grads) in grads.enumerate() {
            grads.fill(0.0);
            for (row, grads) in grads.chunks_mut(pitch).take(height).enumerate() {
                let first = self.grad_row(shared, task, filter, row);
                grads[..width].copy_from_slice(&shared.grad_output[first..first + width]);
            }
        }
        Ok(())
    }

    /// The gradients of some outputs with filters side by side: `[panel][output][lane]`.
    #[inline(always)]
    fn pack<S: Simd>(
        &self,
        shared: &Shared<'_>,
        task: &Task<'_>,
        outputs: Range<usize>,
        grads: &mut [f32],
    ) {
        let panel_len = outputs.len() * panel_lanes::<S>();
        let panels = grads.chunks_exact_mut(panel_len);
        for (panel, grads) in
            panels.take(task.filters.len().div_ceil(panel_lanes::<S>())).enumerate()
        {
            for lane in 0..panel_lanes::<S>() {
                let filter = panel * panel_lanes::<S>() + lane;
                let cells = grads[lane..].iter_mut().step_by(panel_lanes::<S>());
                if filter >= task.filters.len() {
                    cells.for_each(|cell| *cell = 0.0);
                    continue;
                }
                let mut cells = cells;
                let mut output = outputs.start;
                while output < outputs.end {
                    let (row, column) = (output / self.width, output % self.width);
                    let count = (self.width - column).min(outputs.end - output);
                    let first = self.grad_row(shared, task, filter, row) + column;
                    let values = &shared.grad_output[first..first + count];
                    for (&value, cell) in values.iter().zip(cells.by_ref()) {
                        *cell = value;
                    }
                    output += count;
                }
            }
        }
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "a sum in f64 becomes an f32 gradient")]
fn add_lanes(lanes: &[f32]) -> f32 {
    lanes.iter().copied().map(f64::from).sum::<f64>() as f32
}
