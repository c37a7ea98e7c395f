//! What every convolution names: its operands, their buffers, and how an activation reaches a shader.

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::recording::Binding;
use crate::ops::Conv2dProblem;
use crate::{Activation, DType};

pub(crate) const OPERATION: &str = "conv2d";

/// What an algorithm serves, said of a problem that it does not.
pub(crate) type Rule = &'static str;

/// What a convolution has beside its input, and the type of the elements of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Operands {
    pub(crate) bias: bool,
    pub(crate) dtype: DType,
}

impl From<bool> for Operands {
    /// Tensors of f32, and whether a bias is among them.
    fn from(bias: bool) -> Self {
        Self { bias, dtype: DType::F32 }
    }
}

/// The buffers of a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffers<'a> {
    pub(crate) input: &'a GpuBuffer,
    pub(crate) weight: &'a GpuBuffer,
    pub(crate) bias: Option<&'a GpuBuffer>,
    pub(crate) output: &'a GpuBuffer,
}

/// The name of an activation in shader variants.
pub(crate) fn activation_name(activation: Option<Activation>) -> &'static str {
    activation.map_or("none", Activation::name)
}

/// The number that an activation takes beside the element.
pub(crate) fn activation_parameter(activation: Option<Activation>) -> f32 {
    activation.map_or(0.0, Activation::parameter)
}

/// The binding of a bias.
pub(crate) fn bias_binding<'a>(problem: &Conv2dProblem, bias: &'a GpuBuffer) -> Binding<'a> {
    Binding::whole(bias, problem.out_channels)
}
