//! Which dispatches add up one axis after another.

use std::ops::Range;

use crate::gpu::runtime::grid::Grid;
use crate::gpu::runtime::params::{low_bits, params, size};
use crate::gpu::runtime::shader::Shader;
use crate::gpu::runtime::split::{chunks, largest};
use crate::gpu::runtime::template::{Template, template};
use crate::gpu::runtime::workgroup_sum::{MOST_SHARED, TREE, WORKGROUP};
use crate::ops::reduction::{FactorPlaces, Pass, Passes, Reduction, Term};
use crate::{Limits, Result};

/// Workgroups, or invocations, that keep a GPU busy.
const ENOUGH_WORKGROUPS: usize = 256;
const ENOUGH_INVOCATIONS: usize = ENOUGH_WORKGROUPS * WORKGROUP;
/// Terms that are worth a workgroup, or an invocation, of their own.
const WORKGROUP_TERMS: usize = 4096;
const INVOCATION_TERMS: usize = WORKGROUP_TERMS / WORKGROUP;
/// Terms that an invocation adds up at most.
const MOST_TERMS: usize = MOST_SHARED / WORKGROUP;
/// So many sums side by side are read as one piece of memory.
const NEIGHBOURS: usize = 16;
/// So few terms are added up without a break.
const SHORT: usize = 8;

