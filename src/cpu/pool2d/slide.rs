//! Poolings of small windows.
//!
//! A column of outputs, some lanes wide, slides down the padded rows. The cells of a row that a
//! window has are joined once and then into all outputs that the row belongs to, which stay in
//! registers.

use crate::PaddingMode;
use crate::cpu::kit::blocks;
use crate::cpu::kit::blocks::{Scratch, Task};
use crate::cpu::kit::padded::PaddedPlane;
use crate::memory::NoMemory;
use crate::ops::PoolWindows;
use crate::window::Axis;
use pulp::Simd;

/// Outputs that are computed together.
pub(crate) const LANES: usize = 16;

/// Widest output.
const MAX_WIDTH: usize = 4096;

/// Largest window: every block copies as many rows more.
const MAX_SPAN: usize = 16;

/// What is joined: sums or maxima.
pub(crate) trait Join {
    type Value: Copy;
    /// What changes no result.
    const START: Self::Value;

    fn convert(cell: f32) -> Self::Value;
    fn join(one: Self::Value, other: Self::Value) -> Self::Value;
    /// The outputs of a row from a column on, of what was joined.
    fn finish(&self, out_y: usize, out_x: usize, results: [Self::Value; LANES]) -> [f32; LANES];
}

/// Kernel size and stride of both axes.
#[derive(Debug, Clone, Copy)]
enum Size {
    K2S1,
    K2S2,
    K3S1,
    K3S2,
    K5S1,
}

/// Windows of a pooling that slide.
#[derive(Debug)]
pub(crate) struct Sliding {
    size: Size,
    padded: PaddedPlane,
    vertical: Axis,
    dilation: [usize; 2],
    out_width: usize,
}

impl Sliding {
    /// `None` if windows of this pooling do not slide.
    pub(crate) fn new(windows: &PoolWindows) -> Result<Option<Self>, NoMemory> {
        let axes = [&windows.vertical, &windows.horizontal];
        let dilation = axes.map(|axis| axis.dilation);
        let size = match axes.map(|axis| (axis.kernel_size, axis.stride)) {
            [(2, 1), (2, 1)] => Size::K2S1,
            [(3, 1), (3, 1)] => Size::K3S1,
            [(5, 1), (5, 1)] => Size::K5S1,
            [(2, 2), (2, 2)] if dilation == [1, 1] => Size::K2S2,
            [(3, 2), (3, 2)] if dilation == [1, 1] => Size::K3S2,
            _ => return Ok(None),
        };
        let out_width = windows.horizontal.output_size;
        if out_width > MAX_WIDTH || axes.iter().any(|axis| axis.span() > MAX_SPAN) {
            return Ok(None);
        }
        let padded = PaddedPlane::new(axes, PaddingMode::Zeros)?;
        Ok(Some(Self { size, padded, vertical: windows.vertical, dilation, out_width }))
    }

    /// Splits an output into blocks for [`block`](Self::block).
    pub(crate) fn split<'a>(
        &self,
        windows: &PoolWindows,
        output: &'a mut [f32],
    ) -> Result<Vec<Task<'a, f32>>, NoMemory> {
        let axes = [&windows.vertical, &windows.horizontal];
        let in_len = windows.vertical.input_size * windows.horizontal.input_size;
        let copied = windows.vertical.stride * self.padded.row.len();
        blocks::split_copied(output, axes.map(|axis| axis.output_size), copied, in_len)
    }

    /// What computes so many outputs of each plane from `start` on, where `padding` is the value of
    /// the cells beside the input.
    #[inline(always)]
    pub(crate) fn block<'a>(
        &'a self,
        [start, count]: [usize; 2],
        padding: f32,
        scratch: &'a mut Scratch,
    ) -> Result<SlidingBlock<'a>, NoMemory> {
        let first_y = start / self.out_width;
        let Axis { stride, .. } = self.vertical;
        let first_row = first_y * stride;
        let rows = self.vertical.cells_of(count / self.out_width);
        let copy_len = rows * self.padded.row.len();
        // The last lanes may read what lies behind.
        let [copy] = scratch.buffers([copy_len + LANES])?;
        self.padded.surround(first_row, padding, &mut copy[..copy_len]);
        Ok(SlidingBlock { sliding: self, first_y, first_row, copy, copy_len })
    }
}

/// The same rows of outputs of several planes.
#[derive(Debug)]
pub(crate) struct SlidingBlock<'a> {
    sliding: &'a Sliding,
    first_y: usize,
    first_row: usize,
    copy: &'a mut [f32],
    copy_len: usize,
}

