//! What a task of the gradient of Conv2d's weight multiplies at a time.

use std::ops::Range;

use crate::cpu::conv2d::grad_weight_tile::panel_lanes;
use crate::cpu::kit::layout::{AxisLayout, copy_plane};
use crate::memory::{NoMemory, extend};
use crate::ops::Conv2dProblem;
use pulp::Simd;

/// What all tasks share.
pub(crate) struct Shared<'a> {
    pub(crate) problem: Conv2dProblem,
    pub(crate) input: &'a [f32],
    pub(crate) grad_output: &'a [f32],
    pub(crate) taps: usize,
    pub(crate) vertical: Vec<AxisLayout>,
    pub(crate) horizontal: Vec<AxisLayout>,
    pub(crate) chunk_rows: usize,
    pub(crate) chunk_columns: usize,
    pub(crate) longest_row: usize,
    pub(crate) longest_copy: usize,
    /// Outputs whose products are summed in a register before they join the sum in memory.
    pub(crate) panel_outputs: usize,
}

/// Some filters and input channels of a group, and some of the chunks of all images.
pub(crate) struct Task<'a> {
    pub(crate) group: usize,
    pub(crate) filters: Range<usize>,
    pub(crate) channels: Range<usize>,
    pub(crate) chunks: Range<usize>,
    /// Of each filter, `[channel][tap]`.
    pub(crate) sums: Vec<&'a mut [f32]>,
}

/// A part of some rows of the outputs of an image, and where their taps are.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    image: usize,
    first_y: usize,
    first_x: usize,
    height: usize,
    width: usize,
    /// Cells of a row of the copy.
    copy_width: usize,
    /// Where each tap of each channel of the chunk's first output is.
    pub(crate) offsets: Vec<usize>,
    /// How much further each output, or vector of outputs, is.
    pub(crate) steps: Vec<usize>,
}

impl Chunk {
    /// Copies the inputs of a chunk.
    #[inline(always)]
    pub(crate) fn prepare(
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
    pub(crate) fn outputs(&mut self) -> Result<(), NoMemory> {
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
    pub(crate) fn rows(
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
    pub(crate) fn pack<S: Simd>(
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
