// Computes: the largest element of every window, and where it is; fixed or adaptive windows.
// Owns: an invocation one output; neighbours in a workgroup are neighbours along out_x.
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
{% include "pool2d/pool_output" %}

    var best_bits = 0xff800000u;
    var best_key = 0u;
    var best_index = 0xffffffffu;
    for (var in_y = rows.first; in_y < rows.end; in_y += rows.step) {
        for (var in_x = columns.first; in_x < columns.end; in_x += columns.step) {
            let cell = in_y * in_width + in_x;
            let bits = bits_at(input_plane + cell);
            let key = order_key(bits);
            // The last NaN wins, else the first of equals.
            if key > best_key || key == NAN_KEY {
                best_bits = bits;
                best_key = key;
                best_index = cell;
            }
        }
    }
    output[output_index] = {{ "to_element(bitcast<f32>(best_bits))" if f16 else "best_bits" }};
{% if indices %}
    indices[output_index] = index_of(input_plane, best_index);
{% endif %}
}
