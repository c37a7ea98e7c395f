// Computes: the gradient of the input of a softmax; or, where the channels of a position do not lie
//   in one binding, the sum so far of the products of some of them, or the gradients of some.
// Owns: {{ lanes }} invocations one position, the channels in turns; neighbours of the {{ 64 // lanes }}
//   positions of a workgroup are neighbours in a plane.
// Padding: none.
// Host guarantees: a dispatch covers images, channels and outputs of a plane whose elements lie in
//   the bindings. Indices are modulo 2^32, as is the base. In parts state has the positions of the
//   dispatch, and is_first is 1 for those that nothing came before.
// Reference: src/reference/softmax.rs
{% include "normalization/softmax_positions" %}

@group(0) @binding(1) var<storage, read> output: array<f32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
{% if form == "whole" %}
@group(0) @binding(3) var<storage, read_write> grad_input: array<f32>;
{% elif form == "sums" %}
@group(0) @binding(3) var<storage, read_write> state: array<f32>;
{% else %}
@group(0) @binding(3) var<storage, read> state: array<f32>;
@group(0) @binding(4) var<storage, read_write> grad_input: array<f32>;
{% endif %}

{% if lanes > 1 and form != "apply" %}
{% include "normalization/softmax_lanes" %}
{% endif %}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    if group_index * {{ 64 // lanes }}u >= params.positions {
        return;
    }
    let found = position_of(group_index, local);
{% if form == "apply" %}
    let total = state[found.position];
{% else %}
    // Sums of blocks of channels keep the rounding error far below that of one long sum.
    var total = 0.0;
    for (var from_channel = found.lane; from_channel < params.dispatch_channels; from_channel += {{ 64 * lanes }}u) {
        var block = 0.0;
        let end = min(from_channel + {{ 64 * lanes }}u, params.dispatch_channels);
        for (var channel = from_channel; channel < end; channel += {{ lanes }}u) {
            let at = found.first + channel * params.plane;
            block += output[at] * grad_output[at];
        }
        total += block;
    }
{% if lanes > 1 %}
    total = sum_of_lanes(local, total);
{% endif %}
{% endif %}
{% if form == "sums" %}
    if found.lane == 0u && found.is_inside {
        let before = state[found.position];
        state[found.position] = total + select(before, 0.0, params.is_first == 1u);
    }
{% else %}
    if found.is_inside {
        for (var channel = found.lane; channel < params.dispatch_channels; channel += {{ lanes }}u) {
            let at = found.first + channel * params.plane;
            grad_input[at] = output[at] * (grad_output[at] - total);
        }
    }
{% endif %}
}
