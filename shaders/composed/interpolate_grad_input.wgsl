// Composed from resample_grad_input.wgsl as resample_grad_input-none-weighted for: gradient of the input of a bilinear interpolation.
// Computes: the gradient of an input of nearest or bilinear interpolation or padding, as a gather.
// Owns: an invocation or a workgroup (shared) one element of the input: it adds up the gradients of
//   the outputs that read it; neighbours are neighbours along in_x, or in one element's readers.
// Padding: an output of the padding that reads the input is a reader like others.
// Host guarantees: every size is at least 1; the readers of row y are those from row_starts[y] to
//   row_starts[y + 1] in row_readers, and so for columns; a dispatch covers planes and rows of the
//   input, and of row_readers first_reader to end_reader - 1, whose elements lie in the bindings.
//   Indices are modulo 2^32, as are the bases. Where accumulate is 1, grad_input holds the sum over
//   the readers before.
// Reference: src/reference/interpolate.rs, src/reference/pad.rs
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
    first_reader: u32,
    end_reader: u32,
    block: u32,
    accumulate: u32,
    input_base: u32,
    output_base: u32,
    starts_base: u32,
    readers_base: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> row_starts: array<u32>;
@group(0) @binding(2) var<storage, read> row_readers: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> column_starts: array<u32>;
@group(0) @binding(4) var<storage, read> column_readers: array<vec2<u32>>;
@group(0) @binding(5) var<storage, read> grad_output: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_input: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.x + group.y * params.grid_width) * 64u + local;
    if index >= params.count {
        return;
    }
    let row = index / params.in_width;
    let in_x = index - row * params.in_width;
    let dispatch_plane = row / params.dispatch_rows;
    let plane = params.first_plane + dispatch_plane;
    let in_y = params.first_row + row - dispatch_plane * params.dispatch_rows;
    let output_plane = plane * params.out_height * params.out_width - params.output_base;
    let starts = in_y - params.starts_base;
    let first_row = max(row_starts[starts], params.first_reader) - params.readers_base;
    let end_row = min(row_starts[starts + 1u], params.end_reader) - params.readers_base;
    let first_column = column_starts[in_x];
    let end_column = column_starts[in_x + 1u];
    let row_block = params.block * 1u;
    let column_block = params.block * 1u;

    // Sums of blocks keep the rounding error of many readers small.
    var sum = 0.0;
    for (var from_row = first_row; from_row < end_row; from_row += row_block) {
        var block_sum = 0.0;
        for (var at_row = from_row; at_row < min(from_row + row_block, end_row); at_row += 1u) {
            let row_reader = row_readers[at_row];
            let output_row = output_plane + row_reader.x * params.out_width;
            var row_sum = 0.0;
            for (var from_column = first_column; from_column < end_column; from_column += column_block) {
                var part = 0.0;
                for (var at_column = from_column; at_column < min(from_column + column_block, end_column); at_column += 1u) {
                    let column_reader = column_readers[at_column];
                    part += grad_output[output_row + column_reader.x] * bitcast<f32>(column_reader.y);
                }
                row_sum += part;
            }
            block_sum += row_sum * bitcast<f32>(row_reader.y);
        }
        sum += block_sum;
    }
    let total = sum;
    {
        let at = (plane * params.in_height + in_y) * params.in_width + in_x - params.input_base;
        if params.accumulate == 1u {
            grad_input[at] += total;
        } else {
            grad_input[at] = total;
        }
    }
}