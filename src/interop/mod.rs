//! In an application with a GPU of its own.
//!
//! A renderer, a video player or a user interface has a wgpu device already, and what it wants to
//! filter lies in a texture or a buffer there. This page walks through one frame in which nothing
//! leaves the GPU and nothing is submitted but what the application submits itself.
//! `examples/frame_filter.rs` is all of it as a program.
//!
//! # One device
//!
//! [`Device::from_wgpu`] takes the application's device and queue. They have to be of the wgpu that
//! this crate hands on as [`filtro::wgpu`](wgpu), since types of another major version are other
//! types.
//!
//! ```no_run
//! # fn app(wgpu_device: filtro::wgpu::Device, queue: filtro::wgpu::Queue) {
//! let device = filtro::Device::from_wgpu(wgpu_device.clone(), queue.clone());
//! # }
//! ```
//!
//! The other way round, [`Device::wgpu`] gives the device and queue of one that this crate opened.
//!
//! A [`Device`] has one recording for all threads: what another thread records meanwhile goes into the
//! same encoder and waits for its submit, and where its memory was used by an encoder that waits, it
//! waits for that one. Numbers of tensors stay right; but a thread that encodes frames of its own is better off with
//! a `Device::from_wgpu` of its own around the same wgpu device; tensors of one are not tensors of the
//! other. Any thread may poll the wgpu device.
//!
//! # A frame
//!
//! The application draws into a texture, filtro filters it, the application shows the result. All
//! three write to one command encoder:
//!
//! ```no_run
//! use filtro::{Conv2d, Device, FromTexture, MaxPool2d, Result, Tensor, ToTexture, wgpu};
//!
//! struct App {
//!     wgpu_device: wgpu::Device,
//!     queue: wgpu::Queue,
//!     filtro: Device,         // around the two above
//!     picture: wgpu::Texture, // TEXTURE_BINDING beside what the application needs
//!     edges: wgpu::Texture,   // COPY_DST beside what the application needs
//!     weight: Tensor,
//! }
//!
//! impl App {
//!     fn frame(&self) -> Result<()> {
//!         let mut encoder = self.wgpu_device.create_command_encoder(&Default::default());
//!         self.draw(&mut encoder); // passes of the application, into `picture`
//!
//!         let x = FromTexture::new().read(&self.filtro, &self.picture)?;
//!         let y = Conv2d::new(3, 3, [3, 3]).padding([1, 1]).forward(&x, &self.weight, None)?;
//!         let y = MaxPool2d::new([2, 2]).forward(&y)?;
//!         ToTexture::new().write(&y, &self.edges)?;
//!         self.filtro.encode(&mut encoder)?; // all of the above lies in the encoder now
//!
//!         self.show(&mut encoder); // passes of the application, from `edges`
//!         self.queue.submit([encoder.finish()]);
//!         Ok(())
//!     }
//! #   fn draw(&self, _: &mut wgpu::CommandEncoder) {}
//! #   fn show(&self, _: &mut wgpu::CommandEncoder) {}
//! }
//! ```
//!
//! Operations are recorded where they stand and run where [`Device::encode`] puts them: behind what
//! the encoder holds, in front of what follows. wgpu places the barriers between the passes.
//!
//! [`FromTexture`](crate::FromTexture) and [`ToTexture`](crate::ToTexture) choose channels, scale
//! and shift them (a network's mean and deviation cost nothing extra), cut out regions, and say what
//! is done about sRGB. For what lies in buffers, [`Tensor::from_wgpu_buffer`] reads a buffer in
//! place, and [`Tensor::wgpu_buffer_in`] gives the buffer that a tensor lies in for the
//! application's own passes.
//!
//! # Whose memory, until when
//!
//! - A buffer or a texture of yours stays yours. It is never written unasked, never pooled, and let
//!   go of with the last tensor of it and the work that uses it.
//! - A tensor's buffer belongs to the device's pool. It is not handed out again while the tensor or a
//!   [`TensorBuffer`] of it lives, nor while work that uses it waits in an encoder that was not
//!   submitted. [`TensorBuffer::into_buffer`] takes it out of the pool for good.
//! - What is destroyed between recording and submit makes wgpu refuse the submit. Of one of the
//!   application's, wgpu tells the application, by a panic unless it handles errors, and the tensors of
//!   that encoder are [`Error::LostWork`]; a download or a flush that has to submit it gives
//!   [`Error::Gpu`], and what was recorded beside it is lost as well. A tensor's buffer must not be
//!   destroyed at all.
//! - Tensors of a frame may be dropped as soon as the frame is recorded. Their memory serves the next
//!   frame: from the third on a steady loop makes no buffer, no texture and no bind group for the
//!   operations on tensors, which [`Device::memory_use`] shows. [`Device::trim`] gives back what a
//!   peak left.
//!
//! # When you submit
//!
//! | | |
//! | --- | --- |
//! | in the order of [`encode`](Device::encode) | everything is as if it had been submitted at once |
//! | late, from any thread, or several encoders at once | the same; each encoder that waits takes memory of its own |
//! | a download meanwhile of what the encoder computes, or of what is recorded beside operations on that | [`Error::NotSubmitted`]; submit, and ask again with a new call |
//! | never, and the encoder is dropped; or wgpu refuses the submit | [`Error::LostWork`] for its tensors, for what was computed from them, and for what was recorded beside that; all others go on |
//! | in another order | [`Error::LostWork`] for an encoder that reads a tensor of one that was submitted later, or took over memory of it, and for that one if its memory was overwritten; all others go on |
//!
//! What becomes of an encoder is known when your submit returns; of a submit that is refused, a browser
//! tells later. Submits that several threads make at the same time have no order that could be told: see
//! to one, or have a device for each thread. Textures have no such errors: one that was to be written
//! holds what it held where the work never ran, and nothing of use where it ran without what it needs.
//!
//! # What to know
//!
//! - A frame that fails half-way, at one of the `?` above, leaves what it has recorded for the next
//!   `encode`. To let go of it, encode it into an encoder that you drop.
//! - Results that the host needs come by [`Tensor::download_async`], which waits for nobody; several
//!   can be under way.
//! - The first call of an operation compiles its shader. To have that done ahead of the first frame,
//!   record one frame and drop its encoder.
//! - Uploads are written to the queue at once and go with the next submit, yours as well; 16 MiB of
//!   them or more are submitted on their own.
//! - Callbacks that your device runs while it is polled must not call this crate: it polls the device
//!   itself, and such a call waits for itself for ever. Your submit of an encoder with work of this crate
//!   polls it as well.
//! - A download, [`Device::flush`] or [`Device::synchronize`] on one thread submits what others have
//!   recorded, in front of encoders that they still fill. Where that reads what your own passes draw, it
//!   is another reason for a device for each thread.
//! - A device that is lost, a buffer or texture that was destroyed before it was passed: the call tells
//!   by a typed [`Error`].

