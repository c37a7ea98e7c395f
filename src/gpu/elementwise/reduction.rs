//! Sums over the axes that a tensor was broadcast along, on the GPU.
//!
//! One axis is added up at a time. A long sum is one of parts, which a further pass adds up.

use std::ops::Range;
use std::sync::Arc;

use crate::gpu::elementwise::pairwise::pairwise;
use crate::gpu::runtime::buffer::GpuBuffer;
use crate::gpu::runtime::context::Context;
use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::recording::Binding;
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::{MOST_SHARED, TREE, WORKGROUP};
use crate::ops::reduction::{FactorPlaces, Pass, Passes, Reduction, Term};
use crate::ops::{Function, Pairwise};
use crate::{DType, Limits, Result};

/// Workgroups, or invocations, that keep a GPU busy.
const ENOUGH_WORKGROUPS: usize = 256;
const ENOUGH_INVOCATIONS: usize = ENOUGH_WORKGROUPS * WORKGROUP;
/// Terms that are worth a workgroup, or an invocation, of their own.
const WORKGROUP_TERMS: usize = 4096;
const INVOCATION_TERMS: usize = WORKGROUP_TERMS / WORKGROUP;
/// Terms that an invocation adds up at most.
const MOST_TERMS: usize = MOST_SHARED / WORKGROUP;
/// So few terms are added up without a break.
const SHORT: usize = 8;

params!(Params {
    grid_width: u32,
    count: u32,
    inner: u32,
    parts: u32,
    terms: u32,
    block: u32,
    term_distance: u32,
    outer_distance: u32,
    gradient_first: u32,
    factor_first: u32,
    sums_first: u32,
    sum_distance: u32,
    sums_distance: u32,
    scale: f32,
    first_sum: u32,
    left_1: u32,
    left_2: u32,
    factor_stride_0: u32,
    factor_stride_1: u32,
    factor_stride_2: u32,
    factor_term: u32,
});

static REDUCTION: Template = template!("elementwise", "reduction", &[], Params);

/// Where the factor of a term lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Factor {
    None,
    /// It has one for each term.
    Each,
    Strided(FactorPlaces),
}

impl Factor {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Each => "each",
            Self::Strided(_) => "strided",
        }
    }
}

fn shader(term: Term, factor_form: &'static str, shared: bool) -> Shader {
    Shader {
        template: &REDUCTION,
        values: vec![
            ("term", term.name().into()),
            ("factor_form", factor_form.into()),
            ("shared", shared.into()),
        ],
        uniforms: 0,
        textures: &[],
        reads: if factor_form == "none" { 1 } else { 2 },
        writes: 1,
    }
}

/// All variants.
pub(crate) fn variants() -> Vec<Shader> {
    let forms = [
        (Term::Gradient, "none"),
        (Term::Product, "each"),
        (Term::Product, "strided"),
        (Term::BelowZero, "each"),
    ];
    let of_form = |(term, form)| [false, true].map(|shared| shader(term, form, shared));
    forms.into_iter().flat_map(of_form).collect()
}

/// How many parts a sum has, of so many sums with so many terms each.
fn parts_of(sums: usize, terms: usize, shared: bool) -> usize {
    let (enough, worth, most) = if shared {
        (ENOUGH_WORKGROUPS, WORKGROUP_TERMS, MOST_SHARED)
    } else {
        (ENOUGH_INVOCATIONS, INVOCATION_TERMS, MOST_TERMS)
    };
    let wanted = enough.div_ceil(sums);
    terms.div_ceil(worth).clamp(1, wanted).max(terms.div_ceil(most))
}

/// Terms that an invocation adds up without a break, of so many.
fn block_of(terms: usize) -> usize {
    terms.isqrt().max(SHORT).min(terms)
}

/// The dispatches of a pass.
#[derive(Debug, Clone, PartialEq)]
struct Plan {
    shared: bool,
    /// Parts of each sum, one behind another.
    parts: usize,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    params: Params,
    grid: Grid,
    /// The elements of the gradient of the output, and of the factor where it has one for each.
    terms: Range<usize>,
    sums: Range<usize>,
}

