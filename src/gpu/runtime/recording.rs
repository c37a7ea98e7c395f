//! The list of what is recorded: dispatches and copies.

use std::sync::Arc;

use crate::gpu::runtime::bind_groups::Id;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::list::{After, List, Place, Uses};
use crate::gpu::runtime::pipeline::Pipeline;
use crate::gpu::runtime::texels::TexelsCopy;
use crate::gpu::runtime::texture::{GpuTexture, TEXTURE_WIDTH, TexelFormat};
use crate::{Error, Limits, Result, Shape};

/// Bytes between the parameters of one dispatch and the next: the largest alignment that an
/// adapter may ask for.
pub(crate) const SLOT: usize = 256;
pub(crate) const SLOTS_PER_CHUNK: usize = 256;

/// Work that was recorded and not submitted.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) list: Arc<List>,
    /// Lists in encoders of the caller, or about to be submitted, that this one comes after.
    pub(crate) after: Vec<After>,
    /// Whether it uses memory of the caller, whose own work it must not come before unasked.
    pub(crate) uses_callers: bool,
    pub(crate) dispatches: Vec<Dispatch>,
    /// Copies, in order; each comes before the dispatch of its number.
    pub(crate) copies: Vec<(usize, Copy)>,
    /// The parameters of all dispatches, [`SLOT`] bytes each.
    pub(crate) params: Vec<u8>,
    /// The dynamic offsets of all dispatches.
    pub(crate) offsets: Vec<u32>,
    /// The buffers that the parameters are written to when the list is submitted.
    pub(crate) chunks: Vec<Chunk>,
}

/// A buffer for the parameters of so many dispatches.
pub(crate) type Chunk = (wgpu::Buffer, Id);

impl Pending {
    /// Another list, of nothing, in the same memory.
    pub(crate) fn emptied(mut self) -> Self {
        self.dispatches.clear();
        self.copies.clear();
        self.params.clear();
        self.offsets.clear();
        self.after.clear();
        Self { list: Arc::default(), uses_callers: false, chunks: Vec::new(), ..self }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.dispatches.is_empty() && self.copies.is_empty()
    }

    /// Notes that this list reads or writes a buffer or a texture; an error if what it holds was
    /// lost.
    pub(crate) fn add_use(
        &mut self,
        operation: &'static str,
        uses: &Uses,
        writes: bool,
    ) -> Result<()> {
        let (mut is_lost, all) = (false, &mut self.after);
        uses.add(&self.list, writes, |list, is_read| match list.place() {
            Place::Queued => {}
            Place::Dropped => is_lost |= is_read,
            // One that another thread is about to submit may be lost then.
            Place::Encoded | Place::Recorded => {
                let known = all.iter().position(|after| Arc::ptr_eq(&after.list, list));
                let index = known.unwrap_or_else(|| {
                    let list = list.clone();
                    all.push(After { list, is_read: false, is_overwritten: false });
                    all.len() - 1
                });
                all[index].is_read |= is_read;
                all[index].is_overwritten |= !is_read;
            }
        });
        if is_lost { Err(Error::LostWork { operation }) } else { Ok(()) }
    }

    /// Whether it comes after work in an encoder that was not submitted.
    pub(crate) fn waits(&self) -> bool {
        self.after.iter().any(|after| after.list.place() == Place::Encoded)
    }

    /// Whether it cannot be submitted now.
    pub(crate) fn is_held_up(&self) -> bool {
        self.waits() || self.is_lost()
    }

    /// Whether it comes after work that was lost.
    pub(crate) fn is_lost(&self) -> bool {
        self.after.iter().any(After::is_lost)
    }

    /// As [`add_use`](Self::add_use), of a texture.
    pub(crate) fn add_texture(
        &mut self,
        operation: &'static str,
        texture: Seen<'_>,
        writes: bool,
    ) -> Result<()> {
        match texture {
            Seen::Own(texture) => self.add_use(operation, &texture.uses, writes),
            Seen::Callers(_) => {
                self.uses_callers = true;
                Ok(())
            }
        }
    }

