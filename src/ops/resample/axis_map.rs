//! Which elements of an input's axis the elements of an output's axis read, with PyTorch's arithmetic.

use crate::PaddingMode;
use crate::memory::{NoMemory, collected, with_room, zeros};

/// How one axis of an output reads that of an input. Numbers are bits, so that a map is a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AxisMap {
    /// Output `i` is input `floor(i * scale)`, in f32.
    Nearest { input_size: usize, output_size: usize, scale: u32 },
    /// Output `i` lies at `i * scale` between two of the input, in f64; without `align_corners` its
    /// middle does.
    Linear { input_size: usize, output_size: usize, scale: u64, align_corners: bool },
    /// Output `i` is cell `i - begin` of the input as it goes on beyond its edges.
    Padded { input_size: usize, begin: usize, end: usize, mode: PaddingMode },
}

/// What an output reads: an element of the input and what it is multiplied by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tap {
    pub(crate) at: usize,
    pub(crate) weight: f32,
}

impl AxisMap {
    /// The nearest elements; a factor of the caller's is not computed anew from the sizes.
    pub(super) fn nearest([input_size, output_size]: [usize; 2], factor: Option<f64>) -> Self {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "PyTorch rounds the scale to f32"
        )]
        let scale = match factor {
            Some(factor) => (1.0 / factor) as f32,
            None => input_size as f32 / output_size as f32,
        };
        Self::Nearest { input_size, output_size, scale: scale.to_bits() }
    }

    /// Between two elements.
    #[allow(clippy::cast_precision_loss, reason = "PyTorch computes with sizes as floats")]
    pub(super) fn linear(
        [input_size, output_size]: [usize; 2],
        factor: Option<f64>,
        align_corners: bool,
    ) -> Self {
        let scale = match factor {
            _ if align_corners && output_size < 2 => 0.0,
            _ if align_corners => (input_size - 1) as f64 / (output_size - 1) as f64,
            Some(factor) => 1.0 / factor,
            None => input_size as f64 / output_size as f64,
        };
        Self::Linear { input_size, output_size, scale: scale.to_bits(), align_corners }
    }

    pub(crate) const fn input_size(&self) -> usize {
        let (Self::Nearest { input_size, .. }
        | Self::Linear { input_size, .. }
        | Self::Padded { input_size, .. }) = *self;
        input_size
    }

    pub(crate) const fn output_size(&self) -> usize {
        match *self {
            Self::Nearest { output_size, .. } | Self::Linear { output_size, .. } => output_size,
            Self::Padded { input_size, begin, end, .. } => input_size + begin + end,
        }
    }

    /// Whether every output is one element of the input, or none.
    pub(crate) const fn copies(&self) -> bool {
        !matches!(self, Self::Linear { .. })
    }

    /// Whether some outputs read nothing.
    pub(crate) const fn leaves_out(&self) -> bool {
        matches!(*self, Self::Padded { begin, end, mode: PaddingMode::Zeros, .. } if begin + end > 0)
    }

    /// What an output copies; the first of what it reads where that is two elements.
    pub(crate) fn source(&self, output: usize) -> Option<usize> {
        match *self {
            Self::Nearest { input_size, output_size, scale } => {
                Some(nearest(output, [input_size, output_size], f32::from_bits(scale)))
            }
            Self::Linear { .. } => self.taps(output)[0].map(|tap| tap.at),
            Self::Padded { input_size, begin, mode, .. } => padded(output, input_size, begin, mode),
        }
    }

    /// What an output reads, in order; the two of a linear map may be one element.
    pub(crate) fn taps(&self, output: usize) -> [Option<Tap>; 2] {
        let Self::Linear { input_size, output_size, scale, align_corners } = *self else {
            return [self.source(output).map(|at| Tap { at, weight: 1.0 }), None];
        };
        let (at, next, part) = if input_size == output_size {
            (output, output, 0.0)
        } else {
            between(output, input_size, f64::from_bits(scale), align_corners)
        };
        #[allow(clippy::cast_possible_truncation, reason = "products are of f32")]
        let [weight, other] = [(1.0 - part) as f32, part as f32];
        [Some(Tap { at, weight }), Some(Tap { at: next, weight: other })]
    }

    /// By how much the axis is enlarged, if every element of the input becomes so many of the output.
    pub(crate) fn repetitions(&self) -> Option<usize> {
        let times = self.output_size() / self.input_size();
        let repeats = |output| self.source(output) == Some(output / times);
        let is_whole = self.copies() && times * self.input_size() == self.output_size();
        (is_whole && (0..self.output_size()).all(repeats)).then_some(times)
    }

    /// Who reads each element of the input.
    pub(crate) fn readers(&self) -> Result<Readers, NoMemory> {
        let taps = |output| {
            let [first, second] = self.taps(output);
            let same = first.zip(second).is_some_and(|(one, other)| one.at == other.at);
            let joined =
                first.map(|tap| Tap { weight: if same { 1.0 } else { tap.weight }, ..tap });
            let second = second.filter(|_| !same);
            [joined, second].into_iter().flatten().filter(|tap| tap.weight != 0.0)
        };
        let mut starts: Vec<usize> = zeros(self.input_size() + 1)?;
        for tap in (0..self.output_size()).flat_map(taps) {
            starts[tap.at + 1] += 1;
        }
        for at in 0..self.input_size() {
            starts[at + 1] += starts[at];
        }
        let len = starts[self.input_size()];
        let mut entries = with_room(len)?;
        entries.resize(len, Tap { at: 0, weight: 0.0 });
        let mut next = collected(starts.iter().copied())?;
        for output in 0..self.output_size() {
            for tap in taps(output) {
                entries[next[tap.at]] = Tap { at: output, weight: tap.weight };
                next[tap.at] += 1;
            }
        }
        Ok(Readers { starts, entries })
    }
}

