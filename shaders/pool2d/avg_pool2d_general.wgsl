// Computes: the mean of every window; fixed or adaptive windows.
// Owns: an invocation one output; neighbours in a workgroup are neighbours along out_x.
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

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
{% include "pool2d/pool_output" %}

    // Sums of a few columns, of a row, of a few rows and of the window keep the rounding error of
    // large windows small.
    let block = params.block;
    var sum = 0.0;
    for (var from_y = rows.first; from_y < rows.end; from_y += block) {
        var block_sum = 0.0;
        for (var in_y = from_y; in_y < min(from_y + block, rows.end); in_y++) {
            let input_row = input_plane + in_y * in_width;
            var row_sum = 0.0;
            for (var from_x = columns.first; from_x < columns.end; from_x += block) {
                var part = 0.0;
                for (var in_x = from_x; in_x < min(from_x + block, columns.end); in_x++) {
                    part += f32(input[input_row + in_x]);
                }
                row_sum += part;
            }
            block_sum += row_sum;
        }
        sum += block_sum;
    }

    output[output_index] = to_element(sum / divisor_of(out_y, out_x));
}
