//! Conditions of a shader that its first parameter decides alone, found in naga's IR.

use std::collections::HashMap;

use naga::{Block, Expression, Function, Handle, Module, Statement};

use super::ir::{operands, root};

/// What values an expression may have: a set of kinds, bit `kind` of it.
///
/// A kind is what a value follows from: [`FIRST`] if the first parameter has a part in it,
/// [`OTHER`] if anything has that is neither a parameter nor a constant. A variable may hold values
/// of several kinds.
type Kinds = u8;

const FIRST: u8 = 1;
const OTHER: u8 = 2;

const CONSTANT: Kinds = 1;
const VARYING: Kinds = 1 << OTHER;

/// The kinds of what follows from two values together.
fn joined(one: Kinds, two: Kinds) -> Kinds {
    let has = |kinds: Kinds, kind: u8| kinds & (1 << kind) != 0;
    let mut kinds = 0;
    for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (a, b))) {
        if has(one, a) && has(two, b) {
            kinds |= 1 << (a | b);
        }
    }
    kinds
}

/// The conditions, in words, of ifs, switches and loops of the entry point that follow from the
/// first parameter and nothing else but parameters and constants.
pub(crate) fn conditions(module: &Module) -> Vec<String> {
    let entry = &module.entry_points[0].function;
    let mut found = Vec::new();
    let arguments = vec![VARYING; entry.arguments.len()];
    Walk::new(module, entry, arguments, &mut found).run();
    found
}

/// One call of a function.
struct Walk<'a> {
    module: &'a Module,
    function: &'a Function,
    arguments: Vec<Kinds>,
    variables: HashMap<Handle<naga::LocalVariable>, Kinds>,
    results: HashMap<Handle<Expression>, Kinds>,
    known: HashMap<Handle<Expression>, Kinds>,
    returned: Kinds,
    found: &'a mut Vec<String>,
}

impl<'a> Walk<'a> {
    fn new(
        module: &'a Module,
        function: &'a Function,
        arguments: Vec<Kinds>,
        found: &'a mut Vec<String>,
    ) -> Self {
        let (variables, results, known) = Default::default();
        Self { module, function, arguments, variables, results, known, returned: 0, found }
    }

    /// The kinds of what the function returns.
    fn run(mut self) -> Kinds {
        // Stores in a loop reach loads before them: until nothing changes.
        loop {
            let before = (self.variables.clone(), self.results.clone(), self.returned);
            self.known.clear();
            self.visit(&self.function.body, false);
            if (&before.0, &before.1, before.2) == (&self.variables, &self.results, self.returned) {
                break;
            }
        }
        self.visit(&self.function.body, true);
        self.returned
    }

    fn visit(&mut self, block: &Block, reports: bool) {
        for statement in block {
            match statement {
                Statement::Emit(_)
                | Statement::Break
                | Statement::Continue
                | Statement::Kill
                | Statement::ControlBarrier(_)
                | Statement::MemoryBarrier(_)
                | Statement::Atomic { .. }
                | Statement::WorkGroupUniformLoad { .. }
                | Statement::ImageStore { .. }
                | Statement::SubgroupGather { .. }
                | Statement::SubgroupCollectiveOperation { .. }
                | Statement::CooperativeStore { .. } => {}
                Statement::Block(block) => self.visit(block, reports),
                Statement::If { condition, accept, reject } => {
                    self.condition(*condition, reports);
                    self.visit(accept, reports);
                    self.visit(reject, reports);
                }
                Statement::Switch { selector, cases } => {
                    self.condition(*selector, reports);
                    cases.iter().for_each(|case| self.visit(&case.body, reports));
                }
                Statement::Loop { body, continuing, break_if } => {
                    self.visit(body, reports);
                    self.visit(continuing, reports);
                    if let Some(condition) = break_if {
                        self.condition(*condition, reports);
                    }
                }
                Statement::Store { pointer, value } => self.store(*pointer, *value),
                Statement::Return { value: Some(value) } => self.returned |= self.kinds(*value),
                Statement::Return { value: None } => {}
                Statement::Call { function, arguments, result } => {
                    let arguments = arguments.iter().map(|&argument| self.kinds(argument));
                    let arguments = arguments.collect();
                    let mut found = Vec::new();
                    let function = &self.module.functions[*function];
                    let returned = Walk::new(self.module, function, arguments, &mut found).run();
                    if reports {
                        self.found.extend(found);
                    }
                    if let Some(result) = result {
                        self.results.insert(*result, returned);
                    }
                }
                other => panic!("nobody said what {other:?} makes of the parameters"),
            }
        }
    }

    fn condition(&mut self, condition: Handle<Expression>, reports: bool) {
        if reports && self.kinds(condition) & (1 << FIRST) != 0 {
            let name = self.function.name.as_deref().unwrap_or("main");
            self.found.push(format!("{name}: {:?}", self.function.expressions[condition]));
        }
    }

