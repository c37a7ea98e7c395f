// Computes: the largest element of every window, and where it is; fixed or adaptive windows of many
//   taps.
// Owns: a workgroup one output; neighbours in it read neighbouring taps, and their maxima meet in
//   workgroup memory.
// Padding: the taps outside the input are clipped off the window; a window with none inside gives
//   -inf and the index u32::MAX.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows whose elements lie
//   in the bindings. Indices are modulo 2^32, as are the bases.
// Reference: src/reference/max_pool2d.rs
{% include "pool2d/pool_bits" %}

{% include "pool2d/pool_params" %}

{% include "pool2d/max_pool2d_bindings" %}

{% include "lib/order_key" %}

{% include "pool2d/pool_window" %}

var<workgroup> lane_bits: array<u32, 64>;
var<workgroup> lane_keys: array<u32, 64>;
var<workgroup> lane_indices: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
{% include "pool2d/pool_output" %}
    let width = taps_of(columns);
    let taps = taps_of(rows) * width;

    var best_bits = 0xff800000u;
    var best_key = 0u;
    var best_index = 0xffffffffu;
    for (var tap = local; tap < taps; tap += 64u) {
        let tap_y = tap / width;
        let in_y = rows.first + tap_y * rows.step;
        let cell = in_y * in_width + columns.first + (tap - tap_y * width) * columns.step;
        let bits = bits_at(input_plane + cell);
        let key = order_key(bits);
        // The last NaN wins, else the first of equals.
        if key > best_key || key == NAN_KEY {
            best_bits = bits;
            best_key = key;
            best_index = cell;
        }
    }
    lane_bits[local] = best_bits;
    lane_keys[local] = best_key;
    lane_indices[local] = best_index;
    for (var half = 32u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if local < half {
            let key = lane_keys[local + half];
            let cell = lane_indices[local + half];
            let own = lane_indices[local];
            let wins_tie = select(cell < own, own < cell, key == NAN_KEY);
            if key > lane_keys[local] || (key == lane_keys[local] && wins_tie) {
                lane_bits[local] = lane_bits[local + half];
                lane_keys[local] = key;
                lane_indices[local] = cell;
            }
        }
    }
    if local == 0u {
        output[output_index] = {{ "to_element(bitcast<f32>(lane_bits[0]))" if f16 else "lane_bits[0]" }};
{% if indices %}
        indices[output_index] = index_of(input_plane, lane_indices[0]);
{% endif %}
    }
}
