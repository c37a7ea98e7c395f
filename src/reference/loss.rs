//! Losses, with their gradients.

use ndarray::{Array4, ArrayView4, Zip};

use super::{check_shape, shape_of};
use crate::{Error, Result, Shape};

/// The cross-entropy of the softmax of `logits` with the right classes, mean over all positions,
/// and its gradient.
///
/// ```text
/// probability[n, c, y, x] = exp(logits[n, c, y, x]) / sum over k of exp(logits[n, k, y, x])
/// loss = mean over n, y, x of -ln(probability[n, label, y, x])  with label = labels[n, 0, y, x]
/// gradient[n, c, y, x] = (probability[n, c, y, x] - (1 if c is the label, else 0)) / positions
/// ```
///
/// # Shapes
///
/// - logits `[batch, classes, height, width]`
/// - labels `[batch, 1, height, width]`
/// - gradient as logits
///
/// # Errors
///
/// [`Error::ShapeMismatch`] for labels that do not fit, [`Error::InvalidArgument`] for a label that
/// is no class and for no labels at all.
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let logits = array![[[[0.0]], [[0.0]]]]; // two classes, equally probable
/// let (loss, gradient) = reference::cross_entropy(logits.view(), array![[[[1]]]].view())?;
/// assert_eq!(loss, 2.0_f64.ln());
/// assert_eq!(gradient, array![[[[0.5]], [[-0.5]]]]);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.CrossEntropyLoss`.
pub fn cross_entropy(
    logits: ArrayView4<'_, f64>,
    labels: ArrayView4<'_, u32>,
) -> Result<(f64, Array4<f64>)> {
    const OPERATION: &str = "cross_entropy";
    let shape = shape_of(logits);
    let [_, classes, ..] = shape.dims();
    let expected = Shape { channels: 1, ..shape };
    if shape_of(labels) != expected {
        let rule = format!("one label per position of the logits is {expected}");
        return Err(Error::shape(OPERATION, "labels", shape_of(labels), rule));
    }
    let positions = labels.len() as f64;
    let mut loss = 0.0;
    let mut gradient = Array4::zeros(shape.dims());
    for ((n, _, y, x), &label) in labels.indexed_iter() {
        let label = label as usize;
        if label >= classes {
            let rule = format!("there are {classes} classes, numbered from 0");
            return Err(Error::argument(OPERATION, "a label", label, rule));
        }
        let of_class = |c: usize| logits[[n, c, y, x]];
        let largest = (0..classes).map(of_class).fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = (0..classes).map(|c| (of_class(c) - largest).exp()).sum();
        loss += total.ln() + largest - of_class(label);
        for c in 0..classes {
            let probability = (of_class(c) - largest).exp() / total;
            let expected = if c == label { 1.0 } else { 0.0 };
            gradient[[n, c, y, x]] = (probability - expected) / positions;
        }
    }
    if labels.is_empty() {
        return Err(Error::shape(OPERATION, "labels", expected, "a mean needs at least one"));
    }
    Ok((loss / positions, gradient))
}

/// The mean of the squared differences, and its gradient:
/// `gradient = 2 * (input - target) / elements`.
///
/// # Shapes
///
/// All are the same.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] for shapes that differ and for no elements at all.
///
/// # Examples
///
/// ```
/// use filtro::reference;
/// use ndarray::array;
///
/// let (input, target) = (array![[[[1.0, 5.0]]]], array![[[[1.0, 3.0]]]]);
/// let (loss, gradient) = reference::mse(input.view(), target.view())?;
/// assert_eq!((loss, gradient), (2.0, array![[[[0.0, 2.0]]]]));
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.MSELoss`.
pub fn mse(input: ArrayView4<'_, f64>, target: ArrayView4<'_, f64>) -> Result<(f64, Array4<f64>)> {
    const OPERATION: &str = "mse";
    let shape = shape_of(input);
    check_shape(OPERATION, "target", shape_of(target), shape.dims())?;
    if input.is_empty() {
        return Err(Error::shape(OPERATION, "input", shape, "a mean needs at least one element"));
    }
    let elements = input.len() as f64;
    let difference = Zip::from(input).and(target).map_collect(|&input, &target| input - target);
    let loss = difference.iter().map(|difference| difference * difference).sum::<f64>() / elements;
    Ok((loss, difference * (2.0 / elements)))
}