    /// As [`add_use`](Self::add_use), of a tensor's memory.
    pub(crate) fn add_buffer(
        &mut self,
        operation: &'static str,
        buffer: &GpuBuffer,
        writes: bool,
    ) -> Result<()> {
        self.uses_callers |= !buffer.is_own();
        self.add_use(operation, &buffer.uses, writes)
    }

    /// Writes the parameters of all dispatches to the buffers that they are read from.
    pub(crate) fn write_params(&self, queue: &wgpu::Queue) {
        for (bytes, (chunk, _)) in self.params.chunks(SLOT * SLOTS_PER_CHUNK).zip(&self.chunks) {
            queue.write_buffer(chunk, 0, bytes);
        }
    }

    /// Encodes all dispatches and copies.
    pub(crate) fn encode(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        timestamps: Option<&wgpu::QuerySet>,
    ) {
        let Self { dispatches, copies, offsets, .. } = self;
        // Copies lie between passes. The first and the last pass tell the time, even if empty.
        let mut first = 0;
        for (index, (before, copy)) in copies.iter().enumerate() {
            let times = timestamps.filter(|_| index == 0).map(|queries| (queries, true, false));
            encode_pass(encoder, &dispatches[first..*before], offsets, times);
            first = *before;
            copy.encode(encoder);
        }
        let times = timestamps.map(|queries| (queries, copies.is_empty(), true));
        encode_pass(encoder, &dispatches[first..], offsets, times);
    }
}

#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) bound: Arc<(Arc<Pipeline>, wgpu::BindGroup)>,
    /// Which of the list's dynamic offsets are its.
    pub(crate) offsets: std::ops::Range<usize>,
    pub(crate) grid: Grid,
}

#[derive(Debug)]
pub(crate) enum Copy {
    ToTexture(TextureCopy),
    Texels(TexelsCopy),
    ToBuffer(PlanesCopy),
}

impl Copy {
    fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        match self {
            Self::ToTexture(copy) => copy.encode(encoder),
            Self::Texels(copy) => copy.encode(encoder),
            Self::ToBuffer(copy) => copy.encode(encoder),
        }
    }
}

/// Pieces of one length in a tensor, one for each channel of an image, in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planes {
    pub(crate) first: usize,
    /// From one to the next.
    pub(crate) distance: usize,
    pub(crate) len: usize,
    pub(crate) count: usize,
}

impl Planes {
    /// Some rows of every channel of an image.
    pub(crate) fn of_rows(shape: Shape, image: usize, rows: &std::ops::Range<usize>) -> Self {
        let distance = shape.height * shape.width;
        Self {
            first: image * shape.channels * distance + rows.start * shape.width,
            distance,
            len: rows.len() * shape.width,
            count: shape.channels,
        }
    }

    /// The planes of a tensor's first image.
    pub(crate) fn whole(shape: Shape) -> Self {
        Self::of_rows(shape, 0, &(0..shape.height))
    }
}

/// A copy of planes from one buffer to another, whose elements begin at these bytes.
#[derive(Debug)]
pub(crate) struct PlanesCopy {
    pub(crate) from: (wgpu::Buffer, u64),
    pub(crate) to: (wgpu::Buffer, u64),
    pub(crate) element_bytes: usize,
    pub(crate) read: Planes,
    pub(crate) written: Planes,
}

impl PlanesCopy {
    fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        let Self { from, to, read, written, .. } = self;
        let bytes = |elements: usize| elements as u64 * self.element_bytes as u64;
        for plane in 0..read.count {
            let [read_at, written_at] =
                [read, written].map(|planes| bytes(planes.first + plane * planes.distance));
            let (read_at, written_at) = (from.1 + read_at, to.1 + written_at);
            encoder.copy_buffer_to_buffer(&from.0, read_at, &to.0, written_at, bytes(read.len));
        }
    }
}

