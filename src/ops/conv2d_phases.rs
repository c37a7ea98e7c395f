//! The gradient of a convolution's input as convolutions of grad_output, one for each phase of the
//! stride.

use crate::PaddingMode;
use crate::memory::{NoMemory, collected};
use crate::ops::Conv2dProblem;
use crate::window::Axis;

/// The cells of the padded input at one distance from the multiples of the stride, along one axis:
/// the taps that read them, and the convolution with stride 1 that gives their gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phase {
    /// The first tap that reads these cells, and from there every `tap_step`-th.
    pub(crate) first_tap: usize,
    pub(crate) tap_step: usize,
    /// The convolution of grad_output with these taps in reverse order.
    pub(crate) axis: Axis,
    /// The coordinate in the padded input of the convolution's first output; the next is a stride
    /// further.
    pub(crate) first: usize,
}

/// The phases of both axes, by what they have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phases {
    /// No cell of the input is of two.
    Apart([Vec<Phase>; 2]),
    /// A cell of the input may be of several.
    Overlapping([Vec<Phase>; 2]),
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

impl Axis {
    /// So many taps further the stride divides the distance again.
    pub(crate) fn tap_step(&self) -> usize {
        self.stride / greatest_common_divisor(self.stride, self.dilation)
    }

    /// The phases that some tap reads.
    fn phases(&self, padding_mode: PaddingMode) -> Result<Vec<Phase>, NoMemory> {
        let (stride, dilation, tap_step) = (self.stride, self.dilation, self.tap_step());
        // The cells that are wanted: all that become a cell of the input.
        let (begin, end) = match padding_mode {
            PaddingMode::Zeros => (self.pad_begin, self.pad_begin + self.input_size),
            _ => (0, self.pad_begin + self.input_size + self.pad_end),
        };
        let phase = |first_tap: usize| {
            let kernel_size = (self.kernel_size - first_tap).div_ceil(tap_step);
            let distance = first_tap * dilation % stride;
            // Of grad_output, tap `first_tap + j * tap_step` reads for cell `distance + q * stride`
            // the element `q - skipped - j * dilation`.
            let skipped = first_tap * dilation / stride;
            let axis_dilation = if kernel_size == 1 { 1 } else { tap_step * dilation / stride };
            let reach = skipped + (kernel_size - 1) * axis_dilation;
            let first_wanted = begin.saturating_sub(distance).div_ceil(stride);
            let first = first_wanted.min(reach);
            let pad_begin = reach - first;
            let wanted = end.saturating_sub(distance).div_ceil(stride).saturating_sub(first);
            let padded = self.output_size + pad_begin;
            let span = (kernel_size - 1) * axis_dilation + 1;
            let output_size = wanted.max((padded + 1).saturating_sub(span)).max(1);
            let axis = Axis {
                input_size: self.output_size,
                output_size,
                kernel_size,
                stride: 1,
                pad_begin,
                pad_end: output_size + span - 1 - padded,
                dilation: axis_dilation,
            };
            Phase { first_tap, tap_step, axis, first: distance + first * stride }
        };
        collected((0..tap_step.min(self.kernel_size)).map(phase))
    }

    /// The taps one by one: a phase of each, whose cells are those that the outputs read.
    fn taps(&self) -> Result<Vec<Phase>, NoMemory> {
        let axis = Axis {
            input_size: self.output_size,
            kernel_size: 1,
            stride: 1,
            pad_begin: 0,
            pad_end: 0,
            dilation: 1,
            ..*self
        };
        let (tap_step, dilation) = (self.kernel_size, self.dilation);
        let tap = |tap| Phase { first_tap: tap, tap_step, axis, first: tap * dilation };
        collected((0..self.kernel_size).map(tap))
    }
}

impl Conv2dProblem {
    /// The phases along both axes. A cell of the padded input that none of them gives has gradient
    /// zero.
    pub(crate) fn phases(&self) -> Result<[Vec<Phase>; 2], NoMemory> {
        let phases = |axis: &Axis| axis.phases(self.padding_mode);
        Ok([phases(&self.vertical)?, phases(&self.horizontal)?])
    }

