// Computes: multiply-adds in {{ accumulators }} independent chains, the most that an adapter does.
// Owns: an invocation one element, which gets the sum of its chains: each tends to a quarter.
//   Chains that are linked by a factor keep a compiler from computing many steps of one at a time.
// Padding: none.
// Host guarantees: at least one round, 64 elements for every workgroup of the grid.
// Reference: src/ceiling.rs knows the sum.
struct Params {
    grid_width: u32,
    rounds: u32,
    factor: f32,
    addend: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
{% if not linked %}
    let factor = params.factor;
{% endif %}
    let addend = params.addend;
    let first = f32(local) / 256.0;
{% for chain in range(accumulators) %}
    var sum{{ chain }} = first + {{ chain }}.0 / 256.0;
{% endfor %}
    // A grid has one layer: this counts from 0, and says so only at run time.
    for (var round = group.z; round < params.rounds; round++) {
{% for _ in range(steps) %}
{% for chain in range(accumulators) %}
        sum{{ chain }} = fma(sum{{ chain }}, {% if linked %}sum{{ (chain + 1) % accumulators }}{% else %}factor{% endif %}, addend);
{% endfor %}
{% endfor %}
    }
    var total = 0.0;
{% for chain in range(accumulators) %}
    total += sum{{ chain }};
{% endfor %}
    output[index] = total;
}
