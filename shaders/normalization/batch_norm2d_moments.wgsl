// Computes: of every block of a channel a value of it, how far the block's mean is from that value,
//   the sum of the squared differences from the mean, and the number of values.
// Owns: a workgroup one block of one channel; its invocations take neighbouring units, which are
//   vectors or values, in turns.
// Padding: none.
// Host guarantees: every size is at least 1; a dispatch covers images, channels and outputs of a
//   plane whose units lie in the binding. Indices are modulo 2^32, as is the base. partial has
//   group_blocks elements for every channel of the dispatch.
// Reference: src/reference/batch_norm2d.rs
{% set vector = "f32" if load_width == 1 else "vec4<f32>" %}
{% include "normalization/batch_norm2d_block" %}

@group(0) @binding(1) var<storage, read> input: array<{{ vector }}>;
@group(0) @binding(2) var<storage, read_write> partial: array<vec4<f32>>;

{% include "lib/workgroup_sum" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
{% include "normalization/batch_norm2d_block_walk" %}

    // Differences from a value of the block keep all digits of values far from zero.
    let pivot_place = place(
        params.first_image + first_unit / params.dispatch_outputs,
        channel,
        first_unit % params.dispatch_outputs,
    );
    let pivot = input[pivot_place]{{ ".x" if load_width == 4 }};

    var seen = 0.0;
    var total = 0.0;
    var squares = 0.0;
    for (var unit = first_unit + local; unit < end_unit; unit += {{ 64 * unroll }}u) {
{% for part in range(unroll) %}
        let inside_{{ part }} = unit + {{ 64 * part }}u < end_unit;
        let place_{{ part }} = select(pivot_place, place(image, channel, at), inside_{{ part }});
        let apart_{{ part }} = input[place_{{ part }}] - pivot;
        at += step_outputs;
        let is_next_{{ part }} = at >= params.dispatch_outputs;
        at -= select(0u, params.dispatch_outputs, is_next_{{ part }});
        image += step_images + u32(is_next_{{ part }});
{% endfor %}
        let zero = {{ vector }}(0.0);
        let count = {{ load_width }}.0 * f32({% for part in range(unroll) %}u32(inside_{{ part }}){{ " + " if not loop.last }}{% endfor %});
        let sum = across({% for part in range(unroll) %}select(zero, apart_{{ part }}, inside_{{ part }}){{ " + " if not loop.last }}{% endfor %});
        let mean = sum / count;
{% for part in range(unroll) %}
        let off_{{ part }} = select(zero, apart_{{ part }} - mean, inside_{{ part }});
{% endfor %}
        // Squares about two means become those about the mean of all.
        let between = mean - total / max(seen, 1.0);
        squares += across({% for part in range(unroll) %}off_{{ part }} * off_{{ part }}{{ " + " if not loop.last }}{% endfor %})
            + between * between * (seen * count / (seen + count));
        total += sum;
        seen += count;
    }
    let values = {{ load_width }}.0 * f32(end_unit - first_unit);
    let mean = workgroup_sum(local, total) / values;
    let between = total / max(seen, 1.0) - mean;
    let all_squares = workgroup_sum(local, squares + seen * between * between);
    if local == 0u {
        let first = index / params.blocks * params.group_blocks + params.first_block;
        partial[first + block] = vec4<f32>(pivot, mean, all_squares, values);
    }
}
