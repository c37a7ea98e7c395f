//! Losses: how wrong an output is, and which way every element of it should go.

use crate::device::Backend;
use crate::memory::NoMemory;
use crate::ops::training::CrossEntropyProblem;
use crate::{Error, Indices, Numbers, Result, Shape, Tensor, cpu, gpu};

/// How wrong an output is, and the gradient that starts the backward pass. Both stay on the
/// device.
#[derive(Debug, Clone)]
pub struct Loss {
    /// The loss, `[1, 1, 1, 1]`.
    pub value: Tensor,
    /// The gradient of the loss with respect to the output, in the output's shape.
    pub gradient: Tensor,
}

impl Loss {
    /// Waits for the loss and copies it to the host.
    ///
    /// # Errors
    ///
    /// As [`Tensor::download`].
    #[cfg(not(target_arch = "wasm32"))]
    pub fn item(&self) -> Result<f32> {
        Ok(self.value.to_vec()?.first().copied().unwrap_or(f32::NAN))
    }

    /// As [`item`](Self::item), without blocking, and in a browser too. The copy is submitted by
    /// this call, with what was recorded; the future only waits.
    ///
    /// # Errors
    ///
    /// As [`Tensor::download`].
    pub fn item_async(&self) -> impl Future<Output = Result<f32>> + use<> {
        let elements = self.value.to_vec_async();
        async move { Ok(elements.await?.first().copied().unwrap_or(f32::NAN)) }
    }

    fn on_cpu(
        operation: &'static str,
        output: &Tensor,
        fill: impl FnOnce(&mut [f32]) -> std::result::Result<f64, NoMemory>,
    ) -> Result<Self> {
        let device = output.device();
        let mut loss = 0.0;
        let shape = output.shape();
        let gradient = Tensor::on_cpu(operation, device, shape, |gradient| {
            loss = fill(gradient)?;
            Ok(())
        })?;
        let loss = cpu::narrow(loss);
        let value = Tensor::on_cpu(operation, device, SCALAR, |value| {
            value.fill(loss);
            Ok(())
        })?;
        Ok(Self { value, gradient })
    }

    fn on_gpu(output: &Tensor, (value, gradient): (gpu::GpuBuffer, gpu::GpuBuffer)) -> Self {
        let device = output.device();
        Self {
            value: Tensor::on_gpu(device, SCALAR, value),
            gradient: Tensor::on_gpu(device, output.shape(), gradient),
        }
    }
}

const SCALAR: Shape = Shape::new(1, 1, 1, 1);

/// That labels fit logits.
fn problem(logits: Shape, labels: &Numbers) -> Result<CrossEntropyProblem> {
    let expected = Shape { channels: 1, ..logits };
    if labels.shape() != expected {
        let rule = format!("one label per position of the logits is {expected}");
        return Err(Error::shape(CrossEntropyProblem::OPERATION, "labels", labels.shape(), rule));
    }
    if expected.is_empty() {
        let rule = "a mean needs at least one";
        return Err(Error::shape(CrossEntropyProblem::OPERATION, "labels", expected, rule));
    }
    labels.check_below(CrossEntropyProblem::OPERATION, "labels", logits.channels, "classes")?;
    let plane = logits.height * logits.width;
    Ok(CrossEntropyProblem { batch: logits.batch, classes: logits.channels, plane })
}

