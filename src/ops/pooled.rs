//! What every pooling asks of its input.

use crate::{Error, Result, Shape};

/// What every pooling checks of its input before its own rules.
pub(crate) fn pooled_input(operation: &'static str, input: Shape) -> Result<()> {
    if input.channels == 0 {
        let rule = "a pooled input needs at least 1 channel";
        return Err(Error::shape(operation, "input", input, rule));
    }
    input.checked_len(operation).map(drop)
}
