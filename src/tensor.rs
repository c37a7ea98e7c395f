//! Tensors: a shape and its elements on a device.

use std::sync::Arc;

use ndarray::Array4;

use crate::cpu::KeptWeight;
use crate::device::Backend;
use crate::gpu::GpuBuffer;
use crate::kept::Elements;
use crate::memory::{NoMemory, zeros};
use crate::ops::MaxPooling;
use crate::storage::Storage;
use crate::{DType, Device, Error, Result, Shape};

/// A rank 4 array of `f32` on a [`Device`], in NCHW order; or of `f16`, see [`DType`].
///
/// Tensors are immutable and cheap to clone: clones share their elements. Dropping the last clone
/// gives the memory back for the device's next tensor.
///
/// # Examples
///
/// ```
/// use filtro::Device;
/// use ndarray::Array4;
///
/// let device = Device::cpu();
/// let array = Array4::from_shape_fn((1, 2, 3, 4), |(_, c, y, x)| (c * 12 + y * 4 + x) as f32);
/// let tensor = device.upload(&array)?;
/// assert_eq!(tensor.shape(), [1, 2, 3, 4].into());
/// assert_eq!(tensor.download()?, array);
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tensor {
    pub(crate) shape: Shape,
    pub(crate) storage: Storage<f32>,
    pub(crate) dtype: DType,
    pub(crate) device: Device,
}

/// The positions that a max pooling found its elements at, on a [`Device`].
///
/// Each is `y * width + x` in the plane of the pooling's unpadded input, or `u32::MAX` where a
/// window had no tap inside it. They belong to this pooling: `grad_input` of another one, or for an
/// input of another shape, refuses them.
#[derive(Debug, Clone)]
pub struct Indices {
    pub(crate) shape: Shape,
    /// Whose windows they were found in.
    pub(crate) pooling: MaxPooling,
    pub(crate) storage: Storage<u32>,
    pub(crate) device: Device,
}

pub(crate) fn to_array<T>(shape: Shape, elements: Vec<T>) -> Result<Array4<T>> {
    Array4::from_shape_vec(shape.dims(), elements).map_err(|error| {
        Error::shape("download", "the tensor", shape, format!("its elements do not fit: {error}"))
    })
}

macro_rules! downloads {
    ($name:ident, $element:ty) => {
        impl $name {
            /// The four sizes.
            #[must_use]
            pub fn shape(&self) -> Shape {
                self.shape
            }

            /// Where the elements are.
            #[must_use]
            pub fn device(&self) -> &Device {
                &self.device
            }

            /// Submits what was recorded, waits for it, and copies the elements to the host; those
            /// of a tensor of `f16` as `f32`.
            ///
            /// # Errors
            ///
            /// What the device reports of the work before: [`Error::Gpu`],
            /// [`Error::OutOfMemory`], [`Error::DeviceLost`], [`Error::LostWork`]; after
            /// [`Device::encode`], [`Error::NotSubmitted`].
            #[cfg(not(target_arch = "wasm32"))]
            pub fn download(&self) -> Result<Array4<$element>> {
                to_array(self.shape, self.to_vec()?)
            }

            /// As [`download`](Self::download), as the elements alone, in NCHW order.
            ///
            /// # Errors
            ///
            /// As [`download`](Self::download).
            #[cfg(not(target_arch = "wasm32"))]
            pub fn to_vec(&self) -> Result<Vec<$element>> {
                self.readable()?.storage.download(&self.device, self.shape.len())
            }

            /// As [`download`](Self::download), without blocking, and in a browser too.
            ///
            /// What was recorded and the copy are submitted by this call; the future only waits.
            /// So several downloads are in flight at once, which may be awaited in any order, on
            /// any thread, and with any executor. A future that is dropped costs nothing more.
            ///
            /// # Errors
            ///
            /// As [`download`](Self::download).
            pub fn download_async(&self) -> impl Future<Output = Result<Array4<$element>>> + use<> {
                let (shape, elements) = (self.shape, self.to_vec_async());
                async move { to_array(shape, elements.await?) }
            }

            /// As [`download_async`](Self::download_async), as the elements alone, in NCHW order.
            ///
            /// # Errors
            ///
            /// As [`download`](Self::download).
            pub fn to_vec_async(&self) -> impl Future<Output = Result<Vec<$element>>> + use<> {
                let begun = self.readable().and_then(|readable| {
                    readable.storage.begin_download(&self.device, self.shape.len())
                });
                async move { begun?.await }
            }
        }
    };
}

impl Tensor {
    /// With the elements as the host reads them.
    fn readable(&self) -> Result<Self> {
        self.to_f32()
    }
}

impl Indices {
    fn readable(&self) -> Result<Self> {
        Ok(self.clone())
    }
}

downloads!(Tensor, f32);
downloads!(Indices, u32);
pub(crate) use downloads;

impl Tensor {
    pub(crate) fn on_gpu(device: &Device, shape: Shape, buffer: GpuBuffer) -> Self {
        let dtype = buffer.dtype;
        Self { shape, storage: Storage::Gpu(Arc::new(buffer)), dtype, device: device.clone() }
    }

    /// A tensor of these elements on the CPU.
    pub(crate) fn on_host(device: &Device, shape: Shape, elements: Elements<f32>) -> Self {
        let storage = Storage::on_cpu(elements);
        Self { shape, storage, dtype: DType::F32, device: device.clone() }
    }

    /// A tensor of f32 on the CPU that `fill` writes every element of, if there is one.
    pub(crate) fn on_cpu(
        operation: &'static str,
        device: &Device,
        shape: Shape,
        fill: impl FnOnce(&mut [f32]) -> std::result::Result<(), NoMemory>,
    ) -> Result<Self> {
        Self::on_cpu_as(DType::F32, operation, device, shape, fill)
    }