mod buffer;

use std::sync::Arc;

pub use buffer::TensorBuffer;

use crate::device::Backend;
use crate::gpu::{Context, GpuBuffer};
use crate::ops::MaxPooling;
use crate::storage::Storage;
use crate::{AdaptiveMaxPool2d, DType, Device, Error, Indices, MaxPool2d, Result, Shape, Tensor};

impl Device {
    /// wgpu's device and queue that this one works on; `None` on the CPU.
    #[must_use]
    pub fn wgpu(&self) -> Option<(&wgpu::Device, &wgpu::Queue)> {
        match self.backend() {
            Backend::Cpu => None,
            Backend::Gpu(context) => Some((context.device(), context.queue())),
        }
    }

    /// Puts all that was recorded, on whatever thread, into a command encoder of yours, behind what is
    /// in it, in place of a submit. On the CPU nothing is ever recorded, and nothing happens.
    ///
    /// The work runs when you submit the encoder's command buffer, and what was recorded keeps its
    /// order if you submit encoders in the order in which they were filled. Until you have:
    ///
    /// - What needs the results and cannot wait, such as a download, is an [`Error::NotSubmitted`].
    ///   More operations can be recorded, and put into another encoder.
    /// - Tensors may be dropped. Memory that the encoder uses is handed out again once its command
    ///   buffer was submitted, so that each encoder that waits takes memory of its own.
    /// - Work that uses your buffers or textures is submitted when you ask for it alone: by this
    ///   function, or by a download, [`flush`](Self::flush) or [`synchronize`](Self::synchronize),
    ///   and not when very many operations have been recorded.
    ///
    /// If the encoder or its command buffer is dropped and not submitted, its tensors are lost, and so
    /// is what was computed from them: an [`Error::LostWork`]. So are the tensors of an encoder that
    /// is submitted before another one that it reads tensors of.
    ///
    /// The encoder must be of the same wgpu device.
    ///
    /// # Errors
    ///
    /// [`Error::LostWork`], and what the device reports: [`Error::Gpu`], [`Error::OutOfMemory`],
    /// [`Error::DeviceLost`]. An encoder that cannot be written to, since a pass of yours is open, is an
    /// [`Error::Gpu`], and what was recorded is lost; what else is wrong with it, wgpu tells where it is
    /// finished or submitted.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, MaxPool2d};
    /// use ndarray::array;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let Ok(device) = Device::software() else { return Ok(()) };
    /// # let _ = r#"
    /// let device = Device::gpu()?;
    /// # "#;
    /// let Some((wgpu_device, queue)) = device.wgpu() else { return Ok(()) };
    /// let x = device.upload(&array![[[[1.0, 4.0], [3.0, 2.0]]]])?;
    ///
    /// let mut encoder = wgpu_device.create_command_encoder(&Default::default());
    /// // ... passes of your own ...
    /// let y = MaxPool2d::new([2, 2]).forward(&x)?;
    /// device.encode(&mut encoder)?;
    /// // ... passes of your own ...
    /// queue.submit([encoder.finish()]);
    ///
    /// assert_eq!(y.download()?, array![[[[4.0]]]]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) -> Result<()> {
        match self.backend() {
            Backend::Cpu => Ok(()),
            Backend::Gpu(context) => context.encode("encode", encoder),
        }
    }

    pub(super) fn context(&self, operation: &'static str) -> Result<&Arc<Context>> {
        match self.backend() {
            Backend::Gpu(context) => Ok(context),
            Backend::Cpu => {
                let rule = "it has no wgpu buffers; a GPU or a software adapter has";
                Err(Error::argument(operation, "the device", self, rule))
            }
        }
    }

    fn lent(
        &self,
        operation: &'static str,
        buffer: &wgpu::Buffer,
        offset: u64,
        shape: Shape,
        dtype: DType,
    ) -> Result<Arc<GpuBuffer>> {
        let context = self.context(operation)?;
        self.check_dtype(operation, dtype)?;
        let len = shape.checked_len(operation)?;
        Ok(Arc::new(context.callers_buffer(operation, buffer, offset, len, dtype)?))
    }
}

