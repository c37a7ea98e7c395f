//! Memory of the host, which may not be there.
//!
//! What the length of an allocation depends on may come from a caller, so an allocation that fails
//! is an error and not the end of the process.

use std::ops::Range;

use bytemuck::Zeroable;

use crate::Error;

/// The host has no memory for a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoMemory {
    /// Its size, where it can be counted.
    bytes: Option<u64>,
}

impl NoMemory {
    pub(crate) fn of<T>(len: usize) -> Self {
        let bytes = len.checked_mul(size_of::<T>()).and_then(|bytes| u64::try_from(bytes).ok());
        Self { bytes }
    }

    /// The error of an operation that wanted it.
    pub(crate) const fn during(self, operation: &'static str) -> Error {
        Error::OutOfMemory { operation, bytes: self.bytes }
    }
}

type Result<T> = std::result::Result<T, NoMemory>;

/// Zeros.
pub(crate) fn zeros<T: Zeroable>(len: usize) -> Result<Vec<T>> {
    bytemuck::allocation::try_zeroed_vec(len).map_err(|()| NoMemory::of::<T>(len))
}

/// The same element so many times.
pub(crate) fn filled<T: Clone>(element: T, len: usize) -> Result<Vec<T>> {
    let mut elements = with_room(len)?;
    elements.resize(len, element);
    Ok(elements)
}

/// No element yet, but room for so many.
pub(crate) fn with_room<T>(len: usize) -> Result<Vec<T>> {
    let mut elements = Vec::new();
    elements.try_reserve_exact(len).map_err(|_| NoMemory::of::<T>(len))?;
    Ok(elements)
}

/// A copy of elements.
pub(crate) fn copied<T: Copy>(elements: &[T]) -> Result<Vec<T>> {
    let mut copy = with_room(elements.len())?;
    copy.extend_from_slice(elements);
    Ok(copy)
}

/// All that an iterator gives.
pub(crate) fn collected<T>(items: impl Iterator<Item = T>) -> Result<Vec<T>> {
    let mut elements = Vec::new();
    extend(&mut elements, items)?;
    Ok(elements)
}

/// Adds all that an iterator gives.
#[inline]
pub(crate) fn extend<T>(elements: &mut Vec<T>, items: impl Iterator<Item = T>) -> Result<()> {
    let (least, most) = items.size_hint();
    elements.try_reserve(least).map_err(|_| NoMemory::of::<T>(least))?;
    if most == Some(least) {
        elements.extend(items);
        return Ok(());
    }
    for item in items {
        push(elements, item)?;
    }
    Ok(())
}

/// Adds an element.
#[inline]
pub(crate) fn push<T>(elements: &mut Vec<T>, element: T) -> Result<()> {
    elements.try_reserve(1).map_err(|_| NoMemory::of::<T>(elements.len()))?;
    elements.push(element);
    Ok(())
}

/// Bytes of a line of the caches: a vector that lies in two of them takes twice as long.
pub(crate) const LINE: usize = 64;

/// Elements of a line.
pub(crate) const fn line<T>() -> usize {
    LINE / size_of::<T>()
}

/// So many of some elements, from the begin of a line on if there are as many behind it.
pub(crate) fn from_line<T>(elements: &[T], len: usize) -> Range<usize> {
    let first = elements.as_ptr().align_offset(LINE);
    let first = if first <= elements.len() - len { first } else { 0 };
    first..first + len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_not_there_is_an_error_that_says_how_much() {
        let len = 1_usize << 60;
        let error = zeros::<f32>(len).unwrap_err();
        assert_eq!(error, NoMemory { bytes: Some(1 << 62) });
        assert_eq!(
            error.during("conv2d").to_string(),
            "conv2d: there is no memory for a buffer of 4611686018427387904 bytes"
        );
        assert_eq!(filled(0_u64, usize::MAX), Err(NoMemory { bytes: None }));
        assert!(collected((0..len).filter(|index| index % 2 == 0).take(3)).is_ok());
        assert!(collected(0..len).is_err());
    }

    #[test]
    fn elements_begin_with_a_line_where_they_can() {
        let elements = [0.0_f32; 64];
        for start in 0..16 {
            let elements = &elements[start..];
            let range = from_line(elements, 20);
            assert_eq!(range.len(), 20);
            assert_eq!(elements[range].as_ptr().addr() % LINE, 0);
            assert_eq!(from_line(elements, elements.len()), 0..elements.len());
        }
    }

    #[test]
    fn elements_are_all_there() {
        assert_eq!(collected((0..9).filter(|index| index % 4 == 0)), Ok(vec![0, 4, 8]));
        assert_eq!(copied(&[1, 2]), Ok(vec![1, 2]));
        assert_eq!(filled('a', 2), Ok(vec!['a', 'a']));
        assert_eq!(zeros::<u8>(3), Ok(vec![0; 3]));
    }
}
