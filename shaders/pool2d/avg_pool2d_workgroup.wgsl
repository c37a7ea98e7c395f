// Computes: the mean of every window; fixed or adaptive windows of many taps.
// Owns: a workgroup one output; neighbours in it read neighbouring taps, and their sums meet in
//   workgroup memory.
// Padding: the taps outside the input are clipped off the window; the divisor counts the cells of
//   the window in the padded input, in the input alone, or is the host's.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows whose elements lie
//   in the bindings. Indices are modulo 2^32, as are the bases.
// Reference: src/reference/avg_pool2d.rs
{% include "lib/element" %}

{% include "pool2d/pool_params" %}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

{% include "pool2d/pool_window" %}

{% include "pool2d/pool_divisor" %}

{% include "lib/workgroup_sum" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    if index >= params.count {
        return;
    }
{% include "pool2d/pool_output" %}
    let width = taps_of(columns);
    let taps = taps_of(rows) * width;
    let first = input_plane + rows.first * in_width + columns.first;

    // Sums of blocks keep the rounding error of large windows small.
    let block = params.block * 64u;
    var sum = 0.0;
    for (var from_tap = local; from_tap < taps; from_tap += block) {
        var part = 0.0;
        for (var tap = from_tap; tap < min(from_tap + block, taps); tap += 64u) {
            let tap_y = tap / width;
            part += f32(input[first + tap_y * in_width + tap - tap_y * width]);
        }
        sum += part;
    }
    let total = workgroup_sum(local, sum);
    if local == 0u {
        output[output_index] = to_element(total / divisor_of(out_y, out_x));
    }
}
