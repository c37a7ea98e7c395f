//! Pipelines: compiled once per device and variant, as long as a device has not too many.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::gpu::runtime::bind_groups::Id;
use crate::gpu::runtime::handle::Handle;
use crate::gpu::runtime::needs;
use crate::gpu::runtime::recent::Recent;
use crate::gpu::runtime::shader::{Shader, ShaderTexture};
use crate::{Error, Result};

/// A compiled shader and the layout of its bindings.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) layout: wgpu::BindGroupLayout,
    pub(crate) id: Id,
}

/// The most pipelines that a device keeps: more than a network has, and no endless growth where
/// shapes vary. A software adapter takes about 1.5 MB for each.
const MOST_PIPELINES: usize = 256;

/// The pipelines of one device: those that were used last. Recorded work holds its own.
#[derive(Debug)]
pub(crate) struct Pipelines {
    recent: Mutex<Recent<Shader, Arc<Pipeline>>>,
    compiled: AtomicUsize,
}

impl Default for Pipelines {
    fn default() -> Self {
        Self { recent: Mutex::new(Recent::new(MOST_PIPELINES)), compiled: AtomicUsize::new(0) }
    }
}

impl Pipelines {
    fn recent(&self) -> std::sync::MutexGuard<'_, Recent<Shader, Arc<Pipeline>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pipeline of a shader, compiled, with a driver's cache, if it is not kept.
    pub(crate) fn get<'a>(
        &self,
        handle: &Handle,
        cache: impl FnOnce() -> Option<&'a wgpu::PipelineCache>,
        operation: &'static str,
        shader: &Shader,
    ) -> Result<Arc<Pipeline>> {
        let known = self.recent().get(shader);
        if let Some(pipeline) = known {
            return Ok(pipeline);
        }
        let pipeline = Arc::new(compile(handle, cache(), operation, shader)?);
        self.compiled.fetch_add(1, Ordering::Relaxed);
        self.recent().insert(shader, pipeline.clone());
        Ok(pipeline)
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        *self.recent() = Recent::new(MOST_PIPELINES);
    }

    /// How many pipelines were compiled, those that are no longer kept among them.
    pub(crate) fn compiled(&self) -> usize {
        self.compiled.load(Ordering::Relaxed)
    }
}

fn compile(
    handle: &Handle,
    cache: Option<&wgpu::PipelineCache>,
    operation: &'static str,
    shader: &Shader,
) -> Result<Pipeline> {
    #[cfg(not(target_arch = "wasm32"))]
    let source = shader.compose();
    #[cfg(target_arch = "wasm32")]
    let source = shader.standalone();
    let source = source.map_err(|message| Error::Gpu { operation, message })?;
    needs::check(operation, shader, &source, &handle.device.limits())?;
    let label = shader.label();
    log::debug!("compiling {label}");
    handle.guarded(operation, None, || {
        let device = &handle.device;
        let descriptor = wgpu::ShaderModuleDescriptor {
            label: Some(&label),
            source: wgpu::ShaderSource::Wgsl(source.into()),
        };
        #[allow(
            unsafe_code,
            reason = "the sources are this crate's own, never the user's; every index they form \
                      is below the sizes that the plan checked against the bound buffers, every \
                      loop counts to such a size, every divisor is at least 1"
        )]
        // SAFETY: see the reason above; naga's own checks would cost up to half of the speed.
        let module = unsafe {
            let checks = wgpu::ShaderRuntimeChecks::unchecked();
            device.create_shader_module_trusted(descriptor, checks)
        };
        let buffer = |ty| wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset: ty == wgpu::BufferBindingType::Uniform,
            min_binding_size: None,
        };
        let view_dimension = wgpu::TextureViewDimension::D2;
        let texture = |texture: &ShaderTexture| match *texture {
            ShaderTexture::Sampled => wgpu::BindingType::Texture {
                sample_type: wgpu::TextureSampleType::Float { filterable: false },
                view_dimension,
                multisampled: false,
            },
            ShaderTexture::Storage { format, written } => wgpu::BindingType::StorageTexture {
                access: match written {
                    true => wgpu::StorageTextureAccess::WriteOnly,
                    false => wgpu::StorageTextureAccess::ReadOnly,
                },
                format: format.wgpu(),
                view_dimension,
            },
        };
        let storage = (0..shader.reads + shader.writes).map(|index| {
            buffer(wgpu::BufferBindingType::Storage { read_only: index < shader.reads })
        });
        let uniform = buffer(wgpu::BufferBindingType::Uniform);
        let entries: Vec<_> = std::iter::repeat_n(uniform, 1 + shader.uniforms as usize)
            .chain(shader.textures.iter().map(texture))
            .chain(storage)
            .zip(0..)
            .map(|(ty, binding)| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty,
                count: None,
            })
            .collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some(&label),
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(&label),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(&label),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache,
        });
        Pipeline { pipeline, layout, id: Id::new() }
    })
}
