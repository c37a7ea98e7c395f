//! The sizes of a convolution, as shaders have them.

use crate::Result;
use crate::gpu::runtime::params::size;
use crate::ops::Conv2dProblem;

/// Parameters with the sizes of a convolution, and zeros for what differs from dispatch to
/// dispatch.
macro_rules! with_sizes {
    ($params:ident, $operation:expr, $problem:expr) => {{
        let problem: &$crate::ops::Conv2dProblem = $problem;
        let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
        let number = |name, value| $crate::gpu::runtime::params::size($operation, name, value);
        $params {
            in_channels: number("in_channels", problem.in_channels)?,
            out_channels: number("out_channels", problem.out_channels)?,
            group_in_channels: number("in_channels", problem.group_in_channels())?,
            group_out_channels: number("out_channels", problem.group_out_channels())?,
            in_height: number("the input's height", vertical.input_size)?,
            in_width: number("the input's width", horizontal.input_size)?,
            out_height: number("the output's height", vertical.output_size)?,
            out_width: number("the output's width", horizontal.output_size)?,
            kernel_height: number("kernel_size", vertical.kernel_size)?,
            kernel_width: number("kernel_size", horizontal.kernel_size)?,
            stride_height: number("stride", vertical.stride)?,
            stride_width: number("stride", horizontal.stride)?,
            pad_top: number("padding", vertical.pad_begin)?,
            pad_left: number("padding", horizontal.pad_begin)?,
            dilation_height: number("dilation", vertical.dilation)?,
            dilation_width: number("dilation", horizontal.dilation)?,
            ..bytemuck::Zeroable::zeroed()
        }
    }};
}

pub(crate) use with_sizes;

/// That the padded input of a gradient, and what its kernel spans, are sizes that shaders can have.
pub(crate) fn check_padded(operation: &'static str, problem: &Conv2dProblem) -> Result<()> {
    for axis in [&problem.vertical, &problem.horizontal] {
        let padded = axis.input_size + axis.pad_begin + axis.pad_end;
        size(operation, "the size of the padded input", padded.max(axis.span()))?;
    }
    Ok(())
}