/// The plan of a pass over tensors of which `limits` say how much a binding shows.
fn plan(operation: &'static str, pass: &Pass, factor: Factor, limits: &Limits) -> Result<Plan> {
    let Pass { outer, terms, inner } = *pass;
    let most = limits.max_binding_elements();
    let shared = inner == 1 && terms >= WORKGROUP;
    let parts_for = |term_step: usize| parts_of(pass.sums(), term_step, shared);
    let all_parts = |term_step: usize| terms.div_ceil(term_step) * parts_for(term_step);
    let fits = |outer_step: usize, term_step: usize, inner_step: usize| {
        let reach = ((outer_step - 1) * terms + term_step - 1) * inner + inner_step;
        let sums = (outer_step - 1) * inner + inner_step;
        reach <= most && (sums - 1) * all_parts(term_step) + parts_for(term_step) <= most
    };
    let of_outer = || Some([largest(outer, |step| fits(step, terms, inner))?, terms, inner]);
    let of_terms = || Some([1, largest(terms, |step| fits(1, step, inner))?, inner]);
    let of_inner = || [1, 1, largest(inner, |step| fits(1, 1, step)).unwrap_or(1)];
    let [outer_step, term_step, inner_step] = of_outer().or_else(of_terms).unwrap_or_else(of_inner);

    let (parts, all_parts) = (parts_for(term_step), all_parts(term_step));
    let lanes = if shared { WORKGROUP } else { 1 };
    let number = |name, value| size(operation, name, value);
    let mut steps = Vec::new();
    for outers in chunks(outer, outer_step) {
        for (chunk, of_terms) in chunks(terms, term_step).enumerate() {
            for inners in chunks(inner, inner_step) {
                let count = outers.len() * inners.len() * parts;
                let lane_terms = of_terms.len().div_ceil(lanes * parts);
                let block = block_of(lane_terms);
                let iterations = lane_terms + lane_terms.div_ceil(block) + TREE;
                let workgroups = if shared { count } else { count.div_ceil(WORKGROUP) };
                let grid = Grid::new(operation, workgroups, iterations, limits)?;
                let term = |outer: usize, term: usize, inner_at: usize| {
                    (outer * terms + term) * inner + inner_at
                };
                let sum = |outer: usize, inner_at: usize| {
                    (outer * inner + inner_at) * all_parts + chunk * parts
                };
                let first_sum = outers.start * inner + inners.start;
                let places = match factor {
                    Factor::Strided(places) => places,
                    _ => FactorPlaces { sizes: [1; 3], strides: [0; 3], term_stride: 0 },
                };
                let params = Params {
                    grid_width: grid.width,
                    count: number("the sums of one dispatch", count)?,
                    inner: number("the sums of one dispatch", inners.len())?,
                    parts: number("the parts of a sum", parts)?,
                    terms: number("the terms of a sum", of_terms.len())?,
                    block: number("the terms of a sum", block)?,
                    term_distance: low_bits(inner),
                    outer_distance: low_bits(terms * inner),
                    gradient_first: 0,
                    factor_first: low_bits(of_terms.start * places.term_stride),
                    sums_first: 0,
                    sum_distance: low_bits(all_parts),
                    sums_distance: low_bits(inner),
                    scale: 1.0,
                    first_sum: low_bits(first_sum),
                    left_1: low_bits(places.sizes[1]),
                    left_2: low_bits(places.sizes[2]),
                    factor_stride_0: low_bits(places.strides[0]),
                    factor_stride_1: low_bits(places.strides[1]),
                    factor_stride_2: low_bits(places.strides[2]),
                    factor_term: low_bits(places.term_stride),
                };
                let first = term(outers.start, of_terms.start, inners.start);
                let last = term(outers.end - 1, of_terms.end - 1, inners.end - 1);
                let first_part = sum(outers.start, inners.start);
                let last_part = sum(outers.end - 1, inners.end - 1) + parts;
                steps.push(Step {
                    params,
                    grid,
                    terms: first..last + 1,
                    sums: first_part..last_part,
                });
            }
        }
    }
    Ok(Plan { shared, parts: all_parts, steps })
}

