//! The caller's buffers, and buffers for the caller.

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::list::Place;
use crate::{DType, Error, Result};

/// What a caller's buffer has to be usable for: operations read it, downloads copy it.
const USAGES: wgpu::BufferUsages = wgpu::BufferUsages::STORAGE.union(wgpu::BufferUsages::COPY_SRC);

/// Vectors of four elements lie at multiples of this.
const LEAST_ALIGNMENT: u64 = 16;

/// Of one buffer that is read.
fn layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("a caller's buffer"),
        entries: &[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Storage { read_only: true },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        }],
    })
}

/// What wgpu refuses of a caller's buffer or texture is the caller's mistake.
pub(crate) fn not_here(error: Error, operation: &'static str, argument: &'static str) -> Error {
    match error {
        Error::Gpu { message, .. } => Error::InvalidArgument {
            operation,
            argument,
            value: "none that this device can use".into(),
            rule: format!("it must be of the same wgpu device and not destroyed: {message}"),
        },
        error => error,
    }
}

impl Context {
    /// `len` elements of a caller's buffer, from a byte on.
    pub(crate) fn callers_buffer(
        &self,
        operation: &'static str,
        buffer: &wgpu::Buffer,
        offset: u64,
        len: usize,
        dtype: DType,
    ) -> Result<GpuBuffer> {
        let refuse = |argument, value: String, rule: String| {
            Err(Error::InvalidArgument { operation, argument, value, rule })
        };
        let missing = USAGES - buffer.usage();
        if !missing.is_empty() {
            let rule = format!("it needs {USAGES:?}, and lacks {missing:?}");
            return refuse("the usage of the buffer", format!("{:?}", buffer.usage()), rule);
        }
        let alignment = u64::from(self.limits().binding_alignment).max(LEAST_ALIGNMENT);
        if !offset.is_multiple_of(alignment) {
            let rule = format!("bindings of this device begin at multiples of {alignment} bytes");
            return refuse("offset", offset.to_string(), rule);
        }
        // Bindings are whole words.
        let bytes = (len as u64).checked_mul(dtype.bytes() as u64);
        let bytes = bytes.and_then(|bytes| bytes.checked_next_multiple_of(4));
        let end = bytes.and_then(|bytes| offset.checked_add(bytes));
        let (Some(bytes), Some(end)) = (bytes, end) else {
            let quantity = format!("byte {offset} + {len} elements of {dtype}");
            return Err(Error::Overflow { operation, quantity, limit: usize::MAX });
        };
        if end > buffer.size() {
            let rule = format!(
                "{len} elements of {dtype} from byte {offset} on take whole words up to byte {end}"
            );
            return refuse("the size of the buffer", format!("{} bytes", buffer.size()), rule);
        }
        // Of nothing wgpu makes no binding.
        if buffer.size() > 0 {
            self.check_is_here(operation, buffer)?;
        }
        Ok(GpuBuffer::of_caller(buffer.clone(), [offset, bytes], dtype, self.buffers.clone()))
    }

    /// That wgpu lets this device bind a buffer.
    fn check_is_here(&self, operation: &'static str, buffer: &wgpu::Buffer) -> Result<()> {
        let bound = self.guarded(operation, None, || {
            let size = buffer.size().min(4);
            drop(self.device().create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("a caller's buffer"),
                layout: self.lent_layout.get_or_init(|| layout(self.device())),
                entries: &[wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer,
                        offset: 0,
                        size: wgpu::BufferSize::new(size),
                    }),
                }],
            }));
        });
        bound.map_err(|error| not_here(error, operation, "the buffer"))
    }

    /// Has recorded work that writes a buffer submitted, or put into an encoder.
    pub(crate) fn hand_over(
        &self,
        operation: &'static str,
        buffer: &GpuBuffer,
        mut encoder: Option<&mut wgpu::CommandEncoder>,
    ) -> Result<()> {
        {
            let _gate = self.gate();
            self.handle.share();
        }
        if buffer.uses.place() == Place::Recorded {
            match encoder.as_deref_mut() {
                Some(encoder) => self.encode(operation, encoder)?,
                None => self.flush(operation)?,
            }
        }
        // Another thread may have been first, with an encoder of its own or a submit that failed.
        let is_the_callers_to_submit = buffer.uses.written().is_some_and(|list| {
            list.place() == Place::Encoded && encoder.is_none_or(|encoder| list.is_in(encoder))
        });
        if !is_the_callers_to_submit {
            self.check_written(operation, buffer)?;
        }
        self.check_lost()
    }
}
