//! What the elements of a tensor are stored as.

use std::fmt;

/// What the elements of a [`Tensor`](crate::Tensor) are stored as.
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
/// with its bias and activation, all poolings, [`Activation`](crate::Activation) and the other
/// operations between convolutions read elements of f16, compute in f32, and round each output once,
/// to the nearest number of f16, ties to even.
/// So an output differs from the exact result `y` for the given elements of f16 by at most
///
/// ```text
/// e + 2^-11 * (|y| + e)   where |y| + e is below 65520, and at least 2^-14
/// e + 2^-25               below 2^-14, or e + 2^-14 where a GPU flushes subnormal numbers
/// ```
///
/// with `e` the error of the same operation in f32, as above; a convolution by cooperative matrices,
/// which a caller has to ask for, has [another](crate::DeviceOptions::cooperative_matrices). Results from 65520 on become
/// infinity. What `e` leaves aside is the rounding of the inputs to f16, `2^-11` of each.
///
/// On a GPU it needs shaders with 16-bit floats, which [`Limits::shader_f16`](crate::Limits) tells.
/// The CPU keeps the same numbers as f32, so that it gives the same results, but saves no memory.
/// Gradients, transposed convolutions, batch normalisation in training and [`nn`](crate::nn) are of
/// f32 alone.
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