params!(Params {
    grid_width: u32,
    count: u32,
    inner: u32,
    parts: u32,
    terms: u32,
    block: u32,
    step: u32,
    part_distance: u32,
    part_span: u32,
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
pub(super) enum Factor {
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

/// The dispatches of a pass, or of what adds up the parts that one before left.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stage {
    pub(super) shader: Shader,
    pub(super) factor: Factor,
    /// Sums, or parts of them, which lie one behind another.
    pub(super) sums: usize,
    /// Parts of each sum.
    parts: usize,
    /// The most terms of a part that an invocation adds up.
    #[cfg(test)]
    lane_terms: usize,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) params: Params,
    pub(super) grid: Grid,
    /// The elements of the gradient of the output, and of the factor where it has one for each.
    pub(super) terms: Range<usize>,
    pub(super) sums: Range<usize>,
}

/// Where the factor of a reduction lies.
pub(super) fn factor_of(term: Term, places: Option<FactorPlaces>) -> Factor {
    match (term, places) {
        (Term::Gradient, _) => Factor::None,
        (_, Some(places)) => Factor::Strided(places),
        (_, None) => Factor::Each,
    }
}

/// All that gives the sums of these terms, one after another.
pub(super) fn stages(problem: &Reduction, mut term: Term, limits: &Limits) -> Result<Vec<Stage>> {
    let Passes { mut passes, factor } = problem.passes();
    let mut factor = factor_of(term, factor);
    if passes.is_empty() {
        passes.push(Pass { outer: problem.output.len(), terms: 1, inner: 1 });
    }
    let mut stages = Vec::new();
    for mut pass in passes {
        loop {
            let stage = stage(problem.operation, &pass, term, factor, limits)?;
            let parts = stage.parts;
            stages.push(stage);
            (term, factor) = (Term::Gradient, Factor::None);
            if parts == 1 {
                break;
            }
            pass = Pass { outer: pass.sums(), terms: parts, inner: 1 };
        }
    }
    if let Some(last) = stages.last_mut().filter(|_| problem.negated) {
        last.steps.iter_mut().for_each(|step| step.params.scale = -1.0);
    }
    Ok(stages)
}

/// The stage of a pass.
fn stage(
    operation: &'static str,
    pass: &Pass,
    term: Term,
    factor: Factor,
    limits: &Limits,
) -> Result<Stage> {
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
                let part_terms = of_terms.len().div_ceil(parts);
                let [step, part_distance, part_span] = match shared || inners.len() >= NEIGHBOURS {
                    true => [lanes, part_terms, part_terms],
                    false => [parts, 1, of_terms.len()],
                };
                let iterations = lane_terms + lane_terms.div_ceil(block) + TREE;
                let workgroups = if shared { count } else { count.div_ceil(WORKGROUP) };
                let grid = Grid::new(operation, workgroups, iterations, limits)?;
                let element = |outer: usize, term: usize, inner_at: usize| {
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
                    step: low_bits(step),
                    part_distance: low_bits(part_distance),
                    part_span: low_bits(part_span),
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
                let first = element(outers.start, of_terms.start, inners.start);
                let last = element(outers.end - 1, of_terms.end - 1, inners.end - 1);
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
    Ok(Stage {
        shader: shader(term, factor.name(), shared),
        factor,
        sums: pass.sums() * all_parts,
        parts: all_parts,
        #[cfg(test)]
        lane_terms: term_step.div_ceil(lanes * parts),
        steps,
    })
}

/// The shaders of a reduction.
#[cfg(test)]
pub(crate) fn shaders(problem: &Reduction, limits: &Limits) -> Vec<Shader> {
    let stages = stages(problem, problem.term, limits).unwrap();
    stages.into_iter().map(|stage| stage.shader).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reduction(output: [usize; 4], target: [usize; 4]) -> Reduction {
        let (output, target) = (output.into(), target.into());
        let (term, factor) = (Term::Product, Some(output));
        Reduction { operation: "mul", term, negated: false, target, output, factor }
    }

    /// The most roundings of one term.
    fn roundings(stages: &[Stage]) -> usize {
        let of_stage = |stage: &Stage| {
            let block = block_of(stage.lane_terms);
            let is_shared = stage.shader.label().contains("-shared");
            block + stage.lane_terms.div_ceil(block) + if is_shared { TREE } else { 0 }
        };
        // One more is that of the product.
        1 + stages.iter().map(of_stage).sum::<usize>()
    }

    #[test]
    fn no_term_goes_through_more_roundings_than_the_bound_says() {
        let small = Limits::webgpu().with_max_binding_bytes(2_048);
        let sizes = (0..24).map(|power| 1_usize << power);
        let sizes: Vec<_> = sizes.flat_map(|size| [size, size + size / 3]).collect();
        let mut count = 0;
        for &size in &sizes {
            for (limits, most) in [(Limits::webgpu(), 1 << 27), (small, 1 << 14)] {
                for (output, target) in [
                    ([1, 1, 1, size], [1, 1, 1, 1]),
                    ([1, 3, 1, size], [1, 3, 1, 1]),
                    ([size, 3, 1, 5], [1, 3, 1, 1]),
                    ([7, 3, 1, size], [1, 3, 1, 1]),
                    ([size, 1, 1, 7], [1, 1, 1, 7]),
                    ([size, 3, 2, 5], [1, 3, 1, 5]),
                    ([size, 1, 500, 1], [1, 1, 500, 1]),
                    ([5, 2, size, 2], [1, 2, 1, 2]),
                ] {
                    let problem = reduction(output, target);
                    if problem.output.len() > most {
                        continue;
                    }
                    let terms = problem.output.len() / problem.target.len();
                    let stages = stages(&problem, problem.term, &limits).unwrap();
                    let allowed = 64.0 + 2.0 * (terms as f64).sqrt();
                    let found = roundings(&stages);
                    assert!(found as f64 <= allowed, "{output:?} to {target:?}: {found}");
                    count += 1;
                }
            }
        }
        assert!(count > 300, "{count}");
    }

    #[test]
    fn few_sums_of_many_terms_are_the_work_of_many_workgroups() {
        let limits = Limits::webgpu();
        for (output, target) in [
            ([1, 1, 2_000, 3_000], [1, 1, 1, 1]),
            ([8, 64, 56, 56], [1, 64, 1, 1]),
            ([1_000_000, 1, 1, 3], [1, 1, 1, 3]),
        ] {
            let stages = stages(&reduction(output, target), Term::Product, &limits).unwrap();
            let Grid { width, height, .. } = stages[0].steps[0].grid;
            assert!(width * height >= 256, "{output:?}: {width} x {height}");
        }
    }

    #[test]
    fn what_exceeds_a_binding_is_added_up_in_dispatches_that_each_see_what_they_need() {
        let limits = Limits::webgpu().with_max_binding_bytes(2_048);
        let most = limits.max_binding_elements();
        for (output, target) in [
            ([3, 4, 5, 7], [1, 4, 1, 1]),
            ([3, 700, 1, 1], [1, 700, 1, 1]),
            ([3, 1, 30, 31], [1, 1, 30, 31]),
            ([1, 1, 1, 5_001], [1, 1, 1, 1]),
        ] {
            let problem = reduction(output, target);
            let mut elements = problem.output.len();
            for stage in stages(&problem, problem.term, &limits).unwrap() {
                let (mut read, mut written) = (vec![false; elements], vec![0; stage.sums]);
                for step in &stage.steps {
                    assert!(step.terms.len() <= most && step.sums.len() <= most);
                    read[step.terms.clone()].fill(true);
                    let params = step.params;
                    for index in 0..params.count {
                        let (row, column) = (index / params.inner, index % params.inner);
                        let (outer, part) = (row / params.parts, row % params.parts);
                        let sum = (outer * params.sums_distance + column) * params.sum_distance;
                        written[step.sums.start + (sum + part) as usize] += 1;
                    }
                }
                assert!(read.iter().all(|&read| read), "{output:?} to {target:?}");
                assert!(written.iter().all(|&times| times == 1), "{output:?} to {target:?}");
                elements = stage.sums;
            }
            assert_eq!(elements, problem.target.len());
        }
    }
}
