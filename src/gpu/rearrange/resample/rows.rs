//! Dispatches of what reads the rows of an input at other places, as `resample_rows` does.

use std::ops::Range;

use crate::gpu::rearrange::resample::parts::{Most, Needs, Part, Planes, parts};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::{DType, Error, Limits, Result};

/// Invocations of a workgroup, as a power of two.
const WORKGROUP_SHIFT: u32 = 6;
/// Outputs of an invocation.
const OUTPUTS: usize = 4;

params!(Params {
    grid_width: u32,
    row_workgroups: u32,
    row_count: u32,
    lanes_shift: u32,
    columns: u32,
    first_column: u32,
    column_step: u32,
    first_plane: u32,
    first_row: u32,
    dispatch_rows: u32,
    out_height: u32,
    out_width: u32,
    in_plane: u32,
    input_base: u32,
    output_base: u32,
    row_base: u32,
    value: u32,
});

/// What all dispatches have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) operation: &'static str,
    pub(crate) planes: Planes,
    pub(crate) dtype: DType,
    /// Words of a row, and of a column, in their tables.
    pub(crate) words: usize,
    /// The bits of what stands where nothing is read.
    pub(crate) value: u32,
}

/// Columns of the output: every `step`th from `first` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    pub(crate) first: usize,
    pub(crate) step: usize,
}

/// One dispatch: its part of the work, and the elements that it touches.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    params: Params,
    grid: Grid,
    /// Words of the table of rows.
    table: Range<usize>,
    input: Range<usize>,
    output: Range<usize>,
}

impl Frame {
    fn most(&self, limits: &Limits) -> Most {
        let elements = limits.max_elements(self.dtype);
        Most { source: elements, written: elements, table: limits.max_binding_elements() }
    }

    /// The parts of some columns, where a row needs these elements of a plane; an error if one of
    /// them exceeds a binding.
    pub(crate) fn parts(
        &self,
        limits: &Limits,
        needs: impl Fn(usize) -> Range<usize>,
    ) -> Result<Vec<Part>> {
        let (most, [_, row_len]) = (self.most(limits), self.planes.written);
        let bytes = self.dtype.bytes();
        let check = |quantity: &str, elements: usize, bytes: usize, most: usize| {
            if elements <= most {
                return Ok(());
            }
            Err(Error::DeviceLimit {
                operation: self.operation,
                quantity: quantity.into(),
                needed: (elements * bytes) as u64,
                allowed: (most * bytes) as u64,
            })
        };
        check("the bytes of a row of the output", row_len, bytes, most.written)?;
        let words = row_len.saturating_mul(self.words);
        check("the bytes of the table of the output's columns", words, 4, most.table)?;
        let words = self.words;
        let parts = parts(self.planes, most, |row| -> Needs { (needs(row), words) });
        for part in &parts {
            let quantity = "the bytes that one row of the output needs of the input";
            check(quantity, part.source.len(), bytes, most.source)?;
        }
        Ok(parts)
    }

    /// The dispatch of a part.
    pub(crate) fn step(&self, part: &Part, columns: Columns, limits: &Limits) -> Result<Step> {
        let Planes { written: [height, width], source_plane, .. } = self.planes;
        let number = |name, value| size(self.operation, name, value);
        let count = (width - columns.first).div_ceil(columns.step);
        let lanes = count.div_ceil(OUTPUTS).next_power_of_two().clamp(4, 1 << WORKGROUP_SHIFT);
        let lanes_shift = lanes.trailing_zeros();
        let row_workgroups = count.div_ceil(lanes * OUTPUTS);
        let row_count = part.planes.len() * part.rows.len();
        let row_blocks = row_count.div_ceil(1 << (WORKGROUP_SHIFT - lanes_shift));
        let grid = Grid::new(self.operation, row_workgroups * row_blocks, NO_LOOP, limits)?;
        let params = Params {
            grid_width: grid.width,
            row_workgroups: number("the output's width", row_workgroups)?,
            row_count: number("the rows of one dispatch", row_count)?,
            lanes_shift,
            columns: number("the output's width", count)?,
            first_column: number("the output's width", columns.first)?,
            column_step: number("the output's width", columns.step)?,
            first_plane: number("batch times channels", part.planes.start)?,
            first_row: number("the output's height", part.rows.start)?,
            dispatch_rows: number("the output's height", part.rows.len())?,
            out_height: number("the output's height", height)?,
            out_width: number("the output's width", width)?,
            in_plane: number("the elements of a plane", source_plane)?,
            input_base: 0,
            output_base: 0,
            row_base: 0,
            value: self.value,
        };
        Ok(Step {
            params,
            grid,
            table: self.words * part.rows.start..self.words * part.rows.end,
            input: part.read(source_plane),
            output: part.written([height, width]),
        })
    }

    /// Records a step.
    pub(crate) fn record(
        &self,
        context: &Context,
        shader: &Shader,
        step: &Step,
        tables: &[GpuBuffer; 2],
        [input, output]: [&GpuBuffer; 2],
    ) -> Result<()> {
        let limits = context.limits();
        let (rows, row_base) = Binding::range(limits, &tables[0], step.table.clone());
        let columns = Binding::whole(&tables[1], self.words * self.planes.written[1]);
        let (input, input_base) = Binding::range(limits, input, step.input.clone());
        let (output, output_base) = Binding::range(limits, output, step.output.clone());
        let params = Params {
            input_base: low_bits(input_base),
            output_base: low_bits(output_base),
            row_base: low_bits(row_base / self.words),
            ..step.params
        };
        context.record(self.operation, shader, &params, &[rows, columns, input, output], step.grid)
    }
}