impl SlidingBlock<'_> {
    /// The cells of a plane that are read.
    #[inline(always)]
    pub(crate) fn cells<'a>(&self, plane: &'a [f32]) -> &'a [f32] {
        let PaddedPlane { sources, row, in_width } = &self.sliding.padded;
        let rows = &sources[self.first_row..][..self.copy_len / row.len()];
        let begin = rows.iter().flatten().next().map_or(0, |first| *first);
        let end = rows.iter().rev().flatten().next().map_or(0, |last| last + 1);
        &plane[begin * in_width..end * in_width]
    }

    /// Computes outputs of a plane.
    #[inline(always)]
    pub(crate) fn run<S: Simd, J: Join>(
        &mut self,
        simd: S,
        join: &J,
        plane: &[f32],
        output: &mut [f32],
    ) {
        let padded = &self.sliding.padded;
        padded.copy(self.first_row, plane, &mut self.copy[..self.copy_len]);
        // A function each, whose registers are its own.
        macro_rules! slide {
            ($kernel:literal, $stride:literal) => {
                simd.vectorize(
                    #[inline(always)]
                    || self.columns::<J, $kernel, $stride>(join, output),
                )
            };
        }
        match self.sliding.size {
            Size::K2S1 => slide!(2, 1),
            Size::K2S2 => slide!(2, 2),
            Size::K3S1 => slide!(3, 1),
            Size::K3S2 => slide!(3, 2),
            Size::K5S1 => slide!(5, 1),
        }
    }

    #[inline(always)]
    fn columns<J: Join, const KERNEL: usize, const STRIDE: usize>(
        &self,
        join: &J,
        output: &mut [f32],
    ) {
        let out_width = self.sliding.out_width;
        for x in (0..out_width).step_by(LANES) {
            // The last lanes overlap those before them.
            self.slide::<J, KERNEL, STRIDE>(join, x.min(out_width.saturating_sub(LANES)), output);
        }
    }

    /// Computes the column of outputs that begins at `x`.
    #[inline(always)]
    fn slide<J: Join, const KERNEL: usize, const STRIDE: usize>(
        &self,
        join: &J,
        x: usize,
        output: &mut [f32],
    ) {
        let Sliding { padded, dilation, out_width, .. } = self.sliding;
        let row_len = padded.row.len();
        let offsets: [usize; KERNEL] =
            std::array::from_fn(|tap| x + padded.row.offset(tap * dilation[1]));
        // A row belongs to as many outputs at most. The first row of the first step may be one
        // before all, which belongs to none.
        let live = KERNEL.div_ceil(STRIDE);
        let rows = output.len() / out_width;
        // Rows a dilation apart belong together.
        for first in 0..dilation[0].min(rows) {
            let mut results = [[J::START; LANES]; KERNEL];
            for step in 0..(rows - first).div_ceil(dilation[0]) + live - 1 {
                for phase in 0..STRIDE {
                    let row = (step * STRIDE + phase + KERNEL).saturating_sub(live * STRIDE);
                    let row = first + row * dilation[0];
                    if padded.sources[self.first_row + row].is_none() {
                        continue;
                    }
                    let row = &self.copy[row * row_len..];
                    let mut joined = [J::START; LANES];
                    for offset in offsets {
                        let cells = &row[offset..][..LANES];
                        for lane in 0..LANES {
                            joined[lane] = J::join(joined[lane], J::convert(cells[lane]));
                        }
                    }
                    for (place, results) in results.iter_mut().enumerate().take(live) {
                        if phase + KERNEL >= (place + 1) * STRIDE {
                            for lane in 0..LANES {
                                results[lane] = J::join(results[lane], joined[lane]);
                            }
                        }
                    }
                }
                if let Some(out_step) = (step + 1).checked_sub(live) {
                    let out_y = first + out_step * dilation[0];
                    let outputs = join.finish(self.first_y + out_y, x, results[0]);
                    let output = &mut output[out_y * out_width + x..];
                    // What goes beyond a narrow row is written again with the next one, if that
                    // comes next.
                    let room = if dilation[0] == 1 { output.len() } else { out_width - x };
                    let output = &mut output[..room];
                    if let Some(output) = output.first_chunk_mut() {
                        *output = outputs;
                    } else {
                        store_first(outputs, output);
                    }
                }
                for place in 1..live {
                    results[place - 1] = results[place];
                }
                results[live - 1] = [J::START; LANES];
            }
        }
    }
}

/// Stores as many as there is room for. Apart, so that storing all needs no call.
#[cold]
#[inline(never)]
fn store_first(outputs: [f32; LANES], output: &mut [f32]) {
    output.copy_from_slice(&outputs[..output.len()]);
}
