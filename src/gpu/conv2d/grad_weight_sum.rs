//! The sum of the parts of a gradient of a weight whose taps come before channels.

use crate::Result;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::tile::operands::OPERATION;

/// Vectors of a workgroup.
const VECTORS: usize = 16;
/// Invocations that share a vector's parts.
const QUARTERS: usize = 4;
/// Parts that an invocation adds up without a break.
const BLOCK: usize = 64;
/// Parts, for which an invocation has a loop.
pub(crate) const MOST_PARTS: usize = 1 << 14;

params!(Params {
    grid_width: u32,
    count: u32,
    parts: u32,
    row_vectors: u32,
    taps: u32,
    channels: u32,
});

static SUM: Template = template!("conv2d", "conv2d_grad_weight_sum", &[], Params);

/// The shader.
pub(crate) fn shader() -> Shader {
    let (values, textures): (_, &'static [_]) = (Vec::new(), &[]);
    Shader { template: &SUM, values, uniforms: 0, textures, reads: 1, writes: 1 }
}

/// The most roundings of one part.
pub(crate) fn roundings(parts: usize) -> usize {
    let own = parts.div_ceil(QUARTERS);
    if parts == 1 { 0 } else { own.min(BLOCK) + own.div_ceil(BLOCK) + QUARTERS }
}

/// What the parts of a gradient are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Parts {
    pub(crate) parts: usize,
    pub(crate) rows: usize,
    pub(crate) row_vectors: usize,
    pub(crate) taps: usize,
    pub(crate) channels: usize,
}

impl Parts {
    /// The elements of all of them.
    pub(crate) const fn elements(&self) -> usize {
        self.parts * self.rows * self.row_vectors * 4
    }

    /// Whether one part is the gradient as it lies.
    pub(crate) const fn are_the_sum(&self) -> bool {
        let is_full = self.taps * self.channels == self.row_vectors * 4;
        self.parts == 1 && is_full && self.taps == 1
    }

    /// Records the sums.
    pub(crate) fn record(
        &self,
        context: &Context,
        partial: &GpuBuffer,
        gradient: &GpuBuffer,
    ) -> Result<()> {
        let vectors = self.rows * self.row_vectors;
        let own = self.parts.div_ceil(QUARTERS);
        let iterations = own + own.div_ceil(BLOCK) + QUARTERS;
        let workgroups = vectors.div_ceil(VECTORS);
        let grid = Grid::new(OPERATION, workgroups, iterations, context.limits())?;
        let number = |value| size(OPERATION, "the elements of a gradient's parts", value);
        let params = Params {
            grid_width: grid.width,
            count: number(vectors)?,
            parts: number(self.parts)?,
            row_vectors: number(self.row_vectors)?,
            taps: number(self.taps)?,
            channels: number(self.channels)?,
        };
        let elements = self.rows * self.taps * self.channels;
        let bindings =
            [Binding::whole(partial, self.elements()), Binding::whole(gradient, elements)];
        context.record(OPERATION, &shader(), &params, &bindings, grid)
    }
}