    fn store(&mut self, pointer: Handle<Expression>, value: Handle<Expression>) {
        let kinds = self.kinds(value);
        if let Expression::LocalVariable(variable) =
            self.function.expressions[root(&self.function.expressions, pointer)]
        {
            *self.variables.entry(variable).or_default() |= kinds;
        }
    }

    fn kinds(&mut self, expression: Handle<Expression>) -> Kinds {
        if let Some(&kinds) = self.known.get(&expression) {
            return kinds;
        }
        let kinds = self.kinds_of(expression);
        self.known.insert(expression, kinds);
        kinds
    }

    fn kinds_of(&mut self, expression: Handle<Expression>) -> Kinds {
        let function = self.function;
        if let Some(operands) = operands(&function.expressions[expression]) {
            return operands
                .into_iter()
                .fold(CONSTANT, |kinds, operand| joined(kinds, self.kinds(operand)));
        }
        match function.expressions[expression] {
            Expression::FunctionArgument(index) => self.arguments[index as usize],
            Expression::CallResult(_) => self.results.get(&expression).copied().unwrap_or(0),
            Expression::Load { pointer } => self.loaded(pointer),
            // Nothing else is known before the shader runs.
            _ => VARYING,
        }
    }

    fn loaded(&mut self, pointer: Handle<Expression>) -> Kinds {
        let root = root(&self.function.expressions, pointer);
        match self.function.expressions[root] {
            Expression::LocalVariable(variable) => {
                let initial = self.function.local_variables[variable].init;
                let initial = initial.map_or(CONSTANT, |value| self.kinds(value));
                initial | self.variables.get(&variable).copied().unwrap_or(0)
            }
            Expression::GlobalVariable(variable) if self.is_params(variable) => {
                match self.function.expressions[pointer] {
                    Expression::AccessIndex { base, index } if base == root && index > 0 => {
                        CONSTANT
                    }
                    _ => 1 << FIRST,
                }
            }
            Expression::GlobalVariable(variable) => {
                let space = self.module.global_variables[variable].space;
                assert_ne!(space, naga::AddressSpace::Private, "nobody follows such variables");
                VARYING
            }
            ref other => panic!("nobody said what a load from {other:?} gives"),
        }
    }

    fn is_params(&self, variable: Handle<naga::GlobalVariable>) -> bool {
        let variable = &self.module.global_variables[variable];
        variable.space == naga::AddressSpace::Uniform
            && variable.binding.is_some_and(|binding| binding.binding == 0)
    }
}

fn conditions_of(statements: &str) -> usize {
    let source = format!(
        "struct Params {{ first: u32, second: u32 }}
        @group(0) @binding(0) var<uniform> params: Params;
        @group(0) @binding(1) var<storage, read_write> output: array<u32>;
        fn below(index: u32, end: u32) -> bool {{ if index < end {{ return true; }} return false; }}
        @compute @workgroup_size(1)
        fn main(@builtin(workgroup_id) group: vec3<u32>) {{
            let place = group.x + group.y * params.first;
            {statements}
        }}"
    );
    conditions(&naga::front::wgsl::parse_str(&source).unwrap()).len()
}

#[test]
fn a_loop_or_branch_that_the_first_parameter_decides_is_found() {
    for statements in [
        "for (var i = 0u; i < params.first; i++) { output[i] = i; }",
        "for (var i = params.first; i < 9u; i++) { output[i] = i; }",
        "for (var i = 0u; i < params.second; i += params.first) { output[i] = i; }",
        "var i = 0u; loop { output[i] = i; i++; if i >= params.first / 4u { break; } }",
        "var i = 0u; loop { output[i] = i; continuing { i++; break if i == params.first; } }",
        "if params.first > 3u { output[0] = place; }",
        "if (params.first & 1u) == params.second { return; }",
        "switch params.first { case 1u: { output[0] = place; } default: {} }",
        "let end = min(params.first, params.second); if end > 3u { output[0] = place; }",
        "var end = place; if place > 3u { end = params.first; } if end > 3u { output[0] = 1u; }",
        "if below(params.second, params.first) { output[0] = place; }",
        "if params.second > 1u && params.first > 1u { output[0] = place; }",
        "let flag = select(1u, 2u, params.first > 3u); if flag == 1u { output[0] = place; }",
    ] {
        assert!(conditions_of(statements) > 0, "{statements}");
    }
}

#[test]
fn a_condition_with_more_than_parameters_or_without_the_first_is_not() {
    for statements in [
        "if place >= params.second { return; } output[place] = 1u;",
        "for (var i = 0u; i < params.second; i++) { output[i * params.first] = i; }",
        "if below(place, params.first) { output[0] = place; }",
        "if output[0] == params.first { output[1] = params.first; }",
        "output[place] = select(1u, 2u, params.first > 3u);",
    ] {
        assert_eq!(conditions_of(statements), 0, "{statements}");
    }
}
