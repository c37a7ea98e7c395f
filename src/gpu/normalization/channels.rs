//! What has a value for each channel: factors from statistics, and running statistics.

use std::sync::Arc;

use crate::gpu::normalization::blocks::PARTS;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::{Grid, NO_LOOP};
use crate::gpu::runtime::params::{params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::{Shader, Value};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::WORKGROUP;
use crate::{BatchNorm2d, DType, Error, Limits, Result};

const OPERATION: &str = BatchNorm2d::OPERATION;

/// Numbers of a channel that `batch_norm2d_apply` takes.
pub(crate) const FACTORS: usize = 4;

params!(FactorsParams { grid_width: u32, count: u32, eps: f32 });
params!(UpdateParams { grid_width: u32, count: u32, share: f32, unbias: f32 });

static FROM_STATISTICS: Template =
    template!("normalization", "batch_norm2d_factors", &[PARTS], FactorsParams);
static UPDATE: Template = template!("normalization", "batch_norm2d_update", &[], UpdateParams);

/// A weight and a bias for each channel, where there are any.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Affine<T> {
    pub(crate) weight: Option<T>,
    pub(crate) bias: Option<T>,
}

impl<T> Affine<T> {
    /// The values of a variant with such.
    pub(super) fn values(&self) -> [(&'static str, Value); 2] {
        [("weight", self.weight.is_some().into()), ("bias", self.bias.is_some().into())]
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        u32::from(self.weight.is_some()) + u32::from(self.bias.is_some())
    }
}

impl<'a> Affine<&'a GpuBuffer> {
    /// The bindings of what there is, in the order of the shaders.
    pub(super) fn bindings(&self, channels: usize) -> impl Iterator<Item = Binding<'a>> {
        let buffers = self.weight.into_iter().chain(self.bias);
        buffers.map(move |buffer| Binding::whole(buffer, channels))
    }
}

impl Affine<()> {
    /// Whatever there may be.
    pub(super) fn all() -> [Self; 4] {
        [(None, None), (Some(()), None), (None, Some(())), (Some(()), Some(()))]
            .map(|(weight, bias)| Self { weight, bias })
    }
}

pub(super) fn factors_shader<T>(affine: &Affine<T>) -> Shader {
    Shader {
        template: &FROM_STATISTICS,
        values: affine.values().to_vec(),
        uniforms: 0,
        textures: &[],
        reads: 2 + affine.count(),
        writes: 1,
    }
}

fn update_shader() -> Shader {
    Shader {
        template: &UPDATE,
        values: Vec::new(),
        uniforms: 0,
        textures: &[],
        reads: 4,
        writes: 2,
    }
}

pub(super) fn variants() -> Vec<Shader> {
    let factors = Affine::all().map(|affine| factors_shader(&affine));
    factors.into_iter().chain([update_shader()]).collect()
}

/// That the factors of so many channels fit one binding.
pub(super) fn check_channels(channels: usize, limits: &Limits) -> Result<()> {
    let most = limits.max_binding_elements() / FACTORS;
    if channels <= most {
        return Ok(());
    }
    Err(Error::DeviceLimit {
        operation: OPERATION,
        quantity: "num_features".into(),
        needed: channels as u64,
        allowed: most as u64,
    })
}

/// Records the factors of a normalisation with these statistics, `[mean, variance]`.
pub(crate) fn batch_norm2d_factors(
    context: &Arc<Context>,
    channels: usize,
    eps: f32,
    statistics: [&GpuBuffer; 2],
    affine: Affine<&GpuBuffer>,
) -> Result<GpuBuffer> {
    check_channels(channels, context.limits())?;
    let factors = context.allocate_elements(OPERATION, channels * FACTORS, DType::F32)?;
    let grid = Grid::new(OPERATION, channels.div_ceil(WORKGROUP), NO_LOOP, context.limits())?;
    let count = size(OPERATION, "num_features", channels)?;
    let params = FactorsParams { grid_width: grid.width, count, eps };
    let bindings: Vec<_> = statistics
        .into_iter()
        .map(|buffer| Binding::whole(buffer, channels))
        .chain(affine.bindings(channels))
        .chain([Binding::whole(&factors, channels * FACTORS)])
        .collect();
    context.record(OPERATION, &factors_shader(&affine), &params, &bindings, grid)?;
    Ok(factors)
}

/// Records the running mean and variance after a batch; `old` are those before it, then those of the
/// batch.
pub(crate) fn batch_norm2d_update(
    context: &Arc<Context>,
    channels: usize,
    [share, unbias]: [f32; 2],
    old: [&GpuBuffer; 4],
) -> Result<[GpuBuffer; 2]> {
    check_channels(channels, context.limits())?;
    let grid = Grid::new(OPERATION, channels.div_ceil(WORKGROUP), NO_LOOP, context.limits())?;
    let count = size(OPERATION, "num_features", channels)?;
    let params = UpdateParams { grid_width: grid.width, count, share, unbias };
    let allocate = || context.allocate_elements(OPERATION, channels, DType::F32);
    let new = [allocate()?, allocate()?];
    let bindings: Vec<_> =
        old.into_iter().chain(&new).map(|buffer| Binding::whole(buffer, channels)).collect();
    context.record(OPERATION, &update_shader(), &params, &bindings, grid)?;
    Ok(new)
}
