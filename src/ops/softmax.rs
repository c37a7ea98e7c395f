//! Softmax: what is known of it without tensors.

use crate::{Result, Shape};

/// The softmax over the channels of every position: positive numbers that add up to 1, as
/// `torch.nn.Softmax(dim=1)`.
///
/// ```text
/// output[n, c, y, x] = exp(input[n, c, y, x]) / sum over k of exp(input[n, k, y, x])
/// ```
///
/// The largest channel of a position is taken off first, so that no exponential overflows. As in
/// PyTorch a position with a NaN or with positive infinity is NaN in all channels, and so is one of
/// negative infinity alone.
///
/// # Shapes
///
/// Input and output `[batch, channels, height, width]`; `[batch, classes, 1, 1]` are the
/// probabilities of classes.
///
/// # Rounding
///
/// An output `y` of `n` channels whose input is `d` below the largest of its position is within
/// `(80 + 6 * sqrt(n) + 5 * d) * 2^-24 * y` and the smallest normal number.
///
/// # Examples
///
/// ```
/// use filtro::{Device, Softmax};
///
/// let logits = Device::cpu().upload_slice(&[1000.0, 1000.0], [1, 2, 1, 1])?;
/// assert_eq!(Softmax.forward(&logits)?.to_vec()?, [0.5, 0.5]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.Softmax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Softmax;

impl Softmax {
    pub(crate) const OPERATION: &str = "softmax";

    /// The shape of the output for an input of this shape, which is the same.
    ///
    /// # Errors
    ///
    /// [`Error::Overflow`](crate::Error::Overflow) for sizes that cannot be counted.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        let input = input.into();
        input.checked_len(Self::OPERATION)?;
        Ok(input)
    }
}
