//! Elements copied to other places, on the GPU: nearest interpolation, padding, pixel shuffle.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::rearrange::resample::blocks::Blocks;
use crate::gpu::rearrange::resample::parts::Planes;
use crate::gpu::rearrange::resample::rows::{Columns, Frame, Params, Step};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::params::low_bits;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Include, Template, parts, template};
use crate::memory::{NoMemory, collected};
use crate::ops::{Copied, CopyMap, NOWHERE};
use crate::{DType, Result};

/// What the shaders of rows include.
pub(crate) const PARTS: &[Include] = parts!("rearrange": "resample_rows");

static COPY: Template = template!("rearrange", "resample_copy", &[PARTS], Params);

/// The shader; `filled` is whether some outputs read nothing.
pub(crate) fn shader(filled: bool, dtype: DType) -> Shader {
    Shader {
        template: &COPY,
        values: vec![("filled", filled.into()), ("weighted", false.into()), dtype.value()],
        uniforms: 0,
        textures: &[],
        reads: 3,
        writes: 1,
    }
}

/// How a device copies.
#[derive(Debug)]
pub(crate) enum CopyPlan {
    Blocks(Blocks),
    Rows(Box<Rows>),
}

/// Row by row, as tables say.
#[derive(Debug)]
pub(crate) struct Rows {
    frame: Frame,
    shader: Shader,
    steps: Vec<Step>,
    tables: [GpuBuffer; 2],
}

/// The range of offsets that are some; empty if none is.
fn extent(offsets: impl Iterator<Item = usize>) -> Range<usize> {
    let offsets = offsets.filter(|&offset| offset != NOWHERE);
    let ends = offsets.fold(None, |ends, offset| match ends {
        None => Some((offset, offset)),
        Some((first, last)) => Some((offset.min(first), offset.max(last))),
    });
    ends.map_or(0..0, |(first, last)| first..last + 1)
}

impl CopyPlan {
    pub(crate) fn new(context: &Arc<Context>, copied: &Copied) -> Result<Self> {
        let (map, dtype) = copied;
        if let Some(blocks) = Blocks::new(map, *dtype, context.limits())? {
            return Ok(Self::Blocks(blocks));
        }
        Ok(Self::Rows(Box::new(Rows::new(context, map, *dtype)?)))
    }
}

impl Rows {
    fn new(context: &Arc<Context>, map: &CopyMap, dtype: DType) -> Result<Self> {
        let (operation, limits) = (map.operation(), context.limits());
        let no_memory = |missing: NoMemory| missing.during(operation);
        let rows = map.row_offsets().map_err(no_memory)?;
        let columns = map.column_offsets().map_err(no_memory)?;
        let written = map.rows();
        let planes = Planes { count: map.planes(), written, source_plane: map.source_plane() };
        let filling = map.filling();
        let frame = Frame { operation, planes, dtype, words: 1, value: filling.unwrap_or(0) };
        let steps_of = |step: usize| -> Result<Vec<Step>> {
            let mut steps = Vec::new();
            for first in 0..step {
                let reach = extent(columns[first..].iter().step_by(step).copied());
                let needs = |row: usize| match rows[row] {
                    NOWHERE => 0..0,
                    _ if reach.is_empty() => 0..0,
                    offset => offset + reach.start..offset + reach.end,
                };
                for part in frame.parts(limits, needs)? {
                    steps.push(frame.step(&part, Columns { first, step }, limits)?);
                }
            }
            Ok(steps)
        };
        // What a row of a shuffle reads may be planes apart, but not what every r-th of its columns
        // does.
        let steps = match steps_of(1) {
            Err(_) if map.column_step() > 1 => steps_of(map.column_step()),
            steps => steps,
        }?;
        let table = |offsets: Vec<usize>| {
            let words = collected(offsets.into_iter().map(low_bits)).map_err(no_memory)?;
            context.upload(operation, &words)
        };
        let tables = [table(rows)?, table(columns)?];
        Ok(Self { frame, shader: shader(filling.is_some(), dtype), steps, tables })
    }
}

/// Records a copy.
pub(crate) fn copy_places(
    context: &Arc<Context>,
    map: &CopyMap,
    plan: &CopyPlan,
    input: &GpuBuffer,
) -> Result<GpuBuffer> {
    let [_, shape] = map.shapes();
    let output = context.allocate_elements(map.operation(), shape.len(), input.dtype)?;
    match plan {
        CopyPlan::Blocks(blocks) => blocks.record(context, map, [input, &output])?,
        CopyPlan::Rows(rows) => {
            for step in &rows.steps {
                rows.frame.record(context, &rows.shader, step, &rows.tables, [input, &output])?;
            }
        }
    }
    Ok(output)
}
