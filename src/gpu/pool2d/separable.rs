//! Rows first, then columns: a window costs its height plus its width.

use std::sync::Arc;

use crate::gpu::elementwise::convert::convert;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::fits::check_buffers;
use crate::ops::pool2d::{Divisor, Index, Pool2dProblem, Reduction, Window};
use crate::window::Axis;
use crate::{DType, Limits, Result, Shape};

/// Two poolings with their plans, of the rows of the input and of the columns of what comes out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan<P> {
    pub(crate) rows: (Pool2dProblem, P),
    pub(crate) columns: (Pool2dProblem, P),
}

/// A pooling's output and its indices.
type Output = (GpuBuffer, Option<GpuBuffer>);

/// Windows of one cell.
fn cells(size: usize) -> Axis {
    Axis {
        input_size: size,
        output_size: size,
        kernel_size: 1,
        stride: 1,
        pad_begin: 0,
        pad_end: 0,
        dilation: 1,
    }
}

/// What comes out of the rows.
fn between(problem: &Pool2dProblem) -> Shape {
    Shape { width: problem.output.width, ..problem.input }
}

/// Whether that fits a buffer; where elements are averaged it is of f32, and so is a gradient.
pub(crate) fn fits(problem: &Pool2dProblem, dtype: DType, limits: &Limits) -> bool {
    check_buffers(problem.operation, &[between(problem)], dtype, limits).is_ok()
}

/// A pooling as one of rows and one of columns. Of averages the first has no divisor of the
/// caller's, and both are of f32, since an element is rounded once.
pub(crate) fn split(problem: &Pool2dProblem) -> [Pool2dProblem; 2] {
    let (input, output) = (problem.input, problem.output);
    let between = between(problem);
    let windows = match problem.window {
        Window::Adaptive => [Window::Adaptive; 2],
        Window::Fixed { vertical, horizontal } => [
            Window::Fixed { vertical: cells(input.height), horizontal },
            Window::Fixed { vertical, horizontal: cells(output.width) },
        ],
    };
    let (reductions, dtype) = match problem.reduction {
        Reduction::Max { index: Index::None } => ([problem.reduction; 2], problem.dtype),
        Reduction::Max { .. } => {
            ([Index::Own, Index::LookedUp].map(|index| Reduction::Max { index }), problem.dtype)
        }
        Reduction::Average(divisor) => {
            let of_rows = match divisor {
                Divisor::Override(_) => Divisor::Override(1.0),
                divisor => divisor,
            };
            ([of_rows, divisor].map(Reduction::Average), DType::F32)
        }
    };
    let rows = Pool2dProblem {
        output: between,
        window: windows[0],
        reduction: reductions[0],
        dtype,
        ..*problem
    };
    let columns = Pool2dProblem {
        input: between,
        window: windows[1],
        reduction: reductions[1],
        dtype,
        ..*problem
    };
    [rows, columns]
}

impl<P> Plan<P> {
    /// Planned by `plan`; `None` where a window has one row or one column, there is none, or what
    /// lies between the two poolings fits no buffer.
    pub(crate) fn new(
        problem: &Pool2dProblem,
        limits: &Limits,
        plan: impl Fn(&Pool2dProblem) -> Result<P>,
    ) -> Result<Option<Self>> {
        if problem.taps().contains(&1) || problem.output.is_empty() {
            return Ok(None);
        }
        let [rows, columns] = split(problem);
        if !fits(problem, rows.dtype, limits) {
            return Ok(None);
        }
        let (of_rows, of_columns) = (plan(&rows)?, plan(&columns)?);
        Ok(Some(Self { rows: (rows, of_rows), columns: (columns, of_columns) }))
    }

    /// The plans of the two poolings.
    pub(crate) fn parts(&self) -> [&P; 2] {
        [&self.rows.1, &self.columns.1]
    }

    /// Records both by `run`, which takes the indices that its input has as an output.
    pub(crate) fn run(
        &self,
        context: &Arc<Context>,
        problem: &Pool2dProblem,
        input: &GpuBuffer,
        run: impl Fn(
            &Arc<Context>,
            &Pool2dProblem,
            &P,
            &GpuBuffer,
            Option<&GpuBuffer>,
        ) -> Result<Output>,
    ) -> Result<Output> {
        let (rows, of_rows) = &self.rows;
        let (columns, of_columns) = &self.columns;
        let widened = match rows.dtype == problem.dtype {
            true => None,
            false => Some(convert(context, input, rows.dtype, problem.input.len())?),
        };
        let input = widened.as_ref().unwrap_or(input);
        let (between, found) = run(context, rows, of_rows, input, None)?;
        let (output, indices) = run(context, columns, of_columns, &between, found.as_ref())?;
        if columns.dtype == problem.dtype {
            return Ok((output, indices));
        }
        Ok((convert(context, &output, problem.dtype, problem.output.len())?, indices))
    }
}

/// Taps of the largest windows that one pass goes through faster than two; a software adapter has
/// its inputs at hand, and is slower at the many comparisons.
const FEW_TAPS: usize = 81;
const FEW_TAPS_SOFTWARE: usize = 25;

/// Taps of the largest windows that one workgroup each is enough for, where they do not overlap.
const MANY_TAPS: usize = 1 << 14;

/// Whether two poolings are faster than one.
pub(crate) fn is_worth_it(problem: &Pool2dProblem, limits: &Limits) -> bool {
    let [height, width] = problem.taps();
    let few = if limits.software { FEW_TAPS_SOFTWARE } else { FEW_TAPS };
    if height.min(width) < 2 || height.saturating_mul(width) <= few {
        return false;
    }
    let product = |a: usize, b: usize| a as f64 * b as f64;
    let (input, output) = (problem.input, problem.output);
    let outputs = product(output.height, output.width);
    let together = outputs * product(height, width);
    // What lies between is written and read again.
    let apart =
        product(input.height, output.width) * (width as f64 + 4.0) + outputs * height as f64;
    together > 1.5 * apart || product(height, width) > MANY_TAPS as f64
}
