//! Barriers, and what subgroups do together, in uniform control flow only.
//!
//! WGSL demands it, and browsers refuse a shader where they cannot prove it. naga's validator does
//! not look: it asks for uniform control flow of derivatives alone. So this is the analysis of
//! "Uniformity" in the WGSL specification, with every call followed with its own arguments.

use std::collections::{BTreeSet, HashMap};

use naga::{
    AddressSpace, Binding, Block, BuiltIn, Expression, Function, Handle, ImageClass, LocalVariable,
    Statement, StorageAccess, TypeInner,
};

use crate::gpu::ir::{Parsed, operands, root};

/// The lines with a barrier, a workgroupUniformLoad or a subgroup operation that not all
/// invocations of a workgroup need to reach together.
pub(super) fn found(shader: &Parsed) -> Vec<String> {
    let entry = shader.entry();
    let is_uniform = |binding: &Option<Binding>| {
        let uniform = [BuiltIn::WorkGroupId, BuiltIn::NumWorkGroups].map(Binding::BuiltIn);
        binding.as_ref().is_some_and(|binding| uniform.contains(binding))
    };
    let arguments = entry.arguments.iter().map(|argument| !is_uniform(&argument.binding));
    let mut found = BTreeSet::new();
    Walk::new(shader, entry, arguments.collect(), false, &mut found).run();
    found.into_iter().collect()
}

/// Of every variable that was stored to, whether its value varies.
type Variables = HashMap<Handle<LocalVariable>, bool>;

/// How a block can end.
#[derive(Debug, Clone, Copy, Default)]
struct Ends {
    next: bool,
    elsewhere: bool,
    breaks: bool,
    returns: bool,
}

impl Ends {
    const NEXT: Self = Self { next: true, elsewhere: false, breaks: false, returns: false };
    const CONTINUE: Self = Self { next: false, elsewhere: true, breaks: false, returns: false };
    const BREAK: Self = Self { breaks: true, ..Self::CONTINUE };
    const RETURN: Self = Self { returns: true, ..Self::CONTINUE };

    fn or(self, other: Self) -> Self {
        Self {
            next: self.next || other.next,
            elsewhere: self.elsewhere || other.elsewhere,
            breaks: self.breaks || other.breaks,
            returns: self.returns || other.returns,
        }
    }
}

/// What is known at a place of a function: whether it is reached by some invocations alone, and
/// which variables vary among them.
#[derive(Debug, Clone, Default, PartialEq)]
struct State {
    varies: bool,
    variables: Variables,
}

impl State {
    fn join(&mut self, other: &Self) {
        self.varies |= other.varies;
        for (&variable, &varies) in &other.variables {
            *self.variables.entry(variable).or_default() |= varies;
        }
    }
}

/// The states at the breaks, and at the continues, of a loop.
#[derive(Debug, Default)]
struct Exits {
    breaks: Vec<State>,
    continues: Vec<State>,
}

/// One call of a function. "Varies" is said of what may differ among a workgroup's invocations.
struct Walk<'a> {
    shader: &'a Parsed,
    function: &'a Function,
    arguments: Vec<bool>,
    state: State,
    known: HashMap<Handle<Expression>, bool>,
    loops: Vec<Exits>,
    returned: bool,
    found: &'a mut BTreeSet<String>,
}

impl<'a> Walk<'a> {
    fn new(
        shader: &'a Parsed,
        function: &'a Function,
        arguments: Vec<bool>,
        varies: bool,
        found: &'a mut BTreeSet<String>,
    ) -> Self {
        let state = State { varies, variables: Variables::new() };
        let (known, loops) = Default::default();
        Self { shader, function, arguments, state, known, loops, returned: false, found }
    }

    /// Whether what the function returns varies.
    fn run(mut self) -> bool {
        for (variable, local) in self.function.local_variables.iter() {
            let varies = local.init.is_some_and(|value| self.varies(value));
            self.state.variables.insert(variable, varies);
        }
        self.visit(&self.function.body);
        self.returned
    }

