//! Rules for every variant of every shader, over naga's IR. `shaders/README.md` says why.

mod arrays;
mod divisions;
pub(super) mod memory;
mod names;
mod uniformity;

use std::collections::{BTreeMap, BTreeSet};

use super::ir::VARIANTS;
use crate::Limits;
use crate::gpu::runtime::shader::Shader;

/// What may break a rule.
struct Exception {
    rule: &'static str,
    /// The file in `shaders/`.
    template: &'static str,
    /// What the names of these variants have; empty for all.
    variants: &'static str,
    why: &'static str,
}

impl Exception {
    fn is_of(&self, rule: &str, shader: &Shader) -> bool {
        (self.rule, self.template) == (rule, shader.template.name)
            && shader.label().contains(self.variants)
    }
}

const DIVISIONS: &str = "divisions";
const OWN_ARRAYS: &str = "own arrays";
const UNIFORMITY: &str = "uniform control flow";
const WORKGROUP: &str = "what a workgroup takes";

const TURNS: &str = "a workgroup shares one sum: an invocation's terms lie 64 apart, across rows";
const DIVISORS: &str = "every window has a divisor of its own, which counts what a quotient ends";
const PER_TILE: &str = "once for all multiply-adds of a tile";
const SOFTWARE: &str = "for software adapters, whose registers are memory";

const fn exception(
    rule: &'static str,
    template: &'static str,
    variants: &'static str,
    why: &'static str,
) -> Exception {
    Exception { rule, template, variants, why }
}

const EXCEPTIONS: &[Exception] = &[
    exception(DIVISIONS, "avg_pool2d_workgroup", "", TURNS),
    exception(DIVISIONS, "max_pool2d_workgroup", "", TURNS),
    exception(DIVISIONS, "avg_pool2d_grad_input", "-workgroup", TURNS),
    exception(DIVISIONS, "max_pool2d_grad_input", "-workgroup", TURNS),
    exception(DIVISIONS, "max_pool2d_grad_columns", "-workgroup", TURNS),
    exception(DIVISIONS, "conv2d_general", "-shared", TURNS),
    exception(DIVISIONS, "conv2d_grad_weight", "", TURNS),
    exception(DIVISIONS, "conv2d_grad_input", "-shared", TURNS),
    exception(DIVISIONS, "avg_pool2d_grad_input", "-adaptive", DIVISORS),
    exception(DIVISIONS, "avg_pool2d_grad_input", "-inside", DIVISORS),
    exception(
        DIVISIONS,
        "conv2d_grad_input",
        "",
        "searches the first tap that a stride divides, then adds up all channels of a tap",
    ),
    exception(
        DIVISIONS,
        "conv2d_grad_fold",
        "",
        "few copies of a cell, of which a stride divides some",
    ),
    exception(DIVISIONS, "conv2d_grad_weight_tiled", "", PER_TILE),
    exception(DIVISIONS, "conv2d_grad_weight_texel", "", PER_TILE),
    exception(
        WORKGROUP,
        "conv2d_cooperative",
        "",
        "planned where a caller asks for matrices, with the memory of their adapters",
    ),
    exception(OWN_ARRAYS, "conv2d_grad_weight_filters", "", SOFTWARE),
    exception(OWN_ARRAYS, "conv2d_grad_weight_texel", "", SOFTWARE),
    exception(OWN_ARRAYS, "conv2d_texel", "", SOFTWARE),
];

#[test]
fn every_variant_keeps_the_rules() {
    let mut broken: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    let mut templates: BTreeMap<_, names::Names> = BTreeMap::new();
    let mut needed = vec![false; EXCEPTIONS.len()];
    for (shader, parsed) in &*VARIANTS {
        let names = templates.entry(shader.template.name);
        names.or_insert_with(|| names::Names::new(shader.template)).add(shader, parsed);
        for (rule, found) in [
            (OWN_ARRAYS, arrays::found(parsed)),
            (DIVISIONS, divisions::found(parsed)),
            (UNIFORMITY, uniformity::found(parsed)),
            (WORKGROUP, memory::found(parsed, &Limits::webgpu())),
        ] {
            if found.is_empty() {
                continue;
            }
            match EXCEPTIONS.iter().position(|exception| exception.is_of(rule, shader)) {
                Some(index) => needed[index] = true,
                None => {
                    let lines = found.into_iter().map(|it| format!("{it}  in {}", shader.label()));
                    broken.entry((rule, shader.template.name)).or_default().extend(lines);
                }
            }
        }
    }
    let mut wrong: Vec<_> = broken
        .iter()
        .map(|((rule, template), lines)| {
            let first = lines.iter().next().map_or("", String::as_str);
            format!("{template} breaks the rule of {rule} in {} lines: {first}", lines.len())
        })
        .collect();
    for (Exception { rule, template, variants, why }, needed) in EXCEPTIONS.iter().zip(needed) {
        if !needed {
            wrong.push(format!("{template}{variants} keeps the rule of {rule}, yet: {why}"));
        }
    }
    let explained = names::explained(include_str!("../../../shaders/README.md"));
    wrong.extend(names::found(&templates, &explained));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
