//! No integer division in the innermost loop.
//!
//! A GPU has no instruction for it: it is a call of twenty to forty others, beside the one or two of
//! the term that the loop adds up. By a constant it is a multiplication and a shift.

use std::collections::HashMap;

use naga::{BinaryOperator, Block, Expression, Function, Handle, ScalarKind, Statement};

use crate::gpu::ir::{Parsed, blocks};

/// The lines with a division or a remainder of integers by what is no constant, in a loop that has
/// no other in it, or in a function that such a loop calls.
pub(super) fn found(shader: &Parsed) -> Vec<String> {
    let mut walk = Walk { shader, functions: HashMap::new(), found: Vec::new() };
    walk.visit(shader.entry(), shader.info.get_entry_point(0), &shader.entry().body);
    walk.found.sort();
    walk.found.dedup();
    walk.found
}

/// What a part of a shader has.
#[derive(Debug, Clone, Default)]
struct Has {
    a_loop: bool,
    /// The lines with divisions that are in no loop of this part.
    divisions: Vec<String>,
}

impl Has {
    fn and(&mut self, other: Self) {
        self.a_loop |= other.a_loop;
        self.divisions.extend(other.divisions);
    }
}

struct Walk<'a> {
    shader: &'a Parsed,
    functions: HashMap<Handle<Function>, Has>,
    found: Vec<String>,
}

impl Walk<'_> {
    fn visit(
        &mut self,
        function: &Function,
        info: &naga::valid::FunctionInfo,
        block: &Block,
    ) -> Has {
        let mut has = Has::default();
        for statement in block {
            let mut inside = Has::default();
            for block in blocks(statement) {
                inside.and(self.visit(function, info, block));
            }
            match statement {
                Statement::Loop { .. } => {
                    if !inside.a_loop {
                        self.found.append(&mut inside.divisions);
                    }
                    inside = Has { a_loop: true, divisions: Vec::new() };
                }
                Statement::Call { function, .. } => inside = self.call(*function),
                Statement::Emit(range) => {
                    let divides = |&handle: &Handle<Expression>| {
                        self.divides(function, info, &function.expressions[handle])
                    };
                    let lines = range.clone().filter(divides).map(|handle| {
                        self.shader.line(function.expressions.get_span(handle)).to_string()
                    });
                    inside.divisions = lines.collect();
                }
                _ => {}
            }
            has.and(inside);
        }
        has
    }

    fn call(&mut self, handle: Handle<Function>) -> Has {
        if let Some(known) = self.functions.get(&handle) {
            return known.clone();
        }
        let function = &self.shader.module.functions[handle];
        let has = self.visit(function, &self.shader.info[handle], &function.body);
        self.functions.insert(handle, has.clone());
        has
    }

    fn divides(
        &self,
        function: &Function,
        info: &naga::valid::FunctionInfo,
        expression: &Expression,
    ) -> bool {
        let &Expression::Binary { op, left, right } = expression else { return false };
        let scalar = info[left].ty.inner_with(&self.shader.module.types).scalar();
        matches!(op, BinaryOperator::Divide | BinaryOperator::Modulo)
            && scalar.is_some_and(|it| matches!(it.kind, ScalarKind::Sint | ScalarKind::Uint))
            && !is_constant(function, right)
    }
}

fn is_constant(function: &Function, expression: Handle<Expression>) -> bool {
    match function.expressions[expression] {
        Expression::Literal(_) | Expression::Constant(_) => true,
        Expression::Splat { value, .. } => is_constant(function, value),
        Expression::Compose { ref components, .. } => {
            components.iter().all(|&part| is_constant(function, part))
        }
        _ => false,
    }
}

#[test]
fn a_division_in_an_innermost_loop_is_found() {
    for statements in [
        "for (var i = 0u; i < 9u; i++) { output[i] = i / params.second; }",
        "for (var i = 0u; i < 9u; i++) { if i > 2u { output[i] = i % params.second; } }",
        "for (var i = 0i; i < 9i; i++) { output[i] = u32(i / i32(params.second)); }",
        "for (var i = 0u; i < place / local; i++) { output[i] = 1u; }",
        "var i = 9u; loop { output[i] = i; continuing { i = i / local; break if i == 0u; } }",
        "for (var i = 0u; i < 9u; i++) { output[i] = quotient(i); }",
        "for (var y = 0u; y < 9u; y++) {
            for (var x = 0u; x < 9u; x++) { output[x] = (vec2<u32>(x, y) / vec2<u32>(local, 2u)).x; }
        }",
    ] {
        assert_eq!(found(&Parsed::of_statements(statements)).len(), 1, "{statements}");
    }
}

#[test]
fn a_division_outside_the_innermost_loop_or_by_a_constant_is_not() {
    for statements in [
        "let part = place / params.second;
        for (var i = 0u; i < 9u; i++) { output[i] = part; }",
        "for (var i = 0u; i < 9u; i++) { output[i] = i / 4u + i % 3u; }",
        "for (var i = 0u; i < 9u; i++) { output[i] = u32(f32(i) / f32(local)); }",
        "for (var y = 0u; y < 9u; y++) {
            let row = y / params.second;
            for (var x = 0u; x < 9u; x++) { output[x] = row; }
        }",
        "for (var y = 0u; y < 9u; y++) { output[y] = sum_below(y / params.second); }",
        "output[0] = quotient(local);",
    ] {
        assert_eq!(found(&Parsed::of_statements(statements)), [""; 0], "{statements}");
    }
}
