//! Images and their labels on a device, in batches.

use super::Rng;
use crate::memory::collected;
use crate::{Error, Numbers, Result, Tensor};

/// Images and their labels, kept on a device; batches are picked there.
///
/// # Examples
///
/// ```
/// use filtro::nn::{Dataset, Rng};
/// use filtro::Device;
///
/// let device = Device::cpu();
/// let images = device.upload_slice(&[0.0, 0.1, 0.2, 0.3, 0.4], [5, 1, 1, 1])?;
/// let labels = device.upload_numbers(&[0, 1, 2, 3, 4], [5, 1, 1, 1])?;
/// let data = Dataset::new(images, labels)?;
/// let mut sizes = Vec::new();
/// for batch in data.shuffled(2, &mut Rng::new(7))? {
///     sizes.push(batch?.inputs.shape().batch);
/// }
/// assert_eq!(sizes, [2, 2, 1]);
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    inputs: Tensor,
    labels: Numbers,
}

/// Some images of a [`Dataset`] and their labels.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The images, `[batch, channels, height, width]`.
    pub inputs: Tensor,
    /// Their labels, `[batch, 1, 1, 1]`.
    pub labels: Numbers,
}

/// The batches of one pass over a [`Dataset`].
#[derive(Debug, Clone)]
pub struct Batches<'a> {
    data: &'a Dataset,
    order: Numbers,
    batch_size: usize,
    next: usize,
}

const OPERATION: &str = "dataset";

impl Dataset {
    /// Images with as many labels.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] for another number of labels than of images, and
    /// [`Error::DifferentDevice`].
    pub fn new(inputs: Tensor, labels: Numbers) -> Result<Self> {
        inputs.device().check_device(OPERATION, "labels", labels.device())?;
        if labels.shape().batch != inputs.shape().batch {
            let rule = format!("there are {} images", inputs.shape().batch);
            return Err(Error::shape(OPERATION, "labels", labels.shape(), rule));
        }
        Ok(Self { inputs, labels })
    }

    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inputs.shape().batch
    }

    /// Whether there are no images.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All images, in order, in batches of `batch_size`; the last may be smaller.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a batch_size of 0, and what the device reports.
    pub fn batches(&self, batch_size: usize) -> Result<Batches<'_>> {
        self.ordered(batch_size, |_| ())
    }

    /// As [`batches`](Self::batches), in a random order. The order is uploaded once.
    ///
    /// # Errors
    ///
    /// As [`batches`](Self::batches).
    pub fn shuffled(&self, batch_size: usize, rng: &mut Rng) -> Result<Batches<'_>> {
        self.ordered(batch_size, |order| rng.shuffle(order))
    }

    fn ordered(&self, batch_size: usize, arrange: impl FnOnce(&mut [u32])) -> Result<Batches<'_>> {
        if batch_size == 0 {
            return Err(Error::argument(OPERATION, "batch_size", 0, "must be at least 1"));
        }
        let count = u32::try_from(self.len())
            .map_err(|_| Error::overflow(OPERATION, "the number of images"))?;
        let order = collected(0..count);
        let mut order = order.map_err(|missing| missing.during(OPERATION))?;
        arrange(&mut order);
        let order = self.inputs.device().upload_numbers(&order, [self.len(), 1, 1, 1])?;
        Ok(Batches { data: self, order, batch_size, next: 0 })
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Result<Batch>> {
        let range = self.next..self.data.len().min(self.next.saturating_add(self.batch_size));
        if range.is_empty() {
            return None;
        }
        self.next = range.end;
        let inputs = self.data.inputs.select_range(&self.order, range.clone());
        let labels = self.data.labels.select_range(&self.order, range);
        Some(inputs.and_then(|inputs| Ok(Batch { inputs, labels: labels? })))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let batches = self.data.len().saturating_sub(self.next).div_ceil(self.batch_size);
        (batches, Some(batches))
    }
}

impl ExactSizeIterator for Batches<'_> {}