/// A copy of floats from a buffer to the first texels of a texture.
#[derive(Debug)]
pub(crate) struct TextureCopy {
    pub(crate) buffer: wgpu::Buffer,
    pub(crate) first: u64,
    pub(crate) texture: wgpu::Texture,
    pub(crate) format: TexelFormat,
    pub(crate) texels: u32,
}

impl TextureCopy {
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

/// A texture that a shader sees.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'a> {
    Own(&'a GpuTexture),
    Callers(&'a wgpu::TextureView),
}

impl<'a> Seen<'a> {
    pub(crate) fn view(self) -> &'a wgpu::TextureView {
        match self {
            Self::Own(texture) => texture.view(),
            Self::Callers(view) => view,
        }
    }
}

/// A range of a buffer, in its elements, that a shader sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binding<'a> {
    pub(crate) buffer: &'a GpuBuffer,
    pub(crate) first: usize,
    pub(crate) len: usize,
}

impl<'a> Binding<'a> {
    /// All `len` elements of a buffer.
    pub(crate) fn whole(buffer: &'a GpuBuffer, len: usize) -> Self {
        Self { buffer, first: 0, len }
    }

    /// With the buffer's copy in place of it, if there is one among these.
    pub(crate) fn moved(self, copies: &'a [(&GpuBuffer, GpuBuffer)]) -> Self {
        let of_this = copies.iter().find(|(of, _)| std::ptr::eq(*of, self.buffer));
        Self { buffer: of_this.map_or(self.buffer, |(_, copy)| copy), ..self }
    }

    /// The first byte of the buffer that is shown, and how many are: bindings are whole words, and so
    /// are buffers.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let bytes = self.buffer.dtype.bytes() as u64;
        let first = self.buffer.first_byte() + self.first as u64 * bytes;
        (first, (self.len as u64 * bytes).next_multiple_of(4))
    }

    /// With the elements to the next vector of four, which every buffer has.
    pub(crate) fn in_vectors(self) -> Self {
        Self { len: self.len.next_multiple_of(4), ..self }
    }

    /// The elements `range`, and what of the alignment lies before them; with it the index of the
    /// first element that the shader sees.
    pub(crate) fn range(
        limits: &Limits,
        buffer: &'a GpuBuffer,
        range: std::ops::Range<usize>,
    ) -> (Self, usize) {
        let bytes = buffer.dtype.bytes();
        let alignment = (limits.binding_alignment as usize / bytes).max(1);
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
        let (pipeline, bind_group) = &*dispatch.bound;
        pass.set_pipeline(&pipeline.pipeline);
        pass.set_bind_group(0, bind_group, &offsets[dispatch.offsets.clone()]);
        pass.dispatch_workgroups(width, height, depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_takes_memory_over_waits_for_those_that_use_it_and_who_reads_it_needs_them() {
        for (reads, is_submitted) in [(false, true), (false, false), (true, true), (true, false)] {
            let earlier = Arc::new(List::default());
            let uses = Uses::default();
            uses.add(&earlier, true, |_, _| ());
            // It was handed out again while the list was recorded, which is now in an encoder.
            let uses = if reads { uses } else { uses.left() };
            earlier.set(Place::Encoded);
            let mut pending = Pending::default();
            pending.add_use("test", &uses, !reads).unwrap();
            assert!(pending.waits() && !pending.is_lost() && pending.after.len() == 1);
            assert_eq!(pending.after[0].is_overwritten, !reads);
            earlier.set(if is_submitted { Place::Queued } else { Place::Dropped });
            assert!(!pending.waits());
            assert_eq!(pending.is_lost(), reads && !is_submitted);
            let again = Pending::default().add_use("test", &uses, !reads);
            assert_eq!(again.is_err(), reads && !is_submitted);
        }
    }
}
