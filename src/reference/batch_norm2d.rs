//! BatchNorm2d, forward and backward.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4};

use super::{check_shape, shape_of, zeros};
use crate::{BatchNorm2d, Error, Result};

const OPERATION: &str = BatchNorm2d::OPERATION;

/// The gradients of a batch normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients {
    /// The gradient of the input, in its shape.
    pub grad_input: Array4<f64>,
    /// The gradient of the weight, `[num_features]`.
    pub grad_weight: Array1<f64>,
    /// The gradient of the bias, `[num_features]`.
    pub grad_bias: Array1<f64>,
}

fn check_channels(
    options: &BatchNorm2d,
    argument: &'static str,
    values: ArrayView1<'_, f64>,
) -> Result<()> {
    if values.len() == options.num_features {
        return Ok(());
    }
    let rule = format!("num_features is {}", options.num_features);
    Err(Error::argument(OPERATION, argument, format!("{} values", values.len()), rule))
}

/// The normalisation with given statistics: evaluation.
///
/// ```text
/// output[n, c, y, x] = (input[n, c, y, x] - mean[c]) / sqrt(var[c] + eps) * weight[c] + bias[c]
/// ```
///
/// Without a weight it is 1, without a bias 0.
///
/// # Shapes
///
/// - input and output `[batch, num_features, height, width]`
/// - mean, variance, weight and bias `[num_features]`
///
/// # Errors
///
/// As [`BatchNorm2d::output_shape`], and [`Error::InvalidArgument`] for other numbers of values.
///
/// # Examples
///
/// ```
/// use filtro::{BatchNorm2d, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0, 5.0]]]];
/// let (mean, var) = (array![1.0], array![4.0]);
/// let norm = BatchNorm2d::new(1).eps(0.0);
/// let output = reference::batch_norm2d(&norm, input.view(), [mean.view(), var.view()], None, None)?;
/// assert_eq!(output, array![[[[0.0, 2.0]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.BatchNorm2d`.
pub fn batch_norm2d(
    options: &BatchNorm2d,
    input: ArrayView4<'_, f64>,
    [mean, var]: [ArrayView1<'_, f64>; 2],
    weight: Option<ArrayView1<'_, f64>>,
    bias: Option<ArrayView1<'_, f64>>,
) -> Result<Array4<f64>> {
    let shape = options.output_shape(shape_of(input))?;
    let given = [("the mean", Some(mean)), ("the variance", Some(var))];
    for (argument, values) in given.into_iter().chain([("weight", weight), ("bias", bias)]) {
        if let Some(values) = values {
            check_channels(options, argument, values)?;
        }
    }
    let mut output = zeros(OPERATION, shape.dims())?;
    for ((n, channel, y, x), value) in input.indexed_iter() {
        let normalized = (value - mean[channel]) / (var[channel] + f64::from(options.eps)).sqrt();
        let scaled = weight.map_or(normalized, |weight| normalized * weight[channel]);
        output[[n, channel, y, x]] = bias.map_or(scaled, |bias| scaled + bias[channel]);
    }
    Ok(output)
}

/// Mean and biased variance of every channel, over all images and positions: training.
///
/// # Errors
///
/// As [`BatchNorm2d::output_shape`], and [`Error::ShapeMismatch`] for fewer than two values of a
/// channel.
///
/// # Examples
///
/// ```
/// use filtro::{BatchNorm2d, reference};
/// use ndarray::array;
///
/// let input = array![[[[1.0, 5.0]]], [[[6.0, 8.0]]]];
/// let (mean, var) = reference::batch_statistics(&BatchNorm2d::new(1), input.view())?;
/// assert_eq!((mean, var), (array![5.0], array![6.5]));
/// # Ok::<(), filtro::Error>(())
/// ```
pub fn batch_statistics(
    options: &BatchNorm2d,
    input: ArrayView4<'_, f64>,
) -> Result<(Array1<f64>, Array1<f64>)> {
    let shape = options.output_shape(shape_of(input))?;
    let count = shape.batch * shape.height * shape.width;
    if count < 2 {
        let rule = "training needs more than 1 value per channel";
        return Err(Error::shape(OPERATION, "input", shape, rule));
    }
    let mut mean = Array1::zeros(shape.channels);
    for ((_, channel, _, _), value) in input.indexed_iter() {
        mean[channel] += value;
    }
    mean /= count as f64;
    let mut var = Array1::zeros(shape.channels);
    for ((_, channel, _, _), value) in input.indexed_iter() {
        let difference = value - mean[channel];
        var[channel] += difference * difference;
    }
    var /= count as f64;
    Ok((mean, var))
}

/// The gradients of [`batch_norm2d`] with the statistics of evaluation, given that of its output:
///
/// ```text
/// normalized = (input - mean) / sqrt(var + eps)
/// grad_input = grad_output * weight / sqrt(var + eps)
/// grad_weight[c] = sum over n, y, x of grad_output[n, c, y, x] * normalized[n, c, y, x]
/// grad_bias[c] = sum over n, y, x of grad_output[n, c, y, x]
/// ```
///
/// # Errors
///
/// As [`batch_norm2d`], and [`Error::ShapeMismatch`] for a grad_output that does not fit.
///
/// # Examples
///
/// ```
/// use filtro::{BatchNorm2d, reference};
/// use ndarray::array;
///
/// let (input, grad_output) = (array![[[[1.0, 5.0]]]], array![[[[3.0, 10.0]]]]);
/// let (mean, var) = (array![1.0], array![4.0]);
/// let norm = BatchNorm2d::new(1).eps(0.0);
/// let statistics = [mean.view(), var.view()];
/// let gradients =
///     reference::batch_norm2d_backward(&norm, input.view(), statistics, None, grad_output.view())?;
/// assert_eq!(gradients.grad_input, array![[[[1.5, 5.0]]]]);
/// assert_eq!((gradients.grad_weight, gradients.grad_bias), (array![20.0], array![13.0]));
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.BatchNorm2d`.
pub fn batch_norm2d_backward(
    options: &BatchNorm2d,
    input: ArrayView4<'_, f64>,
    statistics: [ArrayView1<'_, f64>; 2],
    weight: Option<ArrayView1<'_, f64>>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<NormGradients> {
    let normalized = batch_norm2d(options, input, statistics, None, None)?;
    check_shape(OPERATION, "grad_output", shape_of(grad_output), shape_of(input).dims())?;
    if let Some(weight) = weight {
        check_channels(options, "weight", weight)?;
    }
    let mut grad_input = Array4::zeros(input.dim());
    let mut grad_weight = Array1::zeros(options.num_features);
    let mut grad_bias = Array1::zeros(options.num_features);
    for ((n, channel, y, x), grad) in grad_output.indexed_iter() {
        let deviation = (statistics[1][channel] + f64::from(options.eps)).sqrt();
        let weight = weight.map_or(1.0, |weight| weight[channel]);
        grad_input[[n, channel, y, x]] = grad * weight / deviation;
        grad_weight[channel] += grad * normalized[[n, channel, y, x]];
        grad_bias[channel] += grad;
    }
    Ok(NormGradients { grad_input, grad_weight, grad_bias })
}

/// The gradients of [`batch_norm2d`] with the [`batch_statistics`] of its input, given that of its
/// output.
///
/// An element has an influence on its own output, on the mean and on the variance, and through these
/// on every output of its channel. With `values` the number of a channel's values,
///
/// ```text
/// grad_mean = -sum of grad_normalized / deviation
/// grad_var  = -sum of grad_normalized * (input - mean) / (2 * deviation^3)
/// grad_input = grad_normalized / deviation + grad_mean / values
///     + grad_var * 2 * (input - mean) / values
/// with grad_normalized = grad_output * weight, deviation = sqrt(var + eps)
/// ```
///
/// # Errors
///
/// As [`batch_statistics`] and [`batch_norm2d_backward`].
///
/// # Examples
///
/// ```
/// use filtro::{BatchNorm2d, reference};
/// use ndarray::array;
///
/// let (input, grad_output) = (array![[[[1.0, 2.0, 6.0]]]], array![[[[5.0, 5.0, 5.0]]]]);
/// let norm = BatchNorm2d::new(1);
/// let gradients =
///     reference::batch_norm2d_training_backward(&norm, input.view(), None, grad_output.view())?;
/// // A shift of all outputs of a channel is one of the bias alone.
/// assert!(gradients.grad_input.iter().all(|gradient| gradient.abs() < 1e-12));
/// assert_eq!(gradients.grad_bias, array![15.0]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: Ioffe and Szegedy, arXiv:1502.03167, section 3.
pub fn batch_norm2d_training_backward(
    options: &BatchNorm2d,
    input: ArrayView4<'_, f64>,
    weight: Option<ArrayView1<'_, f64>>,
    grad_output: ArrayView4<'_, f64>,
) -> Result<NormGradients> {
    let (mean, var) = batch_statistics(options, input)?;
    let statistics = [mean.view(), var.view()];
    let of_values = batch_norm2d_backward(options, input, statistics, weight, grad_output)?;
    let values = (input.len() / options.num_features) as f64;
    let deviation = var.mapv(|var| (var + f64::from(options.eps)).sqrt());
    let mut grad_mean = Array1::<f64>::zeros(options.num_features);
    let mut grad_var = Array1::<f64>::zeros(options.num_features);
    for ((n, channel, y, x), grad) in of_values.grad_input.indexed_iter() {
        let difference = input[[n, channel, y, x]] - mean[channel];
        grad_mean[channel] -= grad;
        grad_var[channel] -= grad * difference / (2.0 * deviation[channel].powi(2));
    }
    let mut grad_input = of_values.grad_input;
    for ((n, channel, y, x), grad) in grad_input.indexed_iter_mut() {
        let difference = input[[n, channel, y, x]] - mean[channel];
        *grad += (grad_mean[channel] + 2.0 * grad_var[channel] * difference) / values;
    }
    Ok(NormGradients { grad_input, ..of_values })
}
