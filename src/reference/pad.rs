//! Padding, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::{check_shape, shape_of, zeros};
use crate::{Pad, Padding, PaddingMode, Result, Shape};

const OPERATION: &str = "pad";

/// Rows above and columns before the input.
fn begin(options: &Pad) -> [usize; 2] {
    match options.padding {
        Padding::Sides { top, left, .. } => [top, left],
        _ => [0, 0],
    }
}

/// Where the cell `at` of an axis lies in an input of `size`, which goes on beyond its edges as the
/// mode says.
fn source(mode: PaddingMode, at: isize, size: isize) -> Option<isize> {
    let mut at = at;
    match mode {
        PaddingMode::Zeros if at < 0 || at >= size => return None,
        PaddingMode::Zeros => {}
        PaddingMode::Replicate => at = at.clamp(0, size - 1),
        PaddingMode::Circular => at = at.rem_euclid(size),
        PaddingMode::Reflect => {
            while at < 0 || at >= size {
                at = if at < 0 { -at } else { 2 * (size - 1) - at };
            }
        }
    }
    Some(at)
}

/// Which element of the input an output is, if one.
fn element(options: &Pad, input: Shape, [out_y, out_x]: [usize; 2]) -> Option<[usize; 2]> {
    let [top, left] = begin(options);
    let along = |out: usize, begin: usize, size: usize| {
        let at = out.cast_signed() - begin.cast_signed();
        source(options.mode, at, size.cast_signed()).map(isize::cast_unsigned)
    };
    Some([along(out_y, top, input.height)?, along(out_x, left, input.width)?])
}

/// An image with rows and columns around it.
///
/// ```text
/// output[n, c, out_y, out_x] = input[n, c, source(out_y - top), source(out_x - left)]
/// ```
///
/// or the value where there is no source.
///
/// | Mode | `source(i)` outside the input |
/// |---|---|
/// | zeros | none |
/// | reflect | `-i` before the input, `2 * (size - 1) - i` behind it |
/// | replicate | the nearest of 0 and `size - 1` |
/// | circular | `i` modulo `size` |
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, top + height + bottom, left + width + right]`
///
/// # Errors
///
/// As [`Pad::output_shape`].
///
/// # Examples
///
/// ```
/// use filtro::{Pad, PaddingMode, reference};
/// use ndarray::array;
///
/// let pad = Pad::new([0, 2]).mode(PaddingMode::Circular);
/// let output = reference::pad(&pad, array![[[[1.0, 2.0, 3.0]]]].view())?;
/// assert_eq!(output, array![[[[2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.functional.pad`.
pub fn pad(options: &Pad, input: ArrayView4<'_, f64>) -> Result<Array4<f64>> {
    let shape = options.output_shape(shape_of(input))?;

    let mut output = zeros(OPERATION, shape.dims())?;
    for ((n, channel, out_y, out_x), output) in output.indexed_iter_mut() {
        *output = match element(options, shape_of(input), [out_y, out_x]) {
            Some([in_y, in_x]) => input[[n, channel, in_y, in_x]],
            None => f64::from(options.value),
        };
    }
    Ok(output)
}

/// The gradient of [`pad`]'s input, given that of its output: every element adds up those of its
/// copies.
///
/// # Shapes
///
/// - `input_shape` is that of the forward pass, which grad_input has too
/// - grad_output as the output of the forward pass
///
/// # Errors
///
/// As [`Pad::output_shape`], and [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a
/// grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{Pad, PaddingMode, reference};
/// use ndarray::array;
///
/// let pad = Pad::new([0, 1]).mode(PaddingMode::Replicate);
/// let grad_output = array![[[[1.0, 2.0, 4.0, 8.0]]]];
/// let grad_input = reference::pad_backward(&pad, [1, 1, 1, 2], grad_output.view())?;
/// assert_eq!(grad_input, array![[[[3.0, 12.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.functional.pad`.
pub fn pad_backward(
    options: &Pad,
    input_shape: impl Into<Shape>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let input = input_shape.into();
    let output = options.output_shape(input)?;
    check_shape(OPERATION, "grad_output", shape_of(grad_output), output.dims())?;

    let mut grad_input = zeros(OPERATION, input.dims())?;
    for ((n, channel, out_y, out_x), &grad) in grad_output.indexed_iter() {
        if let Some([in_y, in_x]) = element(options, input, [out_y, out_x]) {
            grad_input[[n, channel, in_y, in_x]] += grad;
        }
    }
    Ok(grad_input)
}
