//! Concatenation along channels and its gradients.

use crate::device::Backend;
use crate::ops::cat::{OPERATION, Slice, slices};
use crate::{Cat, DType, Result, Shape, Tensor, cpu, gpu};

impl Cat {
    /// The tensors behind one another along their channels.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for no input,
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for one of another batch, height or width than
    /// the first, [`DTypeMismatch`](crate::Error::DTypeMismatch) and
    /// [`DifferentDevice`](crate::Error::DifferentDevice) for one of another type or device,
    /// [`Overflow`](crate::Error::Overflow) and [`DeviceLimit`](crate::Error::DeviceLimit) for sizes
    /// that cannot be.
    pub fn forward(&self, inputs: &[&Tensor]) -> Result<Tensor> {
        let shapes: Vec<Shape> = inputs.iter().map(|input| input.shape()).collect();
        let shape = self.output_shape(&shapes)?;
        let first = inputs[0];
        for input in inputs {
            input.check_on(first.device(), OPERATION, "an input")?;
            input.check_dtype_of(OPERATION, "an input", first)?;
        }
        if let Some(&only) = inputs.iter().find(|input| input.shape() == shape) {
            return Ok(only.clone());
        }
        let (device, dtype) = (first.device(), first.dtype());
        let slices = slices(&shapes);
        match device.backend() {
            Backend::Cpu => {
                let elements = inputs.iter().map(|input| input.elements_of_any_type(OPERATION));
                let elements = elements.collect::<Result<Vec<_>>>()?;
                let inputs: Vec<(Slice, &[f32])> = slices.into_iter().zip(elements).collect();
                let image_len = shape.channels * shape.height * shape.width;
                Tensor::on_cpu_as(dtype, OPERATION, device, shape, |output| {
                    cpu::cat(&inputs, image_len, output)
                })
            }
            Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(OPERATION, device, shape, dtype),
            Backend::Gpu(context) => {
                gpu::check_buffers(OPERATION, &[shape], dtype, context.limits())?;
                let buffers = inputs.iter().map(|input| input.buffer_of_any_type(OPERATION));
                let buffers = buffers.collect::<Result<Vec<_>>>()?;
                let inputs: Vec<_> =
                    slices.into_iter().zip(buffers.into_iter().map(AsRef::as_ref)).collect();
                Ok(Tensor::on_gpu(device, shape, gpu::cat(context, &inputs, shape, dtype)?))
            }
        }
    }

    /// The gradients of all inputs of [`forward`](Self::forward), given that of its output: the
    /// channels of the gradient that the inputs became.
    ///
    /// ```text
    /// grad_inputs[i][n, c, y, x] = grad_output[n, first + c, y, x]
    /// with first = the channels of all inputs before i
    /// ```
    ///
    /// # Shapes
    ///
    /// - `inputs`: the shapes in the forward pass, which the results have too
    /// - grad_output as its output
    ///
    /// # Errors
    ///
    /// As [`forward`](Self::forward);
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for a grad_output that is not of the output's
    /// shape, and [`DTypeMismatch`](crate::Error::DTypeMismatch) for one of f16.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{Cat, Device};
    /// use ndarray::array;
    ///
    /// let grad_output = Device::cpu().upload(&array![[[[1.0]], [[2.0]], [[3.0]]]])?;
    /// let shapes = [[1, 1, 1, 1].into(), [1, 2, 1, 1].into()];
    /// let gradients = Cat.grad_inputs(&shapes, &grad_output)?;
    /// assert_eq!(gradients[0].download()?, array![[[[1.0]]]]);
    /// assert_eq!(gradients[1].download()?, array![[[[2.0]], [[3.0]]]]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    pub fn grad_inputs(&self, inputs: &[Shape], grad_output: &Tensor) -> Result<Vec<Tensor>> {
        grad_output.check_f32(OPERATION, "grad_output")?;
        let slices = self.slices(inputs, grad_output.shape())?;
        slices.iter().map(|slice| sliced(slice, grad_output)).collect()
    }
}

/// Some channels of a tensor.
fn sliced(slice: &Slice, tensor: &Tensor) -> Result<Tensor> {
    let (device, shape, all) = (tensor.device(), slice.shape, tensor.shape());
    if shape == all {
        return Ok(tensor.clone());
    }
    match device.backend() {
        Backend::Cpu => {
            let elements = tensor.cpu_elements(OPERATION)?;
            let image_len = all.channels * all.height * all.width;
            Tensor::on_cpu(OPERATION, device, shape, |output| {
                cpu::slice(slice, elements, image_len, output)
            })
        }
        Backend::Gpu(_) if shape.is_empty() => Tensor::zeros(OPERATION, device, shape, DType::F32),
        Backend::Gpu(context) => {
            let buffer = tensor.gpu_buffer(OPERATION)?;
            Ok(Tensor::on_gpu(device, shape, gpu::slice(context, slice, buffer, all)?))
        }
    }
}
