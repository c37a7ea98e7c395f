//! A batch normalisation folded into the convolution before it.

use super::batch_norm2d::{OPERATION, apply};
use crate::gpu::Form;
use crate::{BatchNorm2d, Conv2d, DType, Result, Tensor};

impl BatchNorm2d {
    /// The weight and the bias with which a convolution gives what it and this operation behind it
    /// give in evaluation, within rounding, and for nothing:
    ///
    /// ```text
    /// scale[oc]   = bn_weight[oc] / sqrt(running_var[oc] + eps)
    /// weight'[oc] = weight[oc] * scale[oc]
    /// bias'[oc]   = (bias[oc] - running_mean[oc]) * scale[oc] + bn_bias[oc]
    /// ```
    ///
    /// `weight` and `bias` are those of `conv`, the others those of [`forward`](Self::forward). The
    /// convolution has to have no activation, since that would stand between the two; one that
    /// followed the normalisation can be set afterwards. All is of f32 and stays on the device;
    /// [`Tensor::to_f16`] makes the results serve a convolution of f16.
    ///
    /// # Shapes
    ///
    /// - weight as [`Conv2d::weight_shape`], which the new one has too
    /// - the others, and the new bias, `[1, num_features, 1, 1]`
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) for a convolution with an activation
    /// or with other out_channels than num_features,
    /// [`ShapeMismatch`](crate::Error::ShapeMismatch) for tensors that do not fit,
    /// [`DTypeMismatch`](crate::Error::DTypeMismatch) for f16,
    /// [`DifferentDevice`](crate::Error::DifferentDevice), and what the device reports.
    ///
    /// # Examples
    ///
    /// ```
    /// use filtro::{BatchNorm2d, Conv2d, Device};
    /// use ndarray::{Array4, array};
    ///
    /// let device = Device::cpu();
    /// let conv = Conv2d::new(1, 1, [1, 1]);
    /// let weight = device.upload(&array![[[[3.0]]]])?;
    /// let (mean, var) = (device.upload(&array![1.0])?, device.upload(&array![4.0])?);
    /// let norm = BatchNorm2d::new(1).eps(0.0);
    /// let (weight, bias) = norm.fold(&conv, &weight, None, &mean, &var, None, None)?;
    /// assert_eq!(weight.to_vec()?, [1.5]); // x * 1.5 - 0.5 is (x * 3 - 1) / 2
    /// assert_eq!(bias.to_vec()?, [-0.5]);
    /// # Ok::<(), filtro::Error>(())
    /// ```
    ///
    /// Source: `torch.nn.utils.fuse_conv_bn_weights`.
    #[allow(clippy::too_many_arguments, reason = "two operations' tensors, as PyTorch names them")]
    pub fn fold(
        &self,
        conv: &Conv2d,
        weight: &Tensor,
        bias: Option<&Tensor>,
        running_mean: &Tensor,
        running_var: &Tensor,
        bn_weight: Option<&Tensor>,
        bn_bias: Option<&Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let (device, shape) = (weight.device(), weight.shape());
        weight.check_f32(OPERATION, "weight")?;
        let of_weight = self.folded_weight(conv, shape, bias.map(Tensor::shape))?;
        self.check_tensor(device, "bias", bias)?;
        self.check_tensor(device, "running_mean", Some(running_mean))?;
        self.check_tensor(device, "running_var", Some(running_var))?;
        self.check_tensor(device, "bn_weight", bn_weight)?;
        self.check_tensor(device, "bn_bias", bn_bias)?;
        let factors = self.factors([running_mean, running_var], [bn_weight, bn_bias])?;
        let weight = apply(Form::Scaled, &of_weight, weight, &factors)?.reshape(shape)?;
        let of_bias = self.problem(self.channels_shape())?;
        let bias = match bias {
            Some(bias) => bias.clone(),
            None => Tensor::zeros(OPERATION, device, of_bias.shape, DType::F32)?,
        };
        Ok((weight, apply(Form::Normalized, &of_bias, &bias, &factors)?))
    }
}
