//! Optimizers: how far each parameter moves against its gradient.

mod adam;
mod sgd;

pub use adam::Adam;
pub use sgd::Sgd;

use crate::{DType, Device, Error, Result, Tensor, gpu};

const OPERATION: &str = "step";

/// PyTorch's condition on most options; false for NaN.
fn check_not_negative(operation: &'static str, argument: &'static str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::argument(operation, argument, value, "must be finite and at least 0"))
}

fn zeros_like(tensor: &Tensor) -> Result<Tensor> {
    Tensor::zeros(OPERATION, tensor.device(), tensor.shape(), DType::F32)
}

/// That the state at this place was made for a parameter of this shape and device.
fn same_as_before(operation: &'static str, value: &Tensor, state: Tensor) -> Result<Tensor> {
    state.check_on(value.device(), operation, "the optimizer's state")?;
    if state.shape() == value.shape() {
        return Ok(state);
    }
    let rule = format!("in the steps before, the parameter in its place had {}", state.shape());
    Err(Error::shape(operation, "a parameter", value.shape(), rule))
}

fn on_gpu<const N: usize>(
    device: &Device,
    like: &Tensor,
    buffers: Vec<gpu::GpuBuffer>,
) -> Result<[Tensor; N]> {
    let tensors: Vec<_> =
        buffers.into_iter().map(|buffer| Tensor::on_gpu(device, like.shape(), buffer)).collect();
    tensors.try_into().map_err(|_| device.not_here("step", "a tensor"))
}
