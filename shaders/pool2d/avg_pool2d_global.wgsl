// Computes: the mean of every plane.
// Owns: {{ lanes }} neighbouring invocations a plane, which they read side by side, and a workgroup
//   {{ 64 // lanes }}; their sums meet in workgroup memory.
// Padding: none.
// Host guarantees: a plane is a whole number of vectors.
// Reference: src/reference/avg_pool2d.rs
{% set vector = "f32" if load_width == 1 else "vec" ~ load_width ~ "<f32>" %}
{% include "lib/element" %}

struct Params {
    grid_width: u32,
    planes: u32,
    plane_vectors: u32,
    divisor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<{{ vector | replace("f32", "Element") }}>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    let plane = group_index * {{ 64 // lanes }}u + local / {{ lanes }}u;
    let lane = local % {{ lanes }}u;
    let first = min(plane, params.planes - 1u) * params.plane_vectors;
    let end = first + params.plane_vectors;

    // Several sums keep loads in flight, and the rounding error of large planes small.
    var index = first + lane;
    var sum_0 = {{ vector }}(0.0);
{% if unroll > 1 %}
{% for part in range(1, unroll) %}
    var sum_{{ part }} = {{ vector }}(0.0);
{% endfor %}
    for (; index + {{ (unroll - 1) * lanes }}u < end; index += {{ unroll * lanes }}u) {
{% for part in range(unroll) %}
        sum_{{ part }} += {{ vector }}(input[index + {{ part * lanes }}u]);
{% endfor %}
    }
{% endif %}
    for (; index < end; index += {{ lanes }}u) {
        sum_0 += {{ vector }}(input[index]);
    }
    let sum = {% for part in range(unroll) %}sum_{{ part }}{{ " + " if not loop.last }}{% endfor %};
    sums[local] = {{ {1: "sum", 2: "sum.x + sum.y", 4: "(sum.x + sum.y) + (sum.z + sum.w)"}[load_width] }};
{% for half in [32, 16, 8, 4, 2, 1] if half < lanes %}
    workgroupBarrier();
    if lane < {{ half }}u {
        sums[local] += sums[local + {{ half }}u];
    }
{% endfor %}
    if lane == 0u && plane < params.planes {
        output[plane] = to_element(sums[local] / params.divisor);
    }
}
