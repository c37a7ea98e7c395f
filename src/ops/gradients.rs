//! What gradients check, and the convolution behind a transposed one.

use super::{Conv2d, Conv2dProblem, ConvTranspose2d};
use crate::window::Axis;
use crate::{Activation, Error, PaddingMode, Result, Shape};

/// That a gradient has the shape of what it is the gradient of.
pub(crate) fn check_grad_output(
    operation: &'static str,
    grad_output: Shape,
    output: Shape,
) -> Result<()> {
    if grad_output == output {
        return Ok(());
    }
    let rule = format!("the output of the forward pass is {output}");
    Err(Error::shape(operation, "grad_output", grad_output, rule))
}

/// That the gradient of a bias has its channels.
fn check_channels(
    operation: &'static str,
    grad_output: Shape,
    out_channels: usize,
) -> Result<Shape> {
    if grad_output.channels != out_channels {
        let rule = format!("out_channels is {out_channels}");
        return Err(Error::shape(operation, "grad_output", grad_output, rule));
    }
    grad_output.checked_len(operation)?;
    Ok(Shape::new(1, out_channels, 1, 1))
}

/// That an operation whose gradients are asked for has no activation behind it.
pub(crate) fn check_no_activation(
    operation: &'static str,
    activation: Option<Activation>,
) -> Result<()> {
    match activation {
        None => Ok(()),
        Some(function) => {
            let rule = "its gradient needs the values before it: leave it out here, apply \
                        Activation::forward to the output, and give what \
                        Activation::grad_input makes of the gradient as grad_output";
            Err(Error::argument(operation, "activation", function.name(), rule))
        }
    }
}

impl Conv2d {
    /// The convolution whose gradient of the input or the weight is asked for.
    pub(crate) fn gradient_problem(
        &self,
        input: Shape,
        weight: Option<Shape>,
        grad_output: Shape,
    ) -> Result<Conv2dProblem> {
        check_no_activation("conv2d", self.activation)?;
        let problem = match weight {
            Some(weight) => self.problem_with(input, weight, None)?,
            None => self.problem(input)?,
        };
        check_grad_output("conv2d", grad_output, problem.output_shape())?;
        Ok(problem)
    }

    /// The shape of the gradient of the bias.
    pub(crate) fn bias_gradient_shape(&self, grad_output: Shape) -> Result<Shape> {
        check_no_activation("conv2d", self.activation)?;
        self.weight_shape()?;
        check_channels("conv2d", grad_output, self.out_channels)
    }
}

impl ConvTranspose2d {
    /// The convolution whose gradient of the input this operation is: it reads the output of this
    /// one, gives its input, and has the same weight.
    pub(crate) fn convolution(&self, input: Shape) -> Result<Conv2dProblem> {
        let output = self.output_shape(input)?;
        let axis = |axis: usize, input_size: usize, output_size: usize| Axis {
            input_size,
            output_size,
            kernel_size: self.kernel_size[axis],
            stride: if output_size == 1 { 1 } else { self.stride[axis] },
            pad_begin: self.padding[axis],
            pad_end: self.padding[axis],
            dilation: if self.kernel_size[axis] == 1 { 1 } else { self.dilation[axis] },
        };
        Ok(Conv2dProblem {
            batch: input.batch,
            in_channels: self.out_channels,
            out_channels: self.in_channels,
            groups: self.groups,
            vertical: axis(0, output.height, input.height),
            horizontal: axis(1, output.width, input.width),
            padding_mode: PaddingMode::Zeros,
            activation: None,
        })
    }

    /// [`convolution`](Self::convolution), and that the gradient of the output fits.
    pub(crate) fn gradient_problem(
        &self,
        input: Shape,
        weight: Option<Shape>,
        grad_output: Shape,
    ) -> Result<Conv2dProblem> {
        if let Some(weight) = weight {
            self.check(input, weight, None)?;
        }
        let problem = self.convolution(input)?;
        check_grad_output("conv_transpose2d", grad_output, problem.input_shape())?;
        Ok(problem)
    }

    /// The shape of the gradient of the bias.
    pub(crate) fn bias_gradient_shape(&self, grad_output: Shape) -> Result<Shape> {
        self.weight_shape()?;
        check_channels("conv_transpose2d", grad_output, self.out_channels)
    }
}

impl Conv2dProblem {
    /// Whether no further window fits the padded input. One may behind a transposed convolution,
    /// where output_padding reaches the stride.
    pub(crate) fn reads_all(&self) -> bool {
        [&self.vertical, &self.horizontal].into_iter().all(|axis| {
            let padded = axis.input_size + axis.pad_begin + axis.pad_end;
            axis.output_size == 1 || (padded - axis.span()) / axis.stride + 1 == axis.output_size
        })
    }

    /// The convolution of the gradient of the output that gives the gradient of the input: with
    /// stride 1 every input cell collects its outputs through the filter turned by 180 degrees.
    /// `None` where it is no convolution with zero padding.
    pub(crate) fn input_gradient(&self) -> Option<Self> {
        if self.padding_mode != PaddingMode::Zeros {
            return None;
        }
        let turned = |axis: &Axis| {
            let reach = axis.span() - 1;
            let pad_begin = reach.checked_sub(axis.pad_begin)?;
            let padded = axis.input_size.checked_add(reach)?;
            let pad_end = padded.checked_sub(axis.output_size)?.checked_sub(pad_begin)?;
            (axis.stride == 1).then_some(Axis {
                input_size: axis.output_size,
                output_size: axis.input_size,
                pad_begin,
                pad_end,
                ..*axis
            })
        };
        Some(Self {
            in_channels: self.out_channels,
            out_channels: self.in_channels,
            vertical: turned(&self.vertical)?,
            horizontal: turned(&self.horizontal)?,
            activation: None,
            ..*self
        })
    }
}
