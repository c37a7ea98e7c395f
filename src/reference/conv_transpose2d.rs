//! ConvTranspose2d, forward and backward.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

use super::{ConvGradients, check_shape, shape_of, zeros};
use crate::{ConvTranspose2d, Result, Shape};

const OPERATION: &str = "conv_transpose2d";

/// One axis of a transposed convolution.
struct Axis {
    in_size: usize,
    kernel_size: usize,
    stride: usize,
    padding: usize,
    output_padding: usize,
    dilation: usize,
}

impl Axis {
    /// Both axes: the rows, then the columns.
    fn both(options: &ConvTranspose2d, input: Shape) -> [Self; 2] {
        let in_size = [input.height, input.width];
        [0, 1].map(|axis| Self {
            in_size: in_size[axis],
            kernel_size: options.kernel_size[axis],
            stride: options.stride[axis],
            padding: options.padding[axis],
            output_padding: options.output_padding[axis],
            dilation: options.dilation[axis],
        })
    }

    /// `(in_size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1`.
    fn out_size(&self) -> usize {
        let span = self.dilation * (self.kernel_size - 1) + 1;
        (self.in_size - 1) * self.stride + span + self.output_padding - 2 * self.padding
    }

    /// The element of the output to which input `at` is spread through tap `tap`; nothing where
    /// that was cut off.
    fn target(&self, at: usize, tap: usize) -> Option<usize> {
        let uncut = at * self.stride + tap * self.dilation;
        uncut.checked_sub(self.padding).filter(|&target| target < self.out_size())
    }
}

