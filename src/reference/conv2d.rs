//! Conv2d, forward and backward.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

use super::padding::Windows;
use super::{array, check_shape, in_order, place, shape_of, zeros, zeros_in_order};
use crate::{Conv2d, Error, PaddingMode, Result, Shape};

const OPERATION: &str = "conv2d";

/// One axis of a convolution.
struct Axis {
    in_size: usize,
    kernel_size: usize,
    stride: usize,
    dilation: usize,
    pad_begin: usize,
    pad_end: usize,
    padding_mode: PaddingMode,
}

impl Axis {
    /// Both axes: the rows, then the columns.
    fn both(options: &Conv2d, input: Shape) -> [Self; 2] {
        let in_size = [input.height, input.width];
        let &Conv2d { kernel_size, stride, dilation, padding, .. } = options;
        let pads = Windows { in_size, kernel_size, stride, dilation }.pads(padding);
        [0, 1].map(|axis| Self {
            in_size: in_size[axis],
            kernel_size: options.kernel_size[axis],
            stride: options.stride[axis],
            dilation: options.dilation[axis],
            pad_begin: pads[axis][0],
            pad_end: pads[axis][1],
            padding_mode: options.padding_mode,
        })
    }

    /// `floor((in_size + pad_begin + pad_end - dilation * (kernel_size - 1) - 1) / stride) + 1`.
    fn out_size(&self) -> usize {
        let padded = self.in_size + self.pad_begin + self.pad_end;
        (padded - self.dilation * (self.kernel_size - 1) - 1) / self.stride + 1
    }

    /// The element of the input that output `out` reads through tap `tap`; nothing where that is a
    /// zero of the padding.
    fn source(&self, out: usize, tap: usize) -> Option<usize> {
        // Counted from the first cell of the padding.
        let at = out * self.stride + tap * self.dilation;
        let last = self.in_size - 1;
        match self.padding_mode {
            PaddingMode::Zeros => at.checked_sub(self.pad_begin).filter(|&source| source <= last),
            PaddingMode::Replicate => Some(at.saturating_sub(self.pad_begin).min(last)),
            PaddingMode::Circular => Some((at + self.in_size - self.pad_begin) % self.in_size),
            PaddingMode::Reflect => {
                let source = at.abs_diff(self.pad_begin);
                Some(if source <= last { source } else { 2 * last - source })
            }
        }
    }
}

/// The convolution: each output is the sum of the products of a filter and the part of the input
/// under it.
///
/// ```text
/// output[n, oc, out_y, out_x] = bias[oc] + sum over c, kernel_y, kernel_x of
///     weight[oc, c, kernel_y, kernel_x]
///     * padded[n, group * in_channels / groups + c,
///              out_y * stride + kernel_y * dilation, out_x * stride + kernel_x * dilation]
/// with group = oc / (out_channels / groups)
/// ```
///
/// followed by the options' activation. A tap outside the input under zero padding is skipped.
///
/// # Shapes
///
/// - input `[batch, in_channels, height, width]`
/// - weight `[out_channels, in_channels / groups, kernel_height, kernel_width]`
/// - bias `[out_channels]`
/// - output `[batch, out_channels, out_height, out_width]`, as [`Conv2d::output_shape`]
///
/// # Errors
///
/// As [`Conv2d::output_shape`], and [`Error::ShapeMismatch`] for a weight or bias that does not
/// fit.
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, PaddingMode, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0, 2.0, 3.0]]]];
/// let weight = array![[[[1.0, 1.0, 1.0]]]];
/// let sum = Conv2d::new(1, 1, [1, 3]).padding([0, 1]);
/// let output = reference::conv2d(&sum, input.view(), weight.view(), None)?;
/// assert_eq!(output, array![[[[3.0, 6.0, 5.0]]]]);
///
/// let mirrored = sum.padding_mode(PaddingMode::Reflect);
/// let output = reference::conv2d(&mirrored, input.view(), weight.view(), None)?;
/// assert_eq!(output, array![[[[5.0, 6.0, 7.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Conv2d`.
pub fn conv2d(
    options: &Conv2d,
    input: ArrayView4<'_, f64>,
    weight: ArrayView4<'_, f64>,
    bias: Option<ArrayView1<'_, f64>>,
) -> Result<Array4<f64>> {
    conv2d_with_magnitude(options, input, weight, bias).map(|(output, _)| output)
}