    /// As [`on_cpu`](Self::on_cpu), with every element rounded to a type.
    pub(crate) fn on_cpu_as(
        dtype: DType,
        operation: &'static str,
        device: &Device,
        shape: Shape,
        fill: impl FnOnce(&mut [f32]) -> std::result::Result<(), NoMemory>,
    ) -> Result<Self> {
        let len = shape.checked_len(operation)?;
        let fill = |elements: &mut [f32]| if len == 0 { Ok(()) } else { fill(elements) };
        let elements = device.kept().elements(len).and_then(|mut elements| {
            if cfg!(debug_assertions) {
                // What is not written shows.
                elements.fill(f32::NAN);
            }
            fill(&mut elements).map(|()| elements)
        });
        let mut elements = elements.map_err(|missing| missing.during(operation))?;
        dtype.round(&mut elements);
        Ok(Self { dtype, ..Self::on_host(device, shape, elements) })
    }
}

impl Tensor {
    /// Zeros; of f16 only where there are none.
    pub(crate) fn zeros(
        operation: &'static str,
        device: &Device,
        shape: Shape,
        dtype: DType,
    ) -> Result<Self> {
        match device.backend() {
            Backend::Cpu => Self::on_cpu_as(dtype, operation, device, shape, |elements| {
                elements.fill(0.0);
                Ok(())
            }),
            Backend::Gpu(context) => {
                let zeros = zeros::<f32>(shape.checked_len(operation)?);
                let zeros = zeros.map_err(|missing| missing.during(operation))?;
                let mut buffer = context.upload(operation, &zeros)?;
                buffer.dtype = dtype;
                Ok(Self::on_gpu(device, shape, buffer))
            }
        }
    }

    /// The buffer of a tensor of f32.
    pub(crate) fn gpu_buffer(&self, operation: &'static str) -> Result<&Arc<GpuBuffer>> {
        self.check_f32(operation, "a tensor")?;
        self.buffer_of_any_type(operation)
    }

    /// The elements of the weight of a convolution, and what is kept with them.
    pub(crate) fn cpu_weight(&self, operation: &'static str) -> Result<(&[f32], &KeptWeight)> {
        match &self.storage {
            Storage::Cpu(buffer) => Ok((buffer, &buffer.kept_weight)),
            Storage::Gpu(_) => Err(self.device.not_here(operation, "a tensor")),
        }
    }

    /// The elements of a tensor of f32.
    pub(crate) fn cpu_elements(&self, operation: &'static str) -> Result<&[f32]> {
        self.check_f32(operation, "a tensor")?;
        self.elements_of_any_type(operation)
    }
}

impl Indices {
    /// Those of an output without elements.
    pub(crate) fn none(output: &Tensor, pooling: MaxPooling) -> Result<Self> {
        let (shape, device) = (output.shape(), output.device().clone());
        let storage = match device.backend() {
            Backend::Cpu => Storage::on_cpu(Vec::new()),
            Backend::Gpu(context) => Storage::Gpu(Arc::new(context.upload::<u32>("upload", &[])?)),
        };
        Ok(Self { shape, pooling, storage, device })
    }

    pub(crate) fn gpu_buffer(&self, operation: &'static str) -> Result<&Arc<GpuBuffer>> {
        self.buffer_of_any_type(operation)
    }

    pub(crate) fn cpu_elements(&self, operation: &'static str) -> Result<&[u32]> {
        self.elements_of_any_type(operation)
    }
}

macro_rules! elements {
    ($name:ident, $element:ty) => {
        impl $name {
            pub(crate) fn buffer_of_any_type(
                &self,
                operation: &'static str,
            ) -> Result<&Arc<GpuBuffer>> {
                match &self.storage {
                    Storage::Gpu(buffer) => Ok(buffer),
                    Storage::Cpu(_) => Err(self.device.not_here(operation, "a tensor")),
                }
            }

            pub(crate) fn elements_of_any_type(
                &self,
                operation: &'static str,
            ) -> Result<&[$element]> {
                match &self.storage {
                    Storage::Cpu(elements) => Ok(elements),
                    Storage::Gpu(_) => Err(self.device.not_here(operation, "a tensor")),
                }
            }
        }
    };
}

elements!(Tensor, f32);
elements!(Indices, u32);

impl Tensor {
    /// The error for an argument that is on another device than the input.
    pub(crate) fn check_on(
        &self,
        device: &Device,
        operation: &'static str,
        argument: &'static str,
    ) -> Result<()> {
        device.check_device(operation, argument, &self.device)
    }

    /// What its elements are stored as. A tensor is uploaded as f32.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// That the elements are f32.
    pub(crate) fn check_f32(&self, operation: &'static str, argument: &'static str) -> Result<()> {
        self.check_dtype_is(operation, argument, DType::F32, || "this takes f32 alone".into())
    }

    /// That the elements are of the input's type.
    pub(crate) fn check_dtype_of(
        &self,
        operation: &'static str,
        argument: &'static str,
        input: &Self,
    ) -> Result<()> {
        let rule = || format!("those of the input are {}", input.dtype);
        self.check_dtype_is(operation, argument, input.dtype, rule)
    }

    fn check_dtype_is(
        &self,
        operation: &'static str,
        argument: &'static str,
        expected: DType,
        rule: impl FnOnce() -> String,
    ) -> Result<()> {
        if self.dtype == expected {
            return Ok(());
        }
        Err(Error::DTypeMismatch { operation, argument, actual: self.dtype, rule: rule() })
    }
}
