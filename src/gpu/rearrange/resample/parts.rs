//! Rows of planes whose elements each lie in one binding.

use std::ops::Range;

use crate::gpu::runtime::split::chunks;

/// What one dispatch writes: rows of planes, and the elements of a plane that they read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) planes: Range<usize>,
    pub(crate) rows: Range<usize>,
    /// At least one element.
    pub(crate) source: Range<usize>,
}

impl Part {
    /// The elements that it reads, of planes of so many.
    pub(crate) fn read(&self, source_plane: usize) -> Range<usize> {
        let (first, last) = (self.planes.start, self.planes.end - 1);
        first * source_plane + self.source.start..last * source_plane + self.source.end
    }

    /// The elements that it writes, of planes of so many rows of so many.
    pub(crate) fn written(&self, [rows, row_len]: [usize; 2]) -> Range<usize> {
        let (first, last) = (self.planes.start, self.planes.end - 1);
        (first * rows + self.rows.start) * row_len..(last * rows + self.rows.end) * row_len
    }
}

/// Planes that are written, of `[rows, elements of a row]`, and how many elements those have that
/// they are read from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planes {
    pub(crate) count: usize,
    pub(crate) written: [usize; 2],
    pub(crate) source_plane: usize,
}

/// The most that one dispatch may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) source: usize,
    pub(crate) written: usize,
    /// Words of the table of its rows.
    pub(crate) table: usize,
}

/// What a row reads of a plane, and its words in the table.
pub(crate) type Needs = (Range<usize>, usize);

/// Parts that cover all. One that reads more than a dispatch may, or has more words, is a single row.
pub(crate) fn parts(planes: Planes, most: Most, needs: impl Fn(usize) -> Needs) -> Vec<Part> {
    let Planes { count, written: [rows, row_len], source_plane } = planes;
    let words: usize = (0..rows).map(|row| needs(row).1).fold(0, usize::saturating_add);
    let together = (most.source / source_plane).min(most.written / (rows * row_len));
    if together > 0 && words <= most.table {
        let part = |planes| Part { planes, rows: 0..rows, source: 0..source_plane };
        return chunks(count, together).map(part).collect();
    }
    let mut of_plane: Vec<(Range<usize>, Needs)> = Vec::new();
    for row in 0..rows {
        let (source, words) = needs(row);
        if let Some((rows, (known, known_words))) = of_plane.last_mut() {
            let joined = join(known, &source);
            let fits = joined.len() <= most.source
                && (rows.len() + 1) * row_len <= most.written
                && *known_words + words <= most.table;
            if fits {
                (rows.end, *known, *known_words) = (row + 1, joined, *known_words + words);
                continue;
            }
        }
        of_plane.push((row..row + 1, (source, words)));
    }
    let part = |plane: usize, (rows, (source, _)): &(Range<usize>, Needs)| Part {
        planes: plane..plane + 1,
        rows: rows.clone(),
        source: if source.is_empty() { 0..1 } else { source.clone() },
    };
    (0..count).flat_map(|plane| of_plane.iter().map(move |rows| part(plane, rows))).collect()
}

/// What holds both; an empty range lies nowhere.
fn join(one: &Range<usize>, other: &Range<usize>) -> Range<usize> {
    match (one.is_empty(), other.is_empty()) {
        (true, _) => other.clone(),
        (_, true) => one.clone(),
        _ => one.start.min(other.start)..one.end.max(other.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_that_fit_stay_together_and_others_are_cut_where_what_they_read_lies_apart() {
        let planes = Planes { count: 5, written: [6, 10], source_plane: 40 };
        // As of a circular padding by one: the last row, all four, the first.
        let needs = |row: usize| {
            let at = [3, 0, 1, 2, 3, 0][row];
            (at * 10..at * 10 + 10, 1)
        };
        let most = Most { source: 80, written: 130, table: 6 };
        let all = parts(planes, most, needs);
        let of_planes: Vec<_> = all.iter().map(|part| part.planes.clone()).collect();
        assert_eq!(of_planes, [0..2, 2..4, 4..5]);
        assert_eq!((all[1].read(40), all[1].written([6, 10])), (80..160, 120..240));

        let most = Most { source: 30, written: 40, table: 6 };
        let all = parts(planes, most, needs);
        let rows = all[..4].iter().map(|part| (part.rows.clone(), part.source.clone()));
        assert_eq!(
            rows.collect::<Vec<_>>(),
            [(0..1, 30..40), (1..4, 0..30), (4..5, 30..40), (5..6, 0..10)]
        );
        assert_eq!(all.len(), 20);
        assert_eq!((all[6].read(40), all[6].written([6, 10])), (70..80, 100..110));
        let most = Most { source: 80, written: 130, table: 2 };
        assert!(parts(planes, most, needs).iter().all(|part| part.rows.len() <= 2));
    }
}
