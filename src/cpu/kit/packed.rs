//! Weights in the order in which they are multiplied.

use std::sync::{Arc, Mutex, PoisonError};

use pulp::{Simd, WithSimd};

use crate::cpu::kit::blocks::{LINE, Scratch};
use crate::cpu::kit::tile::max_rows;
use crate::cpu::kit::{simd, threads, tile};
use crate::memory::{NoMemory, collected, zeros};

/// All that a packed weight depends on beside the weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    /// Filters of a group, which are packed apart from others.
    group: usize,
    /// Of these, filters that are packed together.
    filters: usize,
    /// Elements of a filter.
    len: usize,
    /// Filters that the instruction set multiplies at once.
    rows: usize,
}

impl Order {
    /// That for groups of so many filters of `len` elements and blocks of so many of them.
    pub(crate) fn new(group: usize, filters: usize, len: usize) -> Self {
        Self { group, filters, len, rows: simd::dispatch(MaxRows) }
    }

    /// Packs a weight, behind which there may be room.
    pub(crate) fn pack(self, weight: &[f32], packed: &mut [f32]) -> Result<(), NoMemory> {
        let packed = &mut packed[..weight.len()];
        let (group_len, block_len) = (self.group * self.len, self.filters * self.len);
        let groups = weight.chunks(group_len).zip(packed.chunks_mut(group_len));
        let tasks = groups.flat_map(|(weight, packed)| {
            weight.chunks(block_len).zip(packed.chunks_mut(block_len))
        });
        threads::for_each(collected(tasks)?, weight.len(), |(rows, packed)| {
            simd::dispatch(tile::Pack { rows, len: self.len, packed });
            Ok(())
        })
    }
}

/// Runs `multiply` with a packed weight, behind which a vector may be read: with what is kept, or packed
/// for this once.
pub(crate) fn with_packed(
    (weight, kept): (&[f32], Option<&KeptWeight>),
    order: Order,
    multiply: impl FnOnce(&[f32]) -> Result<(), NoMemory>,
) -> Result<(), NoMemory> {
    match kept.map(|kept| kept.get(order, weight)).transpose()?.flatten() {
        Some(packed) => multiply(&packed),
        None => Scratch::with_packed(weight.len() + LINE, |packed| {
            order.pack(weight, packed)?;
            multiply(packed)
        }),
    }
}

struct MaxRows;

impl WithSimd for MaxRows {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) -> usize {
        max_rows::<S>()
    }
}

/// The packed form of a weight, which lives as long as it.
///
/// A weight that is used once, as those of a training step are, is not worth the memory, so the
/// second use is the first to keep it.
#[derive(Debug, Default)]
pub(crate) struct KeptWeight {
    last: Mutex<Option<Use>>,
}

/// The last order that a weight was used in, and the packed form if that was not the first time.
#[derive(Debug, Clone)]
struct Use {
    order: Order,
    packed: Option<Arc<Vec<f32>>>,
}

impl KeptWeight {
    /// The packed form, unless this is the first use in this order.
    pub(crate) fn get(
        &self,
        order: Order,
        weight: &[f32],
    ) -> Result<Option<Arc<Vec<f32>>>, NoMemory> {
        let lock = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = lock().clone();
        match last {
            Some(Use { order: last, packed: Some(packed) }) if last == order => {
                return Ok(Some(packed));
            }
            Some(Use { order: last, packed: None }) if last == order => {}
            _ => {
                *lock() = Some(Use { order, packed: None });
                return Ok(None);
            }
        }
        let mut packed = zeros(weight.len() + LINE)?;
        order.pack(weight, &mut packed)?;
        let packed = Arc::new(packed);
        *lock() = Some(Use { order, packed: Some(packed.clone()) });
        Ok(Some(packed))
    }
}
