//! Recording: operations wait in a list, which becomes one pass and one submit.

use std::sync::{Arc, PoisonError};

use crate::Result;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::low_bits;
use crate::gpu::runtime::pipeline::Pipeline;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::texture::{GpuTexture, TEXTURE_WIDTH, TexelFormat};

/// Bytes between the parameters of one dispatch and the next: the largest alignment that an
/// adapter may ask for.
const SLOT: usize = 256;
const SLOTS_PER_CHUNK: usize = 256;
/// A list of so many dispatches is submitted without being asked for.
const LONGEST_LIST: usize = 1024;

/// Work that was recorded and not submitted.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    dispatches: Vec<Dispatch>,
    /// Copies, in order; each comes before the dispatch of its number.
    copies: Vec<(usize, Copy)>,
    /// The parameters of all dispatches, `SLOT` bytes each.
    params: Vec<u8>,
    /// The dynamic offsets of all dispatches.
    offsets: Vec<u32>,
    /// The buffers that the parameters are written to when the list is submitted.
    chunks: Vec<wgpu::Buffer>,
}

#[derive(Debug)]
struct Dispatch {
    pipeline: Arc<Pipeline>,
    bind_group: wgpu::BindGroup,
    /// Which of the list's dynamic offsets are its.
    offsets: std::ops::Range<usize>,
    grid: Grid,
}

/// A copy of floats from a buffer to the first texels of a texture.
#[derive(Debug)]
struct Copy {
    buffer: wgpu::Buffer,
    first: u64,
    texture: wgpu::Texture,
    format: TexelFormat,
    texels: u32,
}

impl Copy {
    fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        let texel_bytes = 4 * self.format.floats();
        // Whole rows, then what the last row holds.
        let (rows, rest) = (self.texels / TEXTURE_WIDTH, self.texels % TEXTURE_WIDTH);
        for (row, width, height) in [(0, TEXTURE_WIDTH, rows), (rows, rest, 1)] {
            if width == 0 || height == 0 {
                continue;
            }
            let row_bytes = TEXTURE_WIDTH * texel_bytes;
            encoder.copy_buffer_to_texture(
                wgpu::TexelCopyBufferInfo {
                    buffer: &self.buffer,
                    layout: wgpu::TexelCopyBufferLayout {
                        offset: self.first * 4 + u64::from(row) * u64::from(row_bytes),
                        bytes_per_row: Some(row_bytes),
                        rows_per_image: None,
                    },
                },
                wgpu::TexelCopyTextureInfo {
                    texture: &self.texture,
                    mip_level: 0,
                    origin: wgpu::Origin3d { x: 0, y: row, z: 0 },
                    aspect: wgpu::TextureAspect::All,
                },
                wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
            );
        }
    }
}

/// A range of a buffer, in its elements, that a shader sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding<'a> {
    buffer: &'a GpuBuffer,
    first: usize,
    len: usize,
}

impl<'a> Binding<'a> {
    /// All `len` elements of a buffer.
    pub(crate) fn whole(buffer: &'a GpuBuffer, len: usize) -> Self {
        Self { buffer, first: 0, len }
    }

    /// With the elements to the next vector of four, which every buffer has.
    pub(crate) fn in_vectors(self) -> Self {
        Self { len: self.len.next_multiple_of(4), ..self }
    }

    /// The elements `range`, and what of the alignment lies before them; with it the index of the
    /// first element that the shader sees.
    pub(crate) fn range(
        context: &Context,
        buffer: &'a GpuBuffer,
        range: std::ops::Range<usize>,
    ) -> (Self, usize) {
        let bytes = buffer.dtype.bytes();
        let alignment = (context.limits().binding_alignment as usize / bytes).max(1);
        let first = range.start - range.start % alignment;
        (Self { buffer, first, len: range.end - first }, first)
    }
}

/// One pass, and whether the time of its begin and of its end is written.
fn encode_pass(
    encoder: &mut wgpu::CommandEncoder,
    dispatches: &[Dispatch],
    offsets: &[u32],
    times: Option<(&wgpu::QuerySet, bool, bool)>,
) {
    if dispatches.is_empty() && times.is_none() {
        return;
    }
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
        label: Some("filtro"),
        timestamp_writes: times.map(|(query_set, begin, end)| wgpu::ComputePassTimestampWrites {
            query_set,
            beginning_of_pass_write_index: begin.then_some(0),
            end_of_pass_write_index: end.then_some(1),
        }),
    });
    for dispatch in dispatches {
        let Grid { width, height, depth } = dispatch.grid;
        pass.set_pipeline(&dispatch.pipeline.pipeline);
        pass.set_bind_group(0, &dispatch.bind_group, &offsets[dispatch.offsets.clone()]);
        pass.dispatch_workgroups(width, height, depth);
    }
}

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
        let pipeline = self.pipelines.get(self, operation, shader)?;
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
        let copy = Copy {
            buffer: buffer.raw().clone(),
            first: first as u64,
            texture: texture.raw().clone(),
            format: texture.format(),
            texels,
        };
        pending.copies.push((before, copy));
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
            && self.recording_list() == self.submitted_lists()
    }

    /// Submits all that was recorded.
    pub(crate) fn flush(&self, operation: &'static str) -> Result<()> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.flush_then(operation, None, |_| ())
    }

    /// Submits all that was recorded and then `after`, in one submit. The caller holds the gate.
    pub(crate) fn flush_then(
        &self,
        operation: &'static str,
        timestamps: Option<&wgpu::QuerySet>,
        after: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<()> {
        let Pending { dispatches, copies, params, offsets, chunks } = {
            let mut pending = self.pending();
            self.close_list();
            let chunks = pending.chunks.clone();
            std::mem::replace(&mut *pending, Pending { chunks, ..Default::default() })
        };
        let submitted = self.guarded(operation, None, || {
            for (bytes, chunk) in params.chunks(SLOT * SLOTS_PER_CHUNK).zip(&chunks) {
                self.queue().write_buffer(chunk, 0, bytes);
            }
            let mut encoder = self.device().create_command_encoder(&Default::default());
            // Copies lie between passes. The first and the last pass tell the time, even if empty.
            let mut first = 0;
            for (index, (before, copy)) in copies.iter().enumerate() {
                let times = timestamps.filter(|_| index == 0).map(|queries| (queries, true, false));
                encode_pass(&mut encoder, &dispatches[first..*before], &offsets, times);
                first = *before;
                copy.encode(&mut encoder);
            }
            let times = timestamps.map(|queries| (queries, copies.is_empty(), true));
            encode_pass(&mut encoder, &dispatches[first..], &offsets, times);
            after(&mut encoder);
            self.queue().submit([encoder.finish()]);
        });
        self.list_submitted();
        submitted?;
        // Lets wgpu free what finished submissions held.
        self.device()
            .poll(wgpu::PollType::Poll)
            .map(drop)
            .map_err(|error| self.failure(operation, error))
    }
}
