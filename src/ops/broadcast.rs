//! Broadcasting: how operands of fewer elements lie over an output.

use crate::{Error, Result, Shape};

const AXES: [&str; 4] = ["batch", "channels", "height", "width"];

/// The shape that two tensors have together, as NumPy broadcasts: along each axis they have the same
/// size, or one of them has size 1 and is used for all of the other's.
pub(crate) fn broadcast(operation: &'static str, input: Shape, other: Shape) -> Result<Shape> {
    let mut sizes = [0; 4];
    for (axis, size) in sizes.iter_mut().enumerate() {
        *size = match [input.dims()[axis], other.dims()[axis]] {
            [one, same] if one == same => one,
            [1, size] | [size, 1] => size,
            _ => {
                let rule = format!(
                    "that of the input is {input}: along the {} they must be the same, or one of \
                     them 1",
                    AXES[axis]
                );
                return Err(Error::shape(operation, "other", other, rule));
            }
        };
    }
    let output = Shape::from(sizes);
    output.checked_len(operation)?;
    Ok(output)
}

/// Where the elements of operands lie for each element of an output: four axes, outermost first,
/// neighbours joined where all operands go on along them as along one.
///
/// An operand's element for the output's `[a, b, c, d]` is at the sum of these times its strides,
/// which are 0 along the axes that it has one element for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broadcast<const N: usize> {
    pub(crate) sizes: [usize; 4],
    pub(crate) strides: [[usize; 4]; N],
}

impl<const N: usize> Broadcast<N> {
    /// Of operands that broadcast to an output, none of which is empty.
    pub(crate) fn new(output: Shape, operands: [Shape; N]) -> Self {
        Self::of(output.dims(), operands.map(|operand| contiguous(operand.dims())))
    }

    /// With axes of one element left out and neighbours joined.
    pub(crate) fn of(all_sizes: [usize; 4], all_strides: [[usize; 4]; N]) -> Self {
        let (mut sizes, mut strides) = ([1; 4], [[0; 4]; N]);
        // The next axis to be filled, from the innermost on.
        let mut end = 4;
        for axis in (0..4).rev().filter(|&axis| all_sizes[axis] != 1) {
            let goes_on =
                |operand: usize| all_strides[operand][axis] == strides[operand][end] * sizes[end];
            if end < 4 && (0..N).all(goes_on) {
                sizes[end] *= all_sizes[axis];
                continue;
            }
            end -= 1;
            sizes[end] = all_sizes[axis];
            for (strides, all_strides) in strides.iter_mut().zip(all_strides) {
                strides[end] = all_strides[axis];
            }
        }
        Self { sizes, strides }
    }

    /// The elements of the output.
    pub(crate) fn len(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Whether an operand has an element of its own for each of the output.
    pub(crate) fn is_each(&self, operand: usize) -> bool {
        let strides = contiguous(self.sizes);
        (0..4).all(|axis| self.sizes[axis] == 1 || strides[axis] == self.strides[operand][axis])
    }

    /// How many elements an operand has from its first for this to its last.
    pub(crate) fn reach(&self, operand: usize) -> usize {
        let axes = self.sizes.iter().zip(self.strides[operand]);
        1 + axes.map(|(size, stride)| (size - 1) * stride).sum::<usize>()
    }

    /// Where an operand's element for the output's element `index` lies.
    pub(crate) fn place(&self, operand: usize, index: usize) -> usize {
        let (mut rest, mut place) = (index, 0);
        for (size, stride) in self.sizes.into_iter().zip(self.strides[operand]).rev() {
            place += rest % size * stride;
            rest /= size;
        }
        place
    }
}

/// The strides of elements that lie one behind another; 0 along axes of one element.
fn contiguous(sizes: [usize; 4]) -> [usize; 4] {
    let (mut strides, mut step) = ([0; 4], 1);
    for axis in (0..4).rev() {
        if sizes[axis] != 1 {
            strides[axis] = step;
        }
        step *= sizes[axis];
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(output: [usize; 4], operands: [[usize; 4]; 2]) -> Broadcast<2> {
        Broadcast::new(output.into(), operands.map(Shape::from))
    }

    #[test]
    fn axes_are_joined_where_all_operands_go_on() {
        let shape = [2, 3, 5, 7];
        let same = over(shape, [shape, shape]);
        assert_eq!(same, Broadcast { sizes: [1, 1, 1, 210], strides: [[0, 0, 0, 1]; 2] });
        let gate = over(shape, [shape, [2, 3, 1, 1]]);
        assert_eq!(gate.sizes, [1, 1, 6, 35]);
        assert_eq!(gate.strides, [[0, 0, 35, 1], [0, 0, 1, 0]]);
        let bias = over(shape, [[1, 3, 1, 1], shape]);
        assert_eq!(bias.sizes, [1, 2, 3, 35]);
        assert_eq!(bias.strides, [[0, 0, 1, 0], [0, 105, 35, 1]]);
        let both = over(shape, [[2, 1, 5, 1], [1, 3, 1, 7]]);
        assert_eq!(both.sizes, shape);
        assert_eq!(both.strides, [[5, 0, 1, 0], [0, 7, 0, 1]]);
        assert!(bias.is_each(1) && !bias.is_each(0));
        assert_eq!([bias.reach(0), bias.reach(1)], [3, 210]);
        assert_eq!([both.place(0, 209), both.place(1, 209)], [9, 20]);
    }

    #[test]
    fn shapes_that_do_not_broadcast_are_named_with_their_axis() {
        let error = |input: [usize; 4], other: [usize; 4]| {
            broadcast("add", input.into(), other.into()).unwrap_err().to_string()
        };
        assert_eq!(
            error([2, 3, 5, 7], [2, 4, 5, 7]),
            "add: other has shape [2, 4, 5, 7], but that of the input is [2, 3, 5, 7]: along the \
             channels they must be the same, or one of them 1"
        );
        assert_eq!(
            broadcast("add", [2, 1, 0, 7].into(), [1, 4, 1, 7].into()),
            Ok([2, 4, 0, 7].into())
        );
        assert!(error([2, 1, 0, 7], [1, 4, 2, 7]).contains("along the height"));
        assert!(broadcast("add", [1 << 40, 1, 1, 1].into(), [1, 1 << 40, 1, 1].into()).is_err());
    }
}
