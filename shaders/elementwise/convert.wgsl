// Computes: f16 from f32, the nearest, or f32 from f16, the same.
// Owns: an invocation one element; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count elements in both buffers.
// Reference: half::f16::from_f32.
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<{{ "Element" if widens else "f32" }}>;
@group(0) @binding(2) var<storage, read_write> output: array<{{ "f32" if widens else "Element" }}>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    output[index] = {{ "f32(input[index])" if widens else "to_element(input[index])" }};
}
