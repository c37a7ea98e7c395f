//! Recording: operations wait in a list, which becomes one pass and one submit.

use std::sync::PoisonError;

use crate::Result;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::low_bits;
use crate::gpu::runtime::pipeline::Pipeline;
use crate::gpu::runtime::recording::{
    Binding, Copy, Dispatch, Pending, Planes, PlanesCopy, SLOT, SLOTS_PER_CHUNK, TextureCopy,
};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::texture::GpuTexture;

/// A list of so many dispatches is submitted without being asked for.
const LONGEST_LIST: usize = 1024;

impl Context {
    /// Records one dispatch: a shader, its parameters, and its buffers in the shader's order.
    pub(crate) fn record(
        &self,
        operation: &'static str,
        shader: &Shader,
        params: &impl bytemuck::NoUninit,
        bindings: &[Binding<'_>],
        grid: Grid,
    ) -> Result<()> {
        self.record_bound(operation, shader, &[], bindings, grid, [(*params, [])])
    }

    /// As [`record`](Self::record), for a shader with textures.
    pub(crate) fn record_with_textures(
        &self,
        operation: &'static str,
        shader: &Shader,
        params: &impl bytemuck::NoUninit,
        textures: &[&GpuTexture],
        bindings: &[Binding<'_>],
        grid: Grid,
    ) -> Result<()> {
        self.record_bound(operation, shader, textures, bindings, grid, [(*params, [])])
    }

    /// Records dispatches that share their shader, buffers and grid. Each has its parameters, and
    /// the first element of every uniform buffer.
    pub(crate) fn record_all<P: bytemuck::NoUninit>(
        &self,
        operation: &'static str,
        shader: &Shader,
        bindings: &[Binding<'_>],
        grid: Grid,
        dispatches: impl IntoIterator<Item = (P, impl IntoIterator<Item = u32>)>,
    ) -> Result<()> {
        self.record_bound(operation, shader, &[], bindings, grid, dispatches)
    }

    fn record_bound<P: bytemuck::NoUninit>(
        &self,
        operation: &'static str,
        shader: &Shader,
        textures: &[&GpuTexture],
        bindings: &[Binding<'_>],
        grid: Grid,
        dispatches: impl IntoIterator<Item = (P, impl IntoIterator<Item = u32>)>,
    ) -> Result<()> {
        let pipeline = self.pipeline(operation, shader)?;
        let length = {
            let mut pending = self.pending();
            let mut bind_group = None;
            for (params, starts) in dispatches {
                let slot = pending.dispatches.len();
                let bind_group = match bind_group {
                    Some(ref bind_group) if !slot.is_multiple_of(SLOTS_PER_CHUNK) => bind_group,
                    _ => {
                        let chunk = self.chunk(operation, &mut pending, slot / SLOTS_PER_CHUNK)?;
                        &*bind_group.insert(self.guarded(operation, None, || {
                            self.bind_group(&pipeline, &chunk, textures, bindings)
                        })?)
                    }
                };
                pending.params.resize(slot * SLOT, 0);
                pending.params.extend_from_slice(bytemuck::bytes_of(&params));
                pending.params.resize((slot + 1) * SLOT, 0);
                let offset = u32::try_from(slot % SLOTS_PER_CHUNK * SLOT).unwrap_or(0);
                let first_offset = pending.offsets.len();
                pending.offsets.push(offset);
                pending.offsets.extend(starts.into_iter().map(|start| start * 4));
                let dispatch = Dispatch {
                    pipeline: pipeline.clone(),
                    bind_group: bind_group.clone(),
                    offsets: first_offset..pending.offsets.len(),
                    grid,
                };
                pending.dispatches.push(dispatch);
            }
            pending.dispatches.len()
        };
        if length >= LONGEST_LIST { self.flush(operation) } else { Ok(()) }
    }

    /// Records a copy of the elements from `first` on into the first `texels` of a texture. The
    /// last texel may hold what lies behind the elements in the buffer.
    pub(crate) fn record_copy(
        &self,
        buffer: &GpuBuffer,
        first: usize,
        texture: &GpuTexture,
        texels: u32,
    ) {
        let mut pending = self.pending();
        let before = pending.dispatches.len();
        let copy = TextureCopy {
            buffer: buffer.raw().clone(),
            first: first as u64,
            texture: texture.raw().clone(),
            format: texture.format(),
            texels,
        };
        pending.copies.push((before, Copy::ToTexture(copy)));
    }

    /// Records a copy of planes of one tensor to as many of another; each begins at a multiple of
    /// four bytes.
    pub(crate) fn record_planes(
        &self,
        from: &GpuBuffer,
        read: Planes,
        to: &GpuBuffer,
        written: Planes,
    ) {
        let mut pending = self.pending();
        let before = pending.dispatches.len();
        let (element_bytes, [from, to]) =
            (from.dtype.bytes(), [from, to].map(|it| it.raw().clone()));
        let copy = PlanesCopy { from, to, element_bytes, read, written };
        pending.copies.push((before, Copy::ToBuffer(copy)));
    }

    fn chunk(
        &self,
        operation: &'static str,
        pending: &mut Pending,
        index: usize,
    ) -> Result<wgpu::Buffer> {
        if pending.chunks.len() <= index {
            let size = (SLOT * SLOTS_PER_CHUNK) as u64;
            let chunk = self.guarded(operation, Some(size), || {
                self.device().create_buffer(&wgpu::BufferDescriptor {
                    label: Some("parameters"),
                    size,
                    usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            })?;
            pending.chunks.push(chunk);
        }
        Ok(pending.chunks[index].clone())
    }

    fn bind_group(
        &self,
        pipeline: &Pipeline,
        chunk: &wgpu::Buffer,
        textures: &[&GpuTexture],
        bindings: &[Binding<'_>],
    ) -> wgpu::BindGroup {
        let mut entries = Vec::with_capacity(bindings.len() + 1);
        entries.push(wgpu::BindGroupEntry {
            binding: 0,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: chunk,
                offset: 0,
                size: wgpu::BufferSize::new(SLOT as u64),
            }),
        });
        for (texture, index) in textures.iter().zip(1..) {
            entries.push(wgpu::BindGroupEntry {
                binding: index,
                resource: wgpu::BindingResource::TextureView(texture.view()),
            });
        }
        for (binding, index) in bindings.iter().zip(1 + low_bits(textures.len())..) {
            let bytes = binding.buffer.dtype.bytes() as u64;
            // Bindings are whole words, and so are buffers.
            let size = (binding.len as u64 * bytes).next_multiple_of(4);
            entries.push(wgpu::BindGroupEntry {
                binding: index,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: binding.buffer.raw(),
                    offset: binding.first as u64 * bytes,
                    size: wgpu::BufferSize::new(size),
                }),
            });
        }
        self.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.layout,
            entries: &entries,
        })
    }

    /// Whether all that was recorded is on the queue.
    pub(crate) fn nothing_recorded(&self) -> bool {
        let pending = self.pending();
        pending.dispatches.is_empty()
            && pending.copies.is_empty()
            && self.buffers.recording_list() == self.buffers.submitted_lists()
    }

    /// Submits all that was recorded.
    pub(crate) fn flush(&self, operation: &'static str) -> Result<()> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.flush_then(operation, None, |_| ()).map(drop)
    }

    /// Submits all that was recorded and then `after`, in one submit. The caller holds the gate.
    pub(crate) fn flush_then(
        &self,
        operation: &'static str,
        timestamps: Option<&wgpu::QuerySet>,
        after: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex> {
        let list = {
            let mut pending = self.pending();
            self.buffers.close_list();
            let chunks = pending.chunks.clone();
            std::mem::replace(&mut *pending, Pending { chunks, ..Default::default() })
        };
        let submitted = self.guarded(operation, None, || {
            list.write_params(self.queue());
            let mut encoder = self.device().create_command_encoder(&Default::default());
            list.encode(&mut encoder, timestamps);
            after(&mut encoder);
            self.queue().submit([encoder.finish()])
        });
        self.buffers.list_submitted();
        let submission = submitted?;
        // Lets wgpu free what finished submissions held.
        self.device()
            .poll(wgpu::PollType::Poll)
            .map(|_| submission)
            .map_err(|error| self.failure(operation, error))
    }
}
