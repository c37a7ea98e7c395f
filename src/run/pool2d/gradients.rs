//! The gradients of pooling.

use crate::device::Backend;
use crate::ops::pool2d::Pool2dProblem;
use crate::ops::{MaxPooling, check_grad_output};
use crate::{
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, DType, Indices, MaxPool2d, Result, Shape,
    Tensor, cpu, gpu,
};

macro_rules! max_backward {
    ($name:ident, $operation:literal, $gpu:path, $example:literal) => {
        impl $name {
            /// The gradient of the input of [`forward`](Self::forward), given that of its output.
            ///
            /// Only the winner of a window has an influence on the output, so it alone gets the
            /// window's gradient. Where windows overlap an element may win several times, and adds
            /// up what it gets:
            ///
            /// ```text
            /// grad_input[n, c, index / width, index % width] += grad_output[n, c, out_y, out_x]
            /// with index = indices[n, c, out_y, out_x]
            /// ```
            ///
            /// An element that never won has gradient 0. Ties were won by the first tap and windows
            /// with NaN by the last; a window with no tap inside the input has no winner, and its
            /// gradient goes nowhere.
            ///
            /// # Shapes
            ///
            /// - `input_shape` is that of the forward pass, which the result has too
            /// - indices as [`forward_with_indices`](Self::forward_with_indices) gave them with
            ///   these options, grad_output as its output
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward);
            /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that is not of the
            /// output's shape and for indices of another input,
            /// [`InvalidArgument`](crate::Error::InvalidArgument) for indices of a pooling with
            /// other options, and [`DTypeMismatch`](crate::Error::DTypeMismatch) and
            /// [`DifferentDevice`](crate::Error::DifferentDevice).
            ///
            /// # Examples
            ///
            /// ```
            #[doc = $example]
            /// # Ok::<(), filtro::Error>(())
            /// ```
            #[doc = concat!("\nSource: `torch.nn.", stringify!($name), "`.")]
            pub fn grad_input(
                &self,
                input_shape: impl Into<Shape>,
                indices: &Indices,
                grad_output: &Tensor,
            ) -> Result<Tensor> {
                grad_output.check_f32($operation, "grad_output")?;
                let device = grad_output.device();
                device.check_device($operation, "indices", indices.device())?;
                let shape = input_shape.into();
                let problem = self.problem(shape)?;
                let output = problem.output_shape();
                check_grad_output($operation, grad_output.shape(), output)?;
                MaxPooling::from(&problem).check($operation, indices)?;
                match device.backend() {
                    Backend::Cpu => {
                        let indices = indices.cpu_elements($operation)?;
                        let grad_output = grad_output.cpu_elements($operation)?;
                        Tensor::on_cpu($operation, device, shape, |grad_input| {
                            let shapes = [shape, output];
                            cpu::max_pool2d_grad_input(shapes, indices, grad_output, grad_input)
                        })
                    }
                    Backend::Gpu(_) if shape.is_empty() => {
                        Tensor::zeros($operation, device, shape, DType::F32)
                    }
                    Backend::Gpu(context) => {
                        gpu::check_buffers($operation, &[shape], DType::F32, context.limits())?;
                        let indices = indices.gpu_buffer($operation)?;
                        let grad_output = grad_output.gpu_buffer($operation)?;
                        let problem = $gpu(&problem, true);
                        let buffer =
                            gpu::pool2d_grad_input(context, &problem, Some(indices), grad_output)?;
                        Ok(Tensor::on_gpu(device, shape, buffer))
                    }
                }
            }
        }
    };
}

max_backward!(
    MaxPool2d,
    "max_pool2d",
    Pool2dProblem::max,
    "use filtro::{Device, MaxPool2d};
use ndarray::array;

let device = Device::cpu();
let input = device.upload(&array![[[[1.0, 9.0, 2.0, 3.0]]]])?;
let pool = MaxPool2d::new([1, 2]).stride([1, 1]);
let (output, indices) = pool.forward_with_indices(&input)?;
assert_eq!(output.download()?, array![[[[9.0, 9.0, 3.0]]]]);
let grad_output = device.upload(&array![[[[10.0, 20.0, 30.0]]]])?;
let grad_input = pool.grad_input(input.shape(), &indices, &grad_output)?;
assert_eq!(grad_input.download()?, array![[[[0.0, 30.0, 0.0, 30.0]]]]);"
);
max_backward!(
    AdaptiveMaxPool2d,
    "adaptive_max_pool2d",
    Pool2dProblem::adaptive_max,
    "use filtro::{AdaptiveMaxPool2d, Device};
use ndarray::array;

let device = Device::cpu();
let input = device.upload(&array![[[[1.0, 3.0, 2.0]]]])?;
let pool = AdaptiveMaxPool2d::new([1, 2]); // windows [1, 3] and [3, 2]
let (_, indices) = pool.forward_with_indices(&input)?;
let grad_output = device.upload(&array![[[[10.0, 20.0]]]])?;
let grad_input = pool.grad_input(input.shape(), &indices, &grad_output)?;
assert_eq!(grad_input.download()?, array![[[[0.0, 30.0, 0.0]]]]);"
);

