//! The buffers that tensors lie in, for the caller.

use std::sync::Arc;

use crate::gpu::GpuBuffer;
use crate::storage::Storage;
use crate::{Indices, Numbers, Result, Tensor};

/// The memory of a tensor as a wgpu buffer: see [`Tensor::wgpu_buffer`].
#[derive(Debug, Clone)]
pub struct TensorBuffer {
    memory: Arc<GpuBuffer>,
    size: u64,
}

impl TensorBuffer {
    /// The buffer, with the usages `STORAGE`, `COPY_SRC` and `COPY_DST`, or the one that the tensor
    /// was made of.
    ///
    /// A clone of it, or a bind group with it, does not keep the memory from being handed out again,
    /// only this value and the tensor do. It must not be destroyed.
    #[must_use]
    pub fn buffer(&self) -> &wgpu::Buffer {
        self.memory.raw()
    }

    /// The byte of the buffer that the elements begin at.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.memory.first_byte()
    }

    /// Bytes of the elements, in whole words of four.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The elements for a bind group.
    #[must_use]
    pub fn binding(&self) -> wgpu::BufferBinding<'_> {
        wgpu::BufferBinding {
            buffer: self.buffer(),
            offset: self.offset(),
            size: wgpu::BufferSize::new(self.size),
        }
    }

    /// The buffer, for good: the device's pool never hands this memory out again, and it is freed
    /// when the last clone of the buffer is dropped.
    #[must_use]
    pub fn into_buffer(self) -> wgpu::Buffer {
        self.memory.give_away();
        self.memory.raw().clone()
    }
}

macro_rules! wgpu_buffer {
    ($name:ident, $elements:literal) => {
        impl $name {
            #[doc = concat!("The buffer that the ", $elements, " lie in, in NCHW order; nothing is copied. Recorded")]
            /// work that writes it is submitted first; what lies in an encoder of yours is yours to
            /// submit.
            ///
            /// Read it as long as the [`TensorBuffer`] or the tensor lives, until your work with it is
            /// submitted; do not write it, since clones and recorded work share it.
            ///
            /// # Errors
            ///
            /// [`InvalidArgument`](crate::Error::InvalidArgument) on the CPU; after
            /// [`Device::encode`](crate::Device::encode),
            /// [`LostWork`](crate::Error::LostWork), and
            /// [`NotSubmitted`](crate::Error::NotSubmitted) where recorded work that has to be
            /// submitted comes after work in an encoder that was not; and what the device reports.
            pub fn wgpu_buffer(&self) -> Result<TensorBuffer> {
                self.handed_over("wgpu_buffer", None)
            }

            /// As [`wgpu_buffer`](Self::wgpu_buffer), for passes in this encoder: if the work that
            /// writes it is still recorded, all that is recorded is put into the encoder, as by
            /// [`Device::encode`](crate::Device::encode).
            ///
            /// # Errors
            ///
            /// As [`wgpu_buffer`](Self::wgpu_buffer), and
            /// [`NotSubmitted`](crate::Error::NotSubmitted) where the work waits in another encoder.
            pub fn wgpu_buffer_in(&self, encoder: &mut wgpu::CommandEncoder) -> Result<TensorBuffer> {
                self.handed_over("wgpu_buffer_in", Some(encoder))
            }

            fn handed_over(
                &self,
                operation: &'static str,
                encoder: Option<&mut wgpu::CommandEncoder>,
            ) -> Result<TensorBuffer> {
                let context = self.device.context(operation)?;
                let Storage::Gpu(memory) = &self.storage else {
                    return Err(self.device.not_here(operation, "the tensor"));
                };
                context.hand_over(operation, memory, encoder)?;
                let size = (self.shape.len() * memory.dtype.bytes()).next_multiple_of(4) as u64;
                Ok(TensorBuffer { memory: memory.clone(), size })
            }
        }
    };
}

wgpu_buffer!(Tensor, "elements");
wgpu_buffer!(Indices, "indices, of `u32`,");
wgpu_buffer!(Numbers, "numbers, of `u32`,");