/// The readers of every element of an input's axis: taps of the gradient, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Readers {
    /// Where those of each element begin, and the end of the last.
    pub(crate) starts: Vec<usize>,
    pub(crate) entries: Vec<Tap>,
}

impl Readers {
    /// Every element is read by the output of its number.
    pub(crate) fn identity(size: usize) -> Result<Self, NoMemory> {
        let entries = (0..size).map(|at| Tap { at, weight: 1.0 });
        Ok(Self { starts: collected(0..=size)?, entries: collected(entries)? })
    }

    pub(crate) fn of(&self, at: usize) -> &[Tap] {
        &self.entries[self.starts[at]..self.starts[at + 1]]
    }

    /// The elements.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The most readers of an element.
    pub(crate) fn most(&self) -> usize {
        self.starts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0)
    }

    /// From the first reader of some elements to the last.
    pub(crate) fn span(&self, elements: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let all = &self.entries[self.starts[elements.start]..self.starts[elements.end]];
        let first = all.iter().map(|tap| tap.at).min().unwrap_or(0);
        first..all.iter().map(|tap| tap.at + 1).max().unwrap_or(first)
    }
}

/// PyTorch's `nearest_idx`: sizes that are equal or double are exact whatever the scale.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the product is a positive f32, whose floor is an index"
)]
fn nearest(output: usize, [input_size, output_size]: [usize; 2], scale: f32) -> usize {
    if output_size == input_size {
        return output;
    }
    if output_size == input_size.saturating_mul(2) {
        return output / 2;
    }
    ((output as f32 * scale).floor() as usize).min(input_size - 1)
}

/// The two elements that an output lies between, and how far behind the first.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the place is not negative, and its floor is an index"
)]
fn between(
    output: usize,
    input_size: usize,
    scale: f64,
    align_corners: bool,
) -> (usize, usize, f64) {
    let place = if align_corners {
        scale * output as f64
    } else {
        (scale * (output as f64 + 0.5) - 0.5).max(0.0)
    };
    let at = (place.floor() as usize).min(input_size - 1);
    let next = (at + 1).min(input_size - 1);
    (at, next, (place - at as f64).clamp(0.0, 1.0))
}

