//! The indices of a max pooling, and the pooling that they belong to.

use std::sync::Arc;

use ndarray::{Array4, Axis};

use super::{AdaptivePool2dProblem, MaxPool2dProblem};
use crate::device::Backend;
use crate::memory::{collected, with_room};
use crate::tensor::Storage;
use crate::{AdaptiveMaxPool2d, Device, Error, Indices, MaxPool2d, Result, Shape};

const OPERATION: &str = "upload_indices";

/// A max pooling resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MaxPooling {
    Fixed(MaxPool2dProblem),
    Adaptive(AdaptivePool2dProblem),
}

impl From<&MaxPool2dProblem> for MaxPooling {
    fn from(problem: &MaxPool2dProblem) -> Self {
        Self::Fixed(*problem)
    }
}

impl From<&AdaptivePool2dProblem> for MaxPooling {
    fn from(problem: &AdaptivePool2dProblem) -> Self {
        Self::Adaptive(*problem)
    }
}

impl MaxPooling {
    fn input_shape(&self) -> Shape {
        match self {
            Self::Fixed(problem) => problem.input_shape(),
            Self::Adaptive(problem) => problem.input,
        }
    }

    fn output_shape(&self) -> Shape {
        match self {
            Self::Fixed(problem) => problem.output_shape(),
            Self::Adaptive(problem) => problem.output_shape(),
        }
    }

    /// Whether a cell of the input is a tap of the window of an output.
    fn reads(&self, [out_y, out_x]: [usize; 2], [in_y, in_x]: [usize; 2]) -> bool {
        match self {
            Self::Fixed(problem) => {
                let reads = |axis: &crate::window::Axis, out, at: usize| {
                    let (_, count, start) = axis.taps_inside(out);
                    at.checked_sub(start).is_some_and(|distance| {
                        distance.is_multiple_of(axis.dilation) && distance / axis.dilation < count
                    })
                };
                reads(&problem.vertical, out_y, in_y) && reads(&problem.horizontal, out_x, in_x)
            }
            Self::Adaptive(AdaptivePool2dProblem { input, output_size }) => {
                let reads = |size, out_size, out, at| {
                    let [begin, end] = AdaptivePool2dProblem::window(size, out_size, out);
                    (begin..end).contains(&at)
                };
                reads(input.height, output_size[0], out_y, in_y)
                    && reads(input.width, output_size[1], out_x, in_x)
            }
        }
    }

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
            Backend::Cpu => Storage::Cpu(Arc::new(elements)),
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

impl std::fmt::Display for MaxPooling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(MaxPool2dProblem { vertical, horizontal, .. }) => {
                let axes = |of: fn(&crate::window::Axis) -> usize| [of(vertical), of(horizontal)];
                write!(
                    f,
                    "of a max_pool2d with kernel_size {:?}, stride {:?}, padding {:?} and \
                     dilation {:?}",
                    axes(|axis| axis.kernel_size),
                    axes(|axis| axis.stride),
                    axes(|axis| axis.pad_begin),
                    axes(|axis| axis.dilation)
                )
            }
            Self::Adaptive(problem) => {
                write!(f, "of an adaptive_max_pool2d with output_size {:?}", problem.output_size)
            }
        }
    }
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
