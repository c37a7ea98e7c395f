//! Compiling ahead of the first call.

use crate::device::Backend;
use crate::gpu::runtime::shader::Shader;
use crate::{Device, Result};

/// Compiles what a device will need.
pub(crate) fn warm_up(operation: &'static str, device: &Device, shaders: &[Shader]) -> Result<()> {
    match device.backend() {
        Backend::Cpu => Ok(()),
        Backend::Gpu(context) => context.warm_up(operation, shaders),
    }
}

/// As [`warm_up`], without blocking: begins now, the future waits.
pub(crate) fn warm_up_async(
    operation: &'static str,
    device: &Device,
    shaders: Result<Vec<Shader>>,
) -> impl Future<Output = Result<()>> + use<> {
    let begun = shaders.map(|shaders| match device.backend() {
        Backend::Gpu(context) if !shaders.is_empty() => {
            Some(context.begin_warm_up(operation, shaders))
        }
        _ => None,
    });
    async move {
        match begun? {
            Some(compiled) => compiled.await,
            None => Ok(()),
        }
    }
}