    fn visit(&mut self, block: &Block) -> Ends {
        let mut ends = Ends::NEXT;
        for (statement, &span) in block.span_iter() {
            let of_statement = self.statement(statement, span);
            ends = Ends { next: false, ..ends }.or(of_statement);
            if !ends.next {
                break;
            }
        }
        ends
    }

    fn statement(&mut self, statement: &Statement, span: naga::Span) -> Ends {
        match statement {
            Statement::Emit(range) => {
                for expression in range.clone() {
                    let varies = self.varies_now(expression);
                    self.known.insert(expression, varies);
                }
            }
            Statement::Block(block) => return self.visit(block),
            Statement::If { condition, accept, reject } => {
                return self.branch(*condition, &[accept, reject]);
            }
            Statement::Loop { body, continuing, break_if } => {
                return self.repeat(body, continuing, *break_if);
            }
            Statement::Break => {
                self.loops.last_mut().unwrap().breaks.push(self.state.clone());
                return Ends::BREAK;
            }
            Statement::Continue => {
                self.loops.last_mut().unwrap().continues.push(self.state.clone());
                return Ends::CONTINUE;
            }
            Statement::Return { value } => {
                let varies = value.is_some_and(|value| self.varies(value));
                self.returned |= varies || self.state.varies;
                return Ends::RETURN;
            }
            Statement::Store { pointer, value } => self.store(*pointer, *value),
            Statement::Call { function, arguments, result } => {
                let arguments = arguments.iter().map(|&argument| self.varies(argument)).collect();
                let callee = &self.shader.module.functions[*function];
                let varies = self.state.varies;
                let returned =
                    Walk::new(self.shader, callee, arguments, varies, &mut *self.found).run();
                if let Some(result) = result {
                    self.known.insert(*result, returned);
                }
            }
            Statement::ControlBarrier(_)
            | Statement::MemoryBarrier(_)
            | Statement::WorkGroupUniformLoad { .. }
            | Statement::SubgroupGather { .. }
            | Statement::SubgroupCollectiveOperation { .. }
            | Statement::CooperativeStore { .. } => {
                if self.state.varies {
                    self.found.insert(self.shader.line(span).into());
                }
            }
            Statement::Atomic { .. } | Statement::ImageStore { .. } => {}
            other => panic!("nobody said what {other:?} makes of control flow"),
        }
        Ends::NEXT
    }

    /// One of several blocks.
    fn branch(&mut self, condition: Handle<Expression>, blocks: &[&Block]) -> Ends {
        let varies = self.varies(condition);
        let mut before = self.state.clone();
        let flow_before = before.varies;
        before.varies |= varies;
        let mut after = State::default();
        let mut ends = Ends::default();
        for block in blocks {
            self.state = before.clone();
            let of_block = self.visit(block);
            if of_block.next {
                after.join(&self.state);
            }
            ends = ends.or(of_block);
        }
        if !ends.elsewhere {
            // All meet again.
            after.varies = flow_before;
        }
        self.state = after;
        ends
    }

    fn repeat(
        &mut self,
        body: &Block,
        continuing: &Block,
        break_if: Option<Handle<Expression>>,
    ) -> Ends {
        let flow_before = self.state.varies;
        let mut head = self.state.clone();
        loop {
            self.state = head.clone();
            self.loops.push(Exits::default());
            let mut ends = self.visit(body);
            let Exits { mut breaks, continues } = self.loops.pop().unwrap();
            if !ends.next {
                self.state = State::default();
            }
            continues.iter().for_each(|state| self.state.join(state));
            if ends.next || !continues.is_empty() {
                self.visit(continuing);
                if let Some(condition) = break_if {
                    self.state.varies |= self.varies(condition);
                    breaks.push(self.state.clone());
                    ends.breaks = true;
                }
            }
            let mut next = head.clone();
            next.join(&self.state);
            if next != head {
                head = next;
                continue;
            }
            // Breaks and continues end here, and only those that return do not meet again.
            self.state = State::default();
            breaks.iter().for_each(|state| self.state.join(state));
            if !ends.returns {
                self.state.varies = flow_before;
            }
            return Ends {
                next: ends.breaks,
                elsewhere: ends.returns,
                breaks: false,
                returns: ends.returns,
            };
        }
    }

