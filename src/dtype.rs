//! What the elements of a tensor are stored as, and the way from one to the other.

use std::fmt;

use crate::device::Backend;
use crate::{Device, Error, Result, Tensor, gpu};

const OPERATION: &str = "to_dtype";

/// What the elements of a [`Tensor`] are stored as.
///
/// # Rounding
///
/// Maxima are exact. A convolution, an average, a gradient or a loss that sums `n` products in f32
/// differs from the exact result by at most
///
/// ```text
/// (64 + 2 * sqrt(n)) * 2^-24 * (the sum of the products' absolute values)
/// ```
///
/// and the smallest normal number, on every device and with every algorithm, whatever the data.
/// Where the products' signs are as good as random the difference stays below `8 * 2^-24` of that
/// sum. An activation that follows a convolution adds its own error, some units of the last place.
///
/// # f16
///
/// `F16` halves the memory and its traffic. Nothing is computed in it: [`Conv2d`](crate::Conv2d)
/// with its bias and activation, all poolings and [`Activation`](crate::Activation) read elements
/// of f16, compute in f32, and round each output once, to the nearest number of f16, ties to even.
/// So an output differs from the exact result `y` for the given elements of f16 by at most
///
/// ```text
/// e + 2^-11 * (|y| + e)   where |y| + e is below 65520, and at least 2^-14
/// e + 2^-25               below 2^-14, or e + 2^-14 where a GPU flushes subnormal numbers
/// ```
///
/// with `e` the error of the same operation in f32, as above. Results from 65520 on become
/// infinity. What `e` leaves aside is the rounding of the inputs to f16, `2^-11` of each.
///
/// On a GPU it needs shaders with 16-bit floats, which [`Limits::shader_f16`](crate::Limits) tells.
/// The CPU keeps the same numbers as f32, so that it gives the same results, but saves no memory.
/// Gradients, transposed convolutions and [`nn`](crate::nn) are of f32 alone.
///
/// # Examples
///
/// ```
/// use filtro::{DType, Device, MaxPool2d};
/// use ndarray::array;
///
/// let device = Device::cpu();
/// let x = device.upload(&array![[[[0.1, 1.0], [-3.0, 0.5]]]])?.to_f16()?;
/// let y = MaxPool2d::new([2, 1]).forward(&x)?;
/// assert_eq!(y.dtype(), DType::F16);
/// assert_eq!(y.download()?, array![[[[0.099_975_586, 1.0]]]]); // 0.1 has 11 bits in f16
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum DType {
    /// 32-bit floats.
    #[default]
    F32,
    /// 16-bit floats of IEEE 754.
    F16,
}

impl DType {
    /// Bytes of one element.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }

    /// The nearest number that it holds.
    fn nearest(self, value: f32) -> f32 {
        match self {
            Self::F32 => value,
            Self::F16 => half::f16::from_f32(value).to_f32(),
        }
    }

    /// Rounds every element to the nearest number that it holds.
    pub(crate) fn round(self, elements: &mut [f32]) {
        if self != Self::F32 {
            for element in elements {
                *element = self.nearest(*element);
            }
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        })
    }
}

impl Tensor {
    /// What its elements are stored as. A tensor is uploaded as f32.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

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

impl Device {
    /// That tensors here can have such elements.
    fn check_dtype(&self, operation: &'static str, dtype: DType) -> Result<()> {
        let lacks = |limits: &crate::Limits| dtype == DType::F16 && !limits.shader_f16;
        if self.limits().is_some_and(lacks) {
            return Err(Error::UnsupportedDType { operation, dtype, device: self.to_string() });
        }
        Ok(())
    }
}
