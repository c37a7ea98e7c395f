//! Recording: operations wait in a list, which becomes one pass and one submit.

use std::sync::{Arc, PoisonError};

use crate::Result;
use crate::gpu::runtime::allocate::Reuse;
use crate::gpu::runtime::bind_groups::{Id, Key};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::foreign::not_here;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::late::Of;
use crate::gpu::runtime::list::Place;
use crate::gpu::runtime::pipeline::Pipeline;
use crate::gpu::runtime::recording::{
    Binding, Chunk, Copy, Dispatch, Pending, Planes, PlanesCopy, SLOT, SLOTS_PER_CHUNK, Seen,
    TextureCopy,
};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::texture::GpuTexture;

/// A list of so many dispatches is submitted without being asked for.
const LONGEST_LIST: usize = 1024;

/// So many buffers for parameters are kept for the next list.
const KEPT_CHUNKS: usize = 2 * LONGEST_LIST / SLOTS_PER_CHUNK;

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
        textures: &[Seen<'_>],
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
        textures: &[Seen<'_>],
        bindings: &[Binding<'_>],
        grid: Grid,
        dispatches: impl IntoIterator<Item = (P, impl IntoIterator<Item = u32>)>,
    ) -> Result<()> {
        let pipeline = self.pipeline(operation, shader)?;
        // What a caller lends is no uniform buffer.
        let uniforms = &bindings[..bindings.len().min(shader.uniforms as usize)];
        let own = self.in_own_memory(operation, uniforms)?;
        let moved: Vec<_>;
        let bindings = match own[..] {
            [] => bindings,
            _ => {
                moved = bindings.iter().map(|binding| binding.moved(&own)).collect();
                &moved
            }
        };
        let length = {
            let mut pending = self.pending();
            let written = bindings.len().saturating_sub(shader.writes as usize);
            for (index, binding) in bindings.iter().enumerate() {
                pending.add_buffer(operation, binding.buffer, index >= written)?;
            }
            for (texture, seen) in textures.iter().zip(shader.textures) {
                pending.add_texture(operation, *texture, seen.is_written())?;
            }
            let mut bound = None;
            for (params, starts) in dispatches {
                let slot = pending.dispatches.len();
                let bound = match bound {
                    Some(ref bound) if !slot.is_multiple_of(SLOTS_PER_CHUNK) => bound,
                    _ => {
                        let chunk = self.chunk(operation, &mut pending, slot / SLOTS_PER_CHUNK)?;
                        let group =
                            self.bind_group(operation, &pipeline, &chunk, textures, bindings);
                        &*bound.insert(Arc::new((pipeline.clone(), group?)))
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
                    bound: bound.clone(),
                    offsets: first_offset..pending.offsets.len(),
                    grid,
                };
                pending.dispatches.push(dispatch);
            }
            pending.dispatches.len()
        };
        if length >= LONGEST_LIST { self.flush_unasked(operation) } else { Ok(()) }
    }

    /// Copies of those of a caller's buffers that are among these.
    fn in_own_memory<'a>(
        &self,
        operation: &'static str,
        bindings: &[Binding<'a>],
    ) -> Result<Vec<(&'a GpuBuffer, GpuBuffer)>> {
        let mut own: Vec<(&GpuBuffer, GpuBuffer)> = Vec::new();
        for Binding { buffer, .. } in bindings.iter().filter(|binding| !binding.buffer.is_own()) {
            if !own.iter().any(|(callers, _)| std::ptr::eq(*callers, *buffer)) {
                own.push((buffer, self.copy_of(operation, buffer)?));
            }
        }
        Ok(own)
    }

    /// Records a copy of a caller's buffer, with the room and the usages that one of the pool has.
    fn copy_of(&self, operation: &'static str, buffer: &GpuBuffer) -> Result<GpuBuffer> {
        let mut copy = self.allocate(operation, buffer.bytes(), Reuse::Recorded)?;
        copy.dtype = buffer.dtype;
        let len = usize::try_from(buffer.bytes()).unwrap_or(usize::MAX) / buffer.dtype.bytes();
        let all = Planes { first: 0, distance: 0, len, count: 1 };
        self.record_planes(operation, buffer, all, &copy, all)?;
        Ok(copy)
    }

    /// Records a copy of the elements from `first` on into the first `texels` of a texture. The
    /// last texel may hold what lies behind the elements in the buffer.
    pub(crate) fn record_copy(
        &self,
        operation: &'static str,
        buffer: &GpuBuffer,
        first: usize,
        texture: &GpuTexture,
        texels: u32,
    ) -> Result<()> {
        if !buffer.is_own() {
            let own = self.copy_of(operation, buffer)?;
            return self.record_copy(operation, &own, first, texture, texels);
        }
        let mut pending = self.pending();
        pending.add_buffer(operation, buffer, false)?;
        pending.add_use(operation, &texture.uses, true)?;
        let before = pending.dispatches.len();
        let copy = TextureCopy {
            buffer: buffer.raw().clone(),
            first: first as u64,
            texture: texture.raw().clone(),
            format: texture.format(),
            texels,
        };
        pending.copies.push((before, Copy::ToTexture(copy)));
        Ok(())
    }

    /// Records a copy of planes of one tensor to as many of another; each begins at a multiple of
    /// four bytes.
    pub(crate) fn record_planes(
        &self,
        operation: &'static str,
        from: &GpuBuffer,
        read: Planes,
        to: &GpuBuffer,
        written: Planes,
    ) -> Result<()> {
        let mut pending = self.pending();
        pending.add_buffer(operation, from, false)?;
        pending.add_buffer(operation, to, true)?;
        let before = pending.dispatches.len();
        let (element_bytes, [from, to]) =
            (from.dtype.bytes(), [from, to].map(|it| (it.raw().clone(), it.first_byte())));
        let copy = PlanesCopy { from, to, element_bytes, read, written };
        pending.copies.push((before, Copy::ToBuffer(copy)));
        Ok(())
    }

    fn chunk(&self, operation: &'static str, pending: &mut Pending, index: usize) -> Result<Chunk> {
        if pending.chunks.len() <= index {
            let chunk = match self.encoders.take_chunk() {
                Some(chunk) => chunk,
                None => self.create(operation, (SLOT * SLOTS_PER_CHUNK) as u64, |device| {
                    let chunk = device.create_buffer(&wgpu::BufferDescriptor {
                        label: Some("parameters"),
                        size: (SLOT * SLOTS_PER_CHUNK) as u64,
                        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                        mapped_at_creation: false,
                    });
                    (chunk, Id::new())
                })?,
            };
            pending.chunks.push(chunk);
        }
        Ok(pending.chunks[index].clone())
    }

    fn bind_group(
        &self,
        operation: &'static str,
        pipeline: &Pipeline,
        chunk: &Chunk,
        textures: &[Seen<'_>],
        bindings: &[Binding<'_>],
    ) -> Result<wgpu::BindGroup> {
        let mut parts = Vec::with_capacity(1 + textures.len() + bindings.len());
        parts.push((chunk.1, 0, SLOT as u64));
        let mut is_lasting = true;
        for texture in textures {
            match texture {
                Seen::Own(texture) => parts.push((texture.id(), 0, 0)),
                // It would outlive the caller's texture.
                Seen::Callers(_) => is_lasting = false,
            }
        }
        parts.extend(bindings.iter().map(|binding| {
            let (first, size) = binding.bytes();
            (binding.buffer.id(), first, size)
        }));
        let key = Key { pipeline: pipeline.id, parts };
        if is_lasting && let Some(known) = self.buffers.bind_groups.get(&key) {
            return Ok(known);
        }
        let made = self.guarded(operation, None, || {
            self.create_bind_group(pipeline, &chunk.0, textures, bindings)
        });
        if !is_lasting {
            return made.map_err(|error| not_here(error, operation, "the texture"));
        }
        let made = made?;
        self.buffers.bind_groups.keep(key, made.clone());
        Ok(made)
    }

    fn create_bind_group(
        &self,
        pipeline: &Pipeline,
        chunk: &wgpu::Buffer,
        textures: &[Seen<'_>],
        bindings: &[Binding<'_>],
    ) -> wgpu::BindGroup {
        let buffer = |buffer, offset, size| {
            let size = wgpu::BufferSize::new(size);
            wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset, size })
        };
        let params = buffer(chunk, 0, SLOT as u64);
        let textures = textures.iter().map(|it| wgpu::BindingResource::TextureView(it.view()));
        let tensors = bindings.iter().map(|binding| {
            let (first, size) = binding.bytes();
            buffer(binding.buffer.raw(), first, size)
        });
        let resources = [params].into_iter().chain(textures).chain(tensors);
        let entry = |(binding, resource)| wgpu::BindGroupEntry { binding, resource };
        let entries: Vec<_> = (0..).zip(resources).map(entry).collect();
        self.device().create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.layout,
            entries: &entries,
        })
    }

    /// Whether all that was recorded is on the queue or in an encoder.
    pub(crate) fn nothing_recorded(&self) -> bool {
        self.pending().is_empty()
    }

    /// Submits all that was recorded.
    pub(crate) fn flush(&self, operation: &'static str) -> Result<()> {
        {
            let _gate = self.gate();
            self.flush_then(operation, None, |_| ())?;
        }
        self.free_finished(operation)
    }

    /// Lets wgpu free what finished submissions held.
    fn free_finished(&self, operation: &'static str) -> Result<()> {
        self.device()
            .poll(wgpu::PollType::Poll)
            .map(drop)
            .map_err(|error| self.failure(operation, error))
    }

    /// Submits all that was recorded, unless it uses memory of the caller or has to come after work
    /// of the caller.
    pub(crate) fn flush_unasked(&self, operation: &'static str) -> Result<()> {
        {
            let _gate = self.gate();
            let mut pending = self.pending();
            if pending.uses_callers || pending.is_held_up() {
                return Ok(());
            }
            let work = self.next_of(&mut pending);
            drop(pending);
            self.submit_work(operation, work, None, |_| ())?;
        }
        self.free_finished(operation)
    }

    /// What is recorded, for a submit; the next list has its buffers for parameters.
    pub(crate) fn next_of(&self, pending: &mut Pending) -> Pending {
        let next = self.next_list(pending.chunks.clone());
        std::mem::replace(pending, next)
    }

    /// Nothing recorded, in the memory of a list that is over, with these buffers for parameters.
    pub(crate) fn next_list(&self, mut chunks: Vec<Chunk>) -> Pending {
        chunks.truncate(KEPT_CHUNKS);
        let room = self.room.lock().unwrap_or_else(PoisonError::into_inner).take();
        Pending { chunks, ..room.unwrap_or_default() }
    }

    /// A list is over, and the next one may have its memory.
    pub(crate) fn keep_room(&self, over: Pending) {
        let room = over.emptied();
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = Some(room);
    }

    /// Submits commands alone, in front of what is recorded.
    pub(crate) fn submit_first(
        &self,
        operation: &'static str,
        commands: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex> {
        self.guarded(operation, None, || {
            let mut encoder = self.device().create_command_encoder(&Default::default());
            commands(&mut encoder);
            self.submit(Some(encoder.finish()))
        })
    }

    /// Submits all that was recorded and then `after`, in one submit. The caller holds the gate.
    pub(crate) fn flush_then(
        &self,
        operation: &'static str,
        timestamps: Option<&wgpu::QuerySet>,
        after: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex> {
        let work = self.take_recorded(operation, None)?;
        self.submit_work(operation, work, timestamps, after)
    }

    fn submit_work(
        &self,
        operation: &'static str,
        work: Pending,
        timestamps: Option<&wgpu::QuerySet>,
        after: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex> {
        let of = Of { operation, bytes: None, list: Some(work.list.clone()) };
        let submitted = self.handle.guarded_for(of, || {
            work.write_params(self.queue());
            let mut encoder = self.device().create_command_encoder(&Default::default());
            work.encode(&mut encoder, timestamps);
            after(&mut encoder);
            self.submit(Some(encoder.finish()))
        });
        work.list.set(if submitted.is_ok() { Place::Queued } else { Place::Dropped });
        self.keep_room(work);
        submitted
    }
}
