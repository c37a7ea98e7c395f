//! Strips: an invocation computes a tile of outputs whose taps are unrolled. Depthwise convolution
//! and pooling share all but the arithmetic.

pub(crate) mod storage;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod windows;

use super::buffer::GpuBuffer;
use super::context::Context;
use super::params::params;
use super::record::Binding;
use super::shader::{Shader, Value};
use crate::window::Axis;
use crate::{Activation, Algorithm, Error, Limits, PaddingMode, Result};

/// Invocations of a workgroup.
const WORKGROUP: u32 = 64;
/// The largest kernel_size of an axis, and the most taps, that are unrolled.
const MAX_KERNEL: u32 = 11;
const MAX_TAPS: u32 = 81;
/// Planes, and outputs of a plane, stay below this: the shaders' division by multiplication is
/// exact below twice as much.
const MAX_QUOTIENT: u64 = 1 << 21;
/// Padded sizes of an axis stay below this, so that no coordinate overflows.
const MAX_SIDE: usize = 1 << 24;

params!(Params {
    grid_width: u32,
    planes: u32,
    local_planes: u32,
    tiles: u32,
    reciprocal_tiles: f32,
    tiles_x: u32,
    reciprocal_tiles_x: f32,
    plane_groups: u32,
    reciprocal_plane_groups: f32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    pad_top: u32,
    pad_left: u32,
    out_channels: u32,
    reciprocal_out_channels: f32,
    multiplier: u32,
    reciprocal_multiplier: f32,
    activation_parameter: f32,
    divisor: f32,
    count_pad_top: u32,
    count_pad_left: u32,
    count_end_y: u32,
    count_end_x: u32,
    first_window: u32,
    window_limit: u32,
    bands: u32,
    reciprocal_bands: f32,
    band_rows: u32,
});

/// What becomes of the taps of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Depthwise {
        multiplier: u32,
        bias: bool,
        activation: Option<Activation>,
    },
    Max {
        indices: bool,
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
    input_size: u32,
    output_size: u32,
    kernel_size: u32,
    stride: u32,
    pad_begin: u32,
    pad_end: u32,
    dilation: u32,
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
enum Edge {
    None,
    Clamp,
    Zeros,
    Reflect,
    Circular,
}

impl Edge {
    const fn name(self) -> &'static str {
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
    kind: Kind,
    padding_mode: PaddingMode,
    in_channels: u32,
    in_planes: u32,
    vertical: Side,
    horizontal: Side,
}

/// The outputs of an invocation, and how many elements of a row one load or store takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tile {
    rows: u32,
    columns: u32,
    load_width: u32,
    /// Where the tile's first tap lies in its vector.
    phase: u32,
    store_width: u32,
}

