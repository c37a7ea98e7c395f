// Computes: the softmax over the channels of every position; or, where they do not lie in one
//   binding, the largest and the sum so far of some of them, or the outputs of some.
// Owns: {{ lanes }} invocations one position, the channels in turns; neighbours of the {{ 64 // lanes }}
//   positions of a workgroup are neighbours in a plane.
// Padding: none.
// Host guarantees: a dispatch covers images, channels and outputs of a plane whose elements lie in
//   the binding. Indices are modulo 2^32, as is the base. In parts state has the positions of the
//   dispatch, and is_first is 1 for those that nothing came before.
// Reference: src/reference/softmax.rs
{% include "lib/element" %}
{% include "normalization/softmax_positions" %}

@group(0) @binding(1) var<storage, read> input: array<Element>;
{% if form == "whole" %}
@group(0) @binding(2) var<storage, read_write> output: array<Element>;
{% elif form == "sums" %}
@group(0) @binding(2) var<storage, read_write> state: array<vec2<u32>>;
{% else %}
@group(0) @binding(2) var<storage, read> state: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> output: array<Element>;
{% endif %}

{% if form != "apply" %}
{% if lanes > 1 %}
{% include "normalization/softmax_lanes" %}
var<workgroup> shared_keys: array<u32, 64>;

// The largest over the lanes of a position; all of them must call it.
fn largest_of_lanes(local: u32, key: u32) -> u32 {
    shared_keys[local] = key;
{% for half in [32, 16, 8, 4, 2, 1] if half < lanes %}
    workgroupBarrier();
    if local < {{ half * (64 // lanes) }}u {
        shared_keys[local] = max(shared_keys[local], shared_keys[local + {{ half * (64 // lanes) }}u]);
    }
{% endfor %}
    workgroupBarrier();
    return shared_keys[local % {{ 64 // lanes }}u];
}

{% endif %}
// Orders as the floats do, negative infinity below 0x00800000, NaN as the largest: WGSL lets an
// implementation assume that comparisons of floats see neither.
fn key_of(x: f32) -> u32 {
    let bits = bitcast<u32>(x);
    let key = select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
    return select(key, 0xffffffffu, (bits & 0x7fffffffu) > 0x7f800000u);
}

{% endif %}
fn number_of(key: u32) -> f32 {
    return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let group_index = group.x + group.y * params.grid_width;
    if group_index * {{ 64 // lanes }}u >= params.positions {
        return;
    }
    let found = position_of(group_index, local);
{% if form == "apply" %}
    let before = state[found.position];
    let key = before.x;
    let total = bitcast<f32>(before.y);
{% else %}
    var key = 0u;
{% if form == "sums" %}
    let before = state[found.position];
    key = select(before.x, 0u, params.is_first == 1u);
{% endif %}
    for (var channel = found.lane; channel < params.dispatch_channels; channel += {{ lanes }}u) {
        key = max(key, key_of(f32(input[found.first + channel * params.plane])));
    }
{% if lanes > 1 %}
    key = largest_of_lanes(local, key);
{% endif %}
    let largest = number_of(key);
    // The largest exponent is 0, so that nothing overflows. Sums of blocks of channels keep the
    // rounding error far below that of one long sum.
    var total = 0.0;
    for (var from_channel = found.lane; from_channel < params.dispatch_channels; from_channel += {{ 64 * lanes }}u) {
        var block = 0.0;
        let end = min(from_channel + {{ 64 * lanes }}u, params.dispatch_channels);
        for (var channel = from_channel; channel < end; channel += {{ lanes }}u) {
            block += exp(f32(input[found.first + channel * params.plane]) - largest);
        }
        total += block;
    }
{% if lanes > 1 %}
    total = sum_of_lanes(local, total);
{% endif %}
{% endif %}
{% if form == "sums" %}
    let shrunk = select(exp(number_of(before.x) - largest), 1.0, before.x == key);
    total += select(bitcast<f32>(before.y) * shrunk, 0.0, params.is_first == 1u);
    // So far all were negative infinity.
    total = select(total, 0.0, key < 0x00800000u);
    if found.lane == 0u && found.is_inside {
        state[found.position] = vec2<u32>(key, bitcast<u32>(total));
    }
{% else %}
{% if form == "apply" %}
    let largest = number_of(key);
{% endif %}
    let is_nan = key >= 0xff800000u || key < 0x00800000u;
    if found.is_inside {
        for (var channel = found.lane; channel < params.dispatch_channels; channel += {{ lanes }}u) {
            let at = found.first + channel * params.plane;
            let bits = bitcast<u32>(exp(f32(input[at]) - largest) / total);
            output[at] = to_element(bitcast<f32>(select(bits, 0x7fc00000u, is_nan)));
        }
    }
{% endif %}
}
