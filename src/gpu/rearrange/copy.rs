//! Copies of blocks of elements, on the GPU: channels of images.

use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::ops::cat::{OPERATION, Slice};
use crate::{DType, Result, Shape};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;

params!(Params {
    grid_width: u32,
    count: u32,
    block: u32,
    source_first: u32,
    source_distance: u32,
    target_first: u32,
    target_distance: u32,
});

static COPY: Template = template!("rearrange", "copy", &[], Params);

/// What an invocation copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Vectors,
    Words,
    Halves,
}

impl Cell {
    const fn name(self) -> &'static str {
        match self {
            Self::Vectors => "vectors",
            Self::Words => "words",
            Self::Halves => "halves",
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Vectors => 16,
            Self::Words => 4,
            Self::Halves => 2,
        }
    }
}

fn shader(cell: Cell) -> Shader {
    Shader {
        template: &COPY,
        values: vec![("cell", cell.name().into()), ("f16", (cell == Cell::Halves).into())],
        uniforms: 0,
        textures: &[],
        reads: 1,
        writes: 1,
    }
}

/// All variants.
pub(crate) fn variants() -> [Shader; 3] {
    [Cell::Vectors, Cell::Words, Cell::Halves].map(shader)
}

/// `count` blocks of `len` elements, and where they lie in the source and in the target: the first,
/// and how far one is from the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Blocks {
    count: usize,
    len: usize,
    source: [usize; 2],
    target: [usize; 2],
}

impl Blocks {
    /// The elements from the first of these blocks to the last.
    fn reach(&self, [_, distance]: [usize; 2]) -> usize {
        (self.count - 1) * distance + self.len
    }

    /// The largest cell that all begin and end with.
    fn cell(&self, dtype: DType) -> Cell {
        let numbers = [&[self.len][..], &self.source, &self.target].concat();
        let is_of = |cell: &Cell| {
            numbers.iter().all(|number| (number * dtype.bytes()).is_multiple_of(cell.bytes()))
        };
        [Cell::Vectors, Cell::Words].into_iter().find(is_of).unwrap_or(Cell::Halves)
    }

    /// The blocks, or pieces of them, of which so many elements lie in one binding each.
    fn parts(self, most: usize) -> Vec<Self> {
        let of = |count: usize| Self { count, ..self };
        let fits = |count| of(count).reach(self.source).max(of(count).reach(self.target)) <= most;
        let (step, piece) = match largest(self.count, fits) {
            Some(step) => (step, self.len),
            None => (1, (most / 128 * 128).max(128)),
        };
        let mut parts = Vec::new();
        for blocks in chunks(self.count, step) {
            for elements in chunks(self.len, piece) {
                let moved = |[first, distance]: [usize; 2]| {
                    [first + blocks.start * distance + elements.start, distance]
                };
                let (source, target) = (moved(self.source), moved(self.target));
                parts.push(Self { count: blocks.len(), len: elements.len(), source, target });
            }
        }
        parts
    }
}

/// Records a copy of blocks of elements of the same type.
fn copy(
    context: &Arc<Context>,
    blocks: Blocks,
    source: &GpuBuffer,
    target: &GpuBuffer,
) -> Result<()> {
    let (dtype, limits) = (source.dtype, context.limits());
    for part in blocks.parts(limits.max_elements(dtype)) {
        let cell = part.cell(dtype);
        let cells = |elements: usize| elements * dtype.bytes() / cell.bytes();
        let bind = |buffer, places: [usize; 2]| {
            let range = places[0]..places[0] + part.reach(places);
            let (binding, base) = Binding::range(limits, buffer, range);
            (binding, low_bits(cells(places[0] - base)))
        };
        let (source, source_first) = bind(source, part.source);
        let (target, target_first) = bind(target, part.target);
        let count = cells(part.count * part.len);
        let grid = Grid::new(OPERATION, count.div_ceil(WORKGROUP), NO_LOOP, limits)?;
        let params = Params {
            grid_width: grid.width,
            count: size(OPERATION, "the elements of one dispatch", count)?,
            block: size(OPERATION, "the elements of one dispatch", cells(part.len))?,
            source_first,
            source_distance: low_bits(cells(part.source[1])),
            target_first,
            target_distance: low_bits(cells(part.target[1])),
        };
        context.record(OPERATION, &shader(cell), &params, &[source, target], grid)?;
    }
    Ok(())
}

/// The copy of a slice's images out of those of `image_len` elements; turned round, into them.
fn blocks(slice: &Slice, image_len: usize) -> Blocks {
    Blocks {
        count: slice.shape.batch,
        len: slice.image_len(),
        source: [slice.first(), image_len],
        target: [0, slice.image_len()],
    }
}

/// Records tensors behind one another along their channels; the output is not empty.
pub(crate) fn cat(
    context: &Arc<Context>,
    inputs: &[(Slice, &GpuBuffer)],
    shape: Shape,
    dtype: DType,
) -> Result<GpuBuffer> {
    let output = context.allocate_elements(OPERATION, shape.len(), dtype)?;
    let image_len = shape.channels * shape.height * shape.width;
    for (slice, input) in inputs.iter().filter(|(slice, _)| !slice.shape.is_empty()) {
        let out = blocks(slice, image_len);
        let into = Blocks { source: out.target, target: out.source, ..out };
        copy(context, into, input, &output)?;
    }
    Ok(output)
}

/// Records a slice of a tensor's channels, which is not empty.
pub(crate) fn slice(
    context: &Arc<Context>,
    slice: &Slice,
    source: &GpuBuffer,
    shape: Shape,
) -> Result<GpuBuffer> {
    let output = context.allocate_elements(OPERATION, slice.shape.len(), source.dtype)?;
    let image_len = shape.channels * shape.height * shape.width;
    copy(context, blocks(slice, image_len), source, &output)?;
    Ok(output)
}
