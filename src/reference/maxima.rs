//! The maxima of windows of any kind, and their gradient.

use ndarray::{Array4, ArrayView4};

use super::{NO_INDEX, check_shape, shape_of, zeros};
use crate::{Error, Result, Shape};

/// The largest element of every window, and where it is; `rows` and `columns` are the elements of
/// the input along each axis that the window of an output has.
pub(super) fn maxima<Rows, Columns>(
    operation: &'static str,
    input: ArrayView4<'_, f64>,
    [out_height, out_width]: [usize; 2],
    rows: impl Fn(usize) -> Rows,
    columns: impl Fn(usize) -> Columns,
) -> Result<(Array4<f64>, Array4<u32>)>
where
    Rows: Iterator<Item = usize>,
    Columns: Iterator<Item = usize>,
{
    check_plane(operation, shape_of(input))?;
    let (batch, channels, _, in_width) = input.dim();
    let mut output = zeros(operation, [batch, channels, out_height, out_width])?;
    let mut indices = zeros(operation, [batch, channels, out_height, out_width])?;
    for n in 0..batch {
        for channel in 0..channels {
            for out_y in 0..out_height {
                for out_x in 0..out_width {
                    let mut best = f64::NEG_INFINITY;
                    let mut index = NO_INDEX;
                    for in_y in rows(out_y) {
                        for in_x in columns(out_x) {
                            let value = input[[n, channel, in_y, in_x]];
                            if index == NO_INDEX || value > best || value.is_nan() {
                                best = value;
                                index = plane_index(in_width, in_y, in_x);
                            }
                        }
                    }
                    output[[n, channel, out_y, out_x]] = best;
                    indices[[n, channel, out_y, out_x]] = index;
                }
            }
        }
    }
    Ok((output, indices))
}

/// Adds every output's gradient to the element that won its window.
pub(super) fn maxima_backward(
    operation: &'static str,
    input: Shape,
    [out_height, out_width]: [usize; 2],
    indices: ArrayView4<'_, u32>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    check_plane(operation, input)?;
    let shape = [input.batch, input.channels, out_height, out_width];
    check_shape(operation, "indices", shape_of(indices), shape)?;
    check_shape(operation, "grad_output", shape_of(grad_output), shape)?;
    let mut grad_input = zeros(operation, input.dims())?;
    for ((n, channel, out_y, out_x), &grad) in grad_output.indexed_iter() {
        let index = indices[[n, channel, out_y, out_x]];
        if index == NO_INDEX {
            continue;
        }
        let (in_y, in_x) = (index as usize / input.width, index as usize % input.width);
        if in_y >= input.height {
            let rule = format!("a plane of the input has {} elements", input.height * input.width);
            return Err(Error::argument(operation, "an index", index, rule));
        }
        grad_input[[n, channel, in_y, in_x]] += grad;
    }
    Ok(grad_input)
}

/// That every element of a plane has an index below [`NO_INDEX`].
fn check_plane(operation: &'static str, input: Shape) -> Result<()> {
    match u32::try_from(input.height * input.width) {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::Overflow {
            operation,
            quantity: format!("a plane of {} x {} elements", input.height, input.width),
            limit: NO_INDEX as usize,
        }),
    }
}

/// The flat index of an element inside its plane, which [`check_plane`] has let pass.
fn plane_index(in_width: usize, in_y: usize, in_x: usize) -> u32 {
    u32::try_from(in_y * in_width + in_x).unwrap_or(NO_INDEX)
}
