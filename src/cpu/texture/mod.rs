//! Texels in the host's memory to tensors and back.

mod curve;
mod read;
mod write;

pub(crate) use read::read_texels;
pub(crate) use write::write_texels;

/// Elements that a task reads or writes, where rows are shorter.
const BLOCK_LEN: usize = 1 << 13;
