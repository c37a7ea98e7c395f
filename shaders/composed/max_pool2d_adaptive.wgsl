// Composed from max_pool2d_general.wgsl as max_pool2d_general-adaptive for: adaptive max pooling, 256x13x13 to 6x6.
// Computes: the largest element of every window, and where it is; fixed or adaptive windows.
// Owns: an invocation one output; neighbours in a workgroup are neighbours along out_x.
// Padding: the taps outside the input are clipped off the window; a window with none inside gives
//   -inf and the index u32::MAX.
// Host guarantees: every size is at least 1; a dispatch covers planes and rows whose elements lie
//   in the bindings. Indices are modulo 2^32, as are the bases.
// Reference: src/reference/max_pool2d.rs
// Bits of f32: WGSL lets an implementation assume that floats are never NaN or infinite.
alias Element = u32;

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
@group(0) @binding(1) var<storage, read> input: array<Element>;
@group(0) @binding(2) var<storage, read_write> output: array<Element>;

fn bits_at(at: u32) -> u32 {
    return input[at];
}

// An index of the result: that of a cell, or what the cell itself is the maximum of.
fn index_of(input_plane: u32, cell: u32) -> u32 {
    return cell;
}
// An unsigned integer that orders as the float does; both zeros have the same. That of a NaN is
// NAN_KEY, above every number; no float has the key 0.
const NAN_KEY: u32 = 0xffffffffu;

fn order_key(bits: u32) -> u32 {
    let folded = select(bits, 0u, bits == 0x80000000u);
    let key = select(folded | 0x80000000u, ~folded, folded >= 0x80000000u);
    return select(key, NAN_KEY, (bits & 0x7fffffffu) > 0x7f800000u);
}
// The cells of the input that a window reads along one axis: first, first + step, ... below end.
struct Window {
    first: u32,
    end: u32,
    step: u32,
}

fn adaptive_window(index: u32, in_size: u32, out_size: u32) -> Window {
    let end = ((index + 1u) * in_size + out_size - 1u) / out_size;
    return Window(index * in_size / out_size, end, 1u);
}

fn vertical_window(out_y: u32) -> Window {
    return adaptive_window(out_y, params.in_height, params.out_height);
}

fn horizontal_window(out_x: u32) -> Window {
    return adaptive_window(out_x, params.in_width, params.out_width);
}

// How many cells a window reads along an axis.
fn taps_of(window: Window) -> u32 {
    return (max(window.end, window.first) - window.first + window.step - 1u) / window.step;
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    // The output of this index in the dispatch, and its window.
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
    output[output_index] = best_bits;
}