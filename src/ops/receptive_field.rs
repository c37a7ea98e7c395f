//! The receptive field of a chain of layers.

use crate::{AvgPool2d, Conv2d, MaxPool2d};

/// How much of the input one element of the output depends on, through a chain of layers.
///
/// Per axis, with `jump` the distance in the input between neighbouring outputs:
///
/// ```text
/// size += dilation * (kernel_size - 1) * jump;    jump *= stride
/// ```
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, MaxPool2d, ReceptiveField};
///
/// let field = ReceptiveField::new()
///     .conv2d(&Conv2d::new(3, 64, [7, 7]).stride([2, 2]))
///     .max_pool2d(&MaxPool2d::new([3, 3]).stride([2, 2]))
///     .conv2d(&Conv2d::new(64, 64, [3, 3]));
/// assert_eq!((field.size(), field.jump()), ([19, 19], [4, 4]));
/// ```
///
/// Source: Araujo, Norris and Sim, *Computing Receptive Fields of Convolutional Neural Networks*,
/// Distill 2019.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceptiveField {
    size: [usize; 2],
    jump: [usize; 2],
}

impl Default for ReceptiveField {
    fn default() -> Self {
        Self::new()
    }
}

impl ReceptiveField {
    /// The field of the input itself: one cell.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: [1, 1], jump: [1, 1] }
    }

    /// The field behind a convolution.
    #[must_use]
    pub fn conv2d(self, layer: &Conv2d) -> Self {
        self.window(layer.kernel_size, layer.stride, layer.dilation)
    }

    /// The field behind a max pooling.
    #[must_use]
    pub fn max_pool2d(self, layer: &MaxPool2d) -> Self {
        self.window(layer.kernel_size, layer.stride, layer.dilation)
    }

    /// The field behind an average pooling.
    #[must_use]
    pub fn avg_pool2d(self, layer: &AvgPool2d) -> Self {
        self.window(layer.kernel_size, layer.stride, [1, 1])
    }

    /// `[height, width]` in cells of the input. Sizes beyond `usize` stay at its largest value.
    #[must_use]
    pub const fn size(&self) -> [usize; 2] {
        self.size
    }

    /// `[height, width]` between the fields of neighbouring outputs.
    #[must_use]
    pub const fn jump(&self) -> [usize; 2] {
        self.jump
    }

    fn window(mut self, kernel_size: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> Self {
        for axis in 0..2 {
            let reach = dilation[axis]
                .saturating_mul(kernel_size[axis].saturating_sub(1))
                .saturating_mul(self.jump[axis]);
            self.size[axis] = self.size[axis].saturating_add(reach);
            self.jump[axis] = self.jump[axis].saturating_mul(stride[axis]);
        }
        self
    }
}
