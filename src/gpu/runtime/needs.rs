//! What a shader needs of a device, against what the device has.

use crate::gpu::runtime::shader::{Shader, ShaderTexture};
use crate::{Error, Result};

/// A number that a shader needs, and what of it the device has.
struct Need {
    quantity: &'static str,
    needed: u32,
    allowed: u32,
}

/// The error for the first need of a shader that a device does not meet.
pub(crate) fn check(
    operation: &'static str,
    shader: &Shader,
    source: &str,
    limits: &wgpu::Limits,
) -> Result<()> {
    let needs = bindings(shader, limits).into_iter().chain(workgroup(source, limits));
    match needs.into_iter().find(|need| need.needed > need.allowed) {
        None => Ok(()),
        Some(Need { quantity, needed, allowed }) => Err(Error::DeviceLimit {
            operation,
            quantity: format!("{quantity} of the shader {}", shader.template.name),
            needed: needed.into(),
            allowed: allowed.into(),
        }),
    }
}

fn bindings(shader: &Shader, limits: &wgpu::Limits) -> [Need; 4] {
    let count = |sampled: bool| {
        let is_sampled = |texture: &ShaderTexture| matches!(texture, ShaderTexture::Sampled);
        let counted = shader.textures.iter().filter(|texture| is_sampled(texture) == sampled);
        counted.fold(0, |textures, _| textures + 1)
    };
    [
        Need {
            quantity: "the number of storage buffers",
            needed: shader.reads + shader.writes,
            allowed: limits.max_storage_buffers_per_shader_stage,
        },
        Need {
            quantity: "the number of storage textures",
            needed: count(false),
            allowed: limits.max_storage_textures_per_shader_stage,
        },
        Need {
            quantity: "the number of sampled textures",
            needed: count(true),
            allowed: limits.max_sampled_textures_per_shader_stage,
        },
        Need {
            quantity: "the number of uniform buffers",
            needed: 1 + shader.uniforms,
            allowed: limits
                .max_uniform_buffers_per_shader_stage
                .min(limits.max_dynamic_uniform_buffers_per_pipeline_layout),
        },
    ]
}

/// The needs that stand in the WGSL alone. What does not parse has none: compiling it tells why.
#[cfg(not(target_arch = "wasm32"))]
fn workgroup(source: &str, limits: &wgpu::Limits) -> Vec<Need> {
    use wgpu::naga::{AddressSpace, front::wgsl::parse_str};

    let Ok(module) = parse_str(source) else { return Vec::new() };
    let Some(entry) = module.entry_points.first() else { return Vec::new() };
    let memory = module.global_variables.iter().map(|(_, variable)| match variable.space {
        AddressSpace::WorkGroup => module.types[variable.ty].inner.size(module.to_ctx()),
        _ => 0,
    });
    let [x, y, z] = entry.workgroup_size;
    vec![
        Need {
            quantity: "the number of invocations of a workgroup",
            needed: x.saturating_mul(y).saturating_mul(z),
            allowed: limits.max_compute_invocations_per_workgroup,
        },
        Need {
            quantity: "the first size of a workgroup",
            needed: x,
            allowed: limits.max_compute_workgroup_size_x,
        },
        Need {
            quantity: "the second size of a workgroup",
            needed: y,
            allowed: limits.max_compute_workgroup_size_y,
        },
        Need {
            quantity: "the bytes of workgroup memory",
            needed: memory.fold(0, u32::saturating_add),
            allowed: limits.max_compute_workgroup_storage_size,
        },
    ]
}

/// A browser's devices have at least the limits of WebGPU, which plans know.
#[cfg(target_arch = "wasm32")]
fn workgroup(_: &str, _: &wgpu::Limits) -> Vec<Need> {
    Vec::new()
}