impl Tensor {
    /// A tensor of elements that lie in a buffer of yours, in NCHW order from byte `offset` on.
    /// Nothing is copied.
    ///
    /// The buffer stays yours: this crate reads it, never writes it, and lets go of it with the last
    /// clone of the tensor and the work that was recorded with it. Work of your own may write it
    /// between operations that read it, in the order of the queue; only while it is a weight or a
    /// bias it has to stay as it is, since what operations make of a weight is kept with the tensor; a
    /// new tensor of the buffer reads it anew.
    ///
    /// It needs both the usages `STORAGE`, to be read by operations, and `COPY_SRC`, to be copied, and
    /// must neither be destroyed nor mapped before the work that reads it is submitted.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a buffer that lacks a usage, is too small or of another wgpu
    /// device, for an `offset` that is no multiple of [`Limits::binding_alignment`](crate::Limits)
    /// (and of 16), and for the CPU; [`Error::UnsupportedDType`]; [`Error::Overflow`]. wgpu cannot
    /// tell a buffer of another `wgpu::Instance`, which must not be passed.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Activation, DType, Device, Tensor, wgpu};
    /// use wgpu::BufferUsages;
    ///
    /// # fn main() -> filtro::Result<()> {
    /// # let Ok(device) = Device::software() else { return Ok(()) };
    /// # let _ = r#"
    /// let device = Device::gpu()?;
    /// # "#;
    /// let Some((wgpu_device, queue)) = device.wgpu() else { return Ok(()) };
    /// let buffer = wgpu_device.create_buffer(&wgpu::BufferDescriptor {
    ///     label: Some("two channels of 4 x 4"),
    ///     size: 128,
    ///     usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
    ///     mapped_at_creation: false,
    /// });
    /// queue.write_buffer(&buffer, 0, &(-1.0_f32).to_ne_bytes());
    ///
    /// let x = Tensor::from_wgpu_buffer(&device, &buffer, 0, [1, 2, 4, 4], DType::F32)?;
    /// assert_eq!(x.to_vec()?[..2], [-1.0, 0.0]);
    /// assert_eq!(Activation::Relu.forward(&x)?.to_vec()?[..2], [0.0, 0.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_wgpu_buffer(
        device: &Device,
        buffer: &wgpu::Buffer,
        offset: u64,
        shape: impl Into<Shape>,
        dtype: DType,
    ) -> Result<Self> {
        let shape = shape.into();
        let lent = device.lent("from_wgpu_buffer", buffer, offset, shape, dtype)?;
        Ok(Self { shape, storage: Storage::Gpu(lent), dtype, device: device.clone() })
    }
}

impl MaxPooling {
    fn indices_in(self, device: &Device, buffer: &wgpu::Buffer, offset: u64) -> Result<Indices> {
        let shape = self.output_shape();
        // Indices have four bytes as well.
        let lent = device.lent("indices_from_wgpu_buffer", buffer, offset, shape, DType::F32)?;
        Ok(Indices { shape, pooling: self, storage: Storage::Gpu(lent), device: device.clone() })
    }
}

macro_rules! indices_from_wgpu_buffer {
    ($name:ident) => {
        impl $name {
            /// The indices of this pooling for an input of this shape that lie in a buffer of yours,
            /// in the order of the output from byte `offset` on. Nothing is copied, as in
            /// [`Tensor::from_wgpu_buffer`].
            ///
            /// They are not looked at: an index that is not of its window gives a wrong gradient.
            ///
            /// # Errors
            ///
            /// As [`output_shape`](Self::output_shape) and [`Tensor::from_wgpu_buffer`].
            pub fn indices_from_wgpu_buffer(
                &self,
                device: &Device,
                buffer: &wgpu::Buffer,
                offset: u64,
                input: impl Into<Shape>,
            ) -> Result<Indices> {
                MaxPooling::from(&self.problem(input.into())?).indices_in(device, buffer, offset)
            }
        }
    };
}

indices_from_wgpu_buffer!(MaxPool2d);
indices_from_wgpu_buffer!(AdaptiveMaxPool2d);
