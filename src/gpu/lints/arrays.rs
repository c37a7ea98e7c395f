//! No array of an invocation's own is indexed at run time.
//!
//! Registers have no addresses: a compiler puts such an array into memory, a hundred times as far.

use naga::{AddressSpace, Expression, TypeInner};

use crate::gpu::ir::Parsed;

/// The lines with an index at run time into an array, a matrix or a vector that is a variable of an
/// invocation, or a value.
pub(super) fn found(shader: &Parsed) -> Vec<String> {
    let mut found = Vec::new();
    for (function, info) in shader.functions() {
        for (handle, expression) in function.expressions.iter() {
            let &Expression::Access { base, .. } = expression else { continue };
            let own = match *info[base].ty.inner_with(&shader.module.types) {
                TypeInner::Pointer { space, .. } | TypeInner::ValuePointer { space, .. } => {
                    matches!(space, AddressSpace::Function | AddressSpace::Private)
                }
                _ => true,
            };
            if own {
                found.push(shader.line(function.expressions.get_span(handle)).into());
            }
        }
    }
    found
}

#[test]
fn an_index_at_run_time_into_what_an_invocation_owns_is_found() {
    for statements in [
        "var sums: array<u32, 4>; sums[local & 3u] = 1u; output[0] = sums[0];",
        "var sums: array<u32, 4>; for (var i = 0u; i < 4u; i++) { output[i] = sums[i]; }",
        "var sums: array<vec4<u32>, 4>; output[0] = sums[1][local & 3u];",
        "var sum = vec4<u32>(local); output[0] = sum[params.second & 3u];",
        "let sum = vec4<u32>(local); output[0] = sum[params.second & 3u];",
        "let sums = array<u32, 2>(1u, local); output[0] = sums[params.second & 1u];",
    ] {
        assert!(!found(&Parsed::of_statements(statements)).is_empty(), "{statements}");
    }
}

#[test]
fn an_index_that_is_known_or_into_memory_is_none() {
    for statements in [
        "var sums: array<u32, 4>; sums[3] = local; output[0] = sums[3];",
        "let sums = array<u32, 2>(1u, local); output[0] = sums[1] + vec2<u32>(local).y;",
        "output[local] = shared_all[local] + input[place];",
    ] {
        assert_eq!(found(&Parsed::of_statements(statements)), [""; 0], "{statements}");
    }
}
