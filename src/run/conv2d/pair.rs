//! Two convolutions, the second of the first's output, that are computed together where that is faster.

use crate::cpu::{Convolution, Pair};
use crate::device::Backend;
use crate::ops::Conv2dProblem;
use crate::run::conv2d::forward::OPERATION;
use crate::{Conv2d, DType, Result, Shape, Tensor};

/// A convolution with its weight and bias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filters<'a> {
    pub(crate) options: &'a Conv2d,
    pub(crate) weight: &'a Tensor,
    pub(crate) bias: Option<&'a Tensor>,
}

impl<'a> Filters<'a> {
    /// For an input of this shape that is like a tensor; `None` where something does not fit.
    fn problem(self, like: &Tensor, shape: Shape) -> Option<Conv2dProblem> {
        self.options.checked((like, shape), self.weight, self.bias).ok()
    }

    fn of(self, problem: &Conv2dProblem, input: &'a [f32]) -> Result<Convolution<'a>> {
        let (weight, kept) = self.weight.cpu_weight(OPERATION)?;
        let bias = self.bias.map(|bias| bias.cpu_elements(OPERATION)).transpose()?;
        Ok(Convolution::new(problem, input, (weight, Some(kept)), bias))
    }
}

/// The output of the second for that of the first; `None` where they are not computed together, as where
/// something does not fit.
pub(crate) fn forward(
    first: Filters<'_>,
    second: Filters<'_>,
    input: &Tensor,
) -> Result<Option<Tensor>> {
    let device = input.device();
    // Most are told by their options.
    if first.options.groups != 1 || second.options.groups == 1 {
        return Ok(None);
    }
    if !matches!(device.backend(), Backend::Cpu) || input.dtype() != DType::F32 {
        return Ok(None);
    }
    let Some(before) = first.problem(input, input.shape()) else { return Ok(None) };
    let Some(behind) = second.problem(input, before.output_shape()) else { return Ok(None) };
    let shape = behind.output_shape();
    if shape.is_empty() {
        return Ok(None);
    }
    let first = first.of(&before, input.cpu_elements(OPERATION)?)?;
    let second = second.of(&behind, &[])?;
    let pair = Pair::of(first, second).map_err(|missing| missing.during(OPERATION))?;
    pair.map(|pair| Tensor::on_cpu(OPERATION, device, shape, |output| pair.run(output))).transpose()
}