impl Problem {
    /// `None` where it exceeds what the shaders unroll and index, or is empty.
    pub(crate) fn new(
        operation: &'static str,
        kind: Kind,
        padding_mode: PaddingMode,
        [batch, in_channels]: [usize; 2],
        [vertical, horizontal]: [&Axis; 2],
    ) -> Option<Self> {
        let (vertical, horizontal) = (Side::new(vertical)?, Side::new(horizontal)?);
        let kernel = [vertical.kernel_size, horizontal.kernel_size];
        if kernel.into_iter().any(|size| size > MAX_KERNEL) || kernel[0] * kernel[1] > MAX_TAPS {
            return None;
        }
        let in_planes = u32::try_from(batch.checked_mul(in_channels)?).ok()?;
        let in_channels = u32::try_from(in_channels).ok()?;
        let problem =
            Self { operation, kind, padding_mode, in_channels, in_planes, vertical, horizontal };
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

    fn multiplier(&self) -> u32 {
        match self.kind {
            Kind::Depthwise { multiplier, .. } => multiplier,
            _ => 1,
        }
    }

    /// Planes of the output.
    fn planes(&self) -> u32 {
        self.in_planes * self.multiplier()
    }

    fn in_plane(&self) -> u32 {
        self.vertical.input_size * self.horizontal.input_size
    }

    fn input_elements(&self) -> u32 {
        self.in_planes * self.in_plane()
    }

    fn output_elements(&self) -> u32 {
        self.planes() * self.vertical.output_size * self.horizontal.output_size
    }

    fn taps(&self) -> u32 {
        self.vertical.kernel_size * self.horizontal.kernel_size
    }

    fn weight_elements(&self) -> u32 {
        self.in_channels * self.multiplier() * self.taps()
    }

    /// Tensors that are read beside the input.
    fn operands(&self) -> u32 {
        match self.kind {
            Kind::Depthwise { bias, .. } => 1 + u32::from(bias),
            _ => 0,
        }
    }

    /// Whether windows have different divisors.
    fn counted(&self) -> bool {
        let Kind::Average { padding_counts, divisor: None } = self.kind else { return false };
        [self.vertical, self.horizontal].iter().any(|side| {
            let padded = side.input_size + side.pad_begin + side.pad_end;
            side.last_tap(side.output_size) >= padded || !padding_counts && padded > side.input_size
        })
    }

    /// A tile with the widest loads and stores, of at most `widest` elements, that its sizes allow.
    fn tile(&self, [rows, columns]: [u32; 2], widest: [u32; 2]) -> Tile {
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
    fn tiles(&self, tile: &Tile) -> [u32; 2] {
        let along = |side: &Side, size: u32| side.output_size.div_ceil(size);
        [along(&self.vertical, tile.rows), along(&self.horizontal, tile.columns)]
    }

    fn edges(&self, tile: &Tile) -> [Edge; 2] {
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

    /// The shader with these tiles; `windows` adds the values of a source of its own.
    fn shader(&self, tile: &Tile, source: &[(&'static str, Value)], uniforms: u32) -> Shader {
        let (vertical, horizontal) = (&self.vertical, &self.horizontal);
        let [edge_y, edge_x] = self.edges(tile);
        let mut values: Vec<(&'static str, Value)> = vec![
            ("tile", [tile.rows, tile.columns].into()),
            ("kernel_size", [vertical.kernel_size, horizontal.kernel_size].into()),
            ("stride", [vertical.stride, horizontal.stride].into()),
            ("dilation", [vertical.dilation, horizontal.dilation].into()),
            ("edge_y", edge_y.name().into()),
            ("edge_x", edge_x.name().into()),
            ("load_width", tile.load_width.into()),
            ("phase", tile.phase.into()),
            ("store_width", tile.store_width.into()),
            ("ragged_x", (!horizontal.output_size.is_multiple_of(tile.columns)).into()),
        ];
        values.extend(source);
        let mut indexed = false;
        let (mut multiplied, mut reads, mut f16) = (false, self.operands(), Some(false));
        let template = match self.kind {
            Kind::Depthwise { multiplier, bias, activation } => {
                let activation = activation.map_or("none", Activation::name);
                multiplied = multiplier > 1;
                values.push(("bias", bias.into()));
                if uniforms > 0 {
                    let out_channels = self.in_channels * multiplier;
                    values.push(("weight_vectors", self.weight_elements().div_ceil(4).into()));
                    values.push(("bias_vectors", out_channels.div_ceil(4).into()));
                }
                values.push(("activation", activation.into()));
                "conv2d_depthwise"
            }
            Kind::Max { indices } => {
                (indexed, f16) = (indices, None);
                "max_pool2d_strip"
            }
            Kind::Average { .. } => {
                values.push(("counted", self.counted().into()));
                "avg_pool2d_strip"
            }
        };
        if uniforms == 0 {
            reads += 1;
        } else {
            reads = 0;
        }
        values.push(("operands", self.operands().into()));
        values.push(("multiplied", multiplied.into()));
        values.push(("indices", indexed.into()));
        values.extend(f16.map(|f16| ("f16", f16.into())));
        Shader { template, values, uniforms, reads, textures: &[], writes: 1 + u32::from(indexed) }
    }

    /// The parameters with these tiles, for a grid of workgroups that run over all planes.
    fn params(&self, tile: &Tile, grid_width: u32) -> Params {
        let (vertical, horizontal) = (&self.vertical, &self.horizontal);
        let [tiles_y, tiles_x] = self.tiles(tile);
        let (tiles, multiplier) = (tiles_y * tiles_x, self.multiplier());
        let (plane_groups, out_channels) =
            (tiles.div_ceil(WORKGROUP), self.in_channels * multiplier);
        let (mut activation_parameter, mut divisor, mut counts) = (0.0, self.taps() as f32, false);
        match self.kind {
            Kind::Depthwise { activation, .. } => {
                activation_parameter = activation.map_or(0.0, Activation::parameter);
            }
            Kind::Max { .. } => {}
            Kind::Average { padding_counts, divisor: given } => {
                divisor = given.unwrap_or(divisor);
                counts = padding_counts;
            }
        }
        let counted = |pad: u32| if counts { pad } else { 0 };
        Params {
            grid_width,
            planes: self.planes(),
            local_planes: self.planes(),
            tiles,
            reciprocal_tiles: reciprocal(tiles),
            tiles_x,
            reciprocal_tiles_x: reciprocal(tiles_x),
            plane_groups,
            reciprocal_plane_groups: reciprocal(plane_groups),
            in_height: vertical.input_size,
            in_width: horizontal.input_size,
            out_height: vertical.output_size,
            out_width: horizontal.output_size,
            pad_top: vertical.pad_begin,
            pad_left: horizontal.pad_begin,
            out_channels,
            reciprocal_out_channels: reciprocal(out_channels),
            multiplier,
            reciprocal_multiplier: reciprocal(multiplier),
            activation_parameter,
            divisor,
            count_pad_top: counted(vertical.pad_begin),
            count_pad_left: counted(horizontal.pad_begin),
            count_end_y: vertical.input_size + counted(vertical.pad_end),
            count_end_x: horizontal.input_size + counted(horizontal.pad_end),
            first_window: 0,
            window_limit: 0,
            bands: 1,
            reciprocal_bands: 1.0,
            band_rows: vertical.output_size,
        }
    }
}

/// The distinct places `output * stride + tap * dilation` of `tile` outputs with `kernel_size` taps.
fn distinct(tile: u32, stride: u32, kernel_size: u32, dilation: u32) -> u32 {
    // Two of them are the same place where they differ by (dilation, -stride) over their divisor.
    let divisor = gcd(stride, dilation);
    let again =
        tile.saturating_sub(dilation / divisor) * kernel_size.saturating_sub(stride / divisor);
    tile * kernel_size - again
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn reciprocal(divisor: u32) -> f32 {
    1.0 / divisor as f32
}

/// What a strip reads beside its input, and where its results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffers<'a> {
    pub(crate) input: &'a GpuBuffer,
    pub(crate) weight: Option<&'a GpuBuffer>,
    pub(crate) bias: Option<&'a GpuBuffer>,
    pub(crate) output: &'a GpuBuffer,
    pub(crate) indices: Option<&'a GpuBuffer>,
}

impl<'a> Buffers<'a> {
    fn operands(&self, problem: &Problem) -> impl Iterator<Item = Binding<'a>> + use<'a> {
        let weights = problem.weight_elements() as usize;
        let channels = (problem.in_channels * problem.multiplier()) as usize;
        let weight = self.weight.map(|weight| Binding::whole(weight, weights));
        let bias = self.bias.map(|bias| Binding::whole(bias, channels));
        weight.into_iter().chain(bias)
    }

    fn results(&self, problem: &Problem) -> impl Iterator<Item = Binding<'a>> + use<'a> {
        let len = problem.output_elements() as usize;
        [Some(self.output), self.indices]
            .into_iter()
            .flatten()
            .map(move |buffer| Binding::whole(buffer, len))
    }
}

/// How a strip is done on a device.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Plan {
    Storage(storage::Plan),
    Windows(windows::Plan),
}

impl Plan {
    /// The faster plan that serves the problem, or the pinned one; `None` where none does.
    pub(crate) fn new(
        problem: &Problem,
        pinned: Option<Algorithm>,
        limits: &Limits,
    ) -> Result<Option<Self>> {
        let wanted = |algorithm| pinned.is_none_or(|pinned| pinned == algorithm);
        if wanted(Algorithm::Windows)
            && let Some(plan) = windows::Plan::new(problem, limits)?
        {
            return Ok(Some(Self::Windows(plan)));
        }
        if wanted(Algorithm::Strip)
            && let Some(plan) = storage::Plan::new(problem, limits)?
        {
            return Ok(Some(Self::Storage(plan)));
        }
        Ok(None)
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Storage(_) => Algorithm::Strip,
            Self::Windows(_) => Algorithm::Windows,
        }
    }

    pub(crate) fn dispatches(&self) -> usize {
        match self {
            Self::Storage(_) => 1,
            Self::Windows(plan) => plan.dispatches(),
        }
    }

    pub(crate) fn shader(&self) -> &Shader {
        match self {
            Self::Storage(plan) => plan.shader(),
            Self::Windows(plan) => plan.shader(),
        }
    }

    pub(crate) fn record(&self, context: &Context, buffers: Buffers<'_>) -> Result<()> {
        match self {
            Self::Storage(plan) => plan.record(context, buffers),
            Self::Windows(plan) => plan.record(context, buffers),
        }
    }
}

/// That a pinned algorithm does not serve a problem.
pub(crate) fn unsupported(operation: &'static str, algorithm: Algorithm) -> Error {
    let strips = format!(
        "depthwise convolutions and poolings with kernels of at most {MAX_KERNEL} along an axis \
         and {MAX_TAPS} taps, with fewer than {MAX_QUOTIENT} planes and outputs of a plane"
    );
    let rule = match algorithm {
        Algorithm::Strip => format!("serves {strips}, where every tensor fits one binding"),
        Algorithm::Windows => format!(
            "serves {strips}, on software adapters, where the weight and a few rows of the input \
             fit one uniform binding"
        ),
        Algorithm::Global => "serves averages whose one window is the whole unpadded plane".into(),
        Algorithm::General => "serves everything".into(),
        Algorithm::Tiled | Algorithm::Halo | Algorithm::Texel => "serves convolutions".into(),
    };
    Error::Unsupported { operation, algorithm: algorithm.to_string(), rule }
}
