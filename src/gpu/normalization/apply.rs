//! Factors of channels applied to every element.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::normalization::blocks::{PARTS, load_width, unroll};
use crate::gpu::normalization::channels::{FACTORS, check_channels};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::chunks;
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::WORKGROUP;
use crate::{BatchNorm2d, DType, Limits, Result, Shape};

const OPERATION: &str = BatchNorm2d::OPERATION;

params!(Params {
    grid_width: u32,
    count: u32,
    plane_units: u32,
    channels: u32,
    first_channel: u32,
    first_at: u32,
    step_channels: u32,
    step_at: u32,
});

static APPLY: Template = template!("normalization", "batch_norm2d_apply", &[PARTS], Params);

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Normalised.
    Normalized,
    /// Scaled alone.
    Scaled,
}

pub(super) fn shader(form: Form, load_width: u32, dtype: DType) -> Shader {
    let form = match form {
        Form::Normalized => "normalized",
        Form::Scaled => "scaled",
    };
    Shader {
        template: &APPLY,
        values: vec![
            ("form", form.into()),
            ("load_width", load_width.into()),
            ("unroll", unroll(load_width).into()),
            dtype.value(),
        ],
        uniforms: 0,
        textures: &[],
        reads: 2,
        writes: 1,
    }
}

pub(super) fn variants() -> Vec<Shader> {
    let of = [
        (Form::Normalized, DType::F32),
        (Form::Normalized, DType::F16),
        (Form::Scaled, DType::F32),
    ];
    of.into_iter()
        .flat_map(|(form, dtype)| [1, 4].map(|width| shader(form, width, dtype)))
        .collect()
}

/// The dispatches over every element of a tensor, and the elements that each is given.
pub(super) fn parts(
    shape: Shape,
    dtype: DType,
    limits: &Limits,
) -> Result<Vec<(Range<usize>, Params, Grid)>> {
    let plane = shape.height * shape.width;
    let load_width = load_width(plane);
    let width = load_width as usize;
    let (plane_units, channels) = (plane / width, shape.channels);
    // Parts start at multiples of every alignment, so that no binding begins before its part.
    let step = (limits.max_elements(dtype) / 128 * 128).max(128);
    let number = |name, value| size(OPERATION, name, value);
    let part = |part: Range<usize>| {
        let (first, units) = (part.start / width, part.len() / width);
        let of_workgroup = WORKGROUP * unroll(load_width) as usize;
        let grid = Grid::new(OPERATION, units.div_ceil(of_workgroup), NO_LOOP, limits)?;
        let params = Params {
            grid_width: grid.width,
            count: number("the elements of one dispatch", units)?,
            plane_units: number("the size of a plane", plane_units)?,
            channels: number("num_features", channels)?,
            first_channel: number("num_features", first / plane_units % channels)?,
            first_at: number("the size of a plane", first % plane_units)?,
            step_channels: number("num_features", WORKGROUP / plane_units % channels)?,
            step_at: number("the size of a plane", WORKGROUP % plane_units)?,
        };
        Ok((part, params, grid))
    };
    chunks(shape.len(), step).map(part).collect()
}

/// Records that every element becomes what the factors of its channel make of it.
pub(crate) fn batch_norm2d_apply(
    context: &Arc<Context>,
    form: Form,
    shape: Shape,
    input: &GpuBuffer,
    factors: &GpuBuffer,
) -> Result<GpuBuffer> {
    check_channels(shape.channels, context.limits())?;
    let dtype = input.dtype;
    let output = context.allocate_elements(OPERATION, shape.len(), dtype)?;
    if shape.is_empty() {
        return Ok(output);
    }
    let shader = shader(form, load_width(shape.height * shape.width), dtype);
    for (part, params, grid) in parts(shape, dtype, context.limits())? {
        let (input, _) = Binding::range(context.limits(), input, part.clone());
        let (output, _) = Binding::range(context.limits(), &output, part);
        let bindings = [input, Binding::whole(factors, shape.channels * FACTORS), output];
        context.record(OPERATION, &shader, &params, &bindings, grid)?;
    }
    Ok(output)
}
