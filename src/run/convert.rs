//! Tensors from one element type to another.

use crate::device::Backend;
use crate::{DType, Device, Error, Result, Tensor, gpu};

const OPERATION: &str = "to_dtype";

impl Tensor {
    /// The same elements stored as another type, each rounded to the nearest, ties to even; all
    /// stays on the device.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedDType`] for a GPU whose shaders have no 16-bit floats,
    /// [`Error::OutOfMemory`].
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{DType, Device, Error};
    /// use ndarray::array;
    ///
    /// # let device = Device::cpu();
    /// # let _ = r#"
    /// let device = Device::new()?;
    /// # "#;
    /// let x = device.upload(&array![[[[1.0, 65504.0, 1e6]]]])?;
    /// match x.to_dtype(DType::F16) {
    ///     Ok(x) => assert_eq!(x.download()?, array![[[[1.0, 65504.0, f32::INFINITY]]]]),
    ///     Err(Error::UnsupportedDType { .. }) => println!("{device} has no f16"),
    ///     Err(error) => return Err(error),
    /// }
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        let (device, shape) = (self.device(), self.shape());
        match device.backend() {
            Backend::Cpu => {
                let elements = self.elements_of_any_type(OPERATION)?;
                Self::on_cpu_as(dtype, OPERATION, device, shape, |output| {
                    output.copy_from_slice(elements);
                    Ok(())
                })
            }
            Backend::Gpu(context) => {
                device.check_dtype(OPERATION, dtype)?;
                let buffer = self.buffer_of_any_type(OPERATION)?;
                let output = gpu::convert(context, buffer, dtype, shape.len())?;
                Ok(Self::on_gpu(device, shape, output))
            }
        }
    }

    /// [`to_dtype`](Self::to_dtype) with f16.
    ///
    /// # Errors
    ///
    /// As [`to_dtype`](Self::to_dtype).
    pub fn to_f16(&self) -> Result<Self> {
        self.to_dtype(DType::F16)
    }

    /// [`to_dtype`](Self::to_dtype) with f32.
    ///
    /// # Errors
    ///
    /// As [`to_dtype`](Self::to_dtype).
    pub fn to_f32(&self) -> Result<Self> {
        self.to_dtype(DType::F32)
    }
}

impl Device {
    /// That tensors here can have such elements.
    pub(super) fn check_dtype(&self, operation: &'static str, dtype: DType) -> Result<()> {
        let lacks = |limits: &crate::Limits| dtype == DType::F16 && !limits.shader_f16;
        if self.limits().is_some_and(lacks) {
            return Err(Error::UnsupportedDType { operation, dtype, device: self.to_string() });
        }
        Ok(())
    }
}
