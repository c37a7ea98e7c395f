//! Images picked by number.

/// Copies the images of `image_len` elements that `numbers` name.
pub(crate) fn select<T: Copy>(source: &[T], image_len: usize, numbers: &[u32]) -> Vec<T> {
    let mut output = Vec::with_capacity(numbers.len() * image_len);
    for &number in numbers {
        let first = number as usize * image_len;
        output.extend_from_slice(&source[first..first + image_len]);
    }
    output
}
