//! What strips can do: windows of single planes, with sizes that shaders unroll and index.

use crate::gpu::tile::operands::{OPERATION, Operands};
use crate::ops::Conv2dProblem;
use crate::ops::pool2d::{Divisor, Index, Pool2dProblem, Reduction, Window};
use crate::window::Axis;
use crate::{Activation, DType, PaddingMode, Shape};

/// Invocations of a workgroup.
pub(crate) const WORKGROUP: u32 = 64;
/// The largest kernel_size of an axis, and the most taps, that are unrolled.
pub(crate) const MAX_KERNEL: u32 = 11;
pub(crate) const MAX_TAPS: u32 = 81;
/// The largest kernel of one row or one column that is unrolled.
pub(crate) const MAX_LINE: u32 = 32;
/// Planes, and outputs of a plane, stay below this: the shaders' division by multiplication is
/// exact below twice as much.
pub(crate) const MAX_QUOTIENT: u64 = 1 << 21;
/// Padded sizes of an axis stay below this, so that no coordinate overflows.
const MAX_SIDE: usize = 1 << 24;

/// What becomes of the taps of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Depthwise {
        multiplier: u32,
        bias: bool,
        activation: Option<Activation>,
    },
    Max {
        index: Index,
    },
    /// `padding_counts` is whether padding counts in a divisor that is not given.
    Average {
        padding_counts: bool,
        divisor: Option<f32>,
    },
}

/// One axis of the windows; see [`Axis`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) input_size: u32,
    pub(crate) output_size: u32,
    pub(crate) kernel_size: u32,
    pub(crate) stride: u32,
    pub(crate) pad_begin: u32,
    pub(crate) pad_end: u32,
    pub(crate) dilation: u32,
}

impl Side {
    fn new(axis: &Axis) -> Option<Self> {
        let reach = (axis.output_size.checked_sub(1)? * axis.stride).checked_add(axis.span())?;
        let padded = axis.input_size + axis.pad_begin + axis.pad_end;
        if reach.max(padded) >= MAX_SIDE {
            return None;
        }
        let number = |size: usize| u32::try_from(size).ok();
        Some(Self {
            input_size: number(axis.input_size)?,
            output_size: number(axis.output_size)?,
            kernel_size: number(axis.kernel_size)?,
            stride: number(axis.stride)?,
            pad_begin: number(axis.pad_begin)?,
            pad_end: number(axis.pad_end)?,
            dilation: number(axis.dilation)?,
        })
    }

    /// The last tap of the first `outputs` outputs, counted from the first cell of the padding.
    fn last_tap(&self, outputs: u32) -> u32 {
        (outputs - 1) * self.stride + (self.kernel_size - 1) * self.dilation
    }

    /// How a shader brings the taps of tiles of `tile` outputs into the input.
    fn edge(&self, tile: u32, padding_mode: PaddingMode) -> Edge {
        let covered = self.output_size.next_multiple_of(tile);
        if self.pad_begin > 0 || self.last_tap(self.output_size) >= self.input_size {
            match padding_mode {
                PaddingMode::Zeros => Edge::Zeros,
                PaddingMode::Replicate => Edge::Clamp,
                PaddingMode::Reflect => Edge::Reflect,
                PaddingMode::Circular => Edge::Circular,
            }
        } else if self.last_tap(covered) >= self.input_size {
            Edge::Clamp
        } else {
            Edge::None
        }
    }
}

/// Where the taps of a variant's tiles may lie along an axis: all inside; outside where no output
/// needs them, or under replicate; outside under another padding mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    None,
    Clamp,
    Zeros,
    Reflect,
    Circular,
}

impl Edge {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Clamp => "clamp",
            Self::Zeros => "zeros",
            Self::Reflect => "reflect",
            Self::Circular => "circular",
        }
    }
}

/// An operation on windows of single planes, with sizes that the shaders can unroll and index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Problem {
    pub(crate) operation: &'static str,
    pub(crate) kind: Kind,
    pub(crate) padding_mode: PaddingMode,
    pub(crate) in_channels: u32,
    pub(crate) in_planes: u32,
    pub(crate) vertical: Side,
    pub(crate) horizontal: Side,
    /// Of all tensors.
    pub(crate) dtype: DType,
}

