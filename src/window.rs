//! The window of an operation along one axis: the only place that computes an output size.

use crate::{Error, PaddingMode, Result};

/// `height` or `width`, in messages.
pub(crate) const AXIS_NAMES: [&str; 2] = ["height", "width"];

/// One axis of a sliding window, resolved for an input size.
///
/// Output `i` reads the taps `i * stride - pad_begin + tap * dilation`. Where they cannot matter,
/// stride (one output) and dilation (one tap) are 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Axis {
    pub(crate) input_size: usize,
    pub(crate) output_size: usize,
    pub(crate) kernel_size: usize,
    pub(crate) stride: usize,
    pub(crate) pad_begin: usize,
    pub(crate) pad_end: usize,
    pub(crate) dilation: usize,
}

/// What an operation asks of one axis, before the output size is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AxisOptions {
    pub(crate) operation: &'static str,
    pub(crate) axis: &'static str,
    pub(crate) input_size: usize,
    pub(crate) kernel_size: usize,
    pub(crate) stride: usize,
    pub(crate) pad_begin: usize,
    pub(crate) pad_end: usize,
    pub(crate) dilation: usize,
}

impl AxisOptions {
    /// What the dilated kernel spans: `dilation * (kernel_size - 1) + 1`.
    pub(crate) fn span(&self) -> Result<usize> {
        for (argument, value) in [
            ("kernel_size", self.kernel_size),
            ("stride", self.stride),
            ("dilation", self.dilation),
        ] {
            if value == 0 {
                let rule = format!("must be at least 1 along the {}", self.axis);
                return Err(Error::argument(self.operation, argument, 0, rule));
            }
        }
        self.dilation
            .checked_mul(self.kernel_size - 1)
            .and_then(|span| span.checked_add(1))
            .ok_or_else(|| {
                self.overflow(format!(
                    "dilation {} * (kernel_size {} - 1) + 1",
                    self.dilation, self.kernel_size
                ))
            })
    }

    /// The cells that `ceil(input_size / stride)` windows need beyond the input: the padding of
    /// SAME.
    pub(crate) fn same_padding(&self) -> Result<usize> {
        let span = self.span()?;
        let last_start = self.input_size.saturating_sub(1) / self.stride * self.stride;
        let end = last_start.checked_add(span).ok_or_else(|| {
            self.overflow(format!("the last window of padding same, from {last_start} over {span}"))
        })?;
        Ok(end.saturating_sub(self.input_size))
    }

    fn overflow(&self, quantity: String) -> Error {
        let quantity = format!("{quantity} along the {}", self.axis);
        Error::Overflow { operation: self.operation, quantity, limit: usize::MAX }
    }

    fn padded_size(&self) -> Result<usize> {
        self.input_size
            .checked_add(self.pad_begin)
            .and_then(|size| size.checked_add(self.pad_end))
            .filter(|&size| isize::try_from(size).is_ok())
            .ok_or_else(|| {
                self.overflow(format!(
                    "the input of {} padded by {} and {}",
                    self.input_size, self.pad_begin, self.pad_end
                ))
            })
    }

