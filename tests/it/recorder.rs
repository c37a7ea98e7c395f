//! What records the operations of the cases on a device, and waits for nothing.

use filtro::{Activation, Algorithm, DType, Device, Indices, Result, Shape, Tensor};
use ndarray::{Array, Array1, Array4, Dimension};

use crate::computes::{Backwards, ConvGradients, Forwards};
use crate::options::{AvgPooling, Convolution, MaxPooling, Pooling};

/// A device, with the algorithm that the plan picks or a pinned one.
#[derive(Debug)]
pub struct Recorder {
    pub device: Device,
    pub algorithm: Option<Algorithm>,
    /// What the tensors of the forward pass are of.
    pub dtype: DType,
    /// Whether the operands lie in buffers of the caller, which end where they end.
    pub is_lent: bool,
}

/// A buffer of the caller that holds these elements at its very end, and where they begin.
pub fn lend<T: bytemuck::NoUninit>(device: &Device, elements: &[T]) -> (wgpu::Buffer, u64) {
    let (raw, _) = device.wgpu().unwrap();
    let offset = u64::from(raw.limits().min_storage_buffer_offset_alignment).max(16);
    let mut bytes = bytemuck::cast_slice(elements).to_vec();
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    let usage =
        wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
    let buffer = raw.create_buffer(&wgpu::BufferDescriptor {
        label: Some("lent"),
        size: offset + bytes.len() as u64,
        usage,
        mapped_at_creation: true,
    });
    buffer.slice(offset..).get_mapped_range_mut().unwrap().copy_from_slice(&bytes);
    buffer.unmap();
    (buffer, offset)
}

impl Recorder {
    pub fn new(device: Device, algorithm: Option<Algorithm>, dtype: DType) -> Self {
        Self { device, algorithm, dtype, is_lent: false }
    }

    /// The device and the algorithm, for messages.
    pub fn name(&self) -> String {
        let algorithm = self.algorithm.map_or("planned".into(), |algorithm| algorithm.to_string());
        let lent = if self.is_lent { ", lent" } else { "" };
        format!("{}, {algorithm}, {}{lent}", self.device.info().kind, self.dtype)
    }

    fn upload<D: Dimension>(&self, array: &Array<f32, D>) -> Result<Tensor> {
        self.tensor(array, self.dtype)
    }

    pub fn tensor<D: Dimension>(&self, array: &Array<f32, D>, dtype: DType) -> Result<Tensor> {
        let tensor = self.device.upload(array)?;
        if !self.is_lent || array.is_empty() {
            return tensor.to_dtype(dtype);
        }
        let elements = array.iter();
        let (buffer, offset) = match dtype {
            DType::F16 => lend(
                &self.device,
                &elements
                    .map(|&element| half::f16::from_f32(element).to_bits())
                    .collect::<Vec<_>>(),
            ),
            _ => lend(&self.device, &elements.copied().collect::<Vec<_>>()),
        };
        Tensor::from_wgpu_buffer(&self.device, &buffer, offset, tensor.shape(), dtype)
    }

    /// Leaves NaN in the memory that the device will hand out for the output, so that an element
    /// that is not written shows.
    pub fn poison(&self, shape: Shape) -> Result<()> {
        // Both halves of these bits are NaN as well.
        let nan = f32::from_bits(0x7fff_7fff);
        let bytes = shape.dims().iter().product::<usize>() * self.dtype.bytes();
        let poison = Array4::from_elem([1, 1, 1, bytes.div_ceil(4)], nan);
        drop((self.device.upload(&poison)?, self.device.upload(&poison)?));
        Ok(())
    }
}

impl Forwards<Tensor, Indices> for Recorder {
    fn convolve(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        bias: Option<&Array1<f32>>,
    ) -> Result<Tensor> {
        let input = self.upload(input)?;
        let weight = self.upload(weight)?;
        let bias = bias.map(|bias| self.upload(bias)).transpose()?;
        self.poison(options.output_shape(input.shape())?)?;
        options.pinned(self.algorithm).forward(&input, &weight, bias.as_ref())
    }

    fn pool(&self, options: &dyn Pooling, input: &Array4<f32>) -> Result<Tensor> {
        let input = self.upload(input)?;
        self.poison(options.output_shape(input.shape())?)?;
        options.pinned(self.algorithm).forward(&input)
    }

    fn pool_with_indices(
        &self,
        options: &dyn MaxPooling,
        input: &Array4<f32>,
    ) -> Result<(Tensor, Indices)> {
        let input = self.upload(input)?;
        self.poison(options.output_shape(input.shape())?)?;
        options.pinned_maximum(self.algorithm).forward_with_indices(&input)
    }

    fn activation(&self, function: Activation, input: &Array4<f32>) -> Result<Tensor> {
        let input = self.upload(input)?;
        self.poison(input.shape())?;
        function.forward(&input)
    }
}

impl Backwards<Tensor, Tensor> for Recorder {
    fn convolve_backward(
        &self,
        options: &dyn Convolution,
        input: &Array4<f32>,
        weight: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<ConvGradients<Tensor, Tensor>> {
        let options = options.pinned(self.algorithm);
        let input = self.tensor(input, DType::F32)?;
        let weight = self.tensor(weight, DType::F32)?;
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input.shape())?;
        let grad_input = options.grad_input(input.shape(), &weight, &grad_output)?;
        self.poison(weight.shape())?;
        let grad_weight = options.grad_weight(&input, &grad_output)?;
        self.poison(Shape::new(1, options.out_channels(), 1, 1))?;
        Ok((grad_input, grad_weight, options.grad_bias(&grad_output)?))
    }

    fn maximum_backward(
        &self,
        options: &dyn MaxPooling,
        input: Shape,
        indices: &Array4<u32>,
        grad_output: &Array4<f32>,
    ) -> Result<Tensor> {
        let indices = if self.is_lent && !indices.is_empty() {
            let (buffer, offset) = lend(&self.device, &Vec::from_iter(indices.iter().copied()));
            options.indices_from_wgpu_buffer(&self.device, (&buffer, offset), input)?
        } else {
            options.upload_indices(&self.device, indices, input)?
        };
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input)?;
        options.grad_input(input, &indices, &grad_output)
    }

    fn average_backward(
        &self,
        options: &dyn AvgPooling,
        input: Shape,
        grad_output: &Array4<f32>,
    ) -> Result<Tensor> {
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input)?;
        options.grad_input(input, &grad_output)
    }

    fn activation_backward(
        &self,
        function: Activation,
        input: &Array4<f32>,
        grad_output: &Array4<f32>,
    ) -> Result<Tensor> {
        let input = self.tensor(input, DType::F32)?;
        let grad_output = self.tensor(grad_output, DType::F32)?;
        self.poison(input.shape())?;
        function.grad_input(&input, &grad_output)
    }
}
