//! The gradients of interpolation and padding on the GPU, as a gather; columns first, then rows, where
//! an element has many readers.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::rearrange::resample::parts::{Most, Needs, Part, Planes, parts};
use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::{TREE, WORKGROUP};
use crate::memory::{NoMemory, collected, with_room};
use crate::ops::{Readers, Resampling};
use crate::{Error, Limits, Result};

/// From so many readers on a workgroup shares an element.
const MANY_READERS: usize = 256;
/// The fewest terms that are added up without a break where there are more: fewer gain little.
const SHORT_SUM: usize = 32;

params!(Params {
    grid_width: u32,
    count: u32,
    first_plane: u32,
    first_row: u32,
    dispatch_rows: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    first_reader: u32,
    end_reader: u32,
    block: u32,
    accumulate: u32,
    input_base: u32,
    output_base: u32,
    starts_base: u32,
    readers_base: u32,
});

static GRAD_INPUT: Template = template!("rearrange", "resample_grad_input", &[], Params);

/// The readers that a workgroup goes through together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shared {
    None,
    Rows,
    Columns,
}

impl Shared {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Rows, Self::Columns];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Rows => "rows",
            Self::Columns => "columns",
        }
    }
}

/// The shader.
pub(crate) fn shader(shared: Shared, weighted: bool) -> Shader {
    Shader {
        template: &GRAD_INPUT,
        values: vec![("shared", shared.name().into()), ("weighted", weighted.into())],
        uniforms: 0,
        textures: &[],
        reads: 5,
        writes: 1,
    }
}

/// How the readers of an element are gone through.
#[derive(Debug, Clone, Copy)]
struct Loops {
    shared: Shared,
    /// Terms that are added up without a break.
    block: usize,
    /// Iterations of an invocation.
    iterations: usize,
}

impl Loops {
    /// Over at most so many rows and columns of readers; one of many is alone.
    fn over([rows, columns]: [usize; 2]) -> Self {
        if rows.saturating_mul(columns) < MANY_READERS {
            let iterations = rows * (columns + columns.div_ceil(SHORT_SUM) + 1) + rows;
            return Self { shared: Shared::None, block: SHORT_SUM, iterations };
        }
        let turns = rows.max(columns).div_ceil(WORKGROUP);
        let block = turns.isqrt().max(SHORT_SUM);
        // Beside the loop over readers, those over blocks and over the other axis, and the tree.
        let iterations = 3 * turns.div_ceil(block) + turns + TREE + 2;
        let shared = if rows > columns { Shared::Rows } else { Shared::Columns };
        let iterations = if shared == Shared::Rows { iterations + 2 * turns } else { iterations };
        Self { shared, block, iterations }
    }
}

/// The readers along one axis, where shaders read them.
#[derive(Debug)]
struct Table {
    starts: GpuBuffer,
    entries: GpuBuffer,
}

impl Table {
    fn new(
        context: &Arc<Context>,
        operation: &'static str,
        readers: &Readers,
        weighted: bool,
    ) -> Result<Self> {
        let words = || -> std::result::Result<_, NoMemory> {
            let starts = collected(readers.starts.iter().map(|&start| low_bits(start)))?;
            let mut entries = with_room(readers.entries.len() * words_of(weighted))?;
            for tap in &readers.entries {
                entries.push(low_bits(tap.at));
                entries.extend(weighted.then_some(tap.weight.to_bits()));
            }
            Ok((starts, entries))
        };
        let (starts, entries) = words().map_err(|missing| missing.during(operation))?;
        let upload = |words: &[u32]| context.upload(operation, words);
        Ok(Self { starts: upload(&starts)?, entries: upload(&entries)? })
    }
}

/// Words of a reader.
const fn words_of(weighted: bool) -> usize {
    if weighted { 2 } else { 1 }
}

/// One dispatch: its part of the work, and what it touches.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    params: Params,
    grid: Grid,
    /// Of the rows' readers.
    starts: Range<usize>,
    entries: Range<usize>,
    grad_output: Range<usize>,
    grad_input: Range<usize>,
}

/// One pass over a gradient.
#[derive(Debug)]
struct Pass {
    shader: Shader,
    steps: Vec<Step>,
    rows: Table,
    columns: Table,
    /// Of the table of columns.
    column_words: [usize; 2],
    weighted: bool,
    len: usize,
}

