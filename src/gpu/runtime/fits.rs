//! Which tensors a device can hold at all.

use crate::{DType, Error, Limits, Result, Shape};

/// Bindings that one tensor may fill: some adapters state no limit of a buffer.
const MOST_BINDINGS: u64 = 1 << 16;

/// That each tensor of an operation fits one buffer. A plan lists the parts of what exceeds a
/// binding, so that this comes before it and bounds the list.
pub(crate) fn check_buffers(
    operation: &'static str,
    shapes: &[Shape],
    dtype: DType,
    limits: &Limits,
) -> Result<()> {
    let bytes = |shape: &Shape| (shape.len() as u64).saturating_mul(dtype.bytes() as u64);
    let needed = shapes.iter().map(bytes).max().unwrap_or(0);
    let in_bindings = limits.max_binding_bytes.saturating_mul(MOST_BINDINGS);
    let (quantity, allowed) = match limits.max_binding_bytes {
        0 => ("the size of one storage binding in bytes", 0),
        _ => ("the size of one buffer in bytes", limits.max_buffer_bytes.min(in_bindings)),
    };
    if needed <= allowed {
        return Ok(());
    }
    Err(Error::DeviceLimit { operation, quantity: quantity.into(), needed, allowed })
}
