//! Images picked by number.

use crate::memory::{NoMemory, with_room};

/// Copies the images of `image_len` elements that `numbers` name.
pub(crate) fn select<T: Copy>(
    source: &[T],
    image_len: usize,
    numbers: &[u32],
) -> Result<Vec<T>, NoMemory> {
    let mut output = with_room(numbers.len().saturating_mul(image_len))?;
    for &number in numbers {
        let first = number as usize * image_len;
        output.extend_from_slice(&source[first..first + image_len]);
    }
    Ok(output)
}
