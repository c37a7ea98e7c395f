//! Sums over the axes that a tensor was broadcast along, on the GPU: gradients of such a tensor, or of
//! a bias.
//!
//! One axis is added up at a time. A long sum is one of parts, which are added up next.

mod plan;

use std::sync::Arc;

use crate::gpu::elementwise::pairwise::pairwise;
use crate::gpu::elementwise::reduction::plan::{Factor, Params, stages};
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::params::low_bits;
use crate::gpu::runtime::recording::Binding;
use crate::ops::reduction::{Reduction, Term};
use crate::ops::{Function, Pairwise};
use crate::{DType, Result};

#[cfg(test)]
pub(crate) use plan::shaders;
pub(crate) use plan::variants;

/// Records the gradient of a tensor that broadcast; neither it nor that of the output is empty.
pub(crate) fn reduce(
    context: &Arc<Context>,
    problem: &Reduction,
    grad_output: &GpuBuffer,
    factor: Option<&GpuBuffer>,
) -> Result<GpuBuffer> {
    let Reduction { operation, output, .. } = *problem;
    let limits = context.limits();
    let shape = problem.factor.unwrap_or(output);
    let (mut term, mut terms, factor) = (problem.term, grad_output, factor.unwrap_or(grad_output));
    let products;
    if term == Term::Product && shape != output && shape.len() > limits.max_binding_elements() {
        let (function, operands) = (Function::Mul, [output, shape]);
        let of_all = Pairwise { operation, function, activation: None, operands, output };
        products = pairwise(context, &of_all, [grad_output, factor], None)?;
        (term, terms) = (Term::Gradient, &products);
    }
    let mut sums: Option<GpuBuffer> = None;
    for stage in stages(problem, term, limits)? {
        let terms = sums.as_ref().unwrap_or(terms);
        let next = context.allocate_elements(operation, stage.sums, DType::F32)?;
        for step in &stage.steps {
            let (gradient, gradient_base) = Binding::range(limits, terms, step.terms.clone());
            let (result, result_base) = Binding::range(limits, &next, step.sums.clone());
            let mut params = Params {
                gradient_first: low_bits(step.terms.start - gradient_base),
                sums_first: low_bits(step.sums.start - result_base),
                ..step.params
            };
            let bindings = match stage.factor {
                Factor::None => vec![gradient, result],
                Factor::Each => {
                    params.factor_first = params.gradient_first;
                    let (factor, _) = Binding::range(limits, factor, step.terms.clone());
                    vec![gradient, factor, result]
                }
                Factor::Strided(_) => {
                    vec![gradient, Binding::whole(factor, shape.len()), result]
                }
            };
            context.record(operation, &stage.shader, &params, &bindings, step.grid)?;
        }
        sums = Some(next);
    }
    // There is a stage for each pass, and one where there is none.
    sums.ok_or_else(|| crate::Error::overflow(operation, "the stages of a sum"))
}
