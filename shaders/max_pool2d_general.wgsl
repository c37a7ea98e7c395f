// Computes: the largest element of every window, and where it is; fixed or adaptive windows.
// Owns: an invocation one output; neighbours in a workgroup are neighbours along out_x.
// Padding: the taps outside the input are clipped off the window; a window with none inside gives
//   -inf and the index u32::MAX.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows whose elements lie
//   in the bindings. Indices are modulo 2^32, as are the bases.
// Reference: src/reference/max_pool2d.rs
{% if f16 %}
{% include "lib/element" %}
{% else %}
// Bits of f32: WGSL lets an implementation assume that floats are never NaN or infinite.
alias Element = u32;
{% endif %}

{% include "lib/pool_params" %}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;
{% if indices %}
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;
{% endif %}

// An unsigned integer that orders as the float does; both zeros have the same.
fn order_key(bits: u32) -> u32 {
    let folded = select(bits, 0u, bits == 0x80000000u);
    return select(folded | 0x80000000u, ~folded, folded >= 0x80000000u);
}

{% include "lib/pool_window" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let out_x = index % params.out_width;
    let row = index / params.out_width;
    let out_y = params.first_row + row % params.dispatch_rows;
    let plane = params.first_plane + row / params.dispatch_rows;
    let output_index = (plane * params.out_height + out_y) * params.out_width + out_x
        - params.output_base;
    let in_width = params.in_width;
    let input_plane = plane * params.in_height * in_width - params.input_base;
    let rows = vertical_window(out_y);
    let columns = horizontal_window(out_x);

    var best_bits = 0xff800000u;
    var best_key = 0u;
    var best_index = 0xffffffffu;
    for (var in_y = rows.first; in_y < rows.end; in_y += rows.step) {
        for (var in_x = columns.first; in_x < columns.end; in_x += columns.step) {
            let at = input_plane + in_y * in_width + in_x;
            let bits = {{ "bitcast<u32>(f32(input[at]))" if f16 else "input[at]" }};
            let key = order_key(bits);
            let is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
            if best_index == 0xffffffffu || key > best_key || is_nan {
                best_bits = bits;
                // Above every number, so that only another NaN replaces a NaN.
                best_key = select(key, 0xffffffffu, is_nan);
                best_index = in_y * in_width + in_x;
            }
        }
    }
    output[output_index] = {{ "to_element(bitcast<f32>(best_bits))" if f16 else "best_bits" }};
{% if indices %}
    indices[output_index] = best_index;
{% endif %}
}
