// Computes: bilinear interpolation: the sum of two elements of two rows, each times its weights.
// Owns: an invocation four outputs of one row; neighbours in a workgroup are neighbours along out_x.
// Padding: none.
// Host guarantees: rows and columns hold, for every row and column of the output, two offsets in a
//   plane of the input and the bits of two weights; a dispatch covers planes and rows whose elements
//   lie in the bindings. Indices are modulo 2^32, as are the bases: input_base of input, output_base
//   of output, row_base of rows.
// Reference: src/reference/interpolate.rs
{% extends "rearrange/resample_rows" %}
{% block bindings %}
@group(0) @binding(1) var<storage, read> rows: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> columns: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> input: array<Stored>;
@group(0) @binding(4) var<storage, read_write> output: array<Stored>;
{% endblock %}
{% block functions %}
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
{% endblock %}
