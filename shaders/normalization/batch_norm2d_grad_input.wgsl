// Computes: the gradient of the input of a normalisation with the statistics of its batch:
//   ((grad_output - offset) - (x - pivot) * slope) * scale of every element with the factors of its
//   channel.
// Owns: an invocation {{ unroll }} units, which are vectors or elements, {{ unroll }} times 64 to a workgroup;
//   neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count units in every buffer of elements, whose first is unit first_at of a plane
//   of channel first_channel; 64 units further lie step_at units of a plane and step_channels
//   channels, modulo channels.
// Reference: src/reference/batch_norm2d.rs
{% set vector = "f32" if load_width == 1 else "vec4<f32>" %}
{% include "normalization/channel_walk" %}

@group(0) @binding(1) var<storage, read> input: array<{{ vector }}>;
@group(0) @binding(2) var<storage, read> grad_output: array<{{ vector }}>;
@group(0) @binding(3) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> grad_input: array<{{ vector }}>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = (group.x + group.y * params.grid_width) * {{ 64 * unroll }}u + local;
    if first >= params.count {
        return;
    }
    var walk = walk_from(first);
{% for part in range(unroll) %}
    let index_{{ part }} = min(first + {{ 64 * part }}u, params.count - 1u);
    let x_{{ part }} = input[index_{{ part }}];
    let grad_{{ part }} = grad_output[index_{{ part }}];
    let factors_{{ part }} = factors[walk.x];
{% if not loop.last %}
    walk = walk_on(walk);
{% endif %}
{% endfor %}
{% for part in range(unroll) %}
    if first + {{ 64 * part }}u < params.count {
        grad_input[first + {{ 64 * part }}u] = ((grad_{{ part }} - factors_{{ part }}.y)
            - (x_{{ part }} - factors_{{ part }}.x) * factors_{{ part }}.z) * factors_{{ part }}.w;
    }
{% endfor %}
}