    /// The phases, or a phase of every tap where the phases have many cells that no output reads:
    /// in a wide padding, or between taps that are far from each other.
    pub(crate) fn dense_phases(&self) -> Result<Phases, NoMemory> {
        let phases = self.phases()?;
        let cells_along = |phases: &[Phase]| {
            let sizes = phases.iter().map(|phase| phase.axis.output_size);
            sizes.fold(0, usize::saturating_add)
        };
        let cells = cells_along(&phases[0]).saturating_mul(cells_along(&phases[1]));
        let (vertical, horizontal) = (&self.vertical, &self.horizontal);
        let input = vertical.input_size * horizontal.input_size;
        let taps = vertical.kernel_size.saturating_mul(horizontal.kernel_size);
        let outputs = vertical.output_size * horizontal.output_size;
        if cells <= taps.saturating_mul(outputs).saturating_add(4 * input) {
            return Ok(match self.padding_mode {
                PaddingMode::Zeros => Phases::Apart(phases),
                _ => Phases::Overlapping(phases),
            });
        }
        Ok(Phases::Overlapping([vertical.taps()?, horizontal.taps()?]))
    }

    /// The convolution of grad_output for a phase along each axis.
    pub(crate) fn phase(&self, vertical: &Phase, horizontal: &Phase) -> Self {
        Self {
            in_channels: self.out_channels,
            out_channels: self.in_channels,
            vertical: vertical.axis,
            horizontal: horizontal.axis,
            padding_mode: PaddingMode::Zeros,
            activation: None,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which outputs and taps read a cell of the padded input.
    fn readers(axis: &Axis, padded: usize) -> Vec<(usize, usize)> {
        let taps = 0..axis.kernel_size;
        let all = taps.flat_map(|tap| (0..axis.output_size).map(move |out| (out, tap)));
        all.filter(|(out, tap)| out * axis.stride + tap * axis.dilation == padded).collect()
    }

    #[test]
    fn the_phases_give_every_cell_the_outputs_and_taps_that_read_it() {
        for (stride, dilation, kernel_size, pad_begin, pad_end) in [
            (1, 1, 3, 1, 1),
            (2, 1, 3, 1, 0),
            (2, 2, 3, 4, 1),
            (3, 2, 4, 0, 5),
            (4, 6, 3, 9, 9),
            (5, 1, 2, 0, 0),
            (1, 3, 2, 7, 8),
        ] {
            let input_size = 11;
            let padded_size = input_size + pad_begin + pad_end;
            let output_size = (padded_size - dilation * (kernel_size - 1) - 1) / stride + 1;
            let axis =
                Axis { input_size, output_size, kernel_size, stride, pad_begin, pad_end, dilation };
            for mode in [PaddingMode::Zeros, PaddingMode::Replicate] {
                let mut given = vec![Vec::new(); padded_size];
                for phase in axis.phases(mode).unwrap() {
                    let Phase { first_tap, tap_step, axis: turned, first } = phase;
                    for index in 0..turned.output_size {
                        let padded = first + index * stride;
                        for kernel in 0..turned.kernel_size {
                            let at = index + kernel * turned.dilation;
                            let out = at.checked_sub(turned.pad_begin);
                            if let Some(out) = out.filter(|&out| out < output_size)
                                && padded < padded_size
                            {
                                let tap = first_tap + (turned.kernel_size - 1 - kernel) * tap_step;
                                given[padded].push((out, tap));
                            }
                        }
                    }
                }
                let wanted = match mode {
                    PaddingMode::Zeros => pad_begin..pad_begin + input_size,
                    _ => 0..padded_size,
                };
                for padded in wanted {
                    given[padded].sort_by_key(|&(_, tap)| tap);
                    assert_eq!(given[padded], readers(&axis, padded), "{axis:?} {mode} {padded}");
                }
            }
        }
    }
}