    fn store(&mut self, pointer: Handle<Expression>, value: Handle<Expression>) {
        let root = root(&self.function.expressions, pointer);
        let varies = self.varies(value) || self.varies(pointer) || self.state.varies;
        match self.function.expressions[root] {
            Expression::LocalVariable(variable) => {
                let known = self.state.variables.entry(variable).or_default();
                // A store to a part leaves the others.
                *known = varies || (pointer != root && *known);
            }
            Expression::GlobalVariable(_) => {}
            ref other => panic!("nobody follows a store through {other:?}"),
        }
    }

    fn varies(&self, expression: Handle<Expression>) -> bool {
        self.known.get(&expression).copied().unwrap_or_else(|| self.varies_now(expression))
    }

    fn varies_now(&self, expression: Handle<Expression>) -> bool {
        let this = &self.function.expressions[expression];
        if let Some(operands) = operands(this) {
            return operands.into_iter().any(|operand| self.varies(operand));
        }
        match *this {
            Expression::FunctionArgument(index) => self.arguments[index as usize],
            // Of a pointer: where it leads is the same for all.
            Expression::GlobalVariable(_) | Expression::LocalVariable(_) => false,
            Expression::Load { pointer } => self.varies(pointer) || self.loaded(pointer),
            Expression::ImageLoad { image, coordinate, .. } => {
                self.is_written(image) || self.varies(coordinate)
            }
            Expression::ArrayLength(_) | Expression::WorkGroupUniformLoadResult { .. } => false,
            Expression::AtomicResult { .. } | Expression::SubgroupOperationResult { .. } => true,
            // Every invocation holds a part of its own.
            Expression::CooperativeLoad { .. } | Expression::CooperativeMultiplyAdd { .. } => true,
            ref other => panic!("nobody said whether {other:?} varies"),
        }
    }

    /// Whether what lies at a place varies, if the place is the same for all.
    fn loaded(&self, pointer: Handle<Expression>) -> bool {
        let root = root(&self.function.expressions, pointer);
        match self.function.expressions[root] {
            Expression::LocalVariable(variable) => {
                self.state.variables.get(&variable).copied().unwrap_or(false)
            }
            Expression::GlobalVariable(variable) => {
                match self.shader.module.global_variables[variable].space {
                    AddressSpace::Uniform => false,
                    AddressSpace::Storage { access } => access.contains(StorageAccess::STORE),
                    _ => true,
                }
            }
            ref other => panic!("nobody follows a load through {other:?}"),
        }
    }

    fn is_written(&self, image: Handle<Expression>) -> bool {
        let Expression::GlobalVariable(variable) = self.function.expressions[image] else {
            panic!("nobody follows images through arguments");
        };
        let ty = self.shader.module.global_variables[variable].ty;
        match self.shader.module.types[ty].inner {
            TypeInner::Image { class: ImageClass::Storage { access, .. }, .. } => {
                access.contains(StorageAccess::STORE)
            }
            _ => false,
        }
    }
}

