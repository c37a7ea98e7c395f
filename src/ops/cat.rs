//! Concatenation along channels: validation and sizes.

use crate::ops::gradients::check_grad_output;
use crate::{Error, Result, Shape};

pub(crate) const OPERATION: &str = "cat";

/// Tensors behind one another along their channels.
///
/// ```text
/// output[n, first + c, y, x] = inputs[i][n, c, y, x]
/// with first = the channels of all inputs before i
/// ```
///
/// The skip connections of a U-Net and the layers of a DenseNet are concatenations. Tensors without
/// channels are taken and add nothing.
///
/// # Shapes
///
/// - inputs `[batch, channels, height, width]`, at least one; the channels may differ
/// - output `[batch, the sum of all channels, height, width]`
///
/// # Examples
///
/// ```
/// use filtro::{Cat, Device};
/// use ndarray::array;
///
/// let device = Device::cpu();
/// let one = device.upload(&array![[[[1.0, 2.0]]]])?;
/// let two = device.upload(&array![[[[3.0, 4.0]], [[5.0, 6.0]]]])?;
/// let y = Cat.forward(&[&one, &two])?;
/// assert_eq!(y.download()?, array![[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.cat(inputs, dim=1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cat;

impl Cat {
    /// The shape of the output.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for no input, [`Error::ShapeMismatch`] for one of another batch,
    /// height or width than the first, [`Error::Overflow`] for an output that no memory holds.
    pub fn output_shape(&self, inputs: &[Shape]) -> Result<Shape> {
        let Some(&first) = inputs.first() else {
            let rule = "there must be at least 1 tensor";
            return Err(Error::argument(OPERATION, "inputs", "an empty list", rule));
        };
        let mut channels = 0_usize;
        for (index, &input) in inputs.iter().enumerate() {
            if (Shape { channels: first.channels, ..input }) != first {
                let rule = format!(
                    "as inputs[{index}] its batch, height and width must be those of inputs[0], \
                     which has shape {first}"
                );
                return Err(Error::shape(OPERATION, "an input", input, rule));
            }
            channels = channels.saturating_add(input.channels);
        }
        let output = Shape { channels, ..first };
        output.checked_len(OPERATION)?;
        Ok(output)
    }

    /// The slices of the gradient of the output that are the gradients of the inputs.
    pub(crate) fn slices(&self, inputs: &[Shape], grad_output: Shape) -> Result<Vec<Slice>> {
        check_grad_output(OPERATION, grad_output, self.output_shape(inputs)?)?;
        Ok(slices(inputs))
    }
}

/// The channels of one input among those of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) shape: Shape,
    pub(crate) first_channel: usize,
}

impl Slice {
    /// The elements of an image.
    pub(crate) fn image_len(&self) -> usize {
        self.shape.channels * self.shape.height * self.shape.width
    }

    /// The element of an image of the output that its first is.
    pub(crate) fn first(&self) -> usize {
        self.first_channel * self.shape.height * self.shape.width
    }
}

/// The slices of inputs that were checked.
pub(crate) fn slices(inputs: &[Shape]) -> Vec<Slice> {
    let mut first_channel = 0;
    let slice = |&shape: &Shape| {
        let slice = Slice { shape, first_channel };
        first_channel += shape.channels;
        slice
    };
    inputs.iter().map(slice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_added_and_all_else_is_the_same() {
        let shape = |inputs: &[[usize; 4]]| {
            Cat.output_shape(&inputs.iter().map(|&input| input.into()).collect::<Vec<_>>())
        };
        assert_eq!(shape(&[[2, 3, 5, 7], [2, 0, 5, 7], [2, 4, 5, 7]]), Ok([2, 7, 5, 7].into()));
        assert_eq!(
            shape(&[]).unwrap_err().to_string(),
            "cat: inputs is an empty list, but there must be at least 1 tensor"
        );
        assert_eq!(
            shape(&[[2, 3, 5, 7], [2, 3, 5, 6]]).unwrap_err().to_string(),
            "cat: an input has shape [2, 3, 5, 6], but as inputs[1] its batch, height and width must \
             be those of inputs[0], which has shape [2, 3, 5, 7]"
        );
        assert!(shape(&[[1, usize::MAX, 1, 1], [1, usize::MAX, 1, 1]]).is_err());
    }
}
