//! Uniform windows: parts of a tensor that a shader sees as uniform buffers.
//!
//! A software adapter takes a uniform load for about a tenth of a storage load, and has a uniform
//! buffer hold 64 KiB. All windows of a shader have the same size; they may overlap.

use crate::Limits;

/// Elements of a window.
pub(crate) const WINDOW: u32 = 16_384;
/// The most uniform buffers of a dispatch: what every WebGPU device has.
const MOST_BUFFERS: u32 = 12;
/// Windows start at multiples of so many elements; shaders have the same number.
const ALIGNMENT: u32 = 8;

/// Whether a device is one to use windows on, and has them.
pub(crate) fn available(limits: &Limits) -> bool {
    limits.software
        && limits.max_uniform_bytes >= u64::from(WINDOW * 4)
        && limits.uniform_alignment <= ALIGNMENT * 4
}

/// The most windows of a dispatch, beside its parameters and `others`.
pub(crate) fn most(limits: &Limits, others: u32) -> u32 {
    limits.max_uniform_buffers.min(MOST_BUFFERS).saturating_sub(1 + others)
}

/// Elements of a window onto a tensor of `len`. Buffers are longer than their tensor where the
/// alignment asks for it.
pub(crate) fn elements(len: u32) -> u32 {
    len.next_multiple_of(ALIGNMENT).min(WINDOW)
}

/// Where the last window onto a tensor of `len` starts.
pub(crate) fn limit(len: u32) -> u32 {
    len.next_multiple_of(ALIGNMENT) - elements(len)
}

/// Where a window starts that shows the elements from `first`; shaders compute the same.
pub(crate) fn start(first: u32, len: u32) -> u32 {
    (first / ALIGNMENT * ALIGNMENT).min(limit(len))
}

/// How many blocks of `block` elements a window shows wherever it starts.
pub(crate) fn blocks(block: u32) -> u32 {
    let slack = if block.is_multiple_of(ALIGNMENT) { 0 } else { ALIGNMENT - 1 };
    (WINDOW - slack) / block
}
