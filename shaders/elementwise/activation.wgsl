// Computes: an activation of every element.
// Owns: an invocation one element; neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count elements in both buffers.
// Reference: src/reference/activation.rs
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    count: u32,
    activation_parameter: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

{% include "lib/activation" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    output[index] = to_element(activate(f32(input[index])));
}
