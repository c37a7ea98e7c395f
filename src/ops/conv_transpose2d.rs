//! ConvTranspose2d: options, validation and sizes.

use crate::ops::channels::{check_channels, check_input, check_weight_and_bias};
use crate::ops::setters::setters;
use crate::window::{AXIS_NAMES, AxisOptions};
use crate::{Error, Result, Shape};

const OPERATION: &str = "conv_transpose2d";

/// A transposed 2D convolution, with the options and defaults of `torch.nn.ConvTranspose2d`.
///
/// It is the gradient of a [`Conv2d`](crate::Conv2d) with respect to its input: where the
/// convolution gathers the input under its filter into one output, this one spreads one input over
/// the output under its filter. With stride 2 it doubles the size of a picture.
///
/// ```text
/// output[n, oc, in_y * stride - padding + kernel_y * dilation,
///               in_x * stride - padding + kernel_x * dilation]
///     += weight[ic, oc - group * out_channels / groups, kernel_y, kernel_x] * input[n, ic, in_y, in_x]
/// with group = ic / (in_channels / groups), for oc of that group; output starts as bias[oc]
/// ```
///
/// # Shapes
///
/// - input `[batch, in_channels, height, width]`
/// - weight `[in_channels, out_channels / groups, kernel_height, kernel_width]`
/// - bias `[1, out_channels, 1, 1]`, which is what a rank 1 array becomes
/// - output `[batch, out_channels, out_height, out_width]`, per axis
///   `(size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1`
///
/// # Examples
///
/// ```
/// use filtro::ConvTranspose2d;
///
/// let double = ConvTranspose2d::new(16, 8, [4, 4]).stride([2, 2]).padding([1, 1]);
/// assert_eq!(double.output_shape([1, 16, 14, 28])?, [1, 8, 28, 56].into());
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.ConvTranspose2d`; Dumoulin and Visin, *A guide to convolution arithmetic for
/// deep learning*, arXiv:1603.07285, chapter 4.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ConvTranspose2d {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// `[height, width]` of every filter.
    pub kernel_size: [usize; 2],
    /// `[height, width]` of the step in the output from one input to the next; 1 by default.
    pub stride: [usize; 2],
    /// `[height, width]` of what is cut off the output on both sides; none by default.
    pub padding: [usize; 2],
    /// `[height, width]` of what is added to the output at the bottom and the right, to tell apart
    /// sizes that a strided convolution maps to the same one; none by default. Less than the
    /// stride or the dilation.
    pub output_padding: [usize; 2],
    /// `[height, width]` of the distance between taps; 1 by default.
    pub dilation: [usize; 2],
    /// Into how many groups the channels are split that do not see each other; 1 by default.
    pub groups: usize,
}

impl ConvTranspose2d {
    /// A transposed convolution with PyTorch's defaults: stride 1, no padding, dilation 1, one
    /// group.
    #[must_use]
    pub const fn new(in_channels: usize, out_channels: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            in_channels,
            out_channels,
            kernel_size,
            stride: [1, 1],
            padding: [0, 0],
            output_padding: [0, 0],
            dilation: [1, 1],
            groups: 1,
        }
    }

    setters! {
        /// Sets the `[height, width]` of the step in the output from one input to the next.
        stride: [usize; 2],
        /// Sets the `[height, width]` of what is cut off the output on both sides.
        padding: [usize; 2],
        /// Sets the `[height, width]` of what is added to the output at the bottom and the right.
        output_padding: [usize; 2],
        /// Sets the `[height, width]` of the distance between taps.
        dilation: [usize; 2],
        /// Sets into how many groups the channels are split.
        groups: usize,
    }

    /// The shape of the weight: `[in_channels, out_channels / groups, kernel_height,
    /// kernel_width]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for channels that are zero or that `groups` does not divide.
    pub fn weight_shape(&self) -> Result<Shape> {
        check_channels(OPERATION, self.in_channels, self.out_channels, self.groups)?;
        let [kernel_height, kernel_width] = self.kernel_size;
        Ok(Shape::new(
            self.in_channels,
            self.out_channels / self.groups,
            kernel_height,
            kernel_width,
        ))
    }

    /// The shape of the output for an input of this shape.
    ///
    /// # Errors
    ///
    /// Every misuse that does not depend on the weight.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        let input = input.into();
        self.weight_shape()?.checked_len(OPERATION)?;
        check_input(OPERATION, input, self.in_channels)?;
        let [height, width] = [self.out_size(0, input)?, self.out_size(1, input)?];
        let output = Shape::new(input.batch, self.out_channels, height, width);
        output.checked_len(OPERATION)?;
        Ok(output)
    }

    fn out_size(&self, axis: usize, input: Shape) -> Result<usize> {
        let (stride, dilation) = (self.stride[axis], self.dilation[axis]);
        let output_padding = self.output_padding[axis];
        let options = AxisOptions {
            operation: OPERATION,
            axis: AXIS_NAMES[axis],
            input_size: [input.height, input.width][axis],
            kernel_size: self.kernel_size[axis],
            stride,
            pad_begin: self.padding[axis],
            pad_end: self.padding[axis],
            dilation,
        };
        let size = options.resolve_transposed(output_padding, input.batch == 0)?;
        if output_padding >= stride.max(dilation) {
            let rule = format!(
                "must be less than stride {stride} or dilation {dilation} along the {}",
                AXIS_NAMES[axis]
            );
            return Err(Error::argument(OPERATION, "output_padding", output_padding, rule));
        }
        Ok(size)
    }

    /// That input, weight and bias fit.
    pub(crate) fn check(&self, input: Shape, weight: Shape, bias: Option<Shape>) -> Result<()> {
        self.output_shape(input)?;
        let shapes = [weight, self.weight_shape()?];
        let sizes = "[in_channels, out_channels / groups, kernel_height, kernel_width]";
        check_weight_and_bias(OPERATION, sizes, shapes, bias, self.out_channels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(options: &ConvTranspose2d) -> String {
        options.output_shape([1, 4, 3, 5]).unwrap_err().to_string()
    }

    #[test]
    fn every_misuse_of_a_transposed_convolution_names_its_rule() {
        let new = ConvTranspose2d::new(4, 6, [3, 2]);
        for (options, expected) in [
            (
                ConvTranspose2d::new(4, 0, [3, 2]),
                "conv_transpose2d: out_channels is 0, but must be at least 1",
            ),
            (
                new.clone().groups(4),
                "conv_transpose2d: out_channels is 6, but must be a multiple of groups 4",
            ),
            (
                new.clone().stride([2, 0]),
                "conv_transpose2d: stride is 0, but must be at least 1 along the width",
            ),
            (
                new.clone().padding([3, 0]),
                "conv_transpose2d: padding is 3, but twice of it must be less than the 5 that the \
                 output has before it is cut along the height",
            ),
            (
                new.clone().stride([2, 3]).dilation([1, 2]).output_padding([1, 3]),
                "conv_transpose2d: output_padding is 3, but must be less than stride 3 or \
                 dilation 2 along the width",
            ),
        ] {
            assert_eq!(message(&options), expected);
        }
        assert!(message(&new.stride([usize::MAX, 1])).contains("exceeds"));
    }

    #[test]
    fn a_convolution_maps_the_output_of_its_transpose_back_to_the_input() {
        let transpose = ConvTranspose2d::new(2, 3, [3, 4]).stride([2, 3]).padding([1, 2]);
        for output_padding in [[0, 0], [1, 2]] {
            let transpose = transpose.clone().output_padding(output_padding);
            let output = transpose.output_shape([1, 2, 5, 4]).unwrap();
            let back = crate::Conv2d::new(3, 2, [3, 4]).stride([2, 3]).padding([1, 2]);
            assert_eq!(back.output_shape(output).unwrap(), [1, 2, 5, 4].into());
        }
    }
}
