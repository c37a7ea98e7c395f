//! The receptive field of a chain of layers.

use crate::{
    AvgPool2d, Conv2d, Interpolate, InterpolateTarget, InterpolationMode, MaxPool2d, PixelShuffle,
};

/// How much of the input one element of the output depends on, through a chain of layers.
///
/// Per axis, with `jump` the distance in the input between neighbouring outputs:
///
/// ```text
/// size += dilation * (kernel_size - 1) * jump;    jump *= stride
/// ```
///
/// Behind an upsampling the jump is a part of a cell, and sizes are rounded up.
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
    /// How far the outermost cells are from each other, in parts of a cell.
    reach: [usize; 2],
    /// In parts of a cell.
    jump: [usize; 2],
    /// The parts of a cell: more than one behind an upsampling.
    parts: [usize; 2],
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
        Self { reach: [0, 0], jump: [1, 1], parts: [1, 1] }
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

    /// The field behind an upsampling by whole factors; `None`, which stands for the whole image, where
    /// an interpolation has others.
    #[must_use]
    pub fn interpolate(mut self, layer: &Interpolate) -> Option<Self> {
        let InterpolateTarget::ScaleFactor(factors) = layer.target else { return None };
        if layer.mode == InterpolationMode::Bilinear {
            self = self.window([2, 2], [1, 1], [1, 1]);
        }
        let [height, width] = factors.map(whole);
        Some(self.upsampled([height?, width?]))
    }

    /// The field behind a pixel shuffle.
    #[must_use]
    pub fn pixel_shuffle(self, layer: &PixelShuffle) -> Self {
        self.upsampled([layer.upscale_factor; 2])
    }

    /// The field of what is made of this one's cells and of another's, such as a sum: along each axis
    /// the larger. Both are taken to lie around the same cell.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        let mut beside = self;
        for axis in 0..2 {
            let [mut one, mut two] = [self, other];
            let common = common_divisor(one.parts[axis], two.parts[axis]);
            one.refine(axis, other.parts[axis] / common);
            two.refine(axis, self.parts[axis] / common);
            beside.reach[axis] = one.reach[axis].max(two.reach[axis]);
            beside.jump[axis] = one.jump[axis].max(two.jump[axis]);
            beside.parts[axis] = one.parts[axis];
        }
        beside
    }

    /// `[height, width]` in cells of the input. Sizes beyond `usize` stay at its largest value.
    #[must_use]
    pub const fn size(&self) -> [usize; 2] {
        let [height, width] = self.reach;
        [
            height.div_ceil(self.parts[0]).saturating_add(1),
            width.div_ceil(self.parts[1]).saturating_add(1),
        ]
    }

    /// `[height, width]` between the fields of neighbouring outputs, rounded up to whole cells.
    #[must_use]
    pub const fn jump(&self) -> [usize; 2] {
        [self.jump[0].div_ceil(self.parts[0]), self.jump[1].div_ceil(self.parts[1])]
    }

    fn upsampled(mut self, factors: [usize; 2]) -> Self {
        for (axis, factor) in factors.into_iter().enumerate() {
            let jump = self.jump[axis];
            self.refine(axis, factor.max(1));
            self.jump[axis] = jump;
        }
        self
    }

    /// Counts in smaller parts.
    fn refine(&mut self, axis: usize, factor: usize) {
        for sizes in [&mut self.reach, &mut self.jump, &mut self.parts] {
            sizes[axis] = sizes[axis].saturating_mul(factor);
        }
    }

    fn window(mut self, kernel_size: [usize; 2], stride: [usize; 2], dilation: [usize; 2]) -> Self {
        for axis in 0..2 {
            let reach = dilation[axis]
                .saturating_mul(kernel_size[axis].saturating_sub(1))
                .saturating_mul(self.jump[axis]);
            self.reach[axis] = self.reach[axis].saturating_add(reach);
            self.jump[axis] = self.jump[axis].saturating_mul(stride[axis]);
        }
        self
    }
}

/// Of numbers above 0.
const fn common_divisor(one: usize, two: usize) -> usize {
    if two == 0 { one } else { common_divisor(two, one % two) }
}

/// A factor, if it is a whole number.
fn whole(factor: f64) -> Option<usize> {
    (1..=64).find(|&whole| whole as f64 == factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv(kernel_size: usize) -> Conv2d {
        Conv2d::new(1, 1, [kernel_size, kernel_size])
    }

    #[test]
    fn behind_an_upsampling_a_cell_is_many() {
        let twice = Interpolate::scale_factor([2.0, 3.0]);
        let field = ReceptiveField::new().conv2d(&conv(3)).interpolate(&twice).unwrap();
        assert_eq!((field.size(), field.jump()), ([3, 3], [1, 1]));
        // Four more cells are at most two or one and a third more in the input, in whole cells 2.
        assert_eq!(field.conv2d(&conv(5)).size(), [5, 5]);
        assert_eq!(field.conv2d(&conv(5)).conv2d(&conv(3)).size(), [6, 5]);
        let bilinear = twice.mode(InterpolationMode::Bilinear);
        assert_eq!(ReceptiveField::new().interpolate(&bilinear).unwrap().size(), [2, 2]);
        let shuffled = ReceptiveField::new().pixel_shuffle(&PixelShuffle::new(4));
        assert_eq!(shuffled.conv2d(&conv(5)).size(), [2, 2]);
        let back = shuffled.max_pool2d(&MaxPool2d::new([4, 4]));
        assert_eq!((back.size(), back.jump()), ([2, 2], [1, 1]));
        for other in [Interpolate::scale_factor([2.5, 2.0]), Interpolate::size([4, 4])] {
            assert_eq!(ReceptiveField::new().interpolate(&other), None);
        }
    }

    #[test]
    fn of_two_fields_the_larger_counts() {
        let small = ReceptiveField::new().conv2d(&conv(3));
        let large = ReceptiveField::new().conv2d(&conv(7));
        assert_eq!(small.beside(large), large);
        assert_eq!(large.beside(small), large);
        let coarse = small.max_pool2d(&MaxPool2d::new([2, 2]));
        let fine = coarse.interpolate(&Interpolate::scale_factor([2.0, 2.0])).unwrap();
        let both = large.beside(fine).conv2d(&conv(3));
        assert_eq!((both.size(), both.jump()), ([9, 9], [1, 1]));
        assert_eq!(fine.beside(large).conv2d(&conv(3)).size(), [9, 9]);
        let thirds = small.interpolate(&Interpolate::scale_factor([3.0, 3.0])).unwrap();
        assert_eq!(fine.beside(thirds).size(), fine.size());
        assert_eq!(thirds.beside(fine).conv2d(&conv(3)).size(), [6, 6]);
    }
}
