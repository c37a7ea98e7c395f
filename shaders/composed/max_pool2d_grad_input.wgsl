// Composed from max_pool2d_grad_input.wgsl as max_pool2d_grad_input for: gradient of the input of a max pooling 3x3 with stride 2, 64x112x112.
// Computes: the gradient of a max pooling's input, as a gather; fixed or adaptive windows.
// Owns: an invocation or a workgroup one cell of the input: it adds up the gradients of the windows
//   that it won; neighbours are neighbours along in_x, or in one cell's windows.
// Padding: none wins; a window over padding alone has the index u32::MAX, which no cell has.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows of the input whose
//   windows lie in the bindings. Indices are modulo 2^32, as are the bases: input_base of
//   grad_input, output_base of indices and grad_output.
// Reference: src/reference/max_pool2d.rs
// Of a general pooling or its gradient. Only sums read block, the most terms that are added up
// without a break, only max_pool2d_grad_columns reads index_width, only an average that counts padding
// reads pad_bottom and pad_right, and only one with its own divisor reads divisor_override.
struct Params {
    grid_width: u32,
    count: u32,
    first_plane: u32,
    first_row: u32,
    dispatch_rows: u32,
    in_height: u32,
    in_width: u32,
    out_height: u32,
    out_width: u32,
    kernel_height: u32,
    kernel_width: u32,
    stride_height: u32,
    stride_width: u32,
    pad_top: u32,
    pad_bottom: u32,
    pad_left: u32,
    pad_right: u32,
    dilation_height: u32,
    dilation_width: u32,
    input_base: u32,
    output_base: u32,
    block: u32,
    index_width: u32,
    divisor_override: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read> grad_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_input: array<f32>;

// The windows along one axis that can contain a cell of the input: first .. end.
struct Windows {
    first: u32,
    end: u32,
}

// padded counts from the first cell of the padding, span from the window's first cell to its last.
fn windows_of(padded: u32, span: u32, stride: u32, out_size: u32) -> Windows {
    let before = max(padded, span) - span;
    return Windows((before + stride - 1u) / stride, min(padded / stride + 1u, out_size));
}

fn vertical_windows_of(in_y: u32) -> Windows {
    return windows_of(in_y + params.pad_top, (params.kernel_height - 1u) * params.dilation_height,
        params.stride_height, params.out_height);
}

fn horizontal_windows_of(in_x: u32) -> Windows {
    return windows_of(in_x + params.pad_left, (params.kernel_width - 1u) * params.dilation_width,
        params.stride_width, params.out_width);
}

fn share(output: u32, out_y: u32, out_x: u32, in_y: u32, cell: u32) -> f32 {
    if indices[output] == cell {
        return grad_output[output];
    }
    return 0.0;
}

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

    // Sums of blocks keep the rounding error of many windows small.
    var sum = 0.0;
    let block = params.block;
    for (var from_y = rows.first; from_y < rows.end; from_y += block) {
        var block_sum = 0.0;
        for (var out_y = from_y; out_y < min(from_y + block, rows.end); out_y++) {
            let output_row = output_plane + out_y * params.out_width;
            for (var from_x = columns.first; from_x < columns.end; from_x += block) {
                var part = 0.0;
                for (var out_x = from_x; out_x < min(from_x + block, columns.end); out_x++) {
                    part += share(output_row + out_x, out_y, out_x, in_y, cell);
                }
                block_sum += part;
            }
        }
        sum += block_sum;
    }
    let total = sum;
    let at = plane * params.in_height * params.in_width + cell - params.input_base;
    {
        grad_input[at] = total;
    }
}