//! Operations of any number of tensors, which stand between convolutions: what each can be asked, on
//! a device and of the reference. **A new one is a file here**, which implements [`Between`] and has
//! its cases, which [`all`] lists; `tests.rs` in a folder of its name gives its random problems and
//! PyTorch's numbers to [`between_tests`].

mod arithmetic;
mod batch_norm2d;
#[cfg(test)]
mod batch_statistics;
mod cat;
#[cfg(test)]
mod check;
pub mod expected;
mod interpolate;
mod pad;
mod pixel_shuffle;
mod prelu;
mod softmax;

use std::fmt::Debug;
use std::sync::Arc;

use filtro::{Result, Shape, Tensor};
use ndarray::Array4;

use crate::case::{Data, Random, Stream};

/// An operation with its options. Its tensors are in the order of its arguments; those of one value
/// per channel are `[1, channels, 1, 1]`.
pub trait Between: Debug + Send + Sync {
    fn output_shape(&self, inputs: &[Shape]) -> Result<Shape>;

    fn forward(&self, inputs: &[Tensor]) -> Result<Tensor>;

    /// The gradients of the first inputs, of as many as have one.
    fn backward(&self, inputs: &[Tensor], grad_output: &Tensor) -> Result<Vec<Tensor>>;

    fn reference(&self, inputs: &[Array4<f64>]) -> Result<Array4<f64>>;

    fn reference_backward(
        &self,
        inputs: &[Array4<f64>],
        grad_output: &Array4<f64>,
    ) -> Result<Vec<Array4<f64>>>;

    /// By how much every output may be off; by default not at all.
    fn tolerance(&self, _inputs: &[Array4<f64>], output: &Array4<f64>) -> Result<Array4<f64>> {
        Ok(Array4::zeros(output.dim()))
    }

    /// By how much every gradient may be off; by default not at all.
    fn gradient_tolerances(
        &self,
        _inputs: &[Array4<f64>],
        _grad_output: &Array4<f64>,
        gradients: &[Array4<f64>],
    ) -> Result<Vec<Array4<f64>>> {
        Ok(gradients.iter().map(|gradient| Array4::zeros(gradient.dim())).collect())
    }

    /// What the cases are run on.
    fn data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform, Data::NonFinite]
    }

    /// What the gradients of the cases are compared on.
    fn gradient_data(&self) -> &'static [Data] {
        &[Data::Integers, Data::Uniform]
    }

    /// Makes inputs that mean something, such as variances, of random numbers.
    fn prepare(&self, _inputs: &mut [Array4<f32>]) {}

    /// Whether it reads f16; else it has to refuse it.
    fn takes_f16(&self) -> bool {
        true
    }
}

/// An operation on tensors of these shapes, with data made from a seed.
#[derive(Debug, Clone)]
pub struct Problem {
    pub name: String,
    pub operation: Arc<dyn Between>,
    pub inputs: Vec<[usize; 4]>,
    pub data: Data,
    pub seed: u64,
}

impl Problem {
    pub fn new(
        name: impl Into<String>,
        operation: impl Between + 'static,
        inputs: impl Into<Vec<[usize; 4]>>,
    ) -> Self {
        let name = name.into();
        let letters = name.bytes().map(u64::from);
        let seed = letters.fold(11, |seed: u64, letter| seed.wrapping_mul(31).wrapping_add(letter));
        let (operation, inputs) = (Arc::new(operation), inputs.into());
        Self { name, operation, inputs, data: Data::Integers, seed }
    }

    /// The same with other data, as random problems have it.
    pub fn with(self, data: Data, seed: u64) -> Self {
        Self { data, seed, ..self }
    }

    fn shapes(&self) -> Vec<Shape> {
        self.inputs.iter().map(|&shape| shape.into()).collect()
    }