/// [`conv2d`], and beside each output the sum of the absolute values that were added up for it.
///
/// ```text
/// magnitude[n, oc, out_y, out_x] = |bias[oc]| + sum over c, kernel_y, kernel_x of |weight * padded|
/// ```
///
/// Rounding in a sum is proportional to this and not to the sum itself, in which large terms may
/// cancel: an f32 implementation is right when it is within a multiple of `2^-24 * magnitude`, for
/// which [`DType`](crate::DType) has the formula. The activation does not change the magnitude.
///
/// # Shapes
///
/// As [`conv2d`]; output and magnitude have the same shape.
///
/// # Errors
///
/// As [`conv2d`].
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, reference};
/// use ndarray::array;
///
/// let (input, weight) = (array![[[[3.0, 4.0]]]], array![[[[-1.0, 1.0]]]]);
/// let difference = Conv2d::new(1, 1, [1, 2]);
/// let (output, magnitude) =
///     reference::conv2d_with_magnitude(&difference, input.view(), weight.view(), None)?;
/// assert_eq!((output[[0, 0, 0, 0]], magnitude[[0, 0, 0, 0]]), (1.0, 7.0));
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: Higham, *Accuracy and Stability of Numerical Algorithms*, 2002, section 3.1.
pub fn conv2d_with_magnitude(
    options: &Conv2d,
    input: ArrayView4<'_, f64>,
    weight: ArrayView4<'_, f64>,
    bias: Option<ArrayView1<'_, f64>>,
) -> Result<(Array4<f64>, Array4<f64>)> {
    let bias_shape = bias.map(|bias| Shape::new(1, bias.len(), 1, 1));
    options.problem_with(shape_of(input), shape_of(weight), bias_shape)?;

    let [rows, columns] = Axis::both(options, shape_of(input));
    let group_in_channels = options.in_channels / options.groups;
    let group_out_channels = options.out_channels / options.groups;
    let batch = input.dim().0;
    let shape = [batch, options.out_channels, rows.out_size(), columns.out_size()];
    let mut output = zeros(OPERATION, shape)?;
    let mut magnitudes = zeros(OPERATION, shape)?;
    let [input_shape, weight_shape] = [shape_of(input), shape_of(weight)];
    let [input, weight] = [&*in_order(OPERATION, &input)?, &*in_order(OPERATION, &weight)?];
    for n in 0..batch {
        for out_channel in 0..options.out_channels {
            let group = out_channel / group_out_channels;
            for out_y in 0..rows.out_size() {
                for out_x in 0..columns.out_size() {
                    let mut sum = bias.map_or(0.0, |bias| bias[out_channel]);
                    let mut magnitude = sum.abs();
                    for channel in 0..group_in_channels {
                        let in_channel = group * group_in_channels + channel;
                        for kernel_y in 0..rows.kernel_size {
                            let Some(in_y) = rows.source(out_y, kernel_y) else { continue };
                            for kernel_x in 0..columns.kernel_size {
                                let Some(in_x) = columns.source(out_x, kernel_x) else { continue };
                                let tap = [out_channel, channel, kernel_y, kernel_x];
                                let product = weight[place(weight_shape, tap)]
                                    * input[place(input_shape, [n, in_channel, in_y, in_x])];
                                sum += product;
                                magnitude += product.abs();
                            }
                        }
                    }
                    output[[n, out_channel, out_y, out_x]] = match options.activation {
                        Some(function) => super::activation::value(function, sum),
                        None => sum,
                    };
                    magnitudes[[n, out_channel, out_y, out_x]] = magnitude;
                }
            }
        }
    }
    Ok((output, magnitudes))
}

/// The gradients of a loss with respect to what went into a convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvGradients {
    /// Of the input, in its shape.
    pub grad_input: Array4<f64>,
    /// Of the weight, in its shape.
    pub grad_weight: Array4<f64>,
    /// Of the bias, one per output channel.
    pub grad_bias: Array1<f64>,
}

