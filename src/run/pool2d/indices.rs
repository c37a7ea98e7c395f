//! The indices of max poolings: whose they are, and the way from the host.

use std::sync::Arc;

use ndarray::{Array4, Axis};

use crate::device::Backend;
use crate::memory::{collected, with_room};
use crate::ops::MaxPooling;
use crate::storage::Storage;
use crate::{AdaptiveMaxPool2d, Device, Error, Indices, MaxPool2d, Result, Shape};

const OPERATION: &str = "upload_indices";

impl MaxPooling {
    /// That indices were found by this pooling in an input of this shape.
    pub(crate) fn check(&self, operation: &'static str, indices: &Indices) -> Result<()> {
        let output = self.output_shape();
        if indices.shape() != output {
            let rule = format!("the output of the forward pass is {output}");
            return Err(Error::shape(operation, "indices", indices.shape(), rule));
        }
        let of = indices.pooling.input_shape();
        if of != self.input_shape() {
            let rule = format!("the indices are of a pooling of {of}");
            return Err(Error::shape(operation, "the input", self.input_shape(), rule));
        }
        if indices.pooling != *self {
            let rule = "they must be of the pooling with these options, whose windows alone they \
                        point into";
            return Err(Error::argument(operation, "indices", indices.pooling, rule));
        }
        Ok(())
    }

    /// Indices from the host, each of which must be of a tap of its window.
    fn upload(self, device: &Device, indices: &Array4<u32>) -> Result<Indices> {
        let (batch, channels, height, width) = indices.dim();
        let shape = Shape::new(batch, channels, height, width);
        let (input, output) = (self.input_shape(), self.output_shape());
        if shape != output {
            let rule = format!("the output for an input of {input} is {output}");
            return Err(Error::shape(OPERATION, "indices", shape, rule));
        }
        let is_tap = |[out_y, out_x]: [usize; 2], index: u32| {
            let at = usize::try_from(index).unwrap_or(usize::MAX);
            index == u32::MAX || self.reads([out_y, out_x], [at / input.width, at % input.width])
        };
        let stray = indices.indexed_iter().find(|&((.., y, x), &index)| !is_tap([y, x], index));
        if let Some(((.., out_y, out_x), index)) = stray {
            let rule = format!(
                "it must be y * width + x of an element of {input} in the window of output \
                 [{out_y}, {out_x}], or {} for none",
                u32::MAX
            );
            return Err(Error::argument(OPERATION, "an index", index, rule));
        }
        if let Some([one, other]) = rivals(indices, input.width)? {
            let rule = format!(
                "windows with the same columns have one maximum of a row, not {one} and {other}"
            );
            return Err(Error::argument(OPERATION, "an index", other, rule));
        }
        let elements = collected(indices.iter().copied());
        let elements = elements.map_err(|missing| missing.during(OPERATION))?;
        let storage = match device.backend() {
            Backend::Cpu => Storage::on_cpu(elements),
            Backend::Gpu(context) => Storage::Gpu(Arc::new(context.upload(OPERATION, &elements)?)),
        };
        Ok(Indices { shape, pooling: self, storage, device: device.clone() })
    }
}

/// Two indices that no input has: of windows with the same columns, different elements of one row.
fn rivals(indices: &Array4<u32>, width: usize) -> Result<Option<[u32; 2]>> {
    let of_column = with_room(indices.dim().2);
    let mut of_column = of_column.map_err(|missing| missing.during(OPERATION))?;
    for column in indices.lanes(Axis(2)) {
        of_column.clear();
        of_column.extend(column.iter().copied().filter(|&index| index != u32::MAX));
        of_column.sort_unstable();
        let row = |index: u32| usize::try_from(index).unwrap_or(usize::MAX) / width;
        let differ = |pair: &&[u32]| pair[0] != pair[1] && row(pair[0]) == row(pair[1]);
        if let Some(pair) = of_column.windows(2).find(differ) {
            return Ok(Some([pair[0], pair[1]]));
        }
    }
    Ok(None)
}

macro_rules! upload_indices {
    ($name:ident, $example:literal) => {
        impl $name {
            /// Copies the indices of this pooling to a device: those that
            /// [`forward_with_indices`](Self::forward_with_indices) gave for an input of this
            /// shape, perhaps elsewhere.
            ///
            /// # Errors
            ///
            /// [`Error::ShapeMismatch`] for another shape than the output's,
            /// [`Error::InvalidArgument`] for an index that is neither of an element of its window
            /// nor `u32::MAX` and for indices that no input has, and as [`output_shape`](Self::output_shape) and
            /// [`Device::upload`].
            ///
            /// # Examples
            ///
            /// ```
            #[doc = $example]
            /// # Ok::<(), filtro::Error>(())
            /// ```
            pub fn upload_indices(
                &self,
                device: &Device,
                indices: &Array4<u32>,
                input_shape: impl Into<Shape>,
            ) -> Result<Indices> {
                MaxPooling::from(&self.problem(input_shape.into())?).upload(device, indices)
            }
        }
    };
}

upload_indices!(
    MaxPool2d,
    "use filtro::{Device, MaxPool2d};
use ndarray::array;

let device = Device::cpu();
let pool = MaxPool2d::new([1, 2]);
let indices = pool.upload_indices(&device, &array![[[[1, 3]]]], [1, 1, 1, 4])?;
let grad_output = device.upload(&array![[[[10.0, 20.0]]]])?;
let grad_input = pool.grad_input([1, 1, 1, 4], &indices, &grad_output)?;
assert_eq!(grad_input.download()?, array![[[[0.0, 10.0, 0.0, 20.0]]]]);
// Element 2 is not in the first window.
assert!(pool.upload_indices(&device, &array![[[[2, 3]]]], [1, 1, 1, 4]).is_err());"
);
upload_indices!(
    AdaptiveMaxPool2d,
    "use filtro::{AdaptiveMaxPool2d, Device};
use ndarray::array;

let device = Device::cpu();
let pool = AdaptiveMaxPool2d::new([1, 2]);
let indices = pool.upload_indices(&device, &array![[[[1, 2]]]], [1, 1, 1, 3])?;
let grad_output = device.upload(&array![[[[10.0, 20.0]]]])?;
let grad_input = pool.grad_input([1, 1, 1, 3], &indices, &grad_output)?;
assert_eq!(grad_input.download()?, array![[[[0.0, 10.0, 20.0]]]]);"
);
