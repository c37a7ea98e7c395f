//! Interpolation, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::{check_shape, shape_of, zeros};
use crate::{Interpolate, InterpolateTarget, InterpolationMode, Result, Shape};

const OPERATION: &str = "interpolate";

/// One axis of an interpolation.
struct Axis<'a> {
    options: &'a Interpolate,
    in_size: usize,
    out_size: usize,
    /// What the caller gave.
    factor: Option<f64>,
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "sizes and places are not negative, and PyTorch rounds to f32"
)]
impl<'a> Axis<'a> {
    /// Both axes: the rows, then the columns.
    fn both(options: &'a Interpolate, input: Shape) -> [Self; 2] {
        let in_size = [input.height, input.width];
        [0, 1].map(|axis| {
            let (out_size, factor) = match options.target {
                InterpolateTarget::Size(size) => (size[axis], None),
                InterpolateTarget::ScaleFactor(factors) => {
                    ((in_size[axis] as f64 * factors[axis]) as usize, Some(factors[axis]))
                }
            };
            Self { options, in_size: in_size[axis], out_size, factor }
        })
    }

    /// What output `out` reads: elements of the input and their weights.
    fn taps(&self, out: usize) -> [(usize, f64); 2] {
        if self.options.mode == InterpolationMode::Nearest {
            return [(self.nearest(out), 1.0), (self.nearest(out), 0.0)];
        }
        if self.out_size == self.in_size {
            return [(out, 1.0), (out, 0.0)];
        }
        let place = self.place(out);
        let before = (place as usize).min(self.in_size - 1);
        let part = (place - before as f64).min(1.0);
        [(before, 1.0 - part), ((before + 1).min(self.in_size - 1), part)]
    }

    fn nearest(&self, out: usize) -> usize {
        if self.out_size == self.in_size {
            out
        } else if self.out_size == 2 * self.in_size {
            out >> 1
        } else {
            let scale = match self.factor {
                Some(factor) => (1.0 / factor) as f32,
                None => self.in_size as f32 / self.out_size as f32,
            };
            ((out as f32 * scale) as usize).min(self.in_size - 1)
        }
    }

    fn place(&self, out: usize) -> f64 {
        if self.options.align_corners {
            if self.out_size == 1 {
                return 0.0;
            }
            return out as f64 * ((self.in_size - 1) as f64 / (self.out_size - 1) as f64);
        }
        let scale = match self.factor {
            Some(factor) => 1.0 / factor,
            None => self.in_size as f64 / self.out_size as f64,
        };
        let place = (out as f64 + 0.5) * scale - 0.5;
        if place < 0.0 { 0.0 } else { place }
    }
}

/// Makes an image larger or smaller.
///
/// ```text
/// nearest:  output[n, c, out_y, out_x] = input[n, c, source(out_y), source(out_x)]
/// bilinear: output[n, c, out_y, out_x] = sum over in_y, in_x of the two rows and the two columns
///               around place(out_y), place(out_x) of
///               weight(in_y) * weight(in_x) * input[n, c, in_y, in_x]
/// ```
///
/// [`Interpolate`] says what source and place are; the weight of the element before a place is what
/// the place lacks to the next element, and the other way about. A row in one place with the input's
/// is read twice, with weights 1 and 0.
///
/// # Shapes
///
/// - input `[batch, channels, height, width]`
/// - output `[batch, channels, out_height, out_width]`, as [`Interpolate::output_shape`]
///
/// # Errors
///
/// As [`Interpolate::output_shape`].
///
/// # Examples
///
/// ```
/// use filtro::{Interpolate, InterpolationMode, reference};
/// use ndarray::array;
///
/// let options = Interpolate::size([1, 3]).mode(InterpolationMode::Bilinear).align_corners(true);
/// let output = reference::interpolate(&options, array![[[[2.0, 4.0]]]].view())?;
/// assert_eq!(output, array![[[[2.0, 3.0, 4.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.functional.interpolate`.
pub fn interpolate(options: &Interpolate, input: ArrayView4<'_, f64>) -> Result<Array4<f64>> {
    let shape = options.output_shape(shape_of(input))?;

    let [rows, columns] = Axis::both(options, shape_of(input));
    let mut output = zeros(OPERATION, shape.dims())?;
    for ((n, channel, out_y, out_x), output) in output.indexed_iter_mut() {
        if options.mode == InterpolationMode::Nearest {
            *output = input[[n, channel, rows.nearest(out_y), columns.nearest(out_x)]];
            continue;
        }
        let mut sum = 0.0;
        for (in_y, weight_y) in rows.taps(out_y) {
            for (in_x, weight_x) in columns.taps(out_x) {
                sum += weight_y * weight_x * input[[n, channel, in_y, in_x]];
            }
        }
        *output = sum;
    }
    Ok(output)
}

/// The gradient of [`interpolate`]'s input, given that of its output.
///
/// Every element gets the gradients of the outputs that read it, times its weights there.
///
/// ```text
/// grad_input[n, c, in_y, in_x] += weight(in_y) * weight(in_x) * grad_output[n, c, out_y, out_x]
/// ```
///
/// # Shapes
///
/// - `input_shape` is that of the forward pass, which grad_input has too
/// - grad_output as the output of the forward pass
///
/// # Errors
///
/// As [`Interpolate::output_shape`], and [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a
/// grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{Interpolate, reference};
/// use ndarray::array;
///
/// let grad_output = array![[[[1.0, 2.0, 4.0, 8.0]]]];
/// let options = Interpolate::scale_factor([1.0, 2.0]);
/// let grad_input = reference::interpolate_backward(&options, [1, 1, 1, 2], grad_output.view())?;
/// assert_eq!(grad_input, array![[[[3.0, 12.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.functional.interpolate`.
pub fn interpolate_backward(
    options: &Interpolate,
    input_shape: impl Into<Shape>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let input = input_shape.into();
    let output = options.output_shape(input)?;
    check_shape(OPERATION, "grad_output", shape_of(grad_output), output.dims())?;

    let [rows, columns] = Axis::both(options, input);
    let mut grad_input = zeros(OPERATION, input.dims())?;
    for ((n, channel, out_y, out_x), &grad) in grad_output.indexed_iter() {
        for (in_y, weight_y) in rows.taps(out_y) {
            for (in_x, weight_x) in columns.taps(out_x) {
                grad_input[[n, channel, in_y, in_x]] += weight_y * weight_x * grad;
            }
        }
    }
    Ok(grad_input)
}
