//! Textures to tensors and tensors to textures, on the GPU.

pub(crate) mod read;
pub(crate) mod write;

use crate::gpu::runtime::template::{Include, parts};
use crate::ops::Line;

/// Invocations of a workgroup, along a row.
const WORKGROUP: usize = 64;

/// What the shaders share.
const PARTS: &[Include] = parts!("texture": "srgb");

/// A number of each of up to four lines.
fn four<T: Copy + Default>(lines: &[Line], number: impl Fn(&Line) -> T) -> [T; 4] {
    let mut numbers = [T::default(); 4];
    for (place, line) in numbers.iter_mut().zip(lines) {
        *place = number(line);
    }
    numbers
}
