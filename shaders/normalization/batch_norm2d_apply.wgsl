// Computes: ((x - pivot) - rest) * scale + bias of every element with the factors of its channel; or
//   x * scale alone.
// Owns: an invocation {{ unroll }} units, which are vectors or elements, {{ unroll }} times 64 to a workgroup;
//   neighbours in a workgroup are neighbours in memory.
// Padding: none.
// Host guarantees: count units in both buffers, whose first is unit first_at of a plane of channel
//   first_channel; 64 units further lie step_at units of a plane and step_channels channels, modulo
//   channels.
// Reference: src/reference/batch_norm2d.rs
{% include "lib/element" %}

{% set vector = "f32" if load_width == 1 else "vec4<f32>" %}
{% set stored = "Element" if load_width == 1 else "vec4<Element>" %}
{% include "normalization/channel_walk" %}

@group(0) @binding(1) var<storage, read> input: array<{{ stored }}>;
@group(0) @binding(2) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> output: array<{{ stored }}>;

fn store(index: u32, value: {{ vector }}) {
    if index < params.count {
{% if load_width == 4 %}
        output[index] = vec4<Element>(
            to_element(value.x),
            to_element(value.y),
            to_element(value.z),
            to_element(value.w),
        );
{% else %}
        output[index] = to_element(value);
{% endif %}
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = (group.x + group.y * params.grid_width) * {{ 64 * unroll }}u + local;
    if first >= params.count {
        return;
    }
    var walk = walk_from(first);
{% for part in range(unroll) %}
    let x_{{ part }} = {{ vector }}(input[min(first + {{ 64 * part }}u, params.count - 1u)]);
    let factors_{{ part }} = factors[walk.x];
{% if not loop.last %}
    walk = walk_on(walk);
{% endif %}
{% endfor %}
{% for part in range(unroll) %}
{% if form == "scaled" %}
    store(first + {{ 64 * part }}u, x_{{ part }} * factors_{{ part }}.z);
{% else %}
    store(
        first + {{ 64 * part }}u,
        ((x_{{ part }} - factors_{{ part }}.x) - factors_{{ part }}.y) * factors_{{ part }}.z + factors_{{ part }}.w,
    );
{% endif %}
{% endfor %}
}
