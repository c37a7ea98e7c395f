//! Elements that each become a block, on the GPU: nearest interpolation by whole factors, pixel
//! shuffle.

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::ops::CopyMap;
use crate::{DType, Limits, Result};

/// Invocations of a workgroup.
const WORKGROUP: usize = 64;
/// Rows and columns of the largest block.
const MOST: usize = 4;

params!(Params { grid_width: u32, count: u32, in_width: u32, in_height: u32 });

static BLOCKS: Template = template!("rearrange", "resample_blocks", &[], Params);

/// The shader of blocks of `[rows, columns]`.
pub(crate) fn shader(
    factors: [usize; 2],
    load_width: usize,
    shuffled: bool,
    dtype: DType,
) -> Shader {
    Shader {
        template: &BLOCKS,
        values: vec![
            ("factors", factors.map(low_bits).into()),
            ("load_width", low_bits(load_width).into()),
            ("shuffled", shuffled.into()),
            dtype.value(),
        ],
        uniforms: 0,
        textures: &[],
        reads: 1,
        writes: 1,
    }
}

/// Elements of the input that an invocation loads at once, so that it stores at most four.
fn load_width(columns: usize, in_width: usize) -> usize {
    [4, 2].into_iter().find(|it| it * columns <= 4 && in_width.is_multiple_of(*it)).unwrap_or(1)
}

/// One of every kind.
pub(crate) fn variants() -> Vec<Shader> {
    let mut variants = Vec::new();
    for dtype in [DType::F32, DType::F16] {
        for (factors, load_width) in [([2, 2], 2), ([2, 2], 1), ([1, 3], 1), ([3, 1], 4)] {
            variants.push(shader(factors, load_width, false, dtype));
        }
        for (factors, load_width) in [([2, 2], 2), ([2, 2], 1), ([3, 3], 1), ([4, 4], 1)] {
            variants.push(shader(factors, load_width, true, dtype));
        }
    }
    variants
}

/// One dispatch over buffers that lie in one binding each.
#[derive(Debug)]
pub(crate) struct Blocks {
    pub(crate) shader: Shader,
    params: Params,
    grid: Grid,
}

impl Blocks {
    /// `None` for what is not made of small blocks, or exceeds a binding.
    pub(crate) fn new(map: &CopyMap, dtype: DType, limits: &Limits) -> Result<Option<Self>> {
        let [input, output] = map.shapes();
        let fits = input.len().max(output.len()) <= limits.max_elements(dtype);
        let Some([rows, columns]) = map.block().filter(|_| fits) else { return Ok(None) };
        if rows.max(columns) > MOST || rows * columns == 1 {
            return Ok(None);
        }
        let shuffled = matches!(map, CopyMap::Shuffle(_));
        let load_width = load_width(columns, input.width);
        let elements = if shuffled { input.len() / (rows * columns) } else { input.len() };
        let count = elements / load_width;
        let number = |name, value| size(map.operation(), name, value);
        let grid = Grid::new(map.operation(), count.div_ceil(WORKGROUP), NO_LOOP, limits)?;
        let params = Params {
            grid_width: grid.width,
            count: number("the elements of one dispatch", count)?,
            in_width: number("the input's width", input.width / load_width)?,
            in_height: number("the input's height", input.height)?,
        };
        let shader = shader([rows, columns], load_width, shuffled, dtype);
        Ok(Some(Self { shader, params, grid }))
    }

    pub(crate) fn record(
        &self,
        context: &Context,
        map: &CopyMap,
        buffers: [&GpuBuffer; 2],
    ) -> Result<()> {
        let shapes = map.shapes();
        let bindings = [0, 1].map(|it| Binding::whole(buffers[it], shapes[it].len()));
        context.record(map.operation(), &self.shader, &self.params, &bindings, self.grid)
    }
}
