//! What a workgroup takes is what every WebGPU device has.

use naga::AddressSpace;
use naga::proc::Layouter;

use crate::Limits;
use crate::gpu::ir::Parsed;

/// More workgroup memory, or more invocations of a workgroup, than a device with these limits has.
pub(super) fn found(shader: &Parsed, limits: &Limits) -> Vec<String> {
    let mut found = Vec::new();
    let (bytes, most) = (bytes(shader), limits.max_workgroup_memory);
    if bytes > most {
        found.push(format!("{bytes} bytes of workgroup memory, of {most}"));
    }
    let size = shader.module.entry_points[0].workgroup_size;
    let (invocations, most) = (size.iter().product::<u32>(), limits.max_workgroup_invocations);
    if invocations > most || size[2] > 64 {
        found.push(format!("a workgroup of {size:?}, of {most} invocations"));
    }
    found
}

/// As WebGPU counts: every variable from a multiple of 16 bytes on.
pub(crate) fn bytes(shader: &Parsed) -> u32 {
    let mut layouter = Layouter::default();
    layouter.update(shader.module.to_ctx()).unwrap();
    let variables = shader.module.global_variables.iter();
    let variables = variables.filter(|(_, it)| it.space == AddressSpace::WorkGroup);
    variables.map(|(_, it)| layouter[it.ty].size.next_multiple_of(16)).sum()
}

#[test]
fn memory_and_invocations_beyond_the_limits_are_found() {
    let shader = Parsed::of_statements("output[0] = shared_one + shared_all[local];");
    assert_eq!(bytes(&shader), 16 + 256);
    let limits = Limits { max_workgroup_memory: 271, ..Limits::webgpu() };
    assert_eq!(found(&shader, &limits).len(), 1);
    let limits = Limits { max_workgroup_invocations: 63, ..Limits::webgpu() };
    assert_eq!(found(&shader, &limits).len(), 1);
    assert_eq!(found(&shader, &Limits::webgpu()), [""; 0]);
}
