//! Steps of optimizers.

use ndarray::{Array4, ArrayView4, Zip};

use super::{check_shape, shape_of};
use crate::Result;
use crate::nn::{Adam, Sgd};

/// One step of gradient descent: the new parameter and velocity. The velocity starts at zero.
///
/// ```text
/// slope    = gradient + weight_decay * parameter
/// velocity = momentum * velocity + slope
/// parameter = parameter - learning_rate * (nesterov ? slope + momentum * velocity : velocity)
/// ```
///
/// # Shapes
///
/// All are the same.
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch).
///
/// # Examples
///
/// ```
/// use filtro::{nn::Sgd, reference};
/// use ndarray::array;
///
/// let (parameter, gradient) = (array![[[[1.0]]]], array![[[[4.0]]]]);
/// let velocity = array![[[[2.0]]]];
/// let options = Sgd::new(0.25).momentum(0.5);
/// let (parameter, velocity) =
///     reference::sgd(&options, parameter.view(), gradient.view(), velocity.view())?;
/// assert_eq!((parameter, velocity), (array![[[[-0.25]]]], array![[[[5.0]]]]));
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.optim.SGD` with dampening 0.
pub fn sgd(
    options: &Sgd,
    parameter: ArrayView4<'_, f64>,
    gradient: ArrayView4<'_, f64>,
    velocity: ArrayView4<'_, f64>,
) -> Result<(Array4<f64>, Array4<f64>)> {
    let shape = shape_of(parameter).dims();
    check_shape("sgd", "gradient", shape_of(gradient), shape)?;
    check_shape("sgd", "velocity", shape_of(velocity), shape)?;
    let slope = Zip::from(parameter)
        .and(gradient)
        .map_collect(|&parameter, &gradient| gradient + options.weight_decay * parameter);
    let velocity = Zip::from(velocity)
        .and(&slope)
        .map_collect(|&velocity, &slope| options.momentum * velocity + slope);
    let direction =
        if options.nesterov { slope + options.momentum * &velocity } else { velocity.clone() };
    Ok((&parameter - options.learning_rate * direction, velocity))
}

/// Step number `step`, counted from 1, of Adam: the new parameter, mean and mean square. The means
/// start at zero.
///
/// ```text
/// slope  = gradient + weight_decay * parameter
/// mean   = beta1 * mean   + (1 - beta1) * slope
/// square = beta2 * square + (1 - beta2) * slope^2
/// parameter = parameter - learning_rate * (mean / (1 - beta1^step))
///     / (sqrt(square / (1 - beta2^step)) + epsilon)
/// ```
///
/// # Shapes
///
/// All are the same.
///
/// # Errors
///
/// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch).
///
/// # Examples
///
/// The first step has the size of the learning rate, however large the gradient:
///
/// ```
/// use filtro::{nn::Adam, reference};
/// use ndarray::array;
///
/// let (parameter, zero) = (array![[[[1.0_f64]]]], array![[[[0.0]]]]);
/// let gradient = array![[[[1e3]]]];
/// let views = [parameter.view(), gradient.view(), zero.view(), zero.view()];
/// let [parameter, ..] = reference::adam(&Adam::new(0.25), 1, views)?;
/// assert!((parameter[[0, 0, 0, 0]] - 0.75).abs() < 1e-9);
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: Kingma and Ba, *Adam: A Method for Stochastic Optimization*, arXiv:1412.6980;
/// `torch.optim.Adam`.
pub fn adam(
    options: &Adam,
    step: i32,
    [parameter, gradient, mean, square]: [ArrayView4<'_, f64>; 4],
) -> Result<[Array4<f64>; 3]> {
    let shape = shape_of(parameter).dims();
    check_shape("adam", "gradient", shape_of(gradient), shape)?;
    check_shape("adam", "the mean", shape_of(mean), shape)?;
    check_shape("adam", "the mean square", shape_of(square), shape)?;
    let [beta1, beta2] = options.betas;
    let slope = Zip::from(parameter)
        .and(gradient)
        .map_collect(|&parameter, &gradient| gradient + options.weight_decay * parameter);
    let mean = beta1 * &mean + (1.0 - beta1) * &slope;
    let square = beta2 * &square + (1.0 - beta2) * (&slope * &slope);
    let parameter =
        Zip::from(parameter).and(&mean).and(&square).map_collect(|&parameter, &mean, &square| {
            let corrected_mean = mean / (1.0 - beta1.powi(step));
            let corrected_square = square / (1.0 - beta2.powi(step));
            let denominator = corrected_square.sqrt() + options.epsilon;
            parameter - options.learning_rate * corrected_mean / denominator
        });
    Ok([parameter, mean, square])
}
