//! Bilinear interpolation on the GPU.

use std::sync::Arc;

use crate::gpu::rearrange::resample::copy::PARTS;
use crate::gpu::rearrange::resample::parts::Planes;
use crate::gpu::rearrange::resample::rows::{Columns, Frame, Params, Step};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::params::low_bits;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::template::{Template, template};
use crate::memory::{NoMemory, with_room};
use crate::ops::{AxisMap, Resampling};
use crate::{DType, Result};

static BILINEAR: Template = template!("rearrange", "resample_bilinear", &[PARTS], Params);

/// Words of an output in the table of its axis: two offsets and two weights.
const WORDS: usize = 4;

/// The shader.
pub(crate) fn shader(dtype: DType) -> Shader {
    Shader {
        template: &BILINEAR,
        values: vec![("weighted", true.into()), dtype.value()],
        uniforms: 0,
        textures: &[],
        reads: 3,
        writes: 1,
    }
}

/// How a device interpolates.
#[derive(Debug)]
pub(crate) struct BilinearPlan {
    frame: Frame,
    shader: Shader,
    steps: Vec<Step>,
    tables: [GpuBuffer; 2],
}

/// The table of an axis whose elements lie `distance` apart.
fn table(axis: &AxisMap, distance: usize) -> std::result::Result<Vec<u32>, NoMemory> {
    let mut words = with_room(WORDS * axis.output_size())?;
    for output in 0..axis.output_size() {
        if let [Some(tap), Some(next)] = axis.taps(output) {
            words.extend([tap, next].map(|tap| low_bits(tap.at * distance)));
            words.extend([tap, next].map(|tap| tap.weight.to_bits()));
        }
    }
    Ok(words)
}

impl BilinearPlan {
    pub(crate) fn new(context: &Arc<Context>, problem: &Resampling, dtype: DType) -> Result<Self> {
        let (operation, limits) = (problem.operation, context.limits());
        let Resampling { input, vertical, horizontal, .. } = problem;
        let planes = Planes {
            count: input.batch * input.channels,
            written: [vertical.output_size(), horizontal.output_size()],
            source_plane: input.height * input.width,
        };
        let frame = Frame { operation, planes, dtype, words: WORDS, value: 0 };
        let needs = |row: usize| {
            let rows = vertical.taps(row).map(|tap| tap.map_or(0, |tap| tap.at));
            rows[0] * input.width..(rows[1] + 1) * input.width
        };
        let columns = Columns { first: 0, step: 1 };
        let parts = frame.parts(limits, needs)?;
        let steps = parts.iter().map(|part| frame.step(part, columns, limits));
        let steps = steps.collect::<Result<Vec<_>>>()?;
        let upload = |axis, distance| {
            let words = table(axis, distance).map_err(|missing| missing.during(operation))?;
            context.upload(operation, &words)
        };
        let tables = [upload(vertical, input.width)?, upload(horizontal, 1)?];
        Ok(Self { frame, shader: shader(dtype), steps, tables })
    }
}

/// Records a bilinear interpolation.
pub(crate) fn bilinear(
    context: &Arc<Context>,
    problem: &Resampling,
    plan: &BilinearPlan,
    input: &GpuBuffer,
) -> Result<GpuBuffer> {
    let len = problem.output_shape().len();
    let output = context.allocate_elements(problem.operation, len, input.dtype)?;
    for step in &plan.steps {
        plan.frame.record(context, &plan.shader, step, &plan.tables, [input, &output])?;
    }
    Ok(output)
}
