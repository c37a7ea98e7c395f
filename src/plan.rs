//! Plans: what an operation will do on a GPU, made without one.

use crate::{Algorithm, Shape};

/// What an operation does on a device with certain limits.
///
/// # Examples
///
/// ```
/// use filtro::{Conv2d, Limits};
///
/// let conv = Conv2d::new(3, 8, [3, 3]).padding([1, 1]);
/// let plan = conv.plan([1, 3, 224, 224], &Limits::webgpu())?;
/// println!("{} in {} dispatches", plan.algorithm(), plan.dispatches());
/// # Ok::<(), filtro::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    output_shape: Shape,
    algorithm: Algorithm,
    shaders: Vec<String>,
    dispatches: usize,
}

impl Plan {
    /// The shape of the output.
    #[must_use]
    pub fn output_shape(&self) -> Shape {
        self.output_shape
    }

    /// The algorithm that was picked or pinned.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The shader variants, by name.
    #[must_use]
    pub fn shaders(&self) -> &[String] {
        &self.shaders
    }

    /// The number of dispatches: more than one where a tensor exceeds one binding.
    #[must_use]
    pub fn dispatches(&self) -> usize {
        self.dispatches
    }

    pub(crate) fn new(
        output_shape: Shape,
        algorithm: Algorithm,
        shaders: Vec<String>,
        dispatches: usize,
    ) -> Self {
        Self { output_shape, algorithm, shaders, dispatches }
    }

    /// An output without elements needs no dispatch, and any algorithm serves it.
    pub(crate) fn of_nothing(output_shape: Shape, pinned: Option<Algorithm>) -> Self {
        let algorithm = pinned.unwrap_or(Algorithm::General);
        Self { output_shape, algorithm, shaders: Vec::new(), dispatches: 0 }
    }
}