/// The outputs of an invocation, and how many elements of a row one load or store takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tile {
    pub(crate) rows: u32,
    pub(crate) columns: u32,
    pub(crate) load_width: u32,
    /// Where the tile's first tap lies in its vector.
    pub(crate) phase: u32,
    pub(crate) store_width: u32,
}

impl Problem {
    /// A depthwise convolution; `None` where it is none or exceeds what the shaders unroll.
    pub(crate) fn of_conv2d(problem: &Conv2dProblem, operands: Operands) -> Option<Self> {
        if problem.group_in_channels() != 1 {
            return None;
        }
        let multiplier = u32::try_from(problem.group_out_channels()).ok()?;
        let Operands { bias, dtype } = operands;
        let strip = Self::new(
            OPERATION,
            Kind::Depthwise { multiplier, bias, activation: problem.activation },
            problem.padding_mode,
            [problem.batch, problem.in_channels],
            [&problem.vertical, &problem.horizontal],
        )?;
        Some(Self { dtype, ..strip })
    }

    /// A pooling, where its windows are alike and small enough.
    pub(crate) fn of_pool2d(problem: &Pool2dProblem) -> Option<Self> {
        let Window::Fixed { vertical, horizontal } = problem.fixed()? else { return None };
        let kind = match problem.reduction {
            Reduction::Max { index } => Kind::Max { index },
            Reduction::Average(divisor) => Kind::Average {
                padding_counts: divisor == Divisor::Padded,
                divisor: match divisor {
                    Divisor::Override(divisor) => Some(divisor),
                    Divisor::Padded | Divisor::Inside => None,
                },
            },
        };
        let Shape { batch, channels, .. } = problem.input;
        let (planes, axes) = ([batch, channels], [&vertical, &horizontal]);
        let strip = Self::new(problem.operation, kind, PaddingMode::Zeros, planes, axes)?;
        Some(Self { dtype: problem.dtype, ..strip })
    }

    /// Of f32; `None` where it exceeds what the shaders unroll and index, or is empty.
    pub(crate) fn new(
        operation: &'static str,
        kind: Kind,
        padding_mode: PaddingMode,
        [batch, in_channels]: [usize; 2],
        [vertical, horizontal]: [&Axis; 2],
    ) -> Option<Self> {
        let (vertical, horizontal) = (Side::new(vertical)?, Side::new(horizontal)?);
        if !is_unrolled([vertical.kernel_size, horizontal.kernel_size]) {
            return None;
        }
        let in_planes = u32::try_from(batch.checked_mul(in_channels)?).ok()?;
        let in_channels = u32::try_from(in_channels).ok()?;
        let problem = Self {
            operation,
            kind,
            padding_mode,
            in_channels,
            in_planes,
            vertical,
            horizontal,
            dtype: DType::F32,
        };
        let planes = u64::from(in_planes) * u64::from(problem.multiplier());
        let area = |height, width| u64::from(height) * u64::from(width);
        let in_plane = area(vertical.input_size, horizontal.input_size);
        let out_plane = area(vertical.output_size, horizontal.output_size);
        let indexed = u64::from(u32::MAX / 2);
        let serves = (1..MAX_QUOTIENT).contains(&planes)
            && out_plane < MAX_QUOTIENT
            && planes * out_plane <= indexed
            && in_plane <= indexed
            && u64::from(in_planes) * in_plane <= indexed;
        serves.then_some(problem)
    }

    pub(crate) fn multiplier(&self) -> u32 {
        match self.kind {
            Kind::Depthwise { multiplier, .. } => multiplier,
            _ => 1,
        }
    }

    /// Planes of the output.
    pub(crate) fn planes(&self) -> u32 {
        self.in_planes * self.multiplier()
    }

    pub(crate) fn in_plane(&self) -> u32 {
        self.vertical.input_size * self.horizontal.input_size
    }