    /// `floor((input + pad_begin + pad_end - span) / stride) + 1`, the size of a convolution; with
    /// `ceil_mode` the rounding of a pooling, whose last window must start inside the input or the
    /// padding before it.
    pub(crate) fn resolve(&self, ceil_mode: bool) -> Result<Axis> {
        let span = self.span()?;
        let padded = self.padded_size()?;
        if self.input_size == 0 {
            let rule = format!("must be at least 1 along the {}", self.axis);
            return Err(Error::argument(self.operation, "the input's size", 0, rule));
        }
        let round_up = if ceil_mode { self.stride - 1 } else { 0 };
        let room = padded
            .checked_add(round_up)
            .ok_or_else(|| self.overflow(format!("{padded} + (stride {} - 1)", self.stride)))?;
        let Some(room) = room.checked_sub(span) else {
            return Err(Error::NoOutput {
                operation: self.operation,
                axis: self.axis,
                input_size: self.input_size,
                pad_begin: self.pad_begin,
                pad_end: self.pad_end,
                padded_size: padded,
                kernel_size: self.kernel_size,
                dilation: self.dilation,
                span,
            });
        };
        let mut output_size = room / self.stride + 1;
        if ceil_mode && (output_size - 1) * self.stride >= self.input_size + self.pad_begin {
            output_size -= 1;
        }
        Ok(Axis {
            input_size: self.input_size,
            output_size,
            kernel_size: self.kernel_size,
            stride: if output_size == 1 { 1 } else { self.stride },
            pad_begin: self.pad_begin,
            pad_end: self.pad_end,
            dilation: if self.kernel_size == 1 { 1 } else { self.dilation },
        })
    }

    /// `(input - 1) * stride + span + output_padding - pad_begin - pad_end`, the size of a
    /// transposed convolution; may be 0 for an empty batch.
    pub(crate) fn resolve_transposed(
        &self,
        output_padding: usize,
        empty_batch: bool,
    ) -> Result<usize> {
        let span = self.span()?;
        if self.input_size == 0 {
            let rule = format!("must be at least 1 along the {}", self.axis);
            return Err(Error::argument(self.operation, "the input's size", 0, rule));
        }
        let uncut = (self.input_size - 1)
            .checked_mul(self.stride)
            .and_then(|size| size.checked_add(span))
            .and_then(|size| size.checked_add(output_padding))
            .filter(|&size| isize::try_from(size).is_ok())
            .ok_or_else(|| {
                self.overflow(format!(
                    "({} - 1) * stride {} + {span} + output_padding {output_padding}",
                    self.input_size, self.stride
                ))
            })?;
        let cut = self.pad_begin.saturating_add(self.pad_end);
        let least = usize::from(!empty_batch);
        uncut.checked_sub(cut).filter(|&size| size >= least).ok_or_else(|| {
            let relation = if empty_batch { "at most" } else { "less than" };
            let rule = format!(
                "twice of it must be {relation} the {uncut} that the output has before it is cut \
                 along the {}",
                self.axis
            );
            Error::argument(self.operation, "padding", self.pad_begin, rule)
        })
    }
}

/// That a padding mode finds what it pads an axis with.
pub(crate) fn check_pads(
    argument: &'static str,
    mode: PaddingMode,
    options: &AxisOptions,
) -> Result<()> {
    let &AxisOptions { operation, axis, input_size, pad_begin, pad_end, .. } = options;
    let (allowed, relation) = match mode {
        PaddingMode::Zeros | PaddingMode::Replicate => return Ok(()),
        PaddingMode::Reflect => (input_size.saturating_sub(1), "less than"),
        PaddingMode::Circular => (input_size, "at most"),
    };
    match [pad_begin, pad_end].into_iter().find(|&pad| pad > allowed) {
        None => Ok(()),
        Some(pad) => {
            let rule =
                format!("{argument} {mode} needs {relation} the input's {axis} {input_size}");
            Err(Error::argument(operation, "padding", pad, rule))
        }
    }
}

impl Axis {
    /// The coordinates of the padded input that are copies of this cell of the input: one under
    /// zero padding, and those that another padding mode reads it through.
    pub(crate) fn pre_images(
        &self,
        padding_mode: PaddingMode,
        at: usize,
    ) -> impl Iterator<Item = usize> + use<> {
        let (size, begin, end) = (self.input_size, self.pad_begin, self.pad_end);
        let from_end = size - 1 - at;
        let own = begin + at;
        let mirrored_begin = (at > 0 && at <= begin).then(|| begin - at);
        let mirrored_end = (from_end > 0 && from_end <= end).then(|| own + 2 * from_end);
        let (range, others) = match padding_mode {
            PaddingMode::Zeros => (own..own + 1, [None; 2]),
            PaddingMode::Reflect => (own..own + 1, [mirrored_begin, mirrored_end]),
            PaddingMode::Circular => {
                let after = Some(own + size).filter(|&copy| copy < begin + size + end);
                (own..own + 1, [own.checked_sub(size), after])
            }
            PaddingMode::Replicate => {
                let first = if at == 0 { 0 } else { own };
                let last = if from_end == 0 { own + end } else { own };
                (first..last + 1, [None; 2])
            }
        };
        range.chain(others.into_iter().flatten())
    }

