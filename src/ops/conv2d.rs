//! Conv2d: options, validation and sizes.

use std::hash::{Hash, Hasher};

use crate::ops::channels::{check_channels, check_input, check_weight_and_bias};
use crate::ops::setters::setters;
use crate::window::{AXIS_NAMES, Axis, AxisOptions, check_pads};
use crate::{Activation, Algorithm, Error, Padding, PaddingMode, Result, Shape};

const OPERATION: &str = "conv2d";

/// A 2D convolution, with the options and defaults of `torch.nn.Conv2d`.
///
/// Every output channel has its own filter, which slides over the input; the same weights are used
/// at every position. As in all deep learning this is a cross-correlation: the kernel is not
/// flipped.
///
/// ```text
/// output[n, oc, out_y, out_x] = bias[oc] + sum over c, kernel_y, kernel_x of
///     weight[oc, c, kernel_y, kernel_x]
///     * padded[n, group * in_channels / groups + c,
///              out_y * stride + kernel_y * dilation, out_x * stride + kernel_x * dilation]
/// with group = oc / (out_channels / groups)
/// ```
///
/// # Shapes
///
/// - input `[batch, in_channels, height, width]`
/// - weight `[out_channels, in_channels / groups, kernel_height, kernel_width]`
/// - bias `[1, out_channels, 1, 1]`, which is what a rank 1 array becomes
/// - output `[batch, out_channels, out_height, out_width]`, per axis
///   `floor((size + pad_begin + pad_end - dilation * (kernel_size - 1) - 1) / stride) + 1`
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, PaddingMode};
///
/// let conv = Conv2d::new(3, 64, [7, 7])
///     .stride([2, 2])
///     .padding([3, 3])
///     .padding_mode(PaddingMode::Reflect);
/// assert_eq!(conv.output_shape([1, 3, 224, 224])?, [1, 64, 112, 112].into());
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Conv2d`; Dumoulin and Visin, *A guide to convolution arithmetic for deep
/// learning*, arXiv:1603.07285.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Conv2d {
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output: the number of filters.
    pub out_channels: usize,
    /// `[height, width]` of every filter.
    pub kernel_size: [usize; 2],
    /// `[height, width]` of the step from one output to the next; 1 by default.
    pub stride: [usize; 2],
    /// How far the input is padded; not at all by default.
    pub padding: Padding,
    /// What the padding holds; zeros by default.
    pub padding_mode: PaddingMode,
    /// `[height, width]` of the distance between taps; 1 by default.
    pub dilation: [usize; 2],
    /// Into how many groups the channels are split that do not see each other; 1 by default.
    pub groups: usize,
    /// What is applied to every output; nothing by default.
    pub activation: Option<Activation>,
    /// The algorithm on a GPU; by default the plan picks.
    pub algorithm: Option<Algorithm>,
}

impl Conv2d {
    /// A convolution with PyTorch's defaults: stride 1, no padding, dilation 1, one group.
    #[must_use]
    pub const fn new(in_channels: usize, out_channels: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            in_channels,
            out_channels,
            kernel_size,
            stride: [1, 1],
            padding: Padding::Valid,
            padding_mode: PaddingMode::Zeros,
            dilation: [1, 1],
            groups: 1,
            activation: None,
            algorithm: None,
        }
    }

    setters! {
        /// Sets the `[height, width]` of the step from one output to the next.
        stride: [usize; 2],
        /// Sets how far the input is padded: `[height, width]` or a [`Padding`].
        padding: into Padding,
        /// Sets what the padding holds.
        padding_mode: PaddingMode,
        /// Sets the `[height, width]` of the distance between taps.
        dilation: [usize; 2],
        /// Sets into how many groups the channels are split; `in_channels` makes it depthwise.
        groups: usize,
        /// Sets what is applied to every output.
        activation: into Option<Activation>,
        /// Pins the algorithm on a GPU, or leaves the choice to the plan again.
        algorithm: into Option<Algorithm>,
    }

    /// The shape of the weight: `[out_channels, in_channels / groups, kernel_height,
    /// kernel_width]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for channels that are zero or that `groups` does not divide.
    pub fn weight_shape(&self) -> Result<Shape> {
        check_channels(OPERATION, self.in_channels, self.out_channels, self.groups)?;
        let [kernel_height, kernel_width] = self.kernel_size;
        Ok(Shape::new(
            self.out_channels,
            self.in_channels / self.groups,
            kernel_height,
            kernel_width,
        ))
    }

    /// The shape of the output for an input of this shape.
    ///
    /// # Errors
    ///
    /// Every misuse that [`forward`](Self::forward) reports and that does not depend on the
    /// weight.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        Ok(self.problem(input.into())?.output_shape())
    }

    /// The number of weights, without the bias: `out_channels * in_channels / groups *
    /// kernel_height * kernel_width`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] and [`Error::Overflow`].
    pub fn weights(&self) -> Result<usize> {
        self.weight_shape()?.checked_len(OPERATION)
    }

    /// The number of multiply-adds for an input of this shape: the weights of one filter for every
    /// element of the output. Taps over padding are counted.
    ///
    /// # Errors
    ///
    /// As [`output_shape`](Self::output_shape).
    pub fn multiply_adds(&self, input: impl Into<Shape>) -> Result<u128> {
        let output = self.output_shape(input)?.len() as u128;
        Ok(output * (self.weights()? / self.out_channels) as u128)
    }

    /// The number of weights that a dense layer from one image to one output of the same sizes
    /// would need.
    ///
    /// ```
    /// use filtro::Conv2d;
    ///
    /// let conv = Conv2d::new(3, 64, [3, 3]).padding([1, 1]);
    /// assert_eq!(conv.weights()?, 1_728);
    /// assert_eq!(conv.dense_weights([1, 3, 224, 224])?, 150_528 * 3_211_264);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`output_shape`](Self::output_shape).
    pub fn dense_weights(&self, input: impl Into<Shape>) -> Result<u128> {
        let input = Shape { batch: 1, ..input.into() };
        Ok(input.len() as u128 * self.output_shape(input)?.len() as u128)
    }

    /// Everything resolved for an input of this shape.
    pub(crate) fn problem(&self, input: Shape) -> Result<Conv2dProblem> {
        self.weight_shape()?;
        check_input(OPERATION, input, self.in_channels)?;
        let axes = [0, 1].map(|axis| AxisOptions {
            operation: OPERATION,
            axis: AXIS_NAMES[axis],
            input_size: [input.height, input.width][axis],
            kernel_size: self.kernel_size[axis],
            stride: self.stride[axis],
            pad_begin: 0,
            pad_end: 0,
            dilation: self.dilation[axis],
        });
        let resolve = |axis: AxisOptions| {
            let resolved = axis.resolve(false)?;
            check_pads("padding_mode", self.padding_mode, &axis)?;
            Ok::<_, Error>(resolved)
        };
        let [vertical, horizontal] = self.padding.around(axes)?;
        let (vertical, horizontal) = (resolve(vertical)?, resolve(horizontal)?);
        let problem = Conv2dProblem {
            batch: input.batch,
            in_channels: self.in_channels,
            out_channels: self.out_channels,
            groups: self.groups,
            vertical,
            horizontal,
            padding_mode: self.padding_mode,
            activation: self.activation,
        };
        self.weights()?;
        problem.output_shape().checked_len(OPERATION)?;
        Ok(problem)
    }

    /// [`problem`](Self::problem), and that the weight and the bias fit.
    pub(crate) fn problem_with(
        &self,
        input: Shape,
        weight: Shape,
        bias: Option<Shape>,
    ) -> Result<Conv2dProblem> {
        let problem = self.problem(input)?;
        let shapes = [weight, self.weight_shape()?];
        let sizes = "[out_channels, in_channels / groups, kernel_height, kernel_width]";
        check_weight_and_bias(OPERATION, sizes, shapes, bias, self.out_channels)?;
        Ok(problem)
    }
}

