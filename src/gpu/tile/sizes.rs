//! The sizes of a convolution as shaders count them.

use crate::gpu::runtime::params::size;
use crate::gpu::tile::operands::{OPERATION, Rule};
use crate::gpu::tile::rounding::most_roundings;
use crate::ops::Conv2dProblem;

pub(crate) const SIZES_RULE: Rule = "serves sizes below 2^31";

/// The sizes of a problem as shaders count them. Pairs are `[height, width]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) group_in_channels: u32,
    pub(crate) group_out_channels: u32,
    pub(crate) groups: u32,
    pub(crate) in_size: [u32; 2],
    pub(crate) out_size: [u32; 2],
    pub(crate) kernel_size: [u32; 2],
    pub(crate) stride: [u32; 2],
    pub(crate) dilation: [u32; 2],
    pub(crate) pad_begin: [u32; 2],
}

impl Sizes {
    pub(crate) fn new(problem: &Conv2dProblem) -> Result<Self, Rule> {
        let axes = [&problem.vertical, &problem.horizontal];
        let number = |value| size(OPERATION, "a size", value).map_err(|_| SIZES_RULE);
        let mut sizes = Self {
            group_in_channels: number(problem.group_in_channels())?,
            group_out_channels: number(problem.group_out_channels())?,
            groups: number(problem.groups)?,
            in_size: [0; 2],
            out_size: [0; 2],
            kernel_size: [0; 2],
            stride: [0; 2],
            dilation: [0; 2],
            pad_begin: [0; 2],
        };
        for (i, axis) in axes.into_iter().enumerate() {
            number(axis.input_size + axis.pad_begin + axis.pad_end)?;
            sizes.in_size[i] = number(axis.input_size)?;
            sizes.out_size[i] = number(axis.output_size)?;
            sizes.kernel_size[i] = number(axis.kernel_size)?;
            sizes.stride[i] = number(axis.stride)?;
            sizes.dilation[i] = number(axis.dilation)?;
            sizes.pad_begin[i] = number(axis.pad_begin)?;
        }
        Ok(sizes)
    }

    pub(crate) fn taps(&self) -> u32 {
        self.kernel_size[0].saturating_mul(self.kernel_size[1])
    }

    /// The largest step of at most `most` input channels that divides those of a group.
    pub(crate) fn channel_step(&self, most: u32) -> u32 {
        (1..=most).rev().find(|step| self.group_in_channels.is_multiple_of(*step)).unwrap_or(1)
    }

    /// Input channels whose terms may be added up without a break.
    pub(crate) fn block_channels(&self) -> u32 {
        let taps = u64::from(self.taps());
        let products = taps.saturating_mul(u64::from(self.group_in_channels));
        let most = most_roundings(products).saturating_sub(products.isqrt());
        u32::try_from(most / taps).unwrap_or(u32::MAX)
    }
}
