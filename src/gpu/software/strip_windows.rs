//! Strips that read the input through uniform windows.
//!
//! A window holds whole planes, or a band of a plane's rows. An invocation computes the same tile
//! of several windows, since a dispatch is not free.

use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::software::uniform_windows;
use crate::gpu::software::uniform_windows::WINDOW;
use crate::gpu::strip::buffers::Buffers;
use crate::gpu::strip::problem;
use crate::gpu::strip::problem::WORKGROUP;
use crate::gpu::strip::problem::{Kind, Problem, Side, Tile};
use crate::gpu::strip::variant::{Params, reciprocal};
use crate::ops::pool2d::Index;
use crate::{DType, Limits, PaddingMode, Result};

/// A variant's compilation takes about so many milliseconds at most, by estimate; a single window
/// has no smaller alternative, and may take a little more.
const COMPILE_MS: u32 = 215;
const SINGLE_COMPILE_MS: u32 = 225;
/// The tiles to choose from, as `[height, width]`.
const TILES: [[u32; 2]; 7] = [[1, 8], [1, 4], [1, 2], [2, 8], [2, 4], [2, 2], [1, 1]];

/// How the input is divided into windows, and these among dispatches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Division {
    tile: Tile,
    windows: u32,
    dispatches: u32,
    /// Planes of the output that a window serves; 1 where a plane takes several.
    planes: u32,
    bands: u32,
    band_rows: u32,
}

/// What is dispatched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    problem: Problem,
    division: Division,
    shader: Shader,
    params: Params,
    grid: Grid,
    /// The element that each window starts at.
    starts: Vec<u32>,
}

impl Plan {
    /// `None` where windows do not serve the problem.
    pub(crate) fn new(problem: &Problem, limits: &Limits) -> Result<Option<Self>> {
        // An array of uniforms has a stride of 16 bytes: vectors of f32.
        let fits = problem.dtype == DType::F32
            && problem.weight_elements() <= WINDOW
            && problem.output_elements() as usize <= limits.max_binding_elements()
            && problem.input_elements() as usize <= limits.max_binding_elements()
            && uniform_windows::available(limits);
        if !fits {
            return Ok(None);
        }
        let most = uniform_windows::most(limits, problem.operands());
        let Some(division) = best(problem, most) else { return Ok(None) };
        let elements = problem.input_elements();
        let Division { tile, windows: count, dispatches, planes, bands, band_rows } = division;
        let banded = bands > 1;
        let [tiles_y, tiles_x] = problem.tiles(&tile);
        let tiles = if banded { band_rows / tile.rows } else { tiles_y } * tiles_x;
        let workgroups = (planes * tiles).div_ceil(WORKGROUP);
        let grid = Grid::new(problem.operation, workgroups as usize, NO_LOOP, limits)?;
        let ragged_planes = u64::from(count * dispatches) * u64::from(planes)
            != u64::from(problem.planes()) * u64::from(bands);
        let out_height = problem.vertical.output_size;
        let ragged_y = !out_height.is_multiple_of(if banded { band_rows } else { tile.rows });
        let source = [
            ("plane_workgroups", false.into()),
            ("ragged_y", ragged_y.into()),
            ("windows", count.into()),
            ("window_vectors", (uniform_windows::elements(elements) / 4).into()),
            ("banded", banded.into()),
            ("ragged_planes", ragged_planes.into()),
        ];
        let shader = problem.shader(&tile, &source, count + problem.operands());
        let params = Params {
            local_planes: planes,
            tiles,
            reciprocal_tiles: reciprocal(tiles),
            window_limit: uniform_windows::limit(elements),
            bands,
            reciprocal_bands: reciprocal(bands),
            band_rows,
            ..problem.params(&tile, grid.width)
        };
        let windows = 0..count * dispatches;
        let starts = windows.map(|window| window_start(problem, &division, window)).collect();
        Ok(Some(Self { problem: *problem, division, shader, params, grid, starts }))
    }

    pub(crate) fn shader(&self) -> &Shader {
        &self.shader
    }

    pub(crate) fn dispatches(&self) -> usize {
        self.division.dispatches as usize
    }

