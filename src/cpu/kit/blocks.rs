//! How an output is split into blocks, one task each, and the scratch memory of a task.

use crate::cpu::kit::threads;
use crate::memory::{NoMemory, collected, extend, from_line, line, push, with_room};
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

/// A block that is not yet made.
#[derive(Debug)]
pub(crate) enum Task<'a, T> {
    /// Whole planes of so many elements.
    Planes {
        plane: usize,
        planes: &'a mut [T],
        plane_len: usize,
    },
    Pieces(Block<'a, T>),
}

impl<'a, T> Task<'a, T> {
    /// Makes the block.
    pub(crate) fn block(self) -> Result<Block<'a, T>, NoMemory> {
        match self {
            Self::Planes { plane, planes, plane_len } => {
                let pieces = collected(planes.chunks_exact_mut(plane_len))?;
                Ok(Block { plane, start: 0, pieces })
            }
            Self::Pieces(block) => Ok(block),
        }
    }
}

/// Runs `run` on every block, as [`threads::for_each`] does.
pub(crate) fn for_each<T: Send>(
    tasks: Vec<Task<'_, T>>,
    work: usize,
    run: impl Fn(Block<'_, T>) -> Result<(), NoMemory> + Sync + Send,
) -> Result<(), NoMemory> {
    threads::for_each(tasks, work, |task| run(task.block()?))
}

/// As [`for_each`], of two outputs that were split alike.
pub(crate) fn for_each_of_both<T: Send, U: Send>(
    tasks: Vec<Task<'_, T>>,
    others: Vec<Task<'_, U>>,
    work: usize,
    run: impl Fn(Block<'_, T>, Block<'_, U>) -> Result<(), NoMemory> + Sync + Send,
) -> Result<(), NoMemory> {
    let pairs: Vec<(Task<'_, T>, Task<'_, U>)> = collected(tasks.into_iter().zip(others))?;
    threads::for_each(pairs, work, |(task, other)| run(task.block()?, other.block()?))
}

/// Splits `output` into blocks of `planes` planes by `block_len` elements, in the order of
/// `plane`, then `start`.
///
/// A plane has `plane_len` elements, a multiple of `span`; no block crosses a multiple of `span`,
/// so the last block of a span may be shorter, and so may be the number of planes of the last.
pub(crate) fn split<T>(
    output: &mut [T],
    planes: usize,
    lengths: [usize; 3],
) -> Result<Vec<Task<'_, T>>, NoMemory> {
    split_groups(output, [usize::MAX, planes], lengths)
}

/// As [`split`], where no block crosses a multiple of `group` planes either.
pub(crate) fn split_groups<T>(
    output: &mut [T],
    [group, planes]: [usize; 2],
    [plane_len, span, block_len]: [usize; 3],
) -> Result<Vec<Task<'_, T>>, NoMemory> {
    if output.is_empty() {
        return Ok(Vec::new());
    }
    let all_planes = output.len() / plane_len;
    let bands = all_planes.div_ceil(group) * group.min(all_planes).div_ceil(planes);
    let span = span.min(plane_len);
    let mut tasks = with_room(bands * (plane_len / span) * span.div_ceil(block_len))?;
    let groups = output.chunks_mut(plane_len.saturating_mul(group)).enumerate();
    let bands = groups.flat_map(|(index, output)| {
        let bands = output.chunks_mut(plane_len.saturating_mul(planes)).enumerate();
        bands.map(move |(band, output)| (index * group + band * planes, output))
    });
    for (plane, band_output) in bands {
        if span == plane_len && block_len >= plane_len {
            push(&mut tasks, Task::Planes { plane, planes: band_output, plane_len })?;
            continue;
        }
        let first = tasks.len();
        let band_planes = band_output.len() / plane_len;
        for band_plane in band_output.chunks_mut(plane_len) {
            let pieces = band_plane.chunks_mut(span).flat_map(|span| span.chunks_mut(block_len));
            let mut start = 0;
            for (position, piece) in pieces.enumerate() {
                if tasks.len() == first + position {
                    let pieces = with_room(band_planes)?;
                    push(&mut tasks, Task::Pieces(Block { plane, start, pieces }))?;
                }
                start += piece.len();
                if let Task::Pieces(block) = &mut tasks[first + position] {
                    block.pieces.push(piece);
                }
            }
        }
    }
    Ok(tasks)
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
) -> Result<Vec<Task<'_, T>>, NoMemory> {
    let plane_len = out_width * out_height;
    let planes = (POOL_CELLS / plane_len.max(in_len)).max(1);
    let rows = (POOL_CELLS / out_width).clamp(1, out_height);
    split(output, planes, [plane_len, plane_len, rows * out_width])
}

