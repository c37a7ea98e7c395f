// Composed from resample_bilinear.wgsl as resample_bilinear-weighted for: bilinear interpolation.
// Computes: bilinear interpolation: the sum of two elements of two rows, each times its weights.
// Owns: an invocation four outputs of one row; neighbours in a workgroup are neighbours along out_x.
// Padding: none.
// Host guarantees: rows and columns hold, for every row and column of the output, two offsets in a
//   plane of the input and the bits of two weights; a dispatch covers planes and rows whose elements
//   lie in the bindings. Indices are modulo 2^32, as are the bases: input_base of input, output_base
//   of output, row_base of rows.
// Reference: src/reference/interpolate.rs
alias Element = f32;

fn to_element(value: f32) -> Element {
    return value;
}

alias Stored = Element;

// Only a copy reads value, the bits of what stands where nothing is read.
struct Params {
    grid_width: u32,
    row_workgroups: u32,
    row_count: u32,
    lanes_shift: u32,
    columns: u32,
    first_column: u32,
    column_step: u32,
    first_plane: u32,
    first_row: u32,
    dispatch_rows: u32,
    out_height: u32,
    out_width: u32,
    in_plane: u32,
    input_base: u32,
    output_base: u32,
    row_base: u32,
    value: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> columns: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> input: array<Stored>;
@group(0) @binding(4) var<storage, read_write> output: array<Stored>;

struct Row {
    offsets: vec2<u32>,
    weights: vec2<f32>,
}

fn row_at(input_plane: u32, out_y: u32) -> Row {
    let row = rows[out_y - params.row_base];
    return Row(row.xy + input_plane, bitcast<vec2<f32>>(row.zw));
}

fn element(row: Row, out_x: u32) -> Stored {
    let column = columns[out_x];
    let weights = bitcast<vec2<f32>>(column.zw);
    let upper = row.offsets.x + column.xy;
    let lower = row.offsets.y + column.xy;
    let above = f32(input[upper.x]) * weights.x + f32(input[upper.y]) * weights.y;
    let below = f32(input[lower.x]) * weights.x + f32(input[lower.y]) * weights.y;
    return to_element(above * row.weights.x + below * row.weights.y);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = group.x + group.y * params.grid_width;
    let row_block = index / params.row_workgroups;
    let lanes = 1u << params.lanes_shift;
    let dispatch_row = row_block * (64u >> params.lanes_shift) + (local >> params.lanes_shift);
    if dispatch_row >= params.row_count {
        return;
    }
    let dispatch_plane = dispatch_row / params.dispatch_rows;
    let plane = params.first_plane + dispatch_plane;
    let out_y = params.first_row + dispatch_row - dispatch_plane * params.dispatch_rows;
    let row = row_at(plane * params.in_plane - params.input_base, out_y);
    let output_row = (plane * params.out_height + out_y) * params.out_width - params.output_base;
    let part = index - row_block * params.row_workgroups;
    let first = part * 4u * lanes + (local & (lanes - 1u));
    let column_0 = first + 0u * lanes;
    if column_0 < params.columns {
        let out_x = params.first_column + column_0 * params.column_step;
        output[output_row + out_x] = element(row, out_x);
    }
    let column_1 = first + 1u * lanes;
    if column_1 < params.columns {
        let out_x = params.first_column + column_1 * params.column_step;
        output[output_row + out_x] = element(row, out_x);
    }
    let column_2 = first + 2u * lanes;
    if column_2 < params.columns {
        let out_x = params.first_column + column_2 * params.column_step;
        output[output_row + out_x] = element(row, out_x);
    }
    let column_3 = first + 3u * lanes;
    if column_3 < params.columns {
        let out_x = params.first_column + column_3 * params.column_step;
        output[output_row + out_x] = element(row, out_x);
    }
}