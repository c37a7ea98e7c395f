// Computes: the sum of every 1024 elements times a scale, always in the same order.
// Owns: a workgroup 1024 elements, an invocation every 64th of them; neighbours read neighbours.
// Padding: none.
// Host guarantees: count elements of input, one element of output for every 1024 begun.
// Reference: src/reference/loss.rs
struct Params {
    grid_width: u32,
    count: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

{% include "lib/workgroup_sum" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let block = group.x + group.y * params.grid_width;
    var total = 0.0;
    for (var turn = 0u; turn < 16u; turn++) {
        let index = block * 1024u + turn * 64u + local;
        if index < params.count {
            total += input[index];
        }
    }
    let sum = workgroup_sum(local, total);
    if local == 0u && block * 1024u < params.count {
        output[block] = sum * params.scale;
    }
}