/// What a pass adds up.
#[derive(Debug, Clone, Copy)]
struct Terms<'a> {
    term: Term,
    gradient: &'a GpuBuffer,
    factor: Factor,
    /// The factor, and its elements.
    factors: (&'a GpuBuffer, usize),
}

impl<'a> Terms<'a> {
    fn plain(gradient: &'a GpuBuffer) -> Self {
        Self { term: Term::Gradient, gradient, factor: Factor::None, factors: (gradient, 0) }
    }
}

/// Records a pass, and those that add up its parts.
fn record(
    context: &Arc<Context>,
    operation: &'static str,
    pass: &Pass,
    terms: &Terms<'_>,
    scale: f32,
) -> Result<GpuBuffer> {
    let limits = context.limits();
    let plan = plan(operation, pass, terms.factor, limits)?;
    let sums = context.allocate_elements(operation, pass.sums() * plan.parts, DType::F32)?;
    let shader = shader(terms.term, terms.factor.name(), plan.shared);
    for step in &plan.steps {
        let (gradient, gradient_base) = Binding::range(limits, terms.gradient, step.terms.clone());
        let (result, result_base) = Binding::range(limits, &sums, step.sums.clone());
        let mut params = Params {
            gradient_first: low_bits(step.terms.start - gradient_base),
            sums_first: low_bits(step.sums.start - result_base),
            scale: if plan.parts == 1 { scale } else { 1.0 },
            ..step.params
        };
        let (factor, len) = terms.factors;
        let bindings = match terms.factor {
            Factor::None => vec![gradient, result],
            Factor::Each => {
                params.factor_first = params.gradient_first;
                let (factor, _) = Binding::range(limits, factor, step.terms.clone());
                vec![gradient, factor, result]
            }
            Factor::Strided(_) => vec![gradient, Binding::whole(factor, len), result],
        };
        context.record(operation, &shader, &params, &bindings, step.grid)?;
    }
    if plan.parts == 1 {
        return Ok(sums);
    }
    let parts = Pass { outer: pass.sums(), terms: plan.parts, inner: 1 };
    record(context, operation, &parts, &Terms::plain(&sums), scale)
}

/// Records the gradient of a tensor that broadcast; neither it nor that of the output is empty.
pub(crate) fn reduce(
    context: &Arc<Context>,
    problem: &Reduction,
    grad_output: &GpuBuffer,
    factor: &GpuBuffer,
) -> Result<GpuBuffer> {
    let Reduction { operation, output, .. } = *problem;
    let Passes { passes, factor: places } = problem.passes();
    let factor_shape = problem.factor.unwrap_or(output);
    let scale = if problem.negated { -1.0 } else { 1.0 };
    let form = match (problem.term, places) {
        (Term::Gradient, _) => Factor::None,
        (_, Some(places)) => Factor::Strided(places),
        (_, None) => Factor::Each,
    };
    let mut terms = Terms {
        term: problem.term,
        gradient: grad_output,
        factor: form,
        factors: (factor, factor_shape.len()),
    };
    let products;
    if matches!(form, Factor::Strided(_))
        && factor_shape.len() > context.limits().max_binding_elements()
    {
        let operands = [output, factor_shape];
        let function = Function::Mul;
        let of_all = Pairwise { operation, function, activation: None, operands, output };
        products = pairwise(context, &of_all, [grad_output, factor], None)?;
        terms = Terms::plain(&products);
    }
    let Some((first, others)) = passes.split_first() else {
        let each = Pass { outer: output.len(), terms: 1, inner: 1 };
        return record(context, operation, &each, &terms, scale);
    };
    let scale_of = |index: usize| if index == others.len() { scale } else { 1.0 };
    let mut sums = record(context, operation, first, &terms, scale_of(0))?;
    for (index, pass) in others.iter().enumerate() {
        sums = record(context, operation, pass, &Terms::plain(&sums), scale_of(index + 1))?;
    }
    Ok(sums)
}
