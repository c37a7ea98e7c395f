// Computes: of every block of a channel the sum of the output's gradient, and that of its products
//   with how far the input is from the mean.
// Owns: a workgroup one block of one channel; its invocations take neighbouring units, which are
//   vectors or values, in turns.
// Padding: none.
// Host guarantees: every size is at least 1; a dispatch covers images, channels and outputs of a
//   plane whose units lie in the bindings. Indices are modulo 2^32, as is the base. factors begins
//   with a value near the mean and how far the mean is from it; partial has group_blocks elements for
//   every channel of the dispatch.
// Reference: src/reference/batch_norm2d.rs
{% set vector = "f32" if load_width == 1 else "vec4<f32>" %}
{% include "normalization/batch_norm2d_block" %}

@group(0) @binding(1) var<storage, read> input: array<{{ vector }}>;
@group(0) @binding(2) var<storage, read> grad_output: array<{{ vector }}>;
@group(0) @binding(3) var<storage, read> factors: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> partial: array<vec2<f32>>;

{% include "lib/workgroup_sum" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
{% include "normalization/batch_norm2d_block_walk" %}

    let pivot = factors[channel].x;
    let rest = factors[channel].y;

    let zero = {{ vector }}(0.0);
    var total = 0.0;
    var total_product = 0.0;
    for (var unit = first_unit + local; unit < end_unit; unit += {{ 64 * unroll }}u) {
        let first_place = place(image, channel, at);
{% for part in range(unroll) %}
        let inside_{{ part }} = unit + {{ 64 * part }}u < end_unit;
        let place_{{ part }} = select(first_place, place(image, channel, at), inside_{{ part }});
        let grad_{{ part }} = select(zero, grad_output[place_{{ part }}], inside_{{ part }});
        let product_{{ part }} = select(zero, grad_{{ part }} * ((input[place_{{ part }}] - pivot) - rest), inside_{{ part }});
        at += step_outputs;
        let is_next_{{ part }} = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_{{ part }});
        image += step_images + u32(is_next_{{ part }});
{% endfor %}
        total += across({% for part in range(unroll) %}grad_{{ part }}{{ " + " if not loop.last }}{% endfor %});
        total_product += across({% for part in range(unroll) %}product_{{ part }}{{ " + " if not loop.last }}{% endfor %});
    }
    let sum = workgroup_sum(local, total);
    let product = workgroup_sum(local, total_product);
    if local == 0u {
        let first = index / params.blocks * params.group_blocks + params.first_block;
        partial[first + block] = vec2<f32>(sum, product);
    }
}