/// The cross-entropy of the softmax of `logits` with the right classes, mean over all positions:
/// the loss to train a classifier with.
///
/// ```text
/// probability[n, c, y, x] = exp(logits[n, c, y, x]) / sum over k of exp(logits[n, k, y, x])
/// loss = mean over n, y, x of -ln(probability[n, label, y, x])  with label = labels[n, 0, y, x]
/// gradient[n, c, y, x] = (probability[n, c, y, x] - (1 if c is the label, else 0)) / positions
/// ```
///
/// # Shapes
///
/// - logits `[batch, classes, height, width]`; `[batch, classes, 1, 1]` is one answer per image
/// - labels `[batch, 1, height, width]`, uploaded by
///   [`Device::upload_numbers`](crate::Device::upload_numbers)
///
/// # Errors
///
/// [`Error::ShapeMismatch`] for labels that do not fit, [`Error::InvalidArgument`] for a label that
/// is no class, [`Error::DifferentDevice`], [`Error::DeviceLimit`].
///
/// # Examples
///
/// ```
/// use filtro::{Device, nn};
///
/// let device = Device::cpu();
/// let logits = device.upload_slice(&[0.0, 0.0], [1, 2, 1, 1])?; // equally probable
/// let labels = device.upload_numbers(&[1], [1, 1, 1, 1])?;
/// let loss = nn::cross_entropy(&logits, &labels)?;
/// assert_eq!(loss.item()?, 2.0_f32.ln());
/// assert_eq!(loss.gradient.to_vec()?, [0.5, -0.5]); // the step against it raises the second
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.CrossEntropyLoss`.
pub fn cross_entropy(logits: &Tensor, labels: &Numbers) -> Result<Loss> {
    const OPERATION: &str = CrossEntropyProblem::OPERATION;
    let device = logits.device();
    device.check_device(OPERATION, "labels", labels.device())?;
    logits.check_f32(OPERATION, "logits")?;
    let problem = problem(logits.shape(), labels)?;
    match device.backend() {
        Backend::Cpu => {
            let elements = logits.cpu_elements(OPERATION)?;
            let labels = labels.cpu_elements(OPERATION)?;
            Loss::on_cpu(OPERATION, logits, |gradient| {
                cpu::cross_entropy(&problem, elements, labels, gradient)
            })
        }
        Backend::Gpu(context) => {
            let buffer = logits.gpu_buffer(OPERATION)?;
            let labels = labels.gpu_buffer(OPERATION)?;
            let buffers = gpu::cross_entropy(context, &problem, buffer, labels)?;
            Ok(Loss::on_gpu(logits, buffers))
        }
    }
}

/// The mean of the squared differences between an output and what it should be.
///
/// ```text
/// loss = mean of (output - target)^2
/// gradient = 2 * (output - target) / elements
/// ```
///
/// # Shapes
///
/// Both are the same.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] for shapes that differ and for no elements at all,
/// [`Error::DifferentDevice`], [`Error::DeviceLimit`].
///
/// # Examples
///
/// ```
/// use filtro::{Device, nn};
///
/// let device = Device::cpu();
/// let output = device.upload_slice(&[1.0, 5.0], [1, 1, 1, 2])?;
/// let target = device.upload_slice(&[1.0, 3.0], [1, 1, 1, 2])?;
/// let loss = nn::mse(&output, &target)?;
/// assert_eq!(loss.item()?, 2.0);
/// assert_eq!(loss.gradient.to_vec()?, [0.0, 2.0]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.MSELoss`.
pub fn mse(output: &Tensor, target: &Tensor) -> Result<Loss> {
    const OPERATION: &str = "mse";
    let (device, shape) = (output.device(), output.shape());
    target.check_on(device, OPERATION, "target")?;
    output.check_f32(OPERATION, "the output")?;
    target.check_f32(OPERATION, "target")?;
    if target.shape() != shape {
        let rule = format!("the output has shape {shape}");
        return Err(Error::shape(OPERATION, "target", target.shape(), rule));
    }
    if shape.is_empty() {
        let rule = "a mean needs at least one element";
        return Err(Error::shape(OPERATION, "the output", shape, rule));
    }
    match device.backend() {
        Backend::Cpu => {
            let elements = output.cpu_elements(OPERATION)?;
            let target = target.cpu_elements(OPERATION)?;
            Loss::on_cpu(OPERATION, output, |gradient| cpu::mse(elements, target, gradient))
        }
        Backend::Gpu(context) => {
            let buffer = output.gpu_buffer(OPERATION)?;
            let target = target.gpu_buffer(OPERATION)?;
            let buffers = gpu::mse(context, OPERATION, buffer, target, shape.len())?;
            Ok(Loss::on_gpu(output, buffers))
        }
    }
}

/// The class of the largest logit of every image, on the device.
///
/// # Shapes
///
/// - logits `[batch, classes, 1, 1]`
/// - output `[batch, 1, 1, 1]`
///
/// # Errors
///
/// [`Error::ShapeMismatch`] for logits of more than one position per image, and what
/// [`AdaptiveMaxPool2d`](crate::AdaptiveMaxPool2d) reports, which does the work.
///
/// # Examples
///
/// ```
/// use filtro::{Device, nn};
///
/// let logits = Device::cpu().upload_slice(&[0.1, 0.7, 0.2, 0.9, 0.0, 0.1], [2, 3, 1, 1])?;
/// assert_eq!(nn::predictions(&logits)?.to_vec()?, [1, 0]);
/// # Ok::<(), filtro::Error>(())
/// ```
pub fn predictions(logits: &Tensor) -> Result<Indices> {
    let shape = logits.shape();
    if [shape.height, shape.width] != [1, 1] {
        let rule = "one answer per image is [batch, classes, 1, 1]";
        return Err(Error::shape("predictions", "logits", shape, rule));
    }
    let columns = logits.reshape([shape.batch, 1, shape.channels, 1])?;
    Ok(crate::AdaptiveMaxPool2d::global().forward_with_indices(&columns)?.1)
}
