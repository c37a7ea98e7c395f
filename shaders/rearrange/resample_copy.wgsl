// Computes: an input's elements at other places, unchanged: nearest interpolation, padding, pixel
//   shuffle and its way back.
// Owns: an invocation four outputs of one row; neighbours in a workgroup are neighbours along out_x.
// Padding: an offset of NOWHERE reads nothing and gives the value of the parameters.
// Host guarantees: row_offsets plus column_offsets lie in a plane of the input; a dispatch covers
//   planes, rows and columns whose elements lie in the bindings. Indices are modulo 2^32, as are the
//   bases: input_base of input, output_base of output, row_base of row_offsets.
// Reference: src/reference/interpolate.rs, src/reference/pad.rs, src/reference/pixel_shuffle.rs
{% extends "rearrange/resample_rows" %}
{% block bindings %}
@group(0) @binding(1) var<storage, read> row_offsets: array<u32>;
@group(0) @binding(2) var<storage, read> column_offsets: array<u32>;
@group(0) @binding(3) var<storage, read> input: array<Stored>;
@group(0) @binding(4) var<storage, read_write> output: array<Stored>;
{% endblock %}
{% block functions %}
const NOWHERE: u32 = 0xffffffffu;

struct Row {
    first: u32,
    is_inside: bool,
}

fn row_at(input_plane: u32, out_y: u32) -> Row {
    let offset = row_offsets[out_y - params.row_base];
    return Row(input_plane + offset, offset != NOWHERE);
}

fn element(row: Row, out_x: u32) -> Stored {
    let offset = column_offsets[out_x];
{% if filled %}
    if !row.is_inside || offset == NOWHERE {
        return {{ "to_element(bitcast<f32>(params.value))" if f16 else "params.value" }};
    }
{% endif %}
    return input[row.first + offset];
}
{% endblock %}