    pub(crate) fn input_elements(&self) -> u32 {
        self.in_planes * self.in_plane()
    }

    pub(crate) fn output_elements(&self) -> u32 {
        self.planes() * self.vertical.output_size * self.horizontal.output_size
    }

    pub(crate) fn taps(&self) -> u32 {
        self.vertical.kernel_size * self.horizontal.kernel_size
    }

    pub(crate) fn weight_elements(&self) -> u32 {
        self.in_channels * self.multiplier() * self.taps()
    }

    /// Tensors that are read beside the input.
    pub(crate) fn operands(&self) -> u32 {
        match self.kind {
            Kind::Depthwise { bias, .. } => 1 + u32::from(bias),
            _ => 0,
        }
    }

    /// Where the indices of maxima come from.
    pub(crate) fn index(&self) -> Index {
        match self.kind {
            Kind::Max { index } => index,
            _ => Index::None,
        }
    }

    /// Whether windows have different divisors.
    pub(crate) fn counted(&self) -> bool {
        let Kind::Average { padding_counts, divisor: None } = self.kind else { return false };
        [self.vertical, self.horizontal].iter().any(|side| {
            let padded = side.input_size + side.pad_begin + side.pad_end;
            side.last_tap(side.output_size) >= padded || !padding_counts && padded > side.input_size
        })
    }

    /// A tile with the widest loads and stores, of at most `widest` elements, that its sizes allow.
    pub(crate) fn tile(&self, [rows, columns]: [u32; 2], widest: [u32; 2]) -> Tile {
        let side = &self.horizontal;
        let width = |most: u32, fits: &dyn Fn(u32) -> bool| {
            [4, 2].into_iter().find(|&width| width <= most && fits(width)).unwrap_or(1)
        };
        let load_width = width(widest[0], &|width| {
            self.padding_mode == PaddingMode::Zeros
                && side.input_size.is_multiple_of(width)
                && (columns * side.stride).is_multiple_of(width)
        });
        let store_width = width(widest[1], &|width| {
            side.output_size.is_multiple_of(width) && columns.is_multiple_of(width)
        });
        let phase = (load_width - side.pad_begin % load_width) % load_width;
        Tile { rows, columns, load_width, phase, store_width }
    }

    /// Tiles of a plane, as `[along y, along x]`.
    pub(crate) fn tiles(&self, tile: &Tile) -> [u32; 2] {
        let along = |side: &Side, size: u32| side.output_size.div_ceil(size);
        [along(&self.vertical, tile.rows), along(&self.horizontal, tile.columns)]
    }

    pub(crate) fn edges(&self, tile: &Tile) -> [Edge; 2] {
        let mut edges = [
            self.vertical.edge(tile.rows, self.padding_mode),
            self.horizontal.edge(tile.columns, self.padding_mode),
        ];
        // The last vector of a tile may reach beyond its last tap.
        let side = &self.horizontal;
        let last = side.last_tap(side.output_size.next_multiple_of(tile.columns));
        if edges[1] == Edge::None && last / tile.load_width >= side.input_size / tile.load_width {
            edges[1] = Edge::Clamp;
        }
        edges
    }
}

/// Whether a kernel is small enough for a text of all its taps.
fn is_unrolled(kernel: [u32; 2]) -> bool {
    let (short, long) = (kernel[0].min(kernel[1]), kernel[0].max(kernel[1]));
    let most = if short == 1 { MAX_LINE } else { MAX_KERNEL };
    long <= most && short * long <= MAX_TAPS
}

/// The distinct places `output * stride + tap * dilation` of `tile` outputs with `kernel_size` taps.
pub(crate) fn distinct(tile: u32, stride: u32, kernel_size: u32, dilation: u32) -> u32 {
    // Two of them are the same place where they differ by (dilation, -stride) over their divisor.
    let divisor = gcd(stride, dilation);
    let again =
        tile.saturating_sub(dilation / divisor) * kernel_size.saturating_sub(stride / divisor);
    tile * kernel_size - again
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