/// What a pass reads and writes: planes, their sizes, and the readers along the axes.
struct Gather<'a> {
    operation: &'static str,
    planes: usize,
    /// `[height, width]` of what is read.
    output: [usize; 2],
    rows: &'a Readers,
    columns: &'a Readers,
    weighted: bool,
}

impl Gather<'_> {
    /// A part of a plane's elements, and the readers of a dispatch: those of all its rows, or some of
    /// a single row's.
    fn steps(&self, limits: &Limits) -> Result<Vec<Step>> {
        let (elements, [out_height, out_width]) = (limits.max_binding_elements(), self.output);
        let (rows, columns) = (self.rows, self.columns);
        let words = words_of(self.weighted);
        let most_readers = (elements / out_width).min(elements / words);
        for (quantity, needed) in [
            ("the bytes of a row of the output", out_width),
            ("the bytes of a row of the input", columns.len()),
            ("the bytes of the table of the input's columns", columns.len() + 1),
            ("the bytes of the table of the output's columns", columns.entries.len() * words),
        ] {
            if needed > elements {
                let (needed, allowed) = (4 * needed as u64, 4 * elements as u64);
                let quantity = quantity.into();
                let operation = self.operation;
                return Err(Error::DeviceLimit { operation, quantity, needed, allowed });
            }
        }
        let planes = Planes {
            count: self.planes,
            written: [rows.len(), columns.len()],
            source_plane: out_height * out_width,
        };
        // One word is the end of the last row.
        let most = Most { source: elements, written: elements, table: elements - 1 };
        let needs = |row: usize| -> Needs {
            let span = rows.span(row..row + 1);
            (span.start * out_width..span.end * out_width, (rows.of(row).len() * words).max(1))
        };
        let loops = Loops::over([rows.most(), columns.most()]);
        let mut steps = Vec::new();
        for part in parts(planes, most, needs) {
            let all = rows.starts[part.rows.start]..rows.starts[part.rows.end];
            let fits = part.source.len() <= elements && all.len() * words <= elements;
            if fits {
                steps.push(self.step(&part, all, false, &loops, limits)?);
                continue;
            }
            // The readers of this row are many, or lie too far apart.
            let mut from = all.start;
            while from < all.end {
                let first = rows.entries[from].at;
                let near = |tap: &&crate::ops::Tap| tap.at < first + most_readers;
                let some = rows.entries[from..all.end].iter().take(most_readers.max(1));
                let end = from + some.take_while(near).count();
                let span = first..rows.entries[end - 1].at + 1;
                let source = span.start * out_width..span.end * out_width;
                let part = Part { source, ..part.clone() };
                steps.push(self.step(&part, from..end, from > all.start, &loops, limits)?);
                from = end;
            }
        }
        Ok(steps)
    }

    fn step(
        &self,
        part: &Part,
        readers: Range<usize>,
        accumulate: bool,
        loops: &Loops,
        limits: &Limits,
    ) -> Result<Step> {
        let [out_height, out_width] = self.output;
        let written = [self.rows.len(), self.columns.len()];
        let count = part.planes.len() * part.rows.len() * written[1];
        let workgroups =
            if loops.shared == Shared::None { count.div_ceil(WORKGROUP) } else { count };
        let grid = Grid::new(self.operation, workgroups, loops.iterations, limits)?;
        let number = |name, value| size(self.operation, name, value);
        let words = words_of(self.weighted);
        let params = Params {
            grid_width: grid.width,
            count: number("the elements of one dispatch", count)?,
            first_plane: number("batch times channels", part.planes.start)?,
            first_row: number("the input's height", part.rows.start)?,
            dispatch_rows: number("the input's height", part.rows.len())?,
            in_height: number("the input's height", written[0])?,
            in_width: number("the input's width", written[1])?,
            out_height: number("the output's height", out_height)?,
            out_width: number("the output's width", out_width)?,
            first_reader: number("the readers of rows", readers.start)?,
            end_reader: number("the readers of rows", readers.end)?,
            block: number("the terms of a sum", loops.block)?,
            accumulate: u32::from(accumulate),
            input_base: 0,
            output_base: 0,
            starts_base: 0,
            readers_base: 0,
        };
        // A binding is not empty.
        let (first, end) = match readers.is_empty() {
            true => (0, 1),
            false => (readers.start, readers.end),
        };
        Ok(Step {
            params,
            grid,
            starts: part.rows.start..part.rows.end + 1,
            entries: first * words..end * words,
            grad_output: part.read(out_height * out_width),
            grad_input: part.written(written),
        })
    }

    fn pass(&self, context: &Arc<Context>) -> Result<Pass> {
        let (rows, columns) = (self.rows, self.columns);
        let table = |readers| Table::new(context, self.operation, readers, self.weighted);
        let loops = Loops::over([rows.most(), columns.most()]);
        Ok(Pass {
            shader: shader(loops.shared, self.weighted),
            steps: self.steps(context.limits())?,
            rows: table(rows)?,
            columns: table(columns)?,
            column_words: [columns.len() + 1, columns.entries.len() * words_of(self.weighted)],
            weighted: self.weighted,
            len: self.planes * rows.len() * columns.len(),
        })
    }
}

