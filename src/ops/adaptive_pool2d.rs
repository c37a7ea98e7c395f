//! Adaptive and global pooling: options, validation and sizes.

use crate::ops::pool_windows::check_input;
use crate::ops::setters::setters;
use crate::window::AXIS_NAMES;
use crate::{Algorithm, Error, Result, Shape};

macro_rules! adaptive {
    ($name:ident, $operation:literal, $module:literal, $what:literal) => {
        #[doc = concat!($what, " of windows that divide the input into `output_size`, as `torch.nn.", $module, "`.")]
        ///
        /// Along each axis window `i` is `[floor(i * size / out), ceil((i + 1) * size / out))`:
        /// windows may overlap and differ in size, and `out` may exceed `size`.
        ///
        /// # Shapes
        ///
        /// - input `[batch, channels, height, width]`
        /// - output `[batch, channels, output_size[0], output_size[1]]`
        ///
        /// # Examples
        ///
        /// ```
        #[doc = concat!("use filtro::", stringify!($name), ";")]
        ///
        #[doc = concat!("let pool = ", stringify!($name), "::new([3, 2]);")]
        /// assert_eq!(pool.output_shape([1, 8, 7, 7])?, [1, 8, 3, 2].into());
        #[doc = concat!("assert_eq!(", stringify!($name), "::global(), ", stringify!($name), "::new([1, 1]));")]
        /// # Ok::<(), filtro::Error>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub struct $name {
            /// `[height, width]` of the output.
            pub output_size: [usize; 2],
            /// The algorithm on a GPU; by default the plan picks.
            pub algorithm: Option<Algorithm>,
        }

        impl $name {
            /// A pooling to this `[height, width]`.
            #[must_use]
            pub const fn new(output_size: [usize; 2]) -> Self {
                Self { output_size, algorithm: None }
            }

            /// Global pooling: one window, the whole plane.
            #[must_use]
            pub const fn global() -> Self {
                Self::new([1, 1])
            }

            setters! {
                /// Pins the algorithm on a GPU, or leaves the choice to the plan again.
                algorithm: into Option<Algorithm>,
            }

            /// The shape of the output for an input of this shape.
            ///
            /// # Errors
            ///
            /// Every misuse that [`forward`](Self::forward) reports.
            pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
                Ok(self.problem(input.into())?.output_shape())
            }

            pub(crate) fn problem(&self, input: Shape) -> Result<AdaptivePool2dProblem> {
                AdaptivePool2dProblem::new($operation, input, self.output_size)
            }
        }
    };
}

adaptive!(AdaptiveAvgPool2d, "adaptive_avg_pool2d", "AdaptiveAvgPool2d", "The mean");
adaptive!(AdaptiveMaxPool2d, "adaptive_max_pool2d", "AdaptiveMaxPool2d", "The largest element");

/// An adaptive pooling resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct AdaptivePool2dProblem {
    pub(crate) input: Shape,
    pub(crate) output_size: [usize; 2],
}

impl AdaptivePool2dProblem {
    fn new(operation: &'static str, input: Shape, output_size: [usize; 2]) -> Result<Self> {
        check_input(operation, input)?;
        for (axis, size) in [input.height, input.width].into_iter().enumerate() {
            if size == 0 {
                let rule = format!("must be at least 1 along the {}", AXIS_NAMES[axis]);
                return Err(Error::argument(operation, "the input's size", 0, rule));
            }
            let out = output_size[axis];
            if out == 0 {
                let rule = format!("must be at least 1 along the {}", AXIS_NAMES[axis]);
                return Err(Error::argument(operation, "output_size", 0, rule));
            }
            if size.checked_mul(out).is_none() {
                let quantity = format!("the input's size {size} times output_size {out}");
                return Err(Error::Overflow { operation, quantity, limit: usize::MAX });
            }
        }
        let problem = Self { input, output_size };
        problem.output_shape().checked_len(operation)?;
        Ok(problem)
    }

    pub(crate) fn output_shape(&self) -> Shape {
        let [height, width] = self.output_size;
        Shape { height, width, ..self.input }
    }

    /// The most cells that a window of an axis can have.
    pub(crate) const fn longest_window(input_size: usize, output_size: usize) -> usize {
        let cells = input_size / output_size;
        match input_size % output_size {
            0 => cells,
            // Parts of a cell at both ends.
            _ if cells + 2 < input_size => cells + 2,
            _ => input_size,
        }
    }

    /// Window `index` of an axis: its first cell, and the first behind it.
    pub(crate) const fn window(input_size: usize, output_size: usize, index: usize) -> [usize; 2] {
        [index * input_size / output_size, ((index + 1) * input_size).div_ceil(output_size)]
    }
}