    /// The first and the last of the [`pre_images`](Self::pre_images) of a cell.
    pub(crate) fn copies_between(&self, padding_mode: PaddingMode, at: usize) -> (usize, usize) {
        let (size, begin, end) = (self.input_size, self.pad_begin, self.pad_end);
        let own = begin + at;
        if padding_mode == PaddingMode::Replicate {
            let last = if at + 1 == size { own + end } else { own };
            return (if at == 0 { 0 } else { own }, last);
        }
        let all = || self.pre_images(padding_mode, at);
        (all().min().unwrap_or(own), all().max().unwrap_or(own))
    }

    /// What the dilated kernel spans.
    pub(crate) const fn span(&self) -> usize {
        self.dilation * (self.kernel_size - 1) + 1
    }

    /// Cells of the padded input that so many outputs, one at least, read one behind the other.
    pub(crate) const fn cells_of(&self, outputs: usize) -> usize {
        (outputs - 1) * self.stride + self.span()
    }

    /// The taps of output `index` that lie inside the input: the first, the number, and where the
    /// first reads.
    pub(crate) fn taps_inside(&self, index: usize) -> (usize, usize, usize) {
        self.inside(index * self.stride, self.dilation, self.kernel_size)
    }

    /// The outputs whose tap `tap` lies inside the input: the first, the number, and where it reads
    /// for the first.
    pub(crate) fn outputs_inside(&self, tap: usize) -> (usize, usize, usize) {
        self.inside(tap * self.dilation, self.stride, self.output_size)
    }

    /// Of so many steps through the padded input those inside: the first, the number, and where the
    /// first lies.
    fn inside(&self, start: usize, step: usize, steps: usize) -> (usize, usize, usize) {
        let first = self.pad_begin.saturating_sub(start).div_ceil(step);
        // Steps below `end` lie before the end of the input.
        let end =
            (self.input_size + self.pad_begin).saturating_sub(start).div_ceil(step).min(steps);
        if first >= end {
            return (first.min(steps), 0, 0);
        }
        (first, end - first, start + first * step - self.pad_begin)
    }

    /// The most taps of an output that do not read zeros.
    pub(crate) fn most_taps(&self, padding_mode: PaddingMode) -> usize {
        self.most_inside(self.kernel_size, self.dilation, padding_mode)
    }

    /// The most outputs of which the same tap does not read zeros.
    pub(crate) fn most_outputs(&self, padding_mode: PaddingMode) -> usize {
        self.most_inside(self.output_size, self.stride, padding_mode)
    }