    pub(crate) fn record(&self, context: &Context, buffers: Buffers<'_>) -> Result<()> {
        let Self { problem, division, .. } = self;
        let elements = uniform_windows::elements(problem.input_elements());
        let window = Binding::whole(buffers.input, elements as usize);
        let operands = buffers.operands(problem).map(Binding::in_vectors);
        let bindings: Vec<_> = std::iter::repeat_n(window, division.windows as usize)
            .chain(operands)
            .chain(buffers.found(problem))
            .chain(buffers.results(problem))
            .collect();
        let windows = division.windows as usize;
        let (firsts, starts) = ((0..).step_by(windows), self.starts.chunks(windows));
        let of_operands = std::iter::repeat_n(0, problem.operands() as usize);
        context.record_all(
            problem.operation,
            &self.shader,
            &bindings,
            self.grid,
            firsts.zip(starts).map(|(first_window, starts)| {
                let starts = starts.iter().copied().chain(of_operands.clone());
                (Params { first_window, ..self.params }, starts)
            }),
        )
    }
}

/// The element that a window starts at; the shader computes the same.
fn window_start(problem: &Problem, division: &Division, window: u32) -> u32 {
    let first = if division.bands > 1 {
        let (plane, band) = (window / division.bands, window % division.bands);
        let row = band * division.band_rows * problem.vertical.stride;
        let row = row.saturating_sub(problem.vertical.pad_begin);
        let plane = plane.min(problem.planes() - 1) / problem.multiplier();
        plane * problem.in_plane() + row * problem.horizontal.input_size
    } else {
        window * division.planes / problem.multiplier() * problem.in_plane()
    };
    uniform_windows::start(first, problem.input_elements())
}

/// The division that is fastest by estimate among those that compile fast.
fn best(problem: &Problem, most_windows: u32) -> Option<Division> {
    let mut best: Option<(u32, Division)> = None;
    for outputs in TILES {
        let work = Work::new(problem, &problem.tile(outputs, [1, 4]));
        for windows in 1..=most_windows {
            let Some(division) = divide(problem, outputs, windows) else { break };
            let allowed = if windows == 1 { SINGLE_COMPILE_MS } else { COMPILE_MS };
            if work.compile_ms(division.windows) > allowed {
                break;
            }
            let estimate = work.microseconds(problem, &division);
            if best.is_none_or(|(least, _)| estimate < least) {
                best = Some((estimate, division));
            }
        }
    }
    best.map(|(_, division)| division)
}

/// The division with these tiles and at most so many windows; `None` where a window is too small.
fn divide(problem: &Problem, outputs: [u32; 2], most_windows: u32) -> Option<Division> {
    let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
    let tile = problem.tile(outputs, [1, 4]);
    let most_planes = uniform_windows::blocks(problem.in_plane());
    if most_planes > 0 {
        let all = problem.in_planes.div_ceil(most_planes);
        let dispatches = all.div_ceil(most_windows);
        let windows = all.div_ceil(dispatches);
        let planes = problem.in_planes.div_ceil(windows * dispatches);
        let planes = planes * problem.multiplier();
        let band_rows = vertical.output_size;
        return Some(Division { tile, windows, dispatches, planes, bands: 1, band_rows });
    }
    if matches!(problem.padding_mode, PaddingMode::Reflect | PaddingMode::Circular) {
        // A band lacks the rows that padding reaches.
        return None;
    }
    let rows = uniform_windows::blocks(horizontal.input_size);
    let span = (vertical.kernel_size - 1) * vertical.dilation + 1;
    let most = (rows.checked_sub(span)? / vertical.stride + 1) / tile.rows * tile.rows;
    if most == 0 {
        return None;
    }
    let bands = vertical.output_size.div_ceil(most);
    let band_rows = vertical.output_size.div_ceil(bands).next_multiple_of(tile.rows);
    let bands = vertical.output_size.div_ceil(band_rows);
    let all = problem.planes().checked_mul(bands)?;
    let dispatches = all.div_ceil(most_windows);
    let windows = all.div_ceil(dispatches);
    (bands > 1).then_some(Division { tile, windows, dispatches, planes: 1, bands, band_rows })
}

/// What an invocation does for one window.
struct Work {
    loads: u32,
    arithmetic: u32,
    stores: u32,
    store_width: u32,
}

impl Work {
    fn new(problem: &Problem, tile: &Tile) -> Self {
        let (vertical, horizontal) = (&problem.vertical, &problem.horizontal);
        let distinct = |tile: u32, side: &Side| {
            problem::distinct(tile, side.stride, side.kernel_size, side.dilation)
        };
        let rows = distinct(tile.rows, vertical);
        let inputs = rows * distinct(tile.columns, horizontal);
        let outputs = tile.rows * tile.columns;
        let row_reductions = rows * tile.columns * (horizontal.kernel_size - 1);
        let reductions = row_reductions + outputs * (vertical.kernel_size - 1);
        let stores = outputs / tile.store_width;
        let (loads, arithmetic, stores) = match problem.kind {
            Kind::Depthwise { bias, .. } => {
                (inputs + problem.taps() + u32::from(bias), outputs * problem.taps() / 2, stores)
            }
            Kind::Max { index: Index::None } => (inputs, inputs + reductions, stores),
            Kind::Max { .. } => (inputs, 2 * (inputs + reductions), stores + outputs),
            Kind::Average { .. } => {
                let divisions = outputs * (1 + u32::from(problem.counted()));
                (inputs, reductions / 3 + divisions, stores)
            }
        };
        Self { loads, arithmetic, stores, store_width: tile.store_width }
    }