macro_rules! avg_backward {
    ($name:ident, $operation:literal, $cpu:path, $gpu:path, $example:literal) => {
        impl $name {
            /// The gradient of the input of [`forward`](Self::forward), given that of its output.
            ///
            /// An element that changes by one unit changes the mean of each window that contains
            /// it by one over the window's divisor, so it gets that share of the window's
            /// gradient:
            ///
            /// ```text
            /// grad_input[n, c, in_y, in_x] = sum over the windows that contain it of
            ///     grad_output[n, c, out_y, out_x] / divisor of the window
            /// ```
            ///
            /// The divisors are those of the forward pass. An element in no window has gradient 0.
            ///
            /// # Shapes
            ///
            /// - `input_shape` is that of the forward pass, which the result has too
            /// - grad_output as the output of the forward pass
            ///
            /// # Errors
            ///
            /// As [`forward`](Self::forward), and
            /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that is not of the
            /// output's shape.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = $example]
            /// # Ok::<(), filtro::Error>(())
            /// ```
            #[doc = concat!("\nSource: `torch.nn.", stringify!($name), "`.")]
            pub fn grad_input(
                &self,
                input_shape: impl Into<Shape>,
                grad_output: &Tensor,
            ) -> Result<Tensor> {
                grad_output.check_f32($operation, "grad_output")?;
                let (device, shape) = (grad_output.device(), input_shape.into());
                let problem = self.problem(shape)?;
                check_grad_output($operation, grad_output.shape(), problem.output_shape())?;
                match device.backend() {
                    Backend::Cpu => {
                        let grad_output = grad_output.cpu_elements($operation)?;
                        Tensor::on_cpu($operation, device, shape, |grad_input| {
                            $cpu(&problem, grad_output, grad_input)
                        })
                    }
                    Backend::Gpu(_) if shape.is_empty() => {
                        Tensor::zeros($operation, device, shape, DType::F32)
                    }
                    Backend::Gpu(context) => {
                        gpu::check_buffers($operation, &[shape], DType::F32, context.limits())?;
                        let grad_output = grad_output.gpu_buffer($operation)?;
                        let problem = $gpu(&problem);
                        let buffer = gpu::pool2d_grad_input(context, &problem, None, grad_output)?;
                        Ok(Tensor::on_gpu(device, shape, buffer))
                    }
                }
            }
        }
    };
}

avg_backward!(
    AvgPool2d,
    "avg_pool2d",
    cpu::avg_pool2d_grad_input,
    Pool2dProblem::average,
    "use filtro::{AvgPool2d, Device};
use ndarray::array;

let grad_output = Device::cpu().upload(&array![[[[2.0, 4.0]]]])?;
let pool = AvgPool2d::new([1, 2]); // windows of elements 0 and 1, and 2 and 3; 4 is in none
let grad_input = pool.grad_input([1, 1, 1, 5], &grad_output)?;
assert_eq!(grad_input.download()?, array![[[[1.0, 1.0, 2.0, 2.0, 0.0]]]]);"
);
avg_backward!(
    AdaptiveAvgPool2d,
    "adaptive_avg_pool2d",
    cpu::adaptive_avg_pool2d_grad_input,
    Pool2dProblem::adaptive_average,
    "use filtro::{AdaptiveAvgPool2d, Device};
use ndarray::array;

let grad_output = Device::cpu().upload(&array![[[[2.0, 4.0]]]])?;
let pool = AdaptiveAvgPool2d::new([1, 2]); // windows of elements 0 and 1, and 1 and 2
let grad_input = pool.grad_input([1, 1, 1, 3], &grad_output)?;
assert_eq!(grad_input.download()?, array![[[[1.0, 3.0, 2.0]]]]);"
);