fn padded(output: usize, size: usize, begin: usize, mode: PaddingMode) -> Option<usize> {
    let inside = output.checked_sub(begin).filter(|&at| at < size);
    // How far in front of the first element, or behind the last.
    let before = begin.saturating_sub(output);
    let behind = (output + 1).saturating_sub(begin + size);
    match mode {
        _ if inside.is_some() => inside,
        PaddingMode::Zeros => None,
        PaddingMode::Reflect => Some(if before > 0 { before } else { size - 1 - behind }),
        PaddingMode::Replicate => Some(if before > 0 { 0 } else { size - 1 }),
        PaddingMode::Circular => Some(if before > 0 { size - before } else { behind - 1 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(sizes: [usize; 2], align_corners: bool) -> AxisMap {
        AxisMap::linear(sizes, None, align_corners)
    }

    #[test]
    fn the_nearest_element_is_inside_and_never_goes_back_whatever_the_sizes() {
        let most = (1_usize << 31) - 1;
        for sizes in [
            [1, most],
            [most, 1],
            [most, most],
            [most, most - 1],
            [most - 1, most],
            [most / 2, most - 1],
            [3, most],
            [most, 7],
            [most, most / 3],
            [16_777_217, 50_331_653],
            [1 << 40, 1 << 20],
        ] {
            for factor in [None, Some(sizes[1] as f64 / sizes[0] as f64 * 1.000_000_01)] {
                let map = AxisMap::nearest(sizes, factor);
                let last = sizes[1] - 1;
                let steps = (0..=1_000).map(|step| (last / 1_000 * step).min(last));
                let ends = (0..sizes[1].min(50)).chain(last.saturating_sub(50)..=last);
                let mut outputs: Vec<_> = steps.chain(ends).collect();
                outputs.sort_unstable();
                let sources: Vec<_> = outputs.iter().map(|&at| map.source(at).unwrap()).collect();
                assert!(sources.is_sorted(), "{sizes:?}");
                assert!(sources[0] == 0 && sources.iter().all(|&at| at < sizes[0]), "{sizes:?}");
            }
        }
        // As PyTorch: f32 has no odd numbers beyond 2^24.
        let map = AxisMap::nearest([33_554_432, 33_554_433], None);
        assert_eq!(map.source(16_777_217), Some(16_777_216));
        assert_eq!(AxisMap::nearest([5, 5], Some(1.19)).source(4), Some(4));
        assert_eq!(AxisMap::nearest([5, 10], Some(2.19)).source(8), Some(4));
    }

    #[test]
    fn places_between_elements_stay_inside_and_their_weights_are_one_together() {
        let most = (1_usize << 31) - 1;
        for sizes in [[1, most], [most, 1], [most, most - 1], [2, most], [most, 3], [7, 5], [5, 7]]
        {
            for align_corners in [false, true] {
                let map = linear(sizes, align_corners);
                let last = sizes[1] - 1;
                for output in [0, 1, 2, last / 3, last / 2, last - last.min(1), last] {
                    let output = output.min(last);
                    let [Some(tap), Some(next)] = map.taps(output) else { panic!("two taps") };
                    assert!(tap.at <= next.at && next.at < sizes[0] && next.at - tap.at < 2);
                    assert!(tap.weight >= 0.0 && next.weight >= 0.0);
                    assert!((tap.weight + next.weight - 1.0).abs() < 1e-6, "{sizes:?} {output}");
                    assert_eq!(map.source(output), Some(tap.at));
                }
                if align_corners && sizes[1] > 1 {
                    let place = |taps: [Option<Tap>; 2]| {
                        taps.map(|tap| tap.map_or(0.0, |it| it.at as f64 * f64::from(it.weight)))
                    };
                    let [one, other] = place(map.taps(last));
                    let end = (sizes[0] - 1) as f64;
                    assert!((one + other - end).abs() <= 1e-6 * end.max(1.0), "{sizes:?}");
                }
            }
        }
    }

    #[test]
    fn readers_are_the_outputs_that_read_in_order() {
        let maps = [
            AxisMap::nearest([5, 3], None),
            AxisMap::nearest([3, 7], None),
            AxisMap::nearest([4, 11], Some(2.8)),
            linear([5, 3], false),
            linear([3, 8], false),
            linear([4, 9], true),
            linear([4, 4], true),
            linear([1, 6], false),
        ];
        let padded =
            PaddingMode::ALL.map(|mode| AxisMap::Padded { input_size: 4, begin: 3, end: 2, mode });
        for map in maps.into_iter().chain(padded) {
            let readers = map.readers().unwrap();
            assert_eq!(readers.len(), map.input_size());
            let mut total = 0.0;
            for at in 0..readers.len() {
                assert!(readers.of(at).is_sorted_by(|one, other| one.at < other.at), "{map:?}");
                for reader in readers.of(at) {
                    let taps = map.taps(reader.at).into_iter().flatten();
                    let read = taps.filter(|tap| tap.at == at);
                    assert_eq!(read.map(|tap| tap.weight).sum::<f32>(), reader.weight, "{map:?}");
                    total += f64::from(reader.weight);
                }
            }
            let outputs = (0..map.output_size()).filter(|&it| map.source(it).is_some()).count();
            assert!((total - outputs as f64).abs() < 1e-6, "{map:?}: {total}");
            assert_eq!(
                readers.span(0..readers.len()).end,
                readers.entries.iter().map(|tap| tap.at).max().unwrap() + 1
            );
        }
    }

    #[test]
    fn repetitions_are_whole_factors_alone() {
        assert_eq!(AxisMap::nearest([5, 15], None).repetitions(), Some(3));
        assert_eq!(AxisMap::nearest([5, 10], Some(2.1)).repetitions(), Some(2));
        assert_eq!(AxisMap::nearest([5, 5], None).repetitions(), Some(1));
        assert_eq!(AxisMap::nearest([5, 11], None).repetitions(), None);
        assert_eq!(AxisMap::nearest([5, 4], None).repetitions(), None);
        assert_eq!(linear([5, 10], false).repetitions(), None);
        // Of 2 * 41 = 82 the 42nd reads the first: the product is rounded below 1.
        assert_eq!(AxisMap::nearest([2, 82], None).repetitions(), None);
    }
}
