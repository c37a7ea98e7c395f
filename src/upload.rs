//! Tensors from the host's memory.

use std::sync::Arc;

use ndarray::{ArrayBase, Data, Dimension};

use crate::cpu;
use crate::device::Backend;
use crate::kept::Elements;
use crate::memory::collected;
use crate::storage::Storage;
use crate::{DType, Device, Error, Result, Shape, Tensor};

impl Device {
    /// Copies an array to this device. Views and arrays of any memory layout are taken.
    ///
    /// # Shapes
    ///
    /// Four axes are `[batch, channels, height, width]`, three are `[channels, height, width]` of
    /// one image, and one is a value per channel, as a bias has: `[1, channels, 1, 1]`.
    ///
    /// # Errors
    ///
    /// [`Error::Rank`] for another number of axes, [`Error::DeviceLimit`] and
    /// [`Error::OutOfMemory`] for what the device cannot hold.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::Device;
    /// use ndarray::{Array1, Array3, s};
    ///
    /// let device = Device::cpu();
    /// let bias = device.upload(&Array1::from(vec![0.5, -0.5]))?;
    /// assert_eq!(bias.shape(), [1, 2, 1, 1].into());
    ///
    /// let image = Array3::<f32>::zeros((3, 8, 10));
    /// let every_other_column = device.upload(&image.slice(s![.., .., ..;2]))?;
    /// assert_eq!(every_other_column.shape(), [1, 3, 8, 5].into());
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn upload<S, D>(&self, array: &ArrayBase<S, D>) -> Result<Tensor>
    where
        S: Data<Elem = f32>,
        D: Dimension,
    {
        let shape = match *array.shape() {
            [batch, channels, height, width] => Shape::new(batch, channels, height, width),
            [channels, height, width] => Shape::new(1, channels, height, width),
            [channels] => Shape::new(1, channels, 1, 1),
            ref sizes => {
                let rank = sizes.len();
                return Err(Error::Rank { operation: "upload", argument: "the array", rank });
            }
        };
        match array.as_slice() {
            Some(elements) => self.upload_slice(elements, shape),
            None => self.upload_vec(
                collected(array.iter().copied()).map_err(|missing| missing.during("upload"))?,
                shape,
            ),
        }
    }

    /// Copies elements in NCHW order to this device.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if their number is not that of the shape; otherwise as
    /// [`upload`](Self::upload).
    pub fn upload_slice(&self, elements: &[f32], shape: impl Into<Shape>) -> Result<Tensor> {
        match self.backend() {
            Backend::Cpu => {
                let shape = checked(elements, shape.into())?;
                let kept = self.kept().elements(elements.len()).and_then(|mut kept| {
                    cpu::copy(elements, &mut kept)?;
                    Ok(kept)
                });
                let elements = kept.map_err(|missing| missing.during("upload"))?;
                Ok(Tensor::on_host(self, shape, elements))
            }
            Backend::Gpu(context) => {
                let shape = checked(elements, shape.into())?;
                let buffer = Arc::new(context.upload("upload", elements)?);
                Ok(Tensor {
                    shape,
                    storage: Storage::Gpu(buffer),
                    dtype: DType::F32,
                    device: self.clone(),
                })
            }
        }
    }

    /// As [`upload_slice`](Self::upload_slice); on the CPU the elements are not copied.
    ///
    /// # Errors
    ///
    /// As [`upload_slice`](Self::upload_slice).
    pub fn upload_vec(&self, elements: Vec<f32>, shape: impl Into<Shape>) -> Result<Tensor> {
        match self.backend() {
            Backend::Gpu(_) => self.upload_slice(&elements, shape),
            Backend::Cpu => {
                let shape = checked(&elements, shape.into())?;
                let elements = Elements::kept_by(elements, self.kept().clone());
                Ok(Tensor::on_host(self, shape, elements))
            }
        }
    }
}

fn checked(elements: &[f32], shape: Shape) -> Result<Shape> {
    if shape.checked_len("upload")? != elements.len() {
        let rule = format!("there are {} elements", elements.len());
        return Err(Error::shape("upload", "the tensor", shape, rule));
    }
    Ok(shape)
}
