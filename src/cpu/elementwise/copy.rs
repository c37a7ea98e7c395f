//! Elements from elsewhere.

use crate::cpu::kit::threads;
use crate::memory::{NoMemory, collected};

/// Elements of a task.
const BLOCK_LEN: usize = 1 << 14;

/// `output[i] = input[i]`, on every thread, in whose caches they are then.
pub(crate) fn copy(input: &[f32], output: &mut [f32]) -> Result<(), NoMemory> {
    let work = output.len() / 4;
    let blocks = collected(input.chunks(BLOCK_LEN).zip(output.chunks_mut(BLOCK_LEN)))?;
    threads::for_each(blocks, work, |(input, output): (&[f32], &mut [f32])| {
        output.copy_from_slice(input);
        Ok(())
    })
}
