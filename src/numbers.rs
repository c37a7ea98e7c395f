//! Whole numbers on a device, and the images that they pick.

use std::ops::Range;
use std::sync::Arc;

use ndarray::Array4;

use crate::device::Backend;
use crate::gpu::{self, GpuBuffer};
use crate::memory::copied;
use crate::storage::Storage;
use crate::tensor::{downloads, to_array};
use crate::{Device, Error, Result, Shape, Tensor, cpu};

const OPERATION: &str = "select";

/// Whole numbers on a [`Device`]: the classes of images, or the numbers of images to
/// [`select`](Tensor::select).
///
/// # Examples
///
/// ```
/// use filtro::Device;
///
/// let labels = Device::cpu().upload_numbers(&[3, 0, 9], [3, 1, 1, 1])?;
/// assert_eq!(labels.to_vec()?, [3, 0, 9]);
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Numbers {
    pub(crate) shape: Shape,
    pub(crate) storage: Storage<u32>,
    pub(crate) device: Device,
    /// Each number is below.
    bound: usize,
}

impl Device {
    /// Copies whole numbers to this device.
    ///
    /// # Shapes
    ///
    /// One number per image is `[images, 1, 1, 1]`, one per cell `[images, 1, height, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if their number is not that of the shape; otherwise as
    /// [`upload`](Self::upload).
    pub fn upload_numbers(&self, numbers: &[u32], shape: impl Into<Shape>) -> Result<Numbers> {
        let shape = shape.into();
        if shape.checked_len("upload")? != numbers.len() {
            let rule = format!("there are {} elements", numbers.len());
            return Err(Error::shape("upload", "the numbers", shape, rule));
        }
        let storage = match self.backend() {
            Backend::Cpu => {
                Storage::on_cpu(copied(numbers).map_err(|missing| missing.during("upload"))?)
            }
            Backend::Gpu(context) => Storage::Gpu(Arc::new(context.upload("upload", numbers)?)),
        };
        let largest = numbers.iter().copied().max().map(|largest| largest as usize);
        let bound = largest.map_or(0, |largest| largest.saturating_add(1));
        Ok(Numbers { shape, storage, device: self.clone(), bound })
    }
}

impl Tensor {
    /// The same elements in another shape, without a copy.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for a shape of another number of elements.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Device, Shape};
    ///
    /// let x = Device::cpu().upload_slice(&[1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2])?;
    /// assert_eq!(x.reshape([1, 4, 1, 1])?.to_vec()?, [1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        if shape.checked_len("reshape")? != self.shape.len() {
            let rule =
                format!("shape {shape} has {} elements and not {}", shape.len(), self.shape.len());
            return Err(Error::shape("reshape", "the tensor", self.shape, rule));
        }
        Ok(Self { shape, ..self.clone() })
    }

    /// The images that a list names, in its order; an image may come several times. All stays on
    /// the device.
    ///
    /// # Shapes
    ///
    /// The tensor is `[images, channels, height, width]`, the output
    /// `[numbers, channels, height, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a number that names no image,
    /// [`Error::DifferentDevice`], [`Error::DeviceLimit`].
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::Device;
    ///
    /// let device = Device::cpu();
    /// let images = device.upload_slice(&[0.0, 0.1, 1.0, 1.1, 2.0, 2.1], [3, 1, 1, 2])?;
    /// let batch = images.select(&device.upload_numbers(&[2, 0], [2, 1, 1, 1])?)?;
    /// assert_eq!(batch.to_vec()?, [2.0, 2.1, 0.0, 0.1]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn select(&self, numbers: &Numbers) -> Result<Self> {
        self.select_range(numbers, 0..numbers.shape.len())
    }

    /// [`select`](Self::select) by a part of the list.
    pub(crate) fn select_range(&self, numbers: &Numbers, picked: Range<usize>) -> Result<Self> {
        let shape = Shape { batch: picked.len(), ..self.shape };
        self.check_f32(OPERATION, "the tensor")?;
        let storage = pick(&self.storage, self.shape, &self.device, numbers, picked)?;
        Ok(Self { shape, storage, ..self.clone() })
    }
}

impl Numbers {
    fn readable(&self) -> Result<Self> {
        Ok(self.clone())
    }

    /// As [`Tensor::select`]: the numbers of the images that a list names, in its order.
    ///
    /// # Errors
    ///
    /// As [`Tensor::select`].
    pub fn select(&self, numbers: &Self) -> Result<Self> {
        self.select_range(numbers, 0..numbers.shape.len())
    }

    /// [`select`](Self::select) by a part of the list.
    pub(crate) fn select_range(&self, numbers: &Self, picked: Range<usize>) -> Result<Self> {
        let shape = Shape { batch: picked.len(), ..self.shape };
        let storage = pick(&self.storage, self.shape, &self.device, numbers, picked)?;
        Ok(Self { shape, storage, device: self.device.clone(), bound: self.bound })
    }
}

fn pick<T: Copy>(
    source: &Storage<T>,
    shape: Shape,
    device: &Device,
    numbers: &Numbers,
    picked: Range<usize>,
) -> Result<Storage<T>> {
    device.check_device(OPERATION, "the list of numbers", numbers.device())?;
    numbers.check_below(OPERATION, "the list of numbers", shape.batch, "images")?;
    let image_len = Shape { batch: 1, ..shape }.checked_len(OPERATION)?;
    Shape { batch: picked.len(), ..shape }.checked_len(OPERATION)?;
    match (source, &numbers.storage, device.backend()) {
        (Storage::Cpu(source), Storage::Cpu(numbers), _) => {
            let picked = cpu::select(source, image_len, &numbers[picked]);
            Ok(Storage::on_cpu(picked.map_err(|missing| missing.during(OPERATION))?))
        }
        (Storage::Gpu(source), Storage::Gpu(numbers), Backend::Gpu(context)) => {
            let sizes = [shape.batch, image_len];
            let buffer = gpu::select(context, source, sizes, numbers, picked)?;
            Ok(Storage::Gpu(Arc::new(buffer)))
        }
        _ => Err(device.not_here(OPERATION, "a tensor")),
    }
}

impl Numbers {
    /// That every number is below `count`.
    pub(crate) fn check_below(
        &self,
        operation: &'static str,
        argument: &'static str,
        count: usize,
        of: &str,
    ) -> Result<()> {
        if self.bound <= count {
            return Ok(());
        }
        let value = format!("up to {}", self.bound - 1);
        let rule = format!("there are {count} {of}, numbered from 0");
        Err(Error::argument(operation, argument, value, rule))
    }

    pub(crate) fn gpu_buffer(&self, operation: &'static str) -> Result<&Arc<GpuBuffer>> {
        match &self.storage {
            Storage::Gpu(buffer) => Ok(buffer),
            Storage::Cpu(_) => Err(self.device.not_here(operation, "a list of numbers")),
        }
    }

    pub(crate) fn cpu_elements(&self, operation: &'static str) -> Result<&[u32]> {
        match &self.storage {
            Storage::Cpu(elements) => Ok(elements),
            Storage::Gpu(_) => Err(self.device.not_here(operation, "a list of numbers")),
        }
    }
}

downloads!(Numbers, u32);