/// Cells of the padded copy of a block, which should stay in the first cache.
const COPY_CELLS: usize = 1 << 12;

/// Rows of a block, if there are as many: blocks below one another copy some rows twice.
const LEAST_ROWS: usize = 8;

/// Cells of the input and the output that a block of several planes should have.
const BLOCK_CELLS: usize = 1 << 14;

/// Rows of outputs whose copy stays in the first cache, where each needs so many cells of it more. Bands of
/// so many rows are about equally high.
pub(crate) fn copied_rows(out_height: usize, copied: usize) -> usize {
    let bands = out_height.div_ceil((COPY_CELLS / copied).max(LEAST_ROWS));
    out_height.div_ceil(bands)
}

/// Splits an output into blocks of whole rows, the same of several planes where these are few cells, if
/// each row of outputs needs so many cells of a copy more, and planes of the input have `in_len` cells.
pub(crate) fn split_copied<T>(
    output: &mut [T],
    [out_height, out_width]: [usize; 2],
    copied: usize,
    in_len: usize,
) -> Result<Vec<Task<'_, T>>, NoMemory> {
    let plane_len = out_width * out_height;
    let rows = copied_rows(out_height, copied);
    let pieces = out_height.div_ceil(rows);
    let planes = BLOCK_CELLS.saturating_mul(pieces) / (plane_len + in_len);
    let all_planes = output.len() / plane_len;
    let planes = planes.min(all_planes.div_ceil(threads::most_tasks())).max(1);
    split(output, planes, [plane_len, plane_len, rows * out_width])
}

/// The most buffers of a task.
const MOST_BUFFERS: usize = 4;

/// Memory that a thread keeps from task to task; contents are arbitrary.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    buffers: [Vec<f32>; MOST_BUFFERS],
}

/// Elements of a line of the caches, at the begin of which buffers lie.
pub(crate) const LINE: usize = line::<f32>();

/// Elements of scratch beyond which a thread gives its memory back after a task.
const KEPT_ELEMENTS: usize = 1 << 20;

/// Makes room for so many elements from the begin of a line on.
fn grow(buffer: &mut Vec<f32>, len: usize) -> Result<(), NoMemory> {
    let missing = len.saturating_add(LINE).saturating_sub(buffer.len());
    extend(buffer, std::iter::repeat_n(0.0, missing))
}

impl Scratch {
    /// Buffers of these lengths, [`MOST_BUFFERS`] at the most.
    pub(crate) fn buffers<const N: usize>(
        &mut self,
        lengths: [usize; N],
    ) -> Result<[&mut [f32]; N], NoMemory> {
        for (buffer, len) in self.buffers.iter_mut().zip(lengths) {
            grow(buffer, len)?;
        }
        let mut buffers = self.buffers.iter_mut().zip(lengths);
        Ok(std::array::from_fn(|_| {
            buffers.next().map_or(&mut [][..], |(buffer, len)| {
                let range = from_line(buffer, len);
                &mut buffer[range]
            })
        }))
    }

    /// Runs `task` with memory that a thread keeps beside its scratch, of this length.
    pub(crate) fn with_packed<R>(
        len: usize,
        task: impl FnOnce(&mut [f32]) -> Result<R, NoMemory>,
    ) -> Result<R, NoMemory> {
        thread_local! {
            static PACKED: RefCell<Vec<f32>> = RefCell::default();
        }
        let mut packed = PACKED.take();
        grow(&mut packed, len)?;
        let range = from_line(&packed, len);
        let result = task(&mut packed[range]);
        if packed.len() <= KEPT_ELEMENTS {
            PACKED.set(packed);
        }
        result
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
