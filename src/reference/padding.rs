//! How many cells lie before and after an axis.

use crate::Padding;

/// What a padding depends on, as `[height, width]` each.
pub(super) struct Windows {
    pub(super) in_size: [usize; 2],
    pub(super) kernel_size: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) dilation: [usize; 2],
}

impl Windows {
    /// `[[top, bottom], [left, right]]`.
    pub(super) fn pads(&self, padding: Padding) -> [[usize; 2]; 2] {
        match padding {
            Padding::Valid => [[0, 0], [0, 0]],
            Padding::Sides { top, bottom, left, right } => [[top, bottom], [left, right]],
            Padding::Same | Padding::SameUpper => [0, 1].map(|axis| {
                let total = self.missing(axis);
                [total / 2, total.div_ceil(2)]
            }),
            Padding::SameLower => [0, 1].map(|axis| {
                let total = self.missing(axis);
                [total.div_ceil(2), total / 2]
            }),
        }
    }

    /// What `ceil(in_size / stride)` windows cover beyond the input.
    fn missing(&self, axis: usize) -> usize {
        let out_size = self.in_size[axis].div_ceil(self.stride[axis]);
        let last_tap =
            (out_size - 1) * self.stride[axis] + (self.kernel_size[axis] - 1) * self.dilation[axis];
        (last_tap + 1).saturating_sub(self.in_size[axis])
    }
}
