//! Pixel shuffle, forward and backward.

use ndarray::{Array4, ArrayView4};

use super::{check_shape, shape_of, zeros};
use crate::{PixelShuffle, Result, Shape};

const OPERATION: &str = "pixel_shuffle";

/// Which output the element of an input is.
fn place(r: usize, [channel, h, w]: [usize; 3]) -> [usize; 3] {
    let (out_channel, phase) = (channel / (r * r), channel % (r * r));
    [out_channel, h * r + phase / r, w * r + phase % r]
}

/// The image that the channels are the pixels of.
///
/// ```text
/// output[n, c, h * r + i, w * r + j] = input[n, c * r * r + i * r + j, h, w]
/// ```
///
/// # Shapes
///
/// - input `[batch, channels * r * r, height, width]`
/// - output `[batch, channels, height * r, width * r]`
///
/// # Errors
///
/// As [`PixelShuffle::output_shape`].
///
/// # Examples
///
/// ```
/// use filtro::{PixelShuffle, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]];
/// let output = reference::pixel_shuffle(&PixelShuffle::new(2), input.view())?;
/// assert_eq!(output, array![[[[1.0, 2.0], [3.0, 4.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.PixelShuffle`.
pub fn pixel_shuffle(options: &PixelShuffle, input: ArrayView4<'_, f64>) -> Result<Array4<f64>> {
    let shape = options.output_shape(shape_of(input))?;

    let mut output = zeros(OPERATION, shape.dims())?;
    for ((n, channel, h, w), &element) in input.indexed_iter() {
        let [out_channel, out_y, out_x] = place(options.upscale_factor, [channel, h, w]);
        output[[n, out_channel, out_y, out_x]] = element;
    }
    Ok(output)
}

/// The gradient of [`pixel_shuffle`]'s input, given that of its output: the way back.
///
/// # Shapes
///
/// - `input_shape` is that of the forward pass, which grad_input has too
/// - grad_output as the output of the forward pass
///
/// # Errors
///
/// As [`PixelShuffle::output_shape`], and
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{PixelShuffle, reference};
/// use ndarray::array;
///
/// let grad_output = array![[[[1.0, 2.0], [3.0, 4.0]]]];
/// let shuffle = PixelShuffle::new(2);
/// let grad_input = reference::pixel_shuffle_backward(&shuffle, [1, 4, 1, 1], grad_output.view())?;
/// assert_eq!(grad_input, array![[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.PixelUnshuffle`.
pub fn pixel_shuffle_backward(
    options: &PixelShuffle,
    input_shape: impl Into<Shape>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<Array4<f64>> {
    let input = input_shape.into();
    let output = options.output_shape(input)?;
    check_shape(OPERATION, "grad_output", shape_of(grad_output), output.dims())?;

    let mut grad_input = zeros(OPERATION, input.dims())?;
    for ((n, channel, h, w), gradient) in grad_input.indexed_iter_mut() {
        let [out_channel, out_y, out_x] = place(options.upscale_factor, [channel, h, w]);
        *gradient = grad_output[[n, out_channel, out_y, out_x]];
    }
    Ok(grad_input)
}