    /// What lavapipe takes to compile so many windows, roughly.
    fn compile_ms(&self, windows: u32) -> u32 {
        30 + windows * (15 * self.loads + 4 * self.arithmetic + 40 * self.stores) / 10
    }

    /// What lavapipe takes to run a division on two cores, roughly.
    fn microseconds(&self, problem: &Problem, division: &Division) -> u32 {
        let [tiles_y, tiles_x] = problem.tiles(&division.tile);
        let tiles_y =
            if division.bands > 1 { division.band_rows / division.tile.rows } else { tiles_y };
        let subgroups = (division.planes * tiles_y * tiles_x).div_ceil(8);
        let store = 20 + 50 * self.store_width;
        let window = 12 * self.loads + 3 * self.arithmetic + self.stores * store;
        let cycles = u64::from(subgroups) * u64::from(400 + division.windows * window);
        let dispatch = u32::try_from(18 + cycles / 5000).unwrap_or(u32::MAX);
        division.dispatches.saturating_mul(dispatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::strip::samples::SOFTWARE;
    use crate::window::{Axis, AxisOptions};

    fn axis(input_size: usize, kernel_size: usize, stride: usize, pad: usize) -> Axis {
        let options = AxisOptions {
            operation: "conv2d",
            axis: "height",
            input_size,
            kernel_size,
            stride,
            pad_begin: pad,
            pad_end: pad + 1,
            dilation: 2,
        };
        options.resolve(false).unwrap()
    }

    #[test]
    fn every_window_shows_all_that_its_outputs_read() {
        let mut banded = 0;
        for (sizes, channels, multiplier) in [
            ([7, 7], 3, 1),
            ([7, 9], 1000, 2),
            ([56, 56], 37, 1),
            ([112, 113], 5, 3),
            ([301, 223], 3, 2),
            ([40, 1001], 2, 1),
        ] {
            for (kernel_size, stride, pad) in [(3, 1, 1), (2, 2, 0), (5, 3, 4), (1, 1, 0)] {
                let axes = sizes.map(|size| axis(size, kernel_size, stride, pad));
                let kind = Kind::Depthwise { multiplier, bias: true, activation: None };
                let axes = [&axes[0], &axes[1]];
                let mode = PaddingMode::Zeros;
                let problem = Problem::new("conv2d", kind, mode, [2, channels], axes).unwrap();
                let Some(plan) = Plan::new(&problem, &SOFTWARE).unwrap() else { continue };
                banded += usize::from(plan.division.bands > 1);
                shows_all(&problem, &plan);
            }
        }
        assert!(banded > 3);
    }

    fn shows_all(problem: &Problem, plan: &Plan) {
        let Division { windows, dispatches, planes, bands, band_rows, .. } = plan.division;
        let len = problem.input_elements();
        let shown = uniform_windows::elements(len);
        let (vertical, width) = (&problem.vertical, problem.horizontal.input_size);
        let span = (vertical.kernel_size - 1) * vertical.dilation;
        let mut served = 0;
        for window in 0..windows * dispatches {
            let start = plan.starts[window as usize];
            assert!(start.is_multiple_of(8) && start + shown <= len.next_multiple_of(8));
            let first_row = window % bands * band_rows;
            let rows = first_row..(first_row + band_rows).min(vertical.output_size);
            for plane in (0..planes).map(|plane| window / bands * planes + plane) {
                if plane >= problem.planes() {
                    continue;
                }
                served += rows.len();
                let clamp =
                    |row: u32| row.saturating_sub(vertical.pad_begin).min(vertical.input_size - 1);
                let in_plane = plane / problem.multiplier() * problem.in_plane();
                let first = in_plane + clamp(rows.start * vertical.stride) * width;
                let last = clamp((rows.end - 1) * vertical.stride + span);
                let end = in_plane + (last + 1) * width;
                assert!(start <= first && end <= start + shown, "{problem:?} {window} {plane}");
            }
        }
        assert_eq!(served, (problem.planes() * vertical.output_size) as usize);
    }
}
