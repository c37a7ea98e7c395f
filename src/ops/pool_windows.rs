//! The windows of a pooling of fixed windows.

use crate::window::{AXIS_NAMES, Axis, AxisOptions};
use crate::{Error, Result, Shape};

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
    /// Of kernel_size, stride, padding and dilation as `[height, width]`.
    pub(super) fn new(
        operation: &'static str,
        input: Shape,
        [kernel_size, stride, padding, dilation]: [[usize; 2]; 4],
        ceil_mode: bool,
    ) -> Result<Self> {
        let resolve = |axis: usize| {
            let options = AxisOptions {
                operation,
                axis: AXIS_NAMES[axis],
                input_size: [input.height, input.width][axis],
                kernel_size: kernel_size[axis],
                stride: stride[axis],
                pad_begin: padding[axis],
                pad_end: padding[axis],
                dilation: dilation[axis],
            };
            let span = options.span()?;
            let allowed = span / 2;
            if padding[axis] > allowed {
                let rule = format!(
                    "must be at most {allowed}, half of the {span} that the kernel spans along \
                     the {}",
                    AXIS_NAMES[axis]
                );
                return Err(Error::argument(operation, "padding", padding[axis], rule));
            }
            options.resolve(ceil_mode)
        };
        let (batch, channels) = (input.batch, input.channels);
        let windows = Self { batch, channels, vertical: resolve(0)?, horizontal: resolve(1)? };
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