/// A convolution resolved for an input shape: valid, and free of options that cannot matter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Conv2dProblem {
    pub(crate) batch: usize,
    pub(crate) in_channels: usize,
    pub(crate) out_channels: usize,
    pub(crate) groups: usize,
    pub(crate) vertical: Axis,
    pub(crate) horizontal: Axis,
    pub(crate) padding_mode: PaddingMode,
    pub(crate) activation: Option<Activation>,
}

/// Of what can be hashed: not of an activation's parameter.
impl Hash for Conv2dProblem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self { batch, in_channels, out_channels, groups, vertical, horizontal, .. } = self;
        (batch, in_channels, out_channels, groups, vertical, horizontal).hash(state);
        (self.padding_mode, self.activation.map(Activation::name)).hash(state);
    }
}

impl Conv2dProblem {
    pub(crate) fn input_shape(&self) -> Shape {
        let (height, width) = (self.vertical.input_size, self.horizontal.input_size);
        Shape::new(self.batch, self.in_channels, height, width)
    }

    pub(crate) fn output_shape(&self) -> Shape {
        let (height, width) = (self.vertical.output_size, self.horizontal.output_size);
        Shape::new(self.batch, self.out_channels, height, width)
    }

    pub(crate) fn weight_shape(&self) -> Shape {
        let (height, width) = (self.vertical.kernel_size, self.horizontal.kernel_size);
        Shape::new(self.out_channels, self.group_in_channels(), height, width)
    }

    /// Input channels that one filter sees.
    pub(crate) const fn group_in_channels(&self) -> usize {
        self.in_channels / self.groups
    }

    /// Filters that see the same input channels.
    pub(crate) const fn group_out_channels(&self) -> usize {
        self.out_channels / self.groups
    }

    /// Whether nearly all taps of every output read zeros, so that it is faster to pass over them
    /// one by one than to multiply them in large pieces.
    pub(crate) fn reads_few(&self) -> bool {
        are_few(self.most_taps(), [&self.vertical, &self.horizontal].map(|axis| axis.kernel_size))
    }

    /// Whether that holds of the outputs that a tap reads for.
    pub(crate) fn is_read_by_few(&self) -> bool {
        are_few(self.most_outputs(), [&self.vertical, &self.horizontal].map(|it| it.output_size))
    }

    /// The most taps of an output along each axis that do not read zeros.
    pub(crate) fn most_taps(&self) -> [usize; 2] {
        [&self.vertical, &self.horizontal].map(|axis| axis.most_taps(self.padding_mode))
    }

    /// The most outputs along each axis of which the same tap does not read zeros.
    pub(crate) fn most_outputs(&self) -> [usize; 2] {
        [&self.vertical, &self.horizontal].map(|axis| axis.most_outputs(self.padding_mode))
    }
}

/// Whether so many taps or outputs are far fewer than all.
fn are_few(few: [usize; 2], all: [usize; 2]) -> bool {
    const MANY_TIMES: usize = 16;
    let product = |[height, width]: [usize; 2]| height.saturating_mul(width);
    product(few).saturating_mul(MANY_TIMES) <= product(all)
}
