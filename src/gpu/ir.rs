//! What the checks of shaders ask of naga's IR.

use std::sync::LazyLock;

use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Arena, Block, Expression, Function, Handle, Module, Statement};

use rayon::prelude::*;

use super::variants::all;
use crate::gpu::runtime::shader::Shader;

/// Every variant of every shader, parsed once for all tests.
pub(super) static VARIANTS: LazyLock<Vec<(Shader, Parsed)>> = LazyLock::new(|| {
    let parsed = all().unwrap().into_par_iter().map(|shader| {
        let parsed = Parsed::of(&shader);
        (shader, parsed)
    });
    parsed.collect()
});

/// A valid shader.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) source: String,
    pub(super) module: Module,
    pub(super) info: ModuleInfo,
}

impl Parsed {
    /// Panics with naga's words where the source is no valid WGSL.
    pub(super) fn new(name: &str, source: String) -> Self {
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&source)));
        let info = Validator::new(ValidationFlags::all(), Capabilities::all())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{name}: {}", error.emit_to_string(&source)));
        Self { source, module, info }
    }

    pub(super) fn of(shader: &Shader) -> Self {
        Self::new(&shader.label(), shader.compose().unwrap())
    }

    /// A compute shader of these statements, for tests of the checks.
    pub(super) fn of_statements(statements: &str) -> Self {
        let source = format!(
            "struct Params {{ first: u32, second: u32 }}
            @group(0) @binding(0) var<uniform> params: Params;
            @group(0) @binding(1) var<storage, read> input: array<u32>;
            @group(0) @binding(2) var<storage, read_write> output: array<u32>;
            var<workgroup> shared_one: u32;
            var<workgroup> shared_all: array<u32, 64>;
            fn below(index: u32, end: u32) -> bool {{
                if index < end {{ return true; }}
                return false;
            }}
            fn meet(index: u32) -> u32 {{ workgroupBarrier(); return index; }}
            fn quotient(index: u32) -> u32 {{ return index / params.second; }}
            fn sum_below(end: u32) -> u32 {{
                var sum = 0u;
                for (var i = 0u; i < end; i++) {{ sum += input[i]; }}
                return sum;
            }}
            @compute @workgroup_size(64)
            fn main(@builtin(workgroup_id) group: vec3<u32>,
                @builtin(local_invocation_index) local: u32) {{
                let place = group.x + group.y * params.first;
                {statements}
            }}"
        );
        Self::new(statements, source)
    }

    /// Every function with what naga knows of it, the entry point last.
    pub(super) fn functions(&self) -> Vec<(&Function, &naga::valid::FunctionInfo)> {
        let functions = self.module.functions.iter();
        let functions = functions.map(|(handle, function)| (function, &self.info[handle]));
        let entry = (self.entry(), self.info.get_entry_point(0));
        functions.chain([entry]).collect()
    }

    pub(super) fn entry(&self) -> &Function {
        &self.module.entry_points[0].function
    }

    /// The line of the source that a span begins in.
    pub(super) fn line(&self, span: naga::Span) -> &str {
        let number = span.location(&self.source).line_number as usize;
        self.source.lines().nth(number - 1).unwrap_or("").trim()
    }
}

/// The expressions that the value of one is computed from, where it follows from them alone.
pub(super) fn operands(expression: &Expression) -> Option<Vec<Handle<Expression>>> {
    Some(match *expression {
        Expression::Literal(_)
        | Expression::Constant(_)
        | Expression::Override(_)
        | Expression::ZeroValue(_) => vec![],
        Expression::Compose { ref components, .. } => components.clone(),
        Expression::Access { base, index } => vec![base, index],
        Expression::AccessIndex { base, .. } => vec![base],
        Expression::Splat { value, .. } => vec![value],
        Expression::Swizzle { vector, .. } => vec![vector],
        Expression::Unary { expr, .. } | Expression::As { expr, .. } => vec![expr],
        Expression::Binary { left, right, .. } => vec![left, right],
        Expression::Select { condition, accept, reject } => vec![condition, accept, reject],
        Expression::Relational { argument, .. } => vec![argument],
        Expression::Math { arg, arg1, arg2, arg3, .. } => {
            [Some(arg), arg1, arg2, arg3].into_iter().flatten().collect()
        }
        _ => return None,
    })
}

/// The variable, or the argument, that a pointer leads into.
pub(super) fn root(
    expressions: &Arena<Expression>,
    pointer: Handle<Expression>,
) -> Handle<Expression> {
    match expressions[pointer] {
        Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => {
            root(expressions, base)
        }
        _ => pointer,
    }
}

/// The blocks that a statement runs, if not those of the function that it calls.
pub(super) fn blocks(statement: &Statement) -> Vec<&Block> {
    match statement {
        Statement::Block(block) => vec![block],
        Statement::If { accept, reject, .. } => vec![accept, reject],
        Statement::Switch { cases, .. } => cases.iter().map(|case| &case.body).collect(),
        Statement::Loop { body, continuing, .. } => vec![body, continuing],
        _ => vec![],
    }
}