/// The transposed convolution: each input spreads a filter, multiplied by it, over the output.
///
/// ```text
/// output[n, oc, in_y * stride - padding + kernel_y * dilation,
///               in_x * stride - padding + kernel_x * dilation]
///     += weight[ic, oc - group * out_channels / groups, kernel_y, kernel_x] * input[n, ic, in_y, in_x]
/// with group = ic / (in_channels / groups), for oc of that group; output starts as bias[oc]
/// ```
///
/// It is grad_input of [`conv2d_backward`](super::conv2d_backward) for the convolution that reads
/// the same weight as `[out_channels, in_channels / groups, ..]`.
///
/// # Shapes
///
/// - input `[batch, in_channels, height, width]`
/// - weight `[in_channels, out_channels / groups, kernel_height, kernel_width]`
/// - bias `[out_channels]`
/// - output `[batch, out_channels, out_height, out_width]`, as [`ConvTranspose2d::output_shape`]
///
/// # Errors
///
/// As [`ConvTranspose2d::output_shape`], and
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a weight or bias that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{ConvTranspose2d, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0, 2.0, 3.0]]]];
/// let weight = array![[[[1.0, 0.5]]]];
/// let spread = ConvTranspose2d::new(1, 1, [1, 2]).stride([1, 2]);
/// let output = reference::conv_transpose2d(&spread, input.view(), weight.view(), None)?;
/// assert_eq!(output, array![[[[1.0, 0.5, 2.0, 1.0, 3.0, 1.5]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.ConvTranspose2d`.
pub fn conv_transpose2d(
    options: &ConvTranspose2d,
    input: ArrayView4<'_, f64>,
    weight: ArrayView4<'_, f64>,
    bias: Option<ArrayView1<'_, f64>>,
) -> Result<Array4<f64>> {
    let bias_shape = bias.map(|bias| Shape::new(1, bias.len(), 1, 1));
    options.check(shape_of(input), shape_of(weight), bias_shape)?;

    let [rows, columns] = Axis::both(options, shape_of(input));
    let group_in_channels = options.in_channels / options.groups;
    let group_out_channels = options.out_channels / options.groups;
    let (batch, in_channels, in_height, in_width) = input.dim();
    let shape = [batch, options.out_channels, rows.out_size(), columns.out_size()];
    let mut output = zeros(OPERATION, shape)?;
    for ((_, out_channel, _, _), cell) in output.indexed_iter_mut() {
        *cell = bias.map_or(0.0, |bias| bias[out_channel]);
    }
    for n in 0..batch {
        for in_channel in 0..in_channels {
            let group = in_channel / group_in_channels;
            for in_y in 0..in_height {
                for in_x in 0..in_width {
                    let value = input[[n, in_channel, in_y, in_x]];
                    for channel in 0..group_out_channels {
                        let out_channel = group * group_out_channels + channel;
                        for kernel_y in 0..rows.kernel_size {
                            let Some(out_y) = rows.target(in_y, kernel_y) else { continue };
                            for kernel_x in 0..columns.kernel_size {
                                let Some(out_x) = columns.target(in_x, kernel_x) else { continue };
                                output[[n, out_channel, out_y, out_x]] +=
                                    weight[[in_channel, channel, kernel_y, kernel_x]] * value;
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(output)
}

/// The gradients of [`conv_transpose2d`], given that of its output.
///
/// ```text
/// grad_input[n, ic, in_y, in_x]            += weight[...] * grad_output[n, oc, out_y, out_x]
/// grad_weight[ic, c, kernel_y, kernel_x]   += input[...]  * grad_output[n, oc, out_y, out_x]
/// grad_bias[oc]                            +=               grad_output[n, oc, out_y, out_x]
/// ```
///
/// over all inputs and taps of the forward pass; grad_bias over all outputs. The first is a plain
/// convolution of grad_output.
///
/// # Shapes
///
/// - input and weight as in the forward pass, grad_output as its output
/// - grad_input as the input, grad_weight as the weight, grad_bias `[out_channels]`
///
/// # Errors
///
/// As [`conv_transpose2d`], and [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) for a
/// grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{ConvTranspose2d, reference};
/// use ndarray::array;
///
/// let (input, weight) = (array![[[[1.0, 2.0]]]], array![[[[3.0, 4.0]]]]);
/// let spread = ConvTranspose2d::new(1, 1, [1, 2]);
/// let grad_output = array![[[[1.0, 10.0, 100.0]]]];
/// let gradients = reference::conv_transpose2d_backward(
///     &spread,
///     input.view(),
///     weight.view(),
///     grad_output.view(),
/// )?;
/// assert_eq!(gradients.grad_input, array![[[[43.0, 430.0]]]]);
/// assert_eq!(gradients.grad_weight, array![[[[21.0, 210.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.autograd.grad` of `torch.nn.ConvTranspose2d`.
pub fn conv_transpose2d_backward(
    options: &ConvTranspose2d,
    input: ArrayView4<'_, f64>,
    weight: ArrayView4<'_, f64>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<ConvGradients> {
    options.check(shape_of(input), shape_of(weight), None)?;

    let [rows, columns] = Axis::both(options, shape_of(input));
    let group_in_channels = options.in_channels / options.groups;
    let group_out_channels = options.out_channels / options.groups;
    let (batch, in_channels, in_height, in_width) = input.dim();
    let shape = [batch, options.out_channels, rows.out_size(), columns.out_size()];
    check_shape(OPERATION, "grad_output", shape_of(grad_output), shape)?;
    let mut grad_input = zeros(OPERATION, shape_of(input).dims())?;
    let mut grad_weight = zeros(OPERATION, shape_of(weight).dims())?;
    let mut grad_bias = Array1::zeros(options.out_channels);
    for ((_, out_channel, _, _), grad) in grad_output.indexed_iter() {
        grad_bias[out_channel] += grad;
    }
    for n in 0..batch {
        for in_channel in 0..in_channels {
            let group = in_channel / group_in_channels;
            for in_y in 0..in_height {
                for in_x in 0..in_width {
                    let value = input[[n, in_channel, in_y, in_x]];
                    for channel in 0..group_out_channels {
                        let out_channel = group * group_out_channels + channel;
                        for kernel_y in 0..rows.kernel_size {
                            let Some(out_y) = rows.target(in_y, kernel_y) else { continue };
                            for kernel_x in 0..columns.kernel_size {
                                let Some(out_x) = columns.target(in_x, kernel_x) else { continue };
                                let grad = grad_output[[n, out_channel, out_y, out_x]];
                                grad_input[[n, in_channel, in_y, in_x]] +=
                                    weight[[in_channel, channel, kernel_y, kernel_x]] * grad;
                                grad_weight[[in_channel, channel, kernel_y, kernel_x]] +=
                                    value * grad;
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(ConvGradients { grad_input, grad_weight, grad_bias })
}
