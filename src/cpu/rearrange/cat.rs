//! Channels behind one another, and slices of them.

use crate::cpu::kit::threads;
use crate::memory::{NoMemory, collected, push};
use crate::ops::cat::Slice;

/// Elements that a task copies.
const BLOCK_LEN: usize = 1 << 15;

/// Copies every input to its channels of the output.
pub(crate) fn cat(
    inputs: &[(Slice, &[f32])],
    image_len: usize,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let mut copies = Vec::new();
    let work = output.len() / 4;
    for (image, mut rest) in output.chunks_mut(image_len).enumerate() {
        for (slice, input) in inputs {
            let len = slice.image_len();
            let (target, behind) = rest.split_at_mut(len);
            let source = &input[image * len..][..len];
            rest = behind;
            for copy in source.chunks(BLOCK_LEN).zip(target.chunks_mut(BLOCK_LEN)) {
                push(&mut copies, copy)?;
            }
        }
    }
    run(copies, work)
}

/// Copies the channels of a slice out of images of `image_len` elements.
pub(crate) fn slice(
    slice: &Slice,
    source: &[f32],
    image_len: usize,
    output: &mut [f32],
) -> Result<(), NoMemory> {
    let (len, work) = (slice.image_len(), output.len() / 4);
    let images = source.chunks(image_len).zip(output.chunks_mut(len));
    let copies = images.flat_map(|(image, target)| {
        image[slice.first()..][..len].chunks(BLOCK_LEN).zip(target.chunks_mut(BLOCK_LEN))
    });
    run(collected(copies)?, work)
}

fn run(copies: Vec<(&[f32], &mut [f32])>, work: usize) -> Result<(), NoMemory> {
    threads::for_each(copies, work, |(source, target): (&[f32], &mut [f32])| {
        target.copy_from_slice(source);
        Ok(())
    })
}
