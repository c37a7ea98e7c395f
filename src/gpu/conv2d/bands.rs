//! A convolution of images that exceed a binding: bands of rows, each copied to a tensor of its own.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::conv2d::{Conv2dPlan, conv2d};
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::recording::Planes;
use crate::gpu::runtime::shader::{Shader, distinct};
use crate::gpu::tile::operands::{Buffers, OPERATION};
use crate::ops::Conv2dProblem;
use crate::window::Axis;
use crate::{Algorithm, DType, Limits, PaddingMode, Result};

/// The most bands of an image, a few of which are enough on any adapter.
const MOST_BANDS: usize = 1024;

/// The bands of every image, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    images: usize,
    bands: Vec<Band>,
}

/// Some rows of the output, and the rows of the input that they need.
#[derive(Debug, Clone, PartialEq)]
struct Band {
    in_rows: Range<usize>,
    out_rows: Range<usize>,
    problem: Conv2dProblem,
    plan: Conv2dPlan,
}

/// Whether an image of the input or of the output exceeds a binding.
fn exceeds(problem: &Conv2dProblem, most: usize) -> bool {
    let image = Conv2dProblem { batch: 1, ..*problem };
    image.input_shape().len().max(image.output_shape().len()) > most
}

/// Rows of the output whose tensors each fit a binding.
fn fitting_rows(problem: &Conv2dProblem, most: usize) -> Option<usize> {
    let axis = &problem.vertical;
    let in_rows = most / (problem.in_channels * problem.horizontal.input_size);
    let out_rows = most / (problem.out_channels * problem.horizontal.output_size);
    let of_input = in_rows.checked_sub(axis.span())? / axis.stride + 1;
    // Bands that share most of their inputs are not worth their copies.
    let rows = of_input.min(out_rows);
    (rows > 0 && rows.saturating_mul(axis.stride) >= axis.span() - 1).then_some(rows)
}

/// The axis of some rows of the output, and the rows of the input that it is of.
fn axis_of(
    axis: &Axis,
    mode: PaddingMode,
    out_rows: &Range<usize>,
) -> Option<(Axis, Range<usize>)> {
    // Counted from the first row of the padding.
    let (begin, end) =
        (out_rows.start * axis.stride, (out_rows.end - 1) * axis.stride + axis.span());
    let rows = begin.saturating_sub(axis.pad_begin)
        ..end.saturating_sub(axis.pad_begin).min(axis.input_size);
    let pad_begin = axis.pad_begin.saturating_sub(begin);
    let pad_end = end.saturating_sub(axis.pad_begin + axis.input_size);
    let is_served = match mode {
        PaddingMode::Zeros | PaddingMode::Replicate => true,
        PaddingMode::Reflect => pad_begin.max(pad_end) < rows.len(),
        PaddingMode::Circular => pad_begin.max(pad_end) == 0,
    };
    let of_rows = Axis {
        input_size: rows.len(),
        output_size: out_rows.len(),
        stride: if out_rows.len() == 1 { 1 } else { axis.stride },
        pad_begin,
        pad_end,
        ..*axis
    };
    (is_served && !rows.is_empty()).then_some((of_rows, rows))
}

/// The plan for a problem whose images exceed a binding; `plan` is that of a band, where it has
/// one. `None` where an image fits, or where a band does not.
pub(crate) fn plan(
    problem: &Conv2dProblem,
    dtype: DType,
    limits: &Limits,
    plan: impl Fn(&Conv2dProblem) -> Option<Conv2dPlan>,
) -> Option<Plan> {
    let most = limits.max_elements(dtype);
    if problem.output_shape().is_empty() || !exceeds(problem, most) {
        return None;
    }
    // Copies begin at multiples of four bytes.
    let widths = [problem.horizontal.input_size, problem.horizontal.output_size];
    if widths.iter().any(|width| !(width * dtype.bytes()).is_multiple_of(4)) {
        return None;
    }
    let height = problem.vertical.output_size;
    let count = height.div_ceil(fitting_rows(problem, most)?);
    if count > MOST_BANDS {
        return None;
    }
    let rows = height.div_ceil(count);
    let mut bands: Vec<Band> = Vec::new();
    for first in (0..height).step_by(rows) {
        let out_rows = first..(first + rows).min(height);
        let (vertical, in_rows) = axis_of(&problem.vertical, problem.padding_mode, &out_rows)?;
        let problem = Conv2dProblem { batch: 1, vertical, ..*problem };
        // All but the first and the last are the same problem.
        let plan = match bands.last().filter(|band| band.problem == problem) {
            Some(band) => band.plan.clone(),
            None => plan(&problem)?,
        };
        bands.push(Band { in_rows, out_rows, problem, plan });
    }
    Some(Plan { images: problem.batch, bands })
}

