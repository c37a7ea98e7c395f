// Computes: the gradient of a max pooling's input, as a gather; fixed or adaptive windows.
// Owns: an invocation one cell of the input: it adds up the gradients of the windows that it won;
//   neighbours in a workgroup are neighbours along in_x.
// Padding: none wins; a window over padding alone has the index u32::MAX, which no cell has.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows of the input whose
//   windows lie in the bindings. Indices are modulo 2^32, as are the bases: input_base of
//   grad_input, output_base of indices and grad_output.
// Reference: src/reference/max_pool2d.rs
{% include "lib/pool_params" %}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_input: array<f32>;

{% include "lib/pool_windows_of" %}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let in_x = index % params.in_width;
    let row = index / params.in_width;
    let in_y = params.first_row + row % params.dispatch_rows;
    let plane = params.first_plane + row / params.dispatch_rows;
    let cell = in_y * params.in_width + in_x;
    let output_plane = plane * params.out_height * params.out_width - params.output_base;
    let rows = vertical_windows_of(in_y);
    let columns = horizontal_windows_of(in_x);

    // Sums of rows keep the rounding error of many windows at a few units in the last place.
    var sum = 0.0;
    for (var out_y = rows.first; out_y < rows.end; out_y++) {
        var row_sum = 0.0;
        for (var out_x = columns.first; out_x < columns.end; out_x++) {
            let output_index = output_plane + out_y * params.out_width + out_x;
            if indices[output_index] == cell {
                row_sum += grad_output[output_index];
            }
        }
        sum += row_sum;
    }
    grad_input[plane * params.in_height * params.in_width + cell - params.input_base] = sum;
}