    fn output_shape(&self) -> Shape {
        let shape = self.operation.output_shape(&self.shapes());
        shape.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    fn inputs(&self) -> Vec<Array4<f32>> {
        let random = |stream: usize| Random::new(self.seed, 100 + stream as u64);
        let shapes = self.inputs.iter().enumerate();
        let mut inputs: Vec<_> =
            shapes.map(|(stream, &shape)| random(stream).array4(shape, self.data)).collect();
        self.operation.prepare(&mut inputs);
        inputs
    }

    fn grad_output(&self) -> Array4<f32> {
        let random = Random::new(self.seed, Stream::GradOutput as u64);
        random.array4(self.output_shape(), self.data)
    }
}

/// The cases of every operation.
pub fn all() -> [(&'static str, Vec<Problem>); 8] {
    [
        ("arithmetic", arithmetic::cases()),
        ("batch_norm2d", batch_norm2d::cases()),
        ("cat", cat::cases()),
        ("interpolate", interpolate::cases()),
        ("pad", pad::cases()),
        ("pixel_shuffle", pixel_shuffle::cases()),
        ("prelu", prelu::cases()),
        ("softmax", softmax::cases()),
    ]
}

/// The tests that every operation has: its cases on all that runs them, its random problems, and
/// PyTorch's numbers, of which `$golden` reads the options and `$file` has at least `$count`.
#[cfg(test)]
macro_rules! between_tests {
    ($cases:expr, $any:expr, $file:literal, $count:literal, $golden:expr) => {
        #[test]
        fn every_case_is_that_of_the_reference() {
            crate::between::check::forward(filtro::DType::F32, &$cases);
        }

        #[test]
        fn every_case_in_f16_is_that_of_the_reference() {
            crate::between::check::forward(filtro::DType::F16, &$cases);
        }

        #[test]
        fn every_gradient_is_that_of_the_reference() {
            crate::between::check::backward(&$cases);
        }

        #[test]
        fn the_reference_s_gradients_are_its_finite_differences() {
            crate::between::check::differences(&$cases);
        }

        #[test]
        fn the_reference_s_numbers_are_pytorchs() {
            let file = include_str!(concat!("../../../data/", $file));
            crate::between::check::goldens(file, $count, $golden);
        }

        proptest::proptest! {
            #![proptest_config(crate::strategies::config(64))]

            #[test]
            fn any_problem_is_that_of_the_reference(problem in $any) {
                crate::between::check::any_forward(filtro::DType::F32, &problem)?;
            }

            #[test]
            fn any_gradient_is_that_of_the_reference(problem in $any) {
                crate::between::check::any_backward(&problem)?;
            }
        }

        proptest::proptest! {
            #![proptest_config(crate::strategies::config(32))]

            #[test]
            fn any_problem_in_f16_is_that_of_the_reference(problem in $any) {
                crate::between::check::any_forward(filtro::DType::F16, &problem)?;
            }
        }
    };
}

#[cfg(test)]
use between_tests;

/// What [`Between`] asks of an operation on one tensor whose gradient needs that tensor's shape alone.
macro_rules! of_one_image {
    ($forward:path, $backward:path) => {
        fn output_shape(&self, inputs: &[filtro::Shape]) -> filtro::Result<filtro::Shape> {
            self.output_shape(inputs[0])
        }

        fn forward(&self, inputs: &[filtro::Tensor]) -> filtro::Result<filtro::Tensor> {
            self.forward(&inputs[0])
        }

        fn backward(
            &self,
            inputs: &[filtro::Tensor],
            grad_output: &filtro::Tensor,
        ) -> filtro::Result<Vec<filtro::Tensor>> {
            Ok(vec![self.grad_input(inputs[0].shape(), grad_output)?])
        }

        fn reference(
            &self,
            inputs: &[ndarray::Array4<f64>],
        ) -> filtro::Result<ndarray::Array4<f64>> {
            $forward(self, inputs[0].view())
        }

        fn reference_backward(
            &self,
            inputs: &[ndarray::Array4<f64>],
            grad_output: &ndarray::Array4<f64>,
        ) -> filtro::Result<Vec<ndarray::Array4<f64>>> {
            let (batch, channels, height, width) = inputs[0].dim();
            let shape = [batch, channels, height, width];
            Ok(vec![$backward(self, shape, grad_output.view())?])
        }
    };
}

use of_one_image;