impl Plan {
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.bands.first().map_or(Algorithm::General, |band| band.plan.algorithm())
    }

    pub(crate) fn dispatches(&self) -> usize {
        self.images * self.bands.iter().map(|band| band.plan.dispatches()).sum::<usize>()
    }

    pub(crate) fn shaders(&self) -> Vec<Shader> {
        distinct(self.bands.iter().flat_map(|band| band.plan.shaders()).collect())
    }

    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        buffers: Buffers<'_>,
    ) -> Result<()> {
        let Buffers { input, weight, bias, output } = buffers;
        let [in_shape, out_shape] = [problem.input_shape(), problem.output_shape()];
        for image in 0..self.images {
            for Band { in_rows, out_rows, problem, plan } in &self.bands {
                let len = problem.input_shape().len();
                let band = context.allocate_elements(OPERATION, len, input.dtype)?;
                let rows = Planes::of_rows(in_shape, image, in_rows);
                context.record_planes(
                    OPERATION,
                    input,
                    rows,
                    &band,
                    Planes::whole(problem.input_shape()),
                )?;
                let result = conv2d(context, problem, plan, &band, weight, bias)?;
                let rows = Planes::of_rows(out_shape, image, out_rows);
                context.record_planes(
                    OPERATION,
                    &result,
                    Planes::whole(problem.output_shape()),
                    output,
                    rows,
                )?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Conv2d;
    use crate::cpu::tests::conv2d::source;

    #[test]
    fn a_band_reads_the_rows_that_its_outputs_read_in_the_whole() {
        let mut served = 0;
        let sizes = [1, 2, 3, 5].map(|kernel| [0, 1, 2, 4].map(|padding| (kernel, padding)));
        let steps = [1, 2, 3].map(|stride| [1, 2, 3].map(|dilation| (stride, dilation)));
        let options = PaddingMode::ALL.into_iter().flat_map(|mode| {
            let sizes = sizes.as_flattened().iter();
            sizes.flat_map(move |&size| {
                steps.into_iter().flatten().map(move |step| (mode, size, step))
            })
        });
        for (mode, (kernel, padding), (stride, dilation)) in options {
            let conv = Conv2d::new(1, 1, [kernel, 1]).padding([padding, 0]).stride([stride, 1]);
            let conv = conv.dilation([dilation, 1]).padding_mode(mode);
            let Ok(problem) = conv.problem([1, 1, 19, 1].into()) else { continue };
            let whole = problem.vertical;
            for rows in 1..=whole.output_size {
                for first in (0..whole.output_size).step_by(rows) {
                    let out_rows = first..(first + rows).min(whole.output_size);
                    let Some((band, in_rows)) = axis_of(&whole, mode, &out_rows) else { continue };
                    served += 1;
                    assert_eq!(band.input_size, in_rows.len());
                    for (out, tap) in
                        out_rows.clone().flat_map(|out| (0..kernel).map(move |tap| (out, tap)))
                    {
                        let expected = source(&whole, mode, out, tap);
                        let actual = source(&band, mode, out - first, tap);
                        let actual = actual.map(|row| row + in_rows.start);
                        assert_eq!(actual, expected, "{conv:?} {out_rows:?} {out} {tap}");
                    }
                }
            }
        }
        assert!(served > 10_000, "{served}");
    }

    #[test]
    fn images_beyond_a_binding_keep_the_algorithm_of_smaller_ones() {
        let limits = Limits::webgpu();
        let conv = Conv2d::new(64, 64, [3, 3]).padding([1, 1]);
        let of = |input| conv.plan(input, &limits).unwrap();
        let (small, large) = (of([1, 64, 500, 900]), of([1, 64, 900, 900]));
        assert_eq!((small.algorithm(), large.algorithm()), (Algorithm::Gemm, Algorithm::Gemm));
        // 208 MB in two bands, since a binding may have 128.
        assert_eq!((small.dispatches(), large.dispatches()), (1, 2));
        // The last rows are above the first.
        let circular = conv.clone().padding_mode(PaddingMode::Circular);
        let plan = circular.plan([1, 64, 900, 900], &limits).unwrap();
        assert_eq!(plan.algorithm(), Algorithm::General);
    }
}