    fn most_inside(&self, steps: usize, step: usize, padding_mode: PaddingMode) -> usize {
        match padding_mode {
            PaddingMode::Zeros => steps.min(self.input_size.div_ceil(step)),
            PaddingMode::Reflect | PaddingMode::Replicate | PaddingMode::Circular => steps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(input_size: usize, kernel_size: usize, stride: usize, pad: usize) -> AxisOptions {
        AxisOptions {
            operation: "max_pool2d",
            axis: "height",
            input_size,
            kernel_size,
            stride,
            pad_begin: pad,
            pad_end: pad,
            dilation: 1,
        }
    }

    #[test]
    fn the_last_window_of_ceil_mode_must_start_inside_the_input_or_the_padding_before_it() {
        // (4 + 2 - 2 + 1) / 2 + 1 = 3 windows at -1, 1, 3.
        assert_eq!(options(4, 2, 2, 1).resolve(true).map(|axis| axis.output_size), Ok(3));
        // (3 + 2 - 2 + 2) / 3 + 1 = 2 at -1, 2; the floor gives 2 as well.
        assert_eq!(options(3, 2, 3, 1).resolve(true).map(|axis| axis.output_size), Ok(2));
        // (1 + 2 - 2 + 1) / 2 + 1 = 2, but the second would start at 1 = input + pad - pad.
        assert_eq!(options(1, 2, 2, 1).resolve(true).map(|axis| axis.output_size), Ok(1));
        // A kernel larger than the input is admitted.
        assert_eq!(options(5, 6, 2, 0).resolve(true).map(|axis| axis.output_size), Ok(1));
        assert!(options(5, 6, 2, 0).resolve(false).is_err());
        // (4 + 2 - 4 + 3) / 4 + 1 = 2 windows of 4, at -2 and 2, or at 0 and 4, behind the input.
        let sides = |pad_begin, pad_end| {
            let options = AxisOptions { pad_begin, pad_end, ..options(4, 4, 4, 0) };
            options.resolve(true).map(|axis| axis.output_size)
        };
        assert_eq!([sides(2, 0), sides(0, 2)], [Ok(2), Ok(1)]);
    }

    #[test]
    fn padding_same_is_what_as_many_windows_as_strides_begin_need() {
        for dilation in 1..=3 {
            for (input_size, kernel_size, stride) in (0..9_usize.pow(3))
                .map(|number| (number % 9 + 1, number / 9 % 9 + 1, number / 81 + 1))
            {
                let bare = AxisOptions { dilation, ..options(input_size, kernel_size, stride, 0) };
                let total = bare.same_padding().unwrap();
                assert!(total < bare.span().unwrap());
                for ceil_mode in [false, true] {
                    for pad_begin in [total / 2, total - total / 2] {
                        let padded = AxisOptions { pad_begin, pad_end: total - pad_begin, ..bare };
                        let axis = padded.resolve(ceil_mode).unwrap();
                        assert_eq!(axis.output_size, input_size.div_ceil(stride), "{padded:?}");
                    }
                }
                if total > 0 {
                    let less = AxisOptions { pad_end: total - 1, ..bare }.resolve(false);
                    let fewer = less.map_or(0, |axis| axis.output_size);
                    assert!(fewer < input_size.div_ceil(stride), "{bare:?}");
                }
            }
        }
    }

    #[test]
    fn taps_and_outputs_inside_the_input_agree_with_a_scan_of_all() {
        for (input_size, kernel_size, stride, pad, dilation) in
            [(7, 3, 2, 1, 1), (5, 4, 3, 9, 2), (4, 5, 1, 6, 3), (1, 2, 1, 2, 4), (9, 1, 4, 2, 1)]
        {
            let axis = AxisOptions { dilation, ..options(input_size, kernel_size, stride, pad) }
                .resolve(false)
                .unwrap();
            let is_inside = |index: usize, tap: usize| {
                let at = index * axis.stride + tap * axis.dilation;
                (at >= pad && at < pad + input_size).then(|| at - pad)
            };
            let check = |found: (usize, usize, usize), places: Vec<Option<usize>>| {
                assert_eq!(found.1, places.iter().flatten().count());
                if let Some(first) = places.iter().position(Option::is_some) {
                    assert_eq!((found.0, Some(found.2)), (first, places[first]));
                }
            };
            for index in 0..axis.output_size {
                let places = (0..kernel_size).map(|tap| is_inside(index, tap)).collect();
                check(axis.taps_inside(index), places);
            }
            for tap in 0..kernel_size {
                let places = (0..axis.output_size).map(|index| is_inside(index, tap)).collect();
                check(axis.outputs_inside(tap), places);
            }
        }
    }
}