/// The gradients of [`conv2d`], given that of its output.
///
/// The output is a sum of products `weight * input`. By the chain rule each product hands
/// `grad_output` on to its two factors, multiplied by the other one:
///
/// ```text
/// grad_input[n, in_channel, in_y, in_x]      += weight[...] * grad_output[n, oc, out_y, out_x]
/// grad_weight[oc, c, kernel_y, kernel_x]     += input[...]  * grad_output[n, oc, out_y, out_x]
/// grad_bias[oc]                              +=               grad_output[n, oc, out_y, out_x]
/// ```
///
/// over all outputs and taps of the forward pass. A padding mode other than zeros reads an element
/// of the input several times, so that element collects several gradients. An element that no
/// window visits has the gradient 0.
///
/// # Shapes
///
/// - input and weight as in the forward pass, grad_output as its output
/// - grad_input as the input, grad_weight as the weight, grad_bias `[out_channels]`
///
/// # Errors
///
/// As [`conv2d`]; [`Error::ShapeMismatch`] for a grad_output that does not fit, and
/// [`Error::InvalidArgument`] for options with an activation: its gradient needs the values before
/// it, so convolve without, and pass grad_output through
/// [`activation_backward`](super::activation_backward) first.
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, PaddingMode, reference};
/// use ndarray::{Array4, array};
///
/// // A filter of one weight on a mirrored row: the gradient counts how often a cell was read.
/// let conv = Conv2d::new(1, 1, [1, 1]).padding([0, 2]).padding_mode(PaddingMode::Reflect);
/// let (input, weight) = (array![[[[5.0, 6.0, 7.0, 8.0]]]], array![[[[1.0]]]]);
/// let ones = Array4::ones([1, 1, 1, 8]);
/// let gradients =
///     reference::conv2d_backward(&conv, input.view(), weight.view(), ones.view())?;
/// assert_eq!(gradients.grad_input, array![[[[1.0, 3.0, 3.0, 1.0]]]]);
/// assert_eq!(gradients.grad_bias, array![8.0]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: Dumoulin and Visin, *A guide to convolution arithmetic for deep learning*,
/// arXiv:1603.07285; numbers as `torch.autograd.grad` of `torch.nn.Conv2d`.
pub fn conv2d_backward(
    options: &Conv2d,
    input: ArrayView4<'_, f64>,
    weight: ArrayView4<'_, f64>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<ConvGradients> {
    options.problem_with(shape_of(input), shape_of(weight), None)?;
    if let Some(function) = options.activation {
        let rule = "the gradient of a convolution is that of the values before an activation";
        return Err(Error::argument(OPERATION, "activation", function.name(), rule));
    }

    let [rows, columns] = Axis::both(options, shape_of(input));
    let group_in_channels = options.in_channels / options.groups;
    let group_out_channels = options.out_channels / options.groups;
    let batch = input.dim().0;
    let shape = [batch, options.out_channels, rows.out_size(), columns.out_size()];
    check_shape(OPERATION, "grad_output", shape_of(grad_output), shape)?;
    let [input_shape, weight_shape] = [shape_of(input), shape_of(weight)];
    let [input, weight] = [&*in_order(OPERATION, &input)?, &*in_order(OPERATION, &weight)?];
    let mut grad_input = zeros_in_order(OPERATION, input_shape.dims())?;
    let mut grad_weight = zeros_in_order(OPERATION, weight_shape.dims())?;
    let mut grad_bias = Array1::zeros(options.out_channels);
    for n in 0..batch {
        for out_channel in 0..options.out_channels {
            let group = out_channel / group_out_channels;
            for out_y in 0..rows.out_size() {
                for out_x in 0..columns.out_size() {
                    let grad = grad_output[[n, out_channel, out_y, out_x]];
                    grad_bias[out_channel] += grad;
                    for channel in 0..group_in_channels {
                        let in_channel = group * group_in_channels + channel;
                        for kernel_y in 0..rows.kernel_size {
                            let Some(in_y) = rows.source(out_y, kernel_y) else { continue };
                            for kernel_x in 0..columns.kernel_size {
                                let Some(in_x) = columns.source(out_x, kernel_x) else { continue };
                                let cell = place(input_shape, [n, in_channel, in_y, in_x]);
                                let tap = [out_channel, channel, kernel_y, kernel_x];
                                let tap = place(weight_shape, tap);
                                grad_input[cell] += weight[tap] * grad;
                                grad_weight[tap] += input[cell] * grad;
                            }
                        }
                    }
                }
            }
        }
    }
    let grad_input = array(OPERATION, input_shape.dims(), grad_input)?;
    let grad_weight = array(OPERATION, weight_shape.dims(), grad_weight)?;
    Ok(ConvGradients { grad_input, grad_weight, grad_bias })
}
