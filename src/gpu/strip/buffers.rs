//! What strips read and write.

use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::recording::Binding;
use crate::gpu::strip::problem::Problem;
use crate::gpu::tile::operands;

/// What a strip reads beside its input, and where its results go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffers<'a> {
    pub(crate) input: &'a GpuBuffer,
    pub(crate) weight: Option<&'a GpuBuffer>,
    pub(crate) bias: Option<&'a GpuBuffer>,
    /// The indices of the input, which is itself an output of a max pooling.
    pub(crate) found: Option<&'a GpuBuffer>,
    pub(crate) output: &'a GpuBuffer,
    pub(crate) indices: Option<&'a GpuBuffer>,
}

impl<'a> From<operands::Buffers<'a>> for Buffers<'a> {
    fn from(buffers: operands::Buffers<'a>) -> Self {
        let operands::Buffers { input, weight, bias, output } = buffers;
        Self { input, weight: Some(weight), bias, found: None, output, indices: None }
    }
}

impl<'a> Buffers<'a> {
    pub(crate) fn operands(
        &self,
        problem: &Problem,
    ) -> impl Iterator<Item = Binding<'a>> + use<'a> {
        let weights = problem.weight_elements() as usize;
        let channels = (problem.in_channels * problem.multiplier()) as usize;
        let weight = self.weight.map(|weight| Binding::whole(weight, weights));
        let bias = self.bias.map(|bias| Binding::whole(bias, channels));
        weight.into_iter().chain(bias)
    }

    pub(crate) fn found(&self, problem: &Problem) -> Option<Binding<'a>> {
        self.found.map(|found| Binding::whole(found, problem.input_elements() as usize))
    }

    pub(crate) fn results(&self, problem: &Problem) -> impl Iterator<Item = Binding<'a>> + use<'a> {
        let len = problem.output_elements() as usize;
        [Some(self.output), self.indices]
            .into_iter()
            .flatten()
            .map(move |buffer| Binding::whole(buffer, len))
    }
}
