//! The windows of a pooling of fixed windows.

use crate::window::{AXIS_NAMES, Axis, AxisOptions};
use crate::{Error, Padding, Result, Shape};

/// What every pooling checks of its input before its own rules.
pub(super) fn check_input(operation: &'static str, input: Shape) -> Result<()> {
    if input.channels == 0 {
        let rule = "a pooled input needs at least 1 channel";
        return Err(Error::shape(operation, "input", input, rule));
    }
    input.checked_len(operation).map(drop)
}

/// Fixed windows resolved for an input shape: all that a max pooling is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PoolWindows {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) vertical: Axis,
    pub(crate) horizontal: Axis,
}

impl PoolWindows {
    /// Of kernel_size, stride and dilation as `[height, width]`.
    pub(super) fn new(
        operation: &'static str,
        input: Shape,
        [kernel_size, stride, dilation]: [[usize; 2]; 3],
        padding: Padding,
        ceil_mode: bool,
    ) -> Result<Self> {
        let axes = [0, 1].map(|axis| AxisOptions {
            operation,
            axis: AXIS_NAMES[axis],
            input_size: [input.height, input.width][axis],
            kernel_size: kernel_size[axis],
            stride: stride[axis],
            pad_begin: 0,
            pad_end: 0,
            dilation: dilation[axis],
        });
        let resolve = |axis: AxisOptions| {
            let span = axis.span()?;
            let allowed = span / 2;
            let pads = [axis.pad_begin, axis.pad_end];
            if let Some(pad) = pads.into_iter().find(|&pad| pad > allowed) {
                let rule = format!(
                    "must be at most {allowed}, half of the {span} that the kernel spans along \
                     the {}",
                    axis.axis
                );
                return Err(Error::argument(operation, "padding", pad, rule));
            }
            axis.resolve(ceil_mode)
        };
        let [vertical, horizontal] = padding.around(axes)?;
        let (batch, channels) = (input.batch, input.channels);
        let (vertical, horizontal) = (resolve(vertical)?, resolve(horizontal)?);
        let windows = Self { batch, channels, vertical, horizontal };
        windows.output_shape().checked_len(operation)?;
        Ok(windows)
    }

    pub(crate) fn input_shape(&self) -> Shape {
        let (height, width) = (self.vertical.input_size, self.horizontal.input_size);
        Shape::new(self.batch, self.channels, height, width)
    }

    pub(crate) fn output_shape(&self) -> Shape {
        let (height, width) = (self.vertical.output_size, self.horizontal.output_size);
        Shape::new(self.batch, self.channels, height, width)
    }
}