#[test]
fn a_barrier_that_not_all_reach_is_found() {
    for statements in [
        "if local > 3u { workgroupBarrier(); }",
        "if local > 3u { return; } workgroupBarrier();",
        "if input[local] == 1u { return; } storageBarrier();",
        "if output[0] == 1u { return; } workgroupBarrier();",
        "if shared_one == 1u { return; } workgroupBarrier();",
        "if below(local, params.second) { workgroupBarrier(); }",
        "if local > 3u { output[0] = meet(1u); }",
        "if local > 3u { output[0] = workgroupUniformLoad(&shared_one); }",
        "if local > 3u { output[0] = subgroupAdd(place); }",
        "for (var i = 0u; i < local; i++) { workgroupBarrier(); }",
        "for (var i = local; i < 64u; i += 9u) { workgroupBarrier(); }",
        "for (var i = 0u; i < 9u; i++) { if i == local { break; } workgroupBarrier(); }",
        "for (var i = 0u; i < 9u; i++) { workgroupBarrier(); if i == local { break; } }",
        "for (var i = 0u; i < 9u; i++) { if i == local { continue; } workgroupBarrier(); }",
        "for (var i = 0u; i < 9u; i++) { if i == local { return; } } workgroupBarrier();",
        "var i = 0u; loop { workgroupBarrier(); i++; continuing { break if i == local; } }",
        "var i = 0u; while i < local { i++; } if i == 3u { workgroupBarrier(); }",
        "var flag = place; if local > 3u { flag = 1u; } if flag == 1u { workgroupBarrier(); }",
        "var v = vec2<u32>(place); v.x = local; v.y = 1u; if v.x == 1u { workgroupBarrier(); }",
        "var end = 1u; for (var i = 0u; i < end; i++) { workgroupBarrier(); end = local; }",
        "if place == 1u && local == 2u { workgroupBarrier(); }",
    ] {
        assert_eq!(found(&Parsed::of_statements(statements)).len(), 1, "{statements}");
    }
}

/// The validator itself demands it of products, not of stores.
#[test]
fn matrices_that_not_all_multiply_or_store_are_found() {
    let shader = |body: &str| {
        format!(
            "enable wgpu_cooperative_matrix;
            enable f16;
            var<workgroup> elements: array<f16, 256>;
            var<workgroup> results: array<f32, 256>;
            @compute @workgroup_size(64)
            fn main(@builtin(workgroup_id) group: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {{
                var sum = coop_mat16x16<f32, C>();
                let a = coopLoad<coop_mat16x16<f16, A>>(&elements[0], 16u);
                let b = coopLoadT<coop_mat16x16<f16, B>>(&elements[0], 16u);
                {body}
            }}"
        )
    };
    let is_valid = |body: &str| {
        let module = naga::front::wgsl::parse_str(&shader(body)).unwrap();
        let (flags, all) = (naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all());
        naga::valid::Validator::new(flags, all).validate(&module).is_ok()
    };
    let multiply = "sum = coopMultiplyAdd(a, b, sum);";
    assert!(is_valid(&format!("if group.x == 1u {{ {multiply} }}")));
    assert!(!is_valid(&format!("if local < 32u {{ {multiply} }}")));
    let found = |body: &str| found(&Parsed::new(body, shader(body))).len();
    let store = "coopStoreT(sum, &results[0], 16u);";
    assert_eq!(found(&format!("{multiply} if group.x == 1u {{ {store} }}")), 0);
    assert_eq!(found(&format!("{multiply} if local < 32u {{ {store} }}")), 1);
}

#[test]
fn a_barrier_that_all_reach_is_not() {
    for statements in [
        "workgroupBarrier(); if place >= params.second { return; } workgroupBarrier();",
        "if local == 0u { shared_one = 1u; } workgroupBarrier(); output[local] = shared_one;",
        "if input[group.x] == 1u { return; } workgroupBarrier();",
        "if workgroupUniformLoad(&shared_one) == 1u { return; } workgroupBarrier();",
        "if below(place, params.second) { workgroupBarrier(); }",
        "for (var i = local; i < 64u; i += 9u) { output[i] = 1u; } workgroupBarrier();",
        "for (var i = 0u; i < 9u; i++) { if i == local { break; } } workgroupBarrier();",
        "for (var i = 0u; i < params.second; i++) { shared_all[local] = i; workgroupBarrier(); }",
        "for (var i = 0u; i < 9u; i++) { if i == place { return; } workgroupBarrier(); }",
        "var flag = local; flag = place; if flag == 1u { workgroupBarrier(); }",
        "if place == 1u && params.second == 2u { output[0] = meet(local); }",
        "output[local] = select(1u, 2u, below(local, 9u)) + meet(2u);",
    ] {
        assert_eq!(found(&Parsed::of_statements(statements)), [""; 0], "{statements}");
    }
}

/// Should the validator look for itself one day, this analysis can go.
#[test]
fn the_validator_does_not_look() {
    Parsed::of_statements("if local > 3u { workgroupBarrier(); }");
}
