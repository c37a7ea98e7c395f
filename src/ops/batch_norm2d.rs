//! BatchNorm2d: options, validation and sizes.

use crate::ops::setters::setters;
use crate::{Conv2d, Error, Result, Shape};

/// Batch normalisation over the channels of images, with the options and defaults of
/// `torch.nn.BatchNorm2d`.
///
/// Each channel is shifted and scaled so that its values have mean 0 and variance 1, then by a
/// learned weight and bias:
///
/// ```text
/// output[n, c, y, x] = (input[n, c, y, x] - mean[c]) / sqrt(var[c] + eps) * weight[c] + bias[c]
/// ```
///
/// In training mean and variance are those of the batch, over all images and positions
/// ([`forward_training`](Self::forward_training)), and [`update`](Self::update) moves running ones
/// towards them; in evaluation they are the running ones ([`forward`](Self::forward)), so that an
/// output depends on its own image alone. The variance that normalises is the biased one, divided by
/// the number of values; the one that goes into the running variance is divided by one less.
///
/// The operation owns no tensors, so what `affine` and `track_running_stats` say in PyTorch is said
/// by what it is given: no weight and no bias is `affine=False`, and who never calls `update` and
/// always `forward_training` has `track_running_stats=False`. A
/// layer that owns them is one of [`nn`](crate::nn).
///
/// # Shapes
///
/// - input and output `[batch, num_features, height, width]`
/// - mean, variance, weight and bias `[1, num_features, 1, 1]`, which is what a rank 1 array becomes
///
/// # Rounding
///
/// Statistics of a batch of `n` values a channel are taken from differences between values, never
/// from squares of the values themselves, so that data far from zero lose nothing. With `R` the
/// largest difference of two values of a channel and `e = (64 + 2 * sqrt(n)) * 2^-24`, the mean is
/// within `2^-24 * |mean| + e * R` and the standard deviation within `e * R`, always, on every
/// device, and the same in every run. A channel whose values are all the same has variance 0 and
/// gives the bias. On a GPU the sum of the squared differences has to stay in the range of f32.
///
/// # Examples
///
/// ```
/// use filtro::{BatchNorm2d, Device};
/// use ndarray::array;
///
/// let device = Device::cpu();
/// let norm = BatchNorm2d::new(1).eps(1e-3).momentum(0.5);
/// let x = device.upload(&array![[[[10.0, 14.0]]]])?;
/// let (y, statistics) = norm.forward_training(&x, None, None)?;
/// let y = y.download()?;
/// assert!((y[[0, 0, 0, 0]] + 1.0).abs() < 1e-3 && (y[[0, 0, 0, 1]] - 1.0).abs() < 1e-3);
/// assert_eq!(statistics.mean().to_vec()?, [12.0]);
/// assert_eq!(statistics.var().to_vec()?, [4.0]);
///
/// let running_mean = device.upload(&array![0.0])?;
/// let running_var = device.upload(&array![1.0])?;
/// let (running_mean, running_var) = norm.update(&running_mean, &running_var, &statistics, 1)?;
/// assert_eq!(running_mean.to_vec()?, [6.0]);
/// assert_eq!(running_var.to_vec()?, [4.5]); // (1 + 8) / 2
/// # Ok::<(), filtro::Error>(())
/// ```
///
/// Source: `torch.nn.BatchNorm2d`; Ioffe and Szegedy, *Batch normalization: accelerating deep network
/// training by reducing internal covariate shift*, arXiv:1502.03167.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BatchNorm2d {
    /// Channels of the input.
    pub num_features: usize,
    /// What is added to a variance before its root is taken; 1e-5 by default.
    pub eps: f32,
    /// How much of a running statistic a new batch replaces; 0.1 by default. `None` for the mean
    /// over all batches so far.
    pub momentum: Option<f32>,
}

impl BatchNorm2d {
    pub(crate) const OPERATION: &str = "batch_norm2d";

    /// A batch normalisation with PyTorch's defaults: eps 1e-5, momentum 0.1.
    #[must_use]
    pub const fn new(num_features: usize) -> Self {
        Self { num_features, eps: 1e-5, momentum: Some(0.1) }
    }

    setters! {
        /// Sets what is added to a variance before its root is taken.
        eps: f32,
        /// Sets how much of a running statistic a new batch replaces, `None` for the mean over all
        /// batches.
        momentum: into Option<f32>,
    }

    /// The shape of the output for an input of this shape, which is the same.
    ///
    /// # Errors
    ///
    /// Every misuse that [`forward`](Self::forward) reports and that does not depend on the other
    /// tensors.
    pub fn output_shape(&self, input: impl Into<Shape>) -> Result<Shape> {
        Ok(self.problem(input.into())?.shape)
    }

