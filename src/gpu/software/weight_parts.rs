//! The dispatches of a gradient of a weight from textures: parts of the outputs, summed up in the
//! end.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::recording::{Binding, Seen};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::software::padded_image::Images;
use crate::gpu::tile::operands::OPERATION;
use crate::gpu::tile::partial_sum;
use crate::ops::Conv2dProblem;
use crate::{DType, Result};

/// The dispatches of some images.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step<Params> {
    pub(crate) images: Range<usize>,
    pub(crate) dispatches: Vec<(Params, Grid)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WeightParts<Params> {
    pub(crate) shader: Shader,
    pub(crate) textures: Images,
    pub(crate) steps: Vec<Step<Params>>,
    /// Parts, each of which has sums of its own.
    pub(crate) parts: usize,
}

impl<Params: bytemuck::Pod> WeightParts<Params> {
    /// The shaders that pad, and the one that multiplies.
    pub(crate) fn shaders(&self) -> Vec<Shader> {
        self.textures.shaders().chain([&self.shader]).cloned().collect()
    }

    /// Records the dispatches; gives the buffer of the gradient.
    pub(crate) fn record(
        &self,
        context: &Arc<Context>,
        problem: &Conv2dProblem,
        input: &GpuBuffer,
        grad_output: &GpuBuffer,
    ) -> Result<GpuBuffer> {
        let weights = problem.weight_shape().len();
        let partial = context.allocate_elements(OPERATION, weights * self.parts, DType::F32)?;
        let bindings = [Binding::whole(&partial, weights * self.parts)];
        for Step { images, dispatches } in &self.steps {
            let textures = self.textures.record(context, input, grad_output, images)?;
            let (shader, textures) = (&self.shader, textures.each_ref().map(Seen::Own));
            for (params, grid) in dispatches {
                context
                    .record_with_textures(OPERATION, shader, params, &textures, &bindings, *grid)?;
            }
        }
        partial_sum::of_parts(context, weights, self.parts, partial)
    }
}
