//! Shapes: four sizes whose product is checked.

use crate::{Error, Result};

/// The most f32 elements that one allocation can hold.
pub(crate) const MAX_ELEMENTS: usize = isize::MAX as usize / size_of::<f32>();

/// The four sizes of an NCHW tensor.
///
/// A weight reads the same four as `[out_channels, in_channels / groups, kernel_height,
/// kernel_width]`.
///
/// # Examples
///
/// ```
/// use filtro::Shape;
///
/// let shape = Shape::new(1, 3, 224, 224);
/// assert_eq!(shape.to_string(), "[1, 3, 224, 224]");
/// assert_eq!(shape, [1, 3, 224, 224].into());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// The number of images.
    pub batch: usize,
    /// The number of channels of each.
    pub channels: usize,
    /// The number of rows.
    pub height: usize,
    /// The number of columns.
    pub width: usize,
}

impl Shape {
    /// A shape of these four sizes.
    #[must_use]
    pub const fn new(batch: usize, channels: usize, height: usize, width: usize) -> Self {
        Self { batch, channels, height, width }
    }

    /// The four sizes in NCHW order.
    #[must_use]
    pub const fn dims(self) -> [usize; 4] {
        [self.batch, self.channels, self.height, self.width]
    }

    /// The number of elements: the product of the four sizes, or `usize::MAX` where it is greater,
    /// which no tensor has.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::Shape;
    ///
    /// assert_eq!(Shape::new(2, 3, 5, 7).len(), 210);
    /// assert_eq!(Shape::new(usize::MAX, 2, 1, 1).len(), usize::MAX);
    /// ```
    #[must_use]
    pub const fn len(self) -> usize {
        if self.is_empty() {
            return 0;
        }
        let plane = self.height.saturating_mul(self.width);
        self.batch.saturating_mul(self.channels).saturating_mul(plane)
    }

    /// Whether there are no elements: a size is 0.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.batch == 0 || self.channels == 0 || self.height == 0 || self.width == 0
    }

    /// The number of elements, or [`Error::Overflow`] where no allocation could hold them, or where
    /// an empty shape has sizes whose product could not be counted.
    pub(crate) fn checked_len(self, operation: &'static str) -> Result<usize> {
        let sizes = self.dims().map(|size| size.max(1));
        if Self::from(sizes).len() > MAX_ELEMENTS {
            let quantity = format!("the number of elements of {self}");
            return Err(Error::overflow(operation, quantity));
        }
        Ok(self.len())
    }
}

impl From<[usize; 4]> for Shape {
    fn from([batch, channels, height, width]: [usize; 4]) -> Self {
        Self { batch, channels, height, width }
    }
}

impl From<Shape> for [usize; 4] {
    fn from(shape: Shape) -> Self {
        shape.dims()
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}, {}, {}, {}]", self.batch, self.channels, self.height, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_that_overflows_is_an_error_and_a_zero_is_not() {
        let big = 1 << 40;
        assert_eq!(
            Shape::new(big, big, 1, 1).checked_len("upload").unwrap_err().to_string(),
            format!(
                "upload: the number of elements of [{big}, {big}, 1, 1] exceeds {MAX_ELEMENTS}"
            )
        );
        assert_eq!(Shape::new(big, 1 << 20, 0, 1).checked_len("upload"), Ok(0));
        assert!(Shape::new(big, big, 0, 1).checked_len("upload").is_err());
        assert_eq!(Shape::new(big, big, 0, 1).len(), 0);
        assert_eq!(Shape::new(2, 3, 5, 7).checked_len("upload"), Ok(210));
    }
}
