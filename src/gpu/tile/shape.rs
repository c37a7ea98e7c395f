//! What the dense shaders share: the tile of an invocation, and all that follows from it.

use crate::gpu::tile::operands::Rule;
use crate::gpu::tile::sizes::{SIZES_RULE, Sizes};

pub(crate) const TEXT_RULE: Rule = "serves kernels whose unrolled taps are not too many";
pub(crate) const BINDING_RULE: Rule = "serves tensors whose images each fit one binding";

/// Multiply-adds in the text of one iteration: more take long to compile.
const LONGEST_TEXT: u32 = 800;

/// In which order a shader meets the taps of one step of input channels, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TapOrder {
    /// Channel, column, row: all in the text.
    Unrolled,
    /// Row, channel, column: a loop over the rows, its iterations aligned to so many floats.
    RowLoop,
    /// Column, row, channel: a loop over the columns.
    ColumnLoop,
    /// Row, column, channel: the steps of channels at every tap, in one loop.
    TapsFirst,
}

/// What an invocation computes and reads at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
    /// Output channels of one group; a multiple of 4, or 1 where weights come from a texture. With
    /// [`TapsFirst`](TapOrder::TapsFirst) those of a workgroup.
    pub(crate) channels: u32,
    /// Output rows; with [`TapsFirst`](TapOrder::TapsFirst) outputs, `lanes[1]` apart.
    pub(crate) rows: u32,
    /// Neighbouring output columns.
    pub(crate) columns: u32,
    /// The distance between its rows. As large as the dilation, neighbours share their inputs.
    pub(crate) row_step: u32,
    /// Input channels of one iteration; divides those of a group.
    pub(crate) channel_step: u32,
    pub(crate) order: TapOrder,
    /// To how many floats what an iteration reads of the weight is aligned.
    pub(crate) alignment: u32,
    /// Whether an iteration adds up its own terms and then those to the sum.
    pub(crate) adds_parts: bool,
    /// Whether sums of blocks are added up in workgroup memory, for want of registers.
    pub(crate) totals_in_memory: bool,
    /// Whether a workgroup copies the weights of a step to its memory and reads them there.
    pub(crate) staged: bool,
    /// Invocations of a workgroup, `[height, width]`.
    pub(crate) lanes: [u32; 2],
}

/// Distances in the packed weight, in floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Strides {
    /// Of the tiles' channels.
    pub(crate) block: u32,
    pub(crate) step: u32,
    pub(crate) channel: u32,
    pub(crate) row: u32,
    pub(crate) column: u32,
}

impl Tile {
    /// Bytes of workgroup memory for the sums of blocks.
    pub(crate) fn totals_bytes(&self) -> u32 {
        if self.totals_in_memory { 4 * self.sums() * self.workgroup_size() } else { 0 }
    }

    /// Bytes of workgroup memory for the weights of a step.
    pub(crate) fn staged_bytes(&self, sizes: &Sizes) -> Option<u32> {
        if self.staged { self.strides(sizes).step.checked_mul(4) } else { Some(0) }
    }

    /// Output channels of an invocation.
    pub(crate) fn channels_of_invocation(&self) -> u32 {
        match self.order {
            TapOrder::TapsFirst => self.channels / self.lanes[0],
            _ => self.channels,
        }
    }

    /// Sums of an invocation.
    pub(crate) fn sums(&self) -> u32 {
        self.channels_of_invocation() * self.rows * self.columns
    }

    pub(crate) fn workgroup_size(&self) -> u32 {
        self.lanes[0] * self.lanes[1]
    }

    /// Whether the text of one iteration is short enough and its distances are numbers of WGSL.
    pub(crate) fn check_text(&self, sizes: &Sizes) -> Result<(), Rule> {
        for (axis, outputs) in [self.rows, self.columns].into_iter().enumerate() {
            let outputs = u64::from(outputs - 1) * u64::from(sizes.stride[axis]);
            let taps = u64::from(sizes.kernel_size[axis] - 1) * u64::from(sizes.dilation[axis]);
            if outputs + taps > u64::from(u32::MAX / 4) {
                return Err(SIZES_RULE);
            }
        }
        let taps = match self.order {
            TapOrder::Unrolled => sizes.taps(),
            TapOrder::RowLoop => sizes.kernel_size[1],
            TapOrder::ColumnLoop => sizes.kernel_size[0],
            TapOrder::TapsFirst => 1,
        };
        let outputs = self.sums() * self.channel_step;
        if taps.saturating_mul(outputs) > LONGEST_TEXT { Err(TEXT_RULE) } else { Ok(()) }
    }

    /// Where the taps lie in the packed weight.
    pub(crate) fn strides(&self, sizes: &Sizes) -> Strides {
        let [height, width] = sizes.kernel_size;
        let (tile, channel_step) = (self.channels, self.channel_step);
        let steps = sizes.group_in_channels / channel_step;
        let aligned = |floats: u32| floats.next_multiple_of(self.alignment);
        match self.order {
            TapOrder::Unrolled => {
                let step = aligned(channel_step * width * height * tile);
                let (channel, column) = (width * height * tile, height * tile);
                Strides { block: steps.saturating_mul(step), step, channel, row: tile, column }
            }
            TapOrder::RowLoop => {
                let row = aligned(channel_step * width * tile);
                let step = height * row;
                let block = steps.saturating_mul(step);
                Strides { block, step, channel: width * tile, row, column: tile }
            }
            TapOrder::ColumnLoop => {
                let step = aligned(width * height * channel_step * tile);
                let (row, column) = (channel_step * tile, height * channel_step * tile);
                Strides { block: steps.saturating_mul(step), step, channel: tile, row, column }
            }
            TapOrder::TapsFirst => {
                let column = sizes.group_in_channels.saturating_mul(tile);
                let row = column.saturating_mul(width);
                let block = row.saturating_mul(height);
                Strides { block, step: channel_step * tile, channel: tile, row, column }
            }
        }
    }

    /// Tiles along both axes, or workgroups of `lanes` that share `[height, width]` of them.
    pub(crate) fn tiles(&self, sizes: &Sizes, lanes: [u32; 2]) -> Result<[u32; 2], Rule> {
        let rows = lanes[0].checked_mul(self.rows).and_then(|rows| rows.checked_mul(self.row_step));
        let rows = rows.ok_or(SIZES_RULE)?;
        // The tiles of as many neighbouring rows as a tile's rows are apart; of the last fewer.
        let before = (sizes.out_size[0] - 1) / rows;
        let last = (sizes.out_size[0] - before * rows).min(self.row_step);
        let tiles_y = before * self.row_step + last;
        Ok([tiles_y, sizes.out_size[1].div_ceil(lanes[1] * self.columns)])
    }
}