/// The gradient of an input: one pass, or one over columns and one over rows.
#[derive(Debug)]
pub(crate) struct ResamplingGradPlan(Vec<Pass>);

impl ResamplingGradPlan {
    pub(crate) fn new(context: &Arc<Context>, problem: &Resampling) -> Result<Self> {
        let operation = problem.operation;
        let no_memory = |missing: NoMemory| missing.during(operation);
        let rows = problem.vertical.readers().map_err(no_memory)?;
        let columns = problem.horizontal.readers().map_err(no_memory)?;
        let (input, output) = (problem.input, problem.output_shape());
        let gather = |output, rows, columns| Gather {
            operation,
            planes: input.batch * input.channels,
            output,
            rows,
            columns,
            weighted: !problem.copies(),
        };
        let [height, width] = [rows.most(), columns.most()];
        if height.min(width) < 2 || height.saturating_mul(width) < MANY_READERS {
            let pass = gather([output.height, output.width], &rows, &columns);
            return Ok(Self(vec![pass.pass(context)?]));
        }
        let own_rows = Readers::identity(output.height).map_err(no_memory)?;
        let own_columns = Readers::identity(input.width).map_err(no_memory)?;
        let first = gather([output.height, output.width], &own_rows, &columns);
        let second = gather([output.height, input.width], &rows, &own_columns);
        Ok(Self(vec![first.pass(context)?, second.pass(context)?]))
    }
}

/// Records the gradient of an input.
pub(crate) fn resampling_grad_input(
    context: &Arc<Context>,
    problem: &Resampling,
    plan: &ResamplingGradPlan,
    grad_output: &GpuBuffer,
) -> Result<GpuBuffer> {
    let mut gradient = None;
    for pass in &plan.0 {
        let read = gradient.as_ref().unwrap_or(grad_output);
        gradient = Some(pass.record(context, problem.operation, read)?);
    }
    match gradient {
        Some(gradient) => Ok(gradient),
        None => context.allocate(problem.operation, 0, Reuse::Recorded),
    }
}

impl Pass {
    fn record(
        &self,
        context: &Arc<Context>,
        operation: &'static str,
        grad_output: &GpuBuffer,
    ) -> Result<GpuBuffer> {
        let grad_input = context.allocate(operation, self.len as u64 * 4, Reuse::Recorded)?;
        let [starts, entries] = self.column_words;
        let columns = [
            Binding::whole(&self.columns.starts, starts),
            Binding::whole(&self.columns.entries, entries),
        ];
        for step in &self.steps {
            let of = |buffer, range: &Range<usize>| {
                Binding::range(context.limits(), buffer, range.clone())
            };
            let (starts, starts_base) = of(&self.rows.starts, &step.starts);
            let (entries, entries_base) = of(&self.rows.entries, &step.entries);
            let (read, output_base) = of(grad_output, &step.grad_output);
            let (written, input_base) = of(&grad_input, &step.grad_input);
            let params = Params {
                input_base: low_bits(input_base),
                output_base: low_bits(output_base),
                starts_base: low_bits(starts_base),
                readers_base: low_bits(entries_base / words_of(self.weighted)),
                ..step.params
            };
            let [column_starts, column_readers] = columns;
            let bindings = [starts, entries, column_starts, column_readers, read, written];
            context.record(operation, &self.shader, &params, &bindings, step.grid)?;
        }
        Ok(grad_input)
    }
}
