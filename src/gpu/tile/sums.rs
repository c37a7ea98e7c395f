//! How long sums are added up: in blocks, so that the rounding error stays within the bound that
//! this crate states, whatever the data.

use crate::gpu::runtime::grid::MOST_ITERATIONS;
use crate::gpu::tile::operands::Rule;
use crate::gpu::tile::rounding::most_roundings;
use crate::gpu::tile::shape::{TapOrder, Tile};
use crate::gpu::tile::sizes::Sizes;

const SUM_RULE: Rule = "serves sums that can be added up in short parts";
pub(crate) const ITERATIONS_RULE: Rule = "serves sums of at most 60 000 steps";

/// Products so few that their order does not matter to the error.
const FEW_PRODUCTS: u64 = 48;

/// How many products are added up one after another where that is free to choose: on most data the
/// error of a block and that of the sum of all blocks are the same at the power of two thirds.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number, at most the products"
)]
pub(crate) fn block_products(products: u64) -> u64 {
    ((products as f64).cbrt().powi(2).round() as u64).max(FEW_PRODUCTS)
}

/// A block of at most `all` items for which the roundings of a block, `each` an item, and those of
/// the sum of `sums` such blocks for every `all` items stay within `most`: about as many roundings a
/// block as wanted, else the largest.
fn block_of(all: u64, each: u64, sums: u64, most: u64, wanted: u64) -> Option<u64> {
    let fits = |&block: &u64| {
        let blocks = sums.saturating_mul(all.div_ceil(block));
        block.saturating_mul(each).saturating_add(blocks) <= most
    };
    let wanted = (wanted / each.max(1)).clamp(1, all);
    let largest = || (1..=all.min(most / each.max(1))).rev().find(fits);
    Some(wanted).filter(fits).or_else(largest)
}

/// What is added up without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocks {
    All,
    /// So many steps of input channels.
    Steps(u32),
    /// So many iterations of the loop over a kernel's rows or columns.
    Taps(u32),
}

/// The loops of a tile over the products of a sum.
#[derive(Debug, Clone, Copy)]
struct Loops {
    /// Products of an iteration.
    products: u64,
    /// Roundings of an iteration's products before they join the sum, and of joining it.
    before: u64,
    each: u64,
    /// Steps of input channels.
    steps: u64,
    /// Iterations of a step.
    taps: u64,
}

impl Loops {
    fn new(tile: &Tile, sizes: &Sizes) -> Self {
        let [height, width] = sizes.kernel_size.map(u64::from);
        let (in_text, taps) = match tile.order {
            TapOrder::Unrolled => (height.saturating_mul(width), 1),
            TapOrder::RowLoop => (width, height),
            TapOrder::ColumnLoop => (height, width),
            TapOrder::TapsFirst => (1, 1),
        };
        let products = in_text.saturating_mul(u64::from(tile.channel_step));
        let (before, each) = if tile.adds_parts { (products, 1) } else { (0, products) };
        let steps = u64::from(sizes.group_in_channels / tile.channel_step);
        let steps = match tile.order {
            TapOrder::TapsFirst => steps.saturating_mul(height.saturating_mul(width)),
            _ => steps,
        };
        Self { products, before, each, steps, taps }
    }

    fn roundings(&self, blocks: Blocks) -> u64 {
        let (block, sums) = match blocks {
            Blocks::All => (self.steps.saturating_mul(self.taps), 0),
            Blocks::Steps(steps) => {
                let steps = u64::from(steps).max(1);
                (steps.saturating_mul(self.taps), self.steps.div_ceil(steps))
            }
            Blocks::Taps(taps) => {
                let taps = u64::from(taps).max(1);
                (taps, self.steps.saturating_mul(self.taps.div_ceil(taps)))
            }
        };
        // One more is that of the bias.
        block.saturating_mul(self.each).saturating_add(self.before + sums + 1)
    }

    /// Few sums of blocks, if there have to be any.
    fn blocks(&self) -> Result<Blocks, Rule> {
        let iterations = self.steps.saturating_mul(self.taps);
        if iterations > MOST_ITERATIONS as u64 {
            return Err(ITERATIONS_RULE);
        }
        let most = most_roundings(self.products.saturating_mul(iterations));
        let wanted = block_products(iterations.saturating_mul(self.each));
        if iterations.saturating_mul(self.each) <= wanted && self.roundings(Blocks::All) <= most {
            return Ok(Blocks::All);
        }
        let most = most.saturating_sub(self.before + 1);
        let number = |block| u32::try_from(block).ok();
        let step = self.each.saturating_mul(self.taps);
        let steps = || block_of(self.steps, step, 1, most, wanted);
        let taps = || block_of(self.taps, self.each, self.steps, most, wanted);
        let of_steps = steps().and_then(number).map(Blocks::Steps);
        of_steps.or_else(|| taps().and_then(number).map(Blocks::Taps)).ok_or(SUM_RULE)
    }

    fn iterations(&self, blocks: Blocks) -> u64 {
        let inner = if self.taps > 1 { self.taps } else { 0 };
        let blocks = match blocks {
            Blocks::All => 0,
            Blocks::Steps(steps) => self.steps.div_ceil(u64::from(steps).max(1)),
            Blocks::Taps(taps) => {
                self.steps.saturating_mul(self.taps.div_ceil(u64::from(taps).max(1)))
            }
        };
        self.steps.saturating_mul(1 + inner).saturating_add(blocks)
    }
}

impl Tile {
    /// What of a sum this tile adds up without a break.
    pub(crate) fn blocks(&self, sizes: &Sizes) -> Result<Blocks, Rule> {
        Loops::new(self, sizes).blocks()
    }

    /// The most roundings of one product.
    #[cfg(test)]
    pub(crate) fn roundings(&self, sizes: &Sizes, blocks: Blocks) -> u64 {
        Loops::new(self, sizes).roundings(blocks)
    }

    /// The iterations of all loops over the products of a sum.
    pub(crate) fn iterations(&self, sizes: &Sizes, blocks: Blocks) -> u64 {
        Loops::new(self, sizes).iterations(blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_as_long_as_its_roundings_and_those_of_the_blocks_allow() {
        assert_eq!(block_of(100, 1, 1, 100, 48), Some(48));
        assert_eq!(block_of(100, 1, 1, 20, 48), Some(10));
        assert_eq!(block_of(100, 1, 1, 19, 48), None);
        assert_eq!(block_of(100, 30, 1, 134, 48), Some(1));
        assert_eq!(block_of(100, 30, 1, 124, 48), Some(3));
    }
}
