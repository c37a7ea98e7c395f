//! What the poolings have in common: windows, and what becomes of them.

use std::hash::{Hash, Hasher};

use super::{AdaptivePool2dProblem, AvgPool2dProblem, PoolWindows};
use crate::window::Axis;
use crate::{DType, Shape};

/// Cells of the largest planes that one workgroup each is enough for.
const MOST_CELLS: u32 = 1 << 16;

/// A pooling of any kind, resolved for an input.
#[derive(Debug, Clone, Copy, PartialEq, Hash)]
pub(crate) struct Pool2dProblem {
    pub(crate) operation: &'static str,
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    pub(crate) window: Window,
    pub(crate) reduction: Reduction,
    /// Of the input and the output.
    pub(crate) dtype: DType,
}

/// How the windows lie.
#[derive(Debug, Clone, Copy, PartialEq, Hash)]
pub(crate) enum Window {
    Fixed { vertical: Axis, horizontal: Axis },
    Adaptive,
}

/// What becomes of a window.
#[derive(Debug, Clone, Copy, PartialEq, Hash)]
pub(crate) enum Reduction {
    Max { index: Index },
    Average(Divisor),
}

impl Reduction {
    const fn max(indices: bool) -> Self {
        Self::Max { index: if indices { Index::Own } else { Index::None } }
    }
}

/// Where the index of a maximum comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Index {
    None,
    /// It is that of the cell.
    Own,
    /// It is that which the cell, itself a maximum, has.
    LookedUp,
}

/// What the sum of a window is divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Divisor {
    Padded,
    Inside,
    Override(f32),
}

/// Of what can be hashed: not of the number of an override.
impl Hash for Divisor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl Divisor {
    /// The name in shader variants and tunings.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Padded => "padded",
            Self::Inside => "inside",
            Self::Override(_) => "override",
        }
    }
}

impl Pool2dProblem {
    pub(crate) fn max(windows: &PoolWindows, indices: bool) -> Self {
        Self::fixed_of("max_pool2d", windows, Reduction::max(indices))
    }

    pub(crate) fn average(problem: &AvgPool2dProblem) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "PyTorch divides floats by it as well")]
        let divisor = match problem.divisor_override {
            Some(divisor) => Divisor::Override(divisor as f32),
            None if problem.count_include_pad => Divisor::Padded,
            None => Divisor::Inside,
        };
        Self::fixed_of("avg_pool2d", &problem.windows, Reduction::Average(divisor))
    }

    pub(crate) fn adaptive_max(problem: &AdaptivePool2dProblem, indices: bool) -> Self {
        Self::adaptive("adaptive_max_pool2d", problem, Reduction::max(indices))
    }

    pub(crate) fn adaptive_average(problem: &AdaptivePool2dProblem) -> Self {
        Self::adaptive("adaptive_avg_pool2d", problem, Reduction::Average(Divisor::Inside))
    }

    fn fixed_of(operation: &'static str, windows: &PoolWindows, reduction: Reduction) -> Self {
        let &PoolWindows { vertical, horizontal, .. } = windows;
        Self {
            operation,
            input: windows.input_shape(),
            output: windows.output_shape(),
            window: Window::Fixed { vertical, horizontal },
            reduction,
            dtype: DType::F32,
        }
    }

    fn adaptive(
        operation: &'static str,
        problem: &AdaptivePool2dProblem,
        reduction: Reduction,
    ) -> Self {
        Self {
            operation,
            input: problem.input,
            output: problem.output_shape(),
            window: Window::Adaptive,
            reduction,
            dtype: DType::F32,
        }
    }

    /// What an average divides by; none of a maximum.
    pub(crate) fn divisor(&self) -> Option<Divisor> {
        match self.reduction {
            Reduction::Max { .. } => None,
            Reduction::Average(divisor) => Some(divisor),
        }
    }

    /// The most taps of a window inside the input, as `[height, width]`.
    pub(crate) fn taps(&self) -> [usize; 2] {
        match self.window {
            Window::Fixed { vertical, horizontal } => {
                [vertical, horizontal].map(|axis| axis.kernel_size.min(axis.input_size))
            }
            Window::Adaptive => [
                AdaptivePool2dProblem::longest_window(self.input.height, self.output.height),
                AdaptivePool2dProblem::longest_window(self.input.width, self.output.width),
            ],
        }
    }

    /// The windows as fixed ones, which adaptive windows are where the output divides the input.
    pub(crate) fn fixed(&self) -> Option<Window> {
        match self.window {
            Window::Fixed { .. } => Some(self.window),
            Window::Adaptive => Some(Window::Fixed {
                vertical: fixed_axis(self.input.height, self.output.height)?,
                horizontal: fixed_axis(self.input.width, self.output.width)?,
            }),
        }
    }

    /// The planes, where each is averaged as a whole and is not too large for one workgroup.
    pub(crate) fn whole_planes(&self) -> Option<WholePlanes> {
        let Window::Fixed { vertical, horizontal } = self.fixed()? else { return None };
        let whole = [vertical, horizontal].iter().all(|axis| {
            let padding = axis.pad_begin + axis.pad_end;
            axis.output_size == 1 && axis.kernel_size == axis.input_size && padding == 0
        });
        let planes = u32::try_from(self.input.batch.checked_mul(self.input.channels)?).ok()?;
        let cells = vertical.input_size.checked_mul(horizontal.input_size)?;
        let cells = u32::try_from(cells).ok().filter(|_| whole && planes > 0)?;
        if cells > MOST_CELLS {
            return None;
        }
        let elements = planes.checked_mul(cells)?;
        i32::try_from(elements).ok()?;
        let divisor = match self.reduction {
            Reduction::Max { .. } => return None,
            Reduction::Average(Divisor::Override(divisor)) => divisor,
            Reduction::Average(Divisor::Padded | Divisor::Inside) => cells as f32,
        };
        Some(WholePlanes { planes, cells, divisor })
    }
}

/// Planes of so many cells, and what their sums are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct WholePlanes {
    pub(crate) planes: u32,
    pub(crate) cells: u32,
    pub(crate) divisor: f32,
}

fn fixed_axis(input_size: usize, output_size: usize) -> Option<Axis> {
    let kernel_size = input_size / output_size;
    input_size.is_multiple_of(output_size).then_some(Axis {
        input_size,
        output_size,
        kernel_size,
        stride: kernel_size,
        pad_begin: 0,
        pad_end: 0,
        dilation: 1,
    })
}