    /// The shape of statistics, weight and bias.
    pub(crate) const fn channels_shape(&self) -> Shape {
        Shape::new(1, self.num_features, 1, 1)
    }

    fn check_options(&self) -> Result<()> {
        if self.num_features == 0 {
            return Err(Error::argument(Self::OPERATION, "num_features", 0, "must be at least 1"));
        }
        if !(self.eps >= 0.0 && self.eps.is_finite()) {
            let rule = "must be finite and not negative";
            return Err(Error::argument(Self::OPERATION, "eps", self.eps, rule));
        }
        Ok(())
    }

    /// Everything resolved for an input of this shape.
    pub(crate) fn problem(&self, input: Shape) -> Result<BatchNorm2dProblem> {
        self.check_options()?;
        if input.channels != self.num_features {
            let rule = format!("num_features is {}", self.num_features);
            return Err(Error::shape(Self::OPERATION, "input", input, rule));
        }
        input.checked_len(Self::OPERATION)?;
        Ok(BatchNorm2dProblem { shape: input, eps: self.eps })
    }

    /// As [`problem`](Self::problem), for statistics of the input itself.
    pub(crate) fn training_problem(&self, input: Shape) -> Result<BatchNorm2dProblem> {
        let problem = self.problem(input)?;
        if self.eps <= 0.0 {
            let rule = "training needs more than 0";
            return Err(Error::argument(Self::OPERATION, "eps", self.eps, rule));
        }
        if problem.values() < 2 {
            let rule = "training needs more than 1 value per channel";
            return Err(Error::shape(Self::OPERATION, "input", input, rule));
        }
        Ok(problem)
    }

    /// That statistics, a weight or a bias have a value for each channel.
    pub(crate) fn check_channels(&self, argument: &'static str, actual: Shape) -> Result<()> {
        let expected = self.channels_shape();
        if actual == expected {
            return Ok(());
        }
        let rule = format!("one value per channel is {expected}");
        Err(Error::shape(Self::OPERATION, argument, actual, rule))
    }

    /// The share of a running statistic that a batch replaces, the given number of which have come,
    /// this one among them.
    pub(crate) fn share(&self, num_batches_tracked: u64) -> Result<f32> {
        self.check_options()?;
        match self.momentum {
            Some(momentum) if momentum.is_finite() => Ok(momentum),
            Some(momentum) => {
                Err(Error::argument(Self::OPERATION, "momentum", momentum, "must be finite"))
            }
            None if num_batches_tracked == 0 => {
                let rule = "must count this batch too, where momentum is None";
                Err(Error::argument(Self::OPERATION, "num_batches_tracked", 0, rule))
            }
            None => Ok(1.0 / num_batches_tracked as f32),
        }
    }

    /// The weight of a convolution that is to do the work of both, as one image whose channels are the
    /// filters.
    pub(crate) fn folded_weight(
        &self,
        conv: &Conv2d,
        weight: Shape,
        bias: Option<Shape>,
    ) -> Result<BatchNorm2dProblem> {
        self.check_options()?;
        let expected = conv.weight_shape()?;
        if let Some(function) = conv.activation {
            let rule = "only a convolution without one can be folded: set it afterwards";
            return Err(Error::argument(
                Self::OPERATION,
                "the convolution's activation",
                function.name(),
                rule,
            ));
        }
        if conv.out_channels != self.num_features {
            let rule = format!("num_features is {}", self.num_features);
            let argument = "the convolution's out_channels";
            return Err(Error::argument(Self::OPERATION, argument, conv.out_channels, rule));
        }
        if weight != expected {
            let rule = format!("the convolution's weight is {expected}");
            return Err(Error::shape(Self::OPERATION, "weight", weight, rule));
        }
        if let Some(bias) = bias {
            self.check_channels("bias", bias)?;
        }
        weight.checked_len(Self::OPERATION)?;
        let filter = weight.channels.saturating_mul(weight.height).saturating_mul(weight.width);
        let shape = Shape::new(1, weight.batch, 1, filter);
        Ok(BatchNorm2dProblem { shape, eps: self.eps })
    }
}

/// A batch normalisation resolved for an input shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BatchNorm2dProblem {
    pub(crate) shape: Shape,
    pub(crate) eps: f32,
}

impl BatchNorm2dProblem {
    /// The elements of a plane.
    pub(crate) const fn plane(&self) -> usize {
        self.shape.height.saturating_mul(self.shape.width)
    }

    /// The values of a channel.
    pub(crate) const fn values(&self) -> usize {
        self.shape.batch.saturating_mul(self.plane())
    }

    /// What makes an unbiased variance of a biased one: `n / (n - 1)`.
    #[allow(clippy::cast_possible_truncation, reason = "as exact as f32 is")]
    pub(crate) fn unbias(&self) -> f32 {
        let values = self.values() as f64;
        (values / (values - 1.0).max(1.0)) as f32
    }
}
