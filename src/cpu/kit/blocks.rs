//! How an output is split into blocks, one task each, and the scratch memory of a task.

use crate::memory::{NoMemory, extend, push, with_room};
use rayon::prelude::*;
use std::cell::RefCell;

/// The same range of elements of several consecutive planes: what one task writes.
#[derive(Debug)]
pub(crate) struct Block<'a, T> {
    /// The first of its planes.
    pub(crate) plane: usize,
    /// The first element of the range inside a plane.
    pub(crate) start: usize,
    /// One piece per plane, all of the same length.
    pub(crate) pieces: Vec<&'a mut [T]>,
}

/// Splits `output` into blocks of `planes` planes by `block_len` elements, in the order of
/// `plane`, then `start`.
///
/// A plane has `plane_len` elements, a multiple of `span`; no block crosses a multiple of `span`,
/// so the last block of a span may be shorter, and so may be the number of planes of the last.
pub(crate) fn split<T>(
    output: &mut [T],
    planes: usize,
    [plane_len, span, block_len]: [usize; 3],
) -> Result<Vec<Block<'_, T>>, NoMemory> {
    let mut blocks = Vec::new();
    if output.is_empty() {
        return Ok(blocks);
    }
    for (band, band_output) in output.chunks_mut(plane_len.saturating_mul(planes)).enumerate() {
        let first = blocks.len();
        let band_planes = band_output.len() / plane_len;
        for (index, plane) in band_output.chunks_mut(plane_len).enumerate() {
            let pieces = plane.chunks_mut(span).flat_map(|span| span.chunks_mut(block_len));
            let mut start = 0;
            for (position, piece) in pieces.enumerate() {
                let len = piece.len();
                if index == 0 {
                    let pieces = with_room(band_planes)?;
                    push(&mut blocks, Block { plane: band * planes, start, pieces })?;
                }
                blocks[first + position].pieces.push(piece);
                start += len;
            }
        }
    }
    Ok(blocks)
}

/// Cells of the input or the output that a block of a pooling should have.
const POOL_CELLS: usize = 1 << 13;

/// Splits the output of a pooling into blocks of whole rows, or of several planes where planes of
/// the input, `in_len` cells, are small.
pub(crate) fn split_planes<T>(
    output: &mut [T],
    out_width: usize,
    out_height: usize,
    in_len: usize,
) -> Result<Vec<Block<'_, T>>, NoMemory> {
    let plane_len = out_width * out_height;
    let planes = (POOL_CELLS / plane_len.max(in_len)).max(1);
    let rows = (POOL_CELLS / out_width).clamp(1, out_height);
    split(output, planes, [plane_len, plane_len, rows * out_width])
}

/// Work below which waking other threads costs more than it saves, in units of about a nanosecond.
const SERIAL_WORK: usize = 20_000;

/// Runs `run` on every task, on all threads unless `work`, about the nanoseconds that one thread
/// needs, is small.
pub(crate) fn for_each<T: Send>(
    tasks: Vec<T>,
    work: usize,
    run: impl Fn(T) -> Result<(), NoMemory> + Sync + Send,
) -> Result<(), NoMemory> {
    if work < SERIAL_WORK || tasks.len() < 2 || rayon::current_num_threads() == 1 {
        tasks.into_iter().try_for_each(run)
    } else {
        tasks.into_par_iter().try_for_each(run)
    }
}

/// Memory that a thread keeps from task to task; contents are arbitrary.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    buffers: [Vec<f32>; 3],
}

/// Elements of scratch beyond which a thread gives its memory back after a task.
const KEPT_ELEMENTS: usize = 1 << 20;

impl Scratch {
    /// Three buffers of these lengths.
    pub(crate) fn buffers(&mut self, lengths: [usize; 3]) -> Result<[&mut [f32]; 3], NoMemory> {
        for (buffer, len) in self.buffers.iter_mut().zip(lengths) {
            let missing = len.saturating_sub(buffer.len());
            extend(buffer, std::iter::repeat_n(0.0, missing))?;
        }
        let mut lengths = lengths.into_iter();
        Ok(self.buffers.each_mut().map(|buffer| &mut buffer[..lengths.next().unwrap_or(0)]))
    }

    /// Runs `task`, which must not wait for other tasks, with the thread's scratch.
    pub(crate) fn with<R>(task: impl FnOnce(&mut Self) -> R) -> R {
        thread_local! {
            static SCRATCH: RefCell<Scratch> = RefCell::default();
        }
        let mut scratch = SCRATCH.take();
        let result = task(&mut scratch);
        if scratch.buffers.iter().map(Vec::len).sum::<usize>() <= KEPT_ELEMENTS {
            SCRATCH.set(scratch);
        }
        result
    }
}
